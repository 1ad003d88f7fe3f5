"""Proportions of faces stay within what people have been measured to have.

The ranges, their sources and what is measured stand in docs/synthref.md: means of men and of women
of several populations, with 2.5 standard deviations to either side.
"""

import numpy as np
import pytest
from scipy.spatial import cKDTree

from idfsr.synthref.identity import sample_identity
from idfsr.synthref.landmarks68 import LandmarkFinder
from idfsr.synthref.mesh import HeadModel
from idfsr.synthref.subdivide import interpolate

NUM_PEOPLE = 200
RANGES = {
    "n-gn / zy-zy": (0.75, 1.06),
    "sn-gn / n-gn": (0.51, 0.66),
    "go-go / zy-zy": (0.61, 0.92),
    "en-en / zy-zy": (0.195, 0.29),
    "ex-en / zy-zy": (0.195, 0.295),
    "al-al / zy-zy": (0.19, 0.375),
    "ch-ch / zy-zy": (0.32, 0.485),
    "ch-ch / al-al": (1.0, 1.9),
    "ls-li / ch-ch": (0.2, 0.61),
    "ps-pi / ex-en": (0.245, 0.455),
    "slant of the eye": (-4.0, 9.5),
}
NASION, WING = (0.0, 7.37, 1.49), (-0.183, 6.865, 1.471)
"""Rest positions of landmarks that are not among the 68."""
CANTHUS = 0.01
"""How far the corner of the eye lies outside the landmark on the rims of its lids."""


def ratios(points: np.ndarray, nasion: np.ndarray, wings: np.ndarray) -> dict[str, float]:
    """Measure a neutral face from the front."""

    def apart(first: int, second: int) -> float:
        return float(np.linalg.norm(points[first] - points[second]))

    def wide(left: int, right: int) -> float:
        return float(points[right, 0] - points[left, 0])

    face = float(np.linalg.norm(nasion - points[8]))
    eye = (apart(36, 39) + apart(42, 45)) / 2
    opening = np.linalg.norm(points[[37, 38, 43, 44]] - points[[41, 40, 47, 46]], axis=1).mean()
    rise = points[36, 1] - points[39, 1] + points[45, 1] - points[42, 1]
    nose, mouth, zy = float(wings[1, 0] - wings[0, 0]), wide(48, 54), wide(1, 15)
    return {
        "n-gn / zy-zy": face / zy,
        "sn-gn / n-gn": apart(33, 8) / face,
        "go-go / zy-zy": wide(4, 12) / zy,
        "en-en / zy-zy": (wide(39, 42) - 2 * CANTHUS) / zy,
        "ex-en / zy-zy": (eye + 2 * CANTHUS) / zy,
        "al-al / zy-zy": nose / zy,
        "ch-ch / zy-zy": mouth / zy,
        "ch-ch / al-al": mouth / nose,
        "ls-li / ch-ch": float(points[51, 1] - points[57, 1]) / mouth,
        "ps-pi / ex-en": float(opening) / eye,
        "slant of the eye": float(np.degrees(rise / (wide(36, 39) + wide(42, 45)))),
    }


@pytest.fixture(scope="module")
def measured(head: HeadModel) -> dict[str, np.ndarray]:
    finder = LandmarkFinder(head)
    skin = np.unique(head.triangles[head.parts == 0])
    places = [NASION, WING, np.array(WING) * (-1, 1, 1)]
    more = skin[cKDTree(head.rest[skin]).query(places)[1]]
    found = []
    for number in range(1, NUM_PEOPLE + 1):
        person = sample_identity("demo", 0, number, head.target_names)
        vertices = interpolate(head.refine, head.base + head.displacement(person.shape))
        points = finder.weights(person.brow) @ vertices
        found.append(ratios(points, vertices[more[0]], vertices[more[1:]]))
    return {name: np.array([one[name] for one in found]) for name in RANGES}


@pytest.mark.parametrize("name", list(RANGES))
def test_proportions_are_those_of_people(measured: dict[str, np.ndarray], name: str) -> None:
    low, high = RANGES[name]
    values = measured[name]
    inside = ((values >= low) & (values <= high)).mean()
    assert inside >= 0.97, np.quantile(values, [0, 0.025, 0.5, 0.975, 1]).round(3)
    margin = 0.15 * (high - low)
    assert low - margin < values.min()
    assert values.max() < high + margin


def test_people_differ_in_proportions(measured: dict[str, np.ndarray]) -> None:
    for name, values in measured.items():
        low, high = RANGES[name]
        assert values.std() > 0.08 * (high - low), name
