"""The people of the test on the page: photographs, losses, distances, neighbours."""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from idfsr.report.layout import Column, method_label, scale_label
from idfsr.report.sheets import read_index
from idfsr.report.viewer import ImageScores, ImageSource

CURVE_WIDTH, CURVE_HEIGHT = 260, 80
"""Of a loss curve, in pixels of CSS."""

SHOWN = ("idfsr-pt", "idfsr-mean", "idfsr-ft")
"""Methods whose distances stand beside a person."""


@dataclass(frozen=True)
class Neighbour:
    """Whom an embedding resembles."""

    identity: str
    cosine: str
    is_self: bool


@dataclass(frozen=True)
class PersonFit:
    """The fit of one person at one scale factor."""

    scale: str
    num_steps: int
    loss: str
    """Points of an SVG polyline, of the averaged loss of the steps."""
    held_out: str
    """Likewise, on the test images."""
    change: str
    """Of the held-out loss, in per cent."""
    neighbours: list[Neighbour]


@dataclass(frozen=True)
class Profile:
    """A person."""

    identity: str
    photographs: str
    """Address of their photographs beside each other."""
    num_photographs: int
    num_shown: int
    fits: list[PersonFit]
    distances: list[tuple[str, list[str]]]
    """Scale factor, and the mean distance of each of `labels`."""


@dataclass(frozen=True)
class People:
    """All of them."""

    labels: list[str]
    """Of the methods whose distances are shown."""
    metric: str
    """Of the distances; empty where there is none."""
    profiles: list[Profile]


def draw_line(places: Sequence[float], values: Sequence[float], ends: tuple[float, float]) -> str:
    """Return the points of an SVG polyline.

    Convention: (x, y) in pixels of CSS, y grows downwards.

    Args:
        places: From 0 to 1.
        values: As many.
        ends: The least and the largest value of the plot.
    """
    least, largest = ends
    height = (largest - least) or 1.0
    points = [
        (place * CURVE_WIDTH, (largest - value) / height * CURVE_HEIGHT)
        for place, value in zip(places, values, strict=True)
    ]
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in points)


def _lay_out_fit(scale: str, fit: dict[str, Any], identity: str) -> PersonFit:
    steps, held_out = zip(*fit["held_out"], strict=True)
    loss, num_steps = fit["loss"], max(1, fit["num_steps"])
    ends = min(*held_out, *loss), max(*held_out, *loss)
    places = [(number + 0.5) / len(loss) for number in range(len(loss))]
    return PersonFit(
        scale=scale_label(int(scale)),
        num_steps=fit["num_steps"],
        loss=draw_line(places, loss, ends),
        held_out=draw_line([step / num_steps for step in steps], held_out, ends),
        change=f"{100 * (held_out[-1] / held_out[0] - 1):+.1f}".replace("-", "\N{MINUS SIGN}"),
        neighbours=[
            Neighbour(name, f"{cosine:.2f}", name == identity) for name, cosine in fit["neighbours"]
        ],
    )


def _group(scores: ImageScores, metric: str) -> dict[tuple[int, str, str], list[float]]:
    """Collect a metric of each person's images: (scale factor, identity, method) -> values."""
    groups: dict[tuple[int, str, str], list[float]] = {}
    for (factor, identity, _, method), found in scores.items():
        if metric in found:
            groups.setdefault((factor, identity, method), []).append(found[metric])
    return groups


def _lay_out_distances(
    scores: ImageScores, column: Column | None
) -> tuple[list[str], dict[str, list[tuple[str, list[str]]]]]:
    """Return the methods shown, and for each person the mean distances at each scale factor."""
    if column is None:
        return [], {}
    groups = _group(scores, column.metric)
    by_method = {method for _, _, method in groups}
    shown = [method for method in SHOWN if method in by_method]
    people: dict[str, list[tuple[str, list[str]]]] = {}
    for factor, identity in sorted({key[:2] for key in groups}):
        found = [groups.get((factor, identity, method), []) for method in shown]
        texts = [column.text(statistics.fmean(each) if each else math.nan) for each in found]
        people.setdefault(identity, []).append((scale_label(factor), texts))
    return shown, people


def lay_out_people(
    folder: Path, scores: ImageScores, column: Column | None, source: ImageSource
) -> People:
    """Bring the people into the page's form.

    Args:
        folder: Of `idfsr gather people`.
        scores: Of all images.
        column: The distance to the person; None where it was not computed.
        source: Of the photographs.

    Raises:
        IdfsrError: The index or a photograph is missing or was damaged.
    """
    shown, distances = _lay_out_distances(scores, column)
    profiles = [
        Profile(
            identity=entry["identity"],
            photographs=source.address(folder / entry["file"], entry["sha256"]),
            num_photographs=entry["num_photographs"],
            num_shown=entry["num_shown"],
            fits=[
                _lay_out_fit(scale, fit, entry["identity"])
                for scale, fit in sorted(entry["fits"].items(), key=lambda item: int(item[0]))
            ],
            distances=distances.get(entry["identity"], []),
        )
        for entry in read_index(folder)["people"]
    ]
    return People(list(map(method_label, shown)), column.heading if column else "", profiles)
