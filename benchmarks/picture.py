"""The picture of the README: test people of a finished run before and after the fit.

    python benchmarks/picture.py demo --out docs/images/demo-x8.png

Of each person one image, drawn as for Fig. 4 of the paper by a hash of the seed and the name among
the faces that look at the viewer; nobody is chosen by the result. Small images are shown with their
pixels enlarged, the others by Lanczos' filter.
"""

import argparse
import json
from pathlib import Path
from typing import Final

import matplotlib as mpl
from PIL import Image, ImageDraw, ImageFont

from idfsr.report.comparison import View, choose_images, read_faces, read_view

NUM_PEOPLE: Final = 2
SIDE: Final = 256
"""Of each image in the picture."""
GAP: Final = 8
HEAD: Final = 34
METHODS: Final = {"idfsr-pt": "before the fit (PT)", "idfsr-ft": "after the fit (FT)"}


def tiles(view: View) -> dict[str, Image.Image]:
    """Return the images of a person by their heading."""
    side = len(view.lr_image)
    low = Image.fromarray(view.lr_image).resize((SIDE, SIDE), Image.Resampling.NEAREST)
    faces = {
        "one of the photographs": view.reference.picture,
        **{heading: view.sr_images[method] for method, heading in METHODS.items()},
        "the true face": view.truth.picture,
    }
    shown = {
        heading: Image.fromarray(face).resize((SIDE, SIDE), Image.Resampling.LANCZOS)
        for heading, face in faces.items()
    }
    return {
        f"given: {side} x {side} pixels": low,
        **shown,
    }


def draw(views: list[View]) -> Image.Image:
    """Draw a row for each person under headings."""
    rows = [tiles(view) for view in views]
    headings = list(rows[0])
    width = len(headings) * (SIDE + GAP) - GAP
    picture = Image.new("RGB", (width, HEAD + len(rows) * (SIDE + GAP) - GAP), "white")
    pen = ImageDraw.Draw(picture)
    font = ImageFont.truetype(Path(mpl.get_data_path(), "fonts/ttf/DejaVuSans.ttf"), 20)
    for column, heading in enumerate(headings):
        left = column * (SIDE + GAP)
        pen.text((left + SIDE // 2, HEAD // 2), heading, fill="black", font=font, anchor="mm")
        for number, row in enumerate(rows):
            picture.paste(row[heading], (left, HEAD + number * (SIDE + GAP)))
    return picture


def main() -> None:
    """Draw the picture."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", help="name of a finished run")
    parser.add_argument("--scale-factor", type=int, default=8)
    parser.add_argument("--out", type=Path, required=True, help="PNG file to write")
    args = parser.parse_args()
    run, factor = Path("results", args.run), args.scale_factor
    settings = json.loads((run / "config/page.json").read_text())
    shards = sorted(run.glob(f"shards/x{factor}/test-*.parquet"))
    restored = sorted(run.glob(f"restored/x{factor}/*/*.parquet"))
    chosen = choose_images(read_faces(shards), [], settings["seed"], {})[:NUM_PEOPLE]
    views = [read_view(shards, restored, list(METHODS), key, {}) for key in chosen]
    draw(views).save(args.out, optimize=True)
    print(f"{args.out}: {', '.join('/'.join(key) for key in chosen)} of {run}, x{factor}")


if __name__ == "__main__":
    main()
