"""What `idfsr restore` makes of a small photograph of a person, beside plain enlargement.

Fits a person to all photographs of a folder but one, makes that one so small that the face has a
given height, and restores it: as the command would, and with --force. Prints a table in Markdown
with a row for each height: what the command decides and why, and IDS (SFace) and PSNR of the face
in the forced and in the enlarged photograph, both against the original. Draws a sheet of each.

    python benchmarks/photographs.py --folder photographs/ann --left-out 5.jpg --sheets sheets
"""

import argparse
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch
from jaxtyping import Float, UInt8
from PIL import Image

from idfsr.dataset.listing import find_images
from idfsr.faces.align import align_arcface, align_ffhq
from idfsr.io.images import encode_png, read_image, resize
from idfsr.metrics.engine.unit_range import to_unit
from idfsr.metrics.psnr import psnr
from idfsr.photographs.choose import Wishes
from idfsr.photographs.fit import fit_person
from idfsr.photographs.likeness import embed_crops
from idfsr.photographs.networks import CONFIG, PhotographNetworks, load_photograph_networks
from idfsr.photographs.person import Person
from idfsr.photographs.restore import restore_photograph
from idfsr.photographs.search import search_photograph
from idfsr.run.config import load_config

HEIGHTS = (50, 35, 25, 18, 12)
"""Of the face, in pixels."""


def fit_others(folder: Path, left_out: str, loaded: PhotographNetworks) -> Person:
    """Fit the photographs of a folder but one."""
    with TemporaryDirectory() as others:
        person = Path(others) / folder.name
        person.mkdir()
        for path in find_images([folder]):
            if path.name != left_out:
                (person / path.name).symlink_to(path.resolve())
        return fit_person(person, loaded)[0]


def measure(
    image: UInt8[np.ndarray, "h w 3"],
    truth: UInt8[np.ndarray, "H W 3"],
    landmarks: Float[np.ndarray, "5 2"],
    loaded: PhotographNetworks,
) -> str:
    """Return IDS and PSNR of a face in a copy of a photograph, as cells of the table."""
    size = loaded.config.shards.image_size
    scale = np.array([image.shape[1] / truth.shape[1], image.shape[0] / truth.shape[0]])
    placed = [(image, (landmarks * scale).astype(np.float32)), (truth, landmarks)]
    crops = np.stack([align_arcface(*each) for each in placed])
    embeddings = embed_crops(crops, loaded.recogniser)
    new, old = (to_unit(align_ffhq(*each, size)[0][None]) for each in placed)
    return f"{1 - embeddings[0] @ embeddings[1]:.3f} | {psnr(new, old).item():.2f}"


def main() -> None:
    """Fit, restore, print, draw."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--folder", type=Path, required=True, help="photographs of a person")
    add("--left-out", required=True, help="name of the one to restore")
    add("--sheets", type=Path, required=True, help="folder of the sheets to write")
    add("--assets", type=Path, default=Path(".assets"), help="folder of the asset packages")
    args = parser.parse_args()
    torch.set_num_threads(1)
    loaded = load_photograph_networks(load_config(CONFIG), args.assets, torch.device("cpu"))
    person = fit_others(args.folder, args.left_out, loaded)
    for trial in person.trials:
        print(trial.describe())
    truth = read_image(args.folder / args.left_out)
    found = search_photograph(truth, loaded.detector)
    box, landmarks = found.boxes[found.largest()], found.landmarks[found.largest()]
    args.sheets.mkdir(parents=True, exist_ok=True)
    print("| face | decision | IDS forced | PSNR forced | IDS enlarged | PSNR enlarged |")
    print("| --- | --- | --- | --- | --- | --- |")
    for height in HEIGHTS:
        factor = height / float(box[3] - box[1])
        small = resize(
            truth, (round(truth.shape[0] * factor), round(truth.shape[1] * factor)), "bicubic"
        )
        path = args.sheets / f"{args.folder.name}-{height}.png"
        path.write_bytes(encode_png(small))
        decided = restore_photograph(path, person, loaded, Wishes())
        forced = restore_photograph(path, person, loaded, Wishes(force=True, all_faces=True))
        assert forced.image is not None
        image = np.array(forced.image)
        plain = resize(small, image.shape[:2], "bicubic")
        why = "; ".join(choice.describe() for choice in decided.choices)
        cells = " | ".join(measure(each, truth, landmarks, loaded) for each in (image, plain))
        print(f"| {height} px | {why} | {cells} |", flush=True)
        sheet = Image.fromarray(
            np.hstack([plain, image, resize(truth, image.shape[:2], "bicubic")])
        )
        sheet.save(args.sheets / f"{args.folder.name}-{height}-sheet.png")


if __name__ == "__main__":
    main()
