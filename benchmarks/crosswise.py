"""Who is taken for whom: each person's file on each other's photographs, and on their own.

Reads FOLDER/<person>/*. Fits each person, makes every photograph so small that its face has a given
height, and restores it with each person's file, by force, so that likeness alone decides. A
photograph of the person is first taken out of the references that the person is known by; the fit
has seen it, but the fit has no say in who is taken.

Prints a table in Markdown with a row for the photographs of each person and a column for each
person's file: lowest and highest likeness, and of how many photographs a face was replaced.

    python benchmarks/crosswise.py --photographs photographs --people 00001 00002 --heights 0 25
"""

import argparse
import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import torch

from idfsr.dataset.listing import find_images
from idfsr.io.images import encode_png, read_image, resize
from idfsr.photographs.album import find_faces
from idfsr.photographs.choose import Choice, Wishes
from idfsr.photographs.fit import fit_person
from idfsr.photographs.networks import CONFIG, PhotographNetworks, load_photograph_networks
from idfsr.photographs.person import Person
from idfsr.photographs.restore import restore_photograph
from idfsr.photographs.search import search_photograph
from idfsr.run.config import load_config


def without(person: Person, index: int) -> Person:
    """Return a person who is not known by one of their photographs."""
    kept = [each for each in range(len(person.ref_crops)) if each != index]
    names = ("ref_images", "ref_landmarks", "ref_z_id", "ref_crops")
    return dataclasses.replace(person, **{name: getattr(person, name)[kept] for name in names})


def write_small(source: Path, height: int, folder: Path, loaded: PhotographNetworks) -> Path:
    """Write a copy of a photograph whose largest face has a height; 0 leaves its size."""
    image = read_image(source)
    found = search_photograph(image, loaded.detector)
    _, top, _, bottom = found.boxes[found.largest()]
    factor = height / float(bottom - top) if height else 1.0
    if factor < 1:
        size = (round(image.shape[0] * factor), round(image.shape[1] * factor))
        image = resize(image, size, "bicubic")
    path = folder / f"{source.parent.name}-{source.stem}.png"
    path.write_bytes(encode_png(image))
    return path


def describe(likest: Sequence[Choice]) -> str:
    """Return a cell of the table, of the likest face of each photograph."""
    values = [choice.likeness for choice in likest]
    num_replaced = sum(choice.scale_factor is not None for choice in likest)
    return f"{min(values):.2f} to {max(values):.2f}, {num_replaced} of {len(values)}"


def fit_all(
    folders: Sequence[Path], loaded: PhotographNetworks
) -> dict[str, tuple[Person, list[str]]]:
    """Fit each person, and name the photographs in the order of the person's references."""
    fitted = {}
    for folder in folders:
        names = [image for _, image in find_faces(folder, loaded)]
        fitted[folder.name] = (fit_person(folder, loaded)[0], names)
    return fitted


def try_photographs(
    folder: Path,
    height: int,
    fitted: Mapping[str, tuple[Person, list[str]]],
    loaded: PhotographNetworks,
) -> list[str]:
    """Restore the photographs of a person with each file; return the cells of a row."""
    wishes = Wishes(force=True)
    likest: dict[str, list[Choice]] = {name: [] for name in fitted}
    with TemporaryDirectory() as scratch:
        for source in find_images([folder]):
            small = write_small(source, height, Path(scratch), loaded)
            for name, (person, taken) in fitted.items():
                known = person
                if name == folder.name and source.name in taken:
                    known = without(person, taken.index(source.name))
                done = restore_photograph(small, known, loaded, wishes)
                likest[name].append(max(done.choices, key=lambda choice: choice.likeness))
    return [describe(each) for each in likest.values()]


def main() -> None:
    """Fit, restore, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--photographs", type=Path, required=True, help="folder of the people's folders")
    add("--people", nargs="+", required=True, help="names of their folders")
    add("--heights", type=int, nargs="+", default=[0, 25], help="of faces in pixels; 0 as they are")
    add("--assets", type=Path, default=Path(".assets"), help="folder of the asset packages")
    args = parser.parse_args()
    torch.set_num_threads(1)
    loaded = load_photograph_networks(load_config(CONFIG), args.assets, torch.device("cpu"))
    folders = [args.photographs / name for name in args.people]
    fitted = fit_all(folders, loaded)
    print(f"| face | photographs of | {' | '.join(f'file of {name}' for name in fitted)} |")
    print("| --- " * (2 + len(fitted)) + "|")
    for height in args.heights:
        for folder in folders:
            cells = " | ".join(try_photographs(folder, height, fitted, loaded))
            size = f"{height} px" if height else "as it is"
            print(f"| {size} | {folder.name} | {cells} |", flush=True)


if __name__ == "__main__":
    main()
