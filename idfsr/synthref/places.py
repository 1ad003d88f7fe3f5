"""Kinds of places where people are photographed: which lights and backgrounds go together."""

from dataclasses import dataclass
from typing import Final

Range = tuple[float, float]


@dataclass(frozen=True)
class Place:
    """What the light at a kind of place is drawn from; ranges are (low, high)."""

    surroundings: dict[str, float]
    """Share of each kind of background, see `background.KINDS`."""
    key_share: Range
    """Share of the key in the light on the face."""
    key_angle: float
    """Standard deviation of the key's angle to the side, degrees."""
    key_height: Range
    """Degrees above the camera."""
    softness: Range
    """Width of the edge of shadows over that of a lamp of some decimetres."""
    key_kelvin: Range
    ambient_kelvin: Range
    fill: Range
    """Of the second lamp, over the key."""
    back: Range
    """Of the lamp behind the head, over the light on the face; at or below 0 there is none."""
    top: Range
    """Light from above over that from below, as a power of 2."""
    background: Range
    """Brightness of the background over that in the light on the face."""


PLACES: Final = {
    "studio": Place(
        surroundings={"cutout": 0.5, "paper": 0.32, "wall": 0.13, "dark": 0.05},
        key_share=(0.62, 0.9),
        key_angle=30.0,
        key_height=(8.0, 42.0),
        softness=(1.2, 3.0),
        key_kelvin=(5000.0, 6000.0),
        ambient_kelvin=(4800.0, 6200.0),
        fill=(0.0, 0.35),
        back=(-0.6, 0.7),
        top=(-0.3, 1.2),
        background=(0.9, 1.4),
    ),
    "event": Place(
        surroundings={"press": 0.35, "crowd": 0.25, "dark": 0.15, "bokeh": 0.12, "interior": 0.13},
        key_share=(0.68, 0.93),
        key_angle=11.0,
        key_height=(4.0, 32.0),
        softness=(0.4, 1.4),
        key_kelvin=(5000.0, 6000.0),
        ambient_kelvin=(3200.0, 5200.0),
        fill=(0.0, 0.25),
        back=(-0.7, 0.9),
        top=(0.0, 1.6),
        background=(0.65, 1.4),
    ),
    "stage": Place(
        surroundings={"dark": 0.5, "bokeh": 0.2, "crowd": 0.1, "interior": 0.2},
        key_share=(0.72, 0.93),
        key_angle=36.0,
        key_height=(12.0, 45.0),
        softness=(0.5, 1.5),
        key_kelvin=(3000.0, 5000.0),
        ambient_kelvin=(3000.0, 5500.0),
        fill=(0.0, 0.3),
        back=(-0.4, 1.1),
        top=(-0.5, 1.0),
        background=(0.2, 0.6),
    ),
    "room": Place(
        surroundings={"interior": 0.55, "wall": 0.25, "window": 0.2},
        key_share=(0.5, 0.85),
        key_angle=45.0,
        key_height=(5.0, 42.0),
        softness=(1.2, 3.0),
        key_kelvin=(3000.0, 6500.0),
        ambient_kelvin=(2900.0, 5500.0),
        fill=(0.0, 0.2),
        back=(-1.0, 0.5),
        top=(0.0, 1.8),
        background=(0.5, 1.3),
    ),
    "shade": Place(
        surroundings={"foliage": 0.36, "street": 0.3, "wall": 0.14, "sky": 0.1, "crowd": 0.1},
        key_share=(0.3, 0.6),
        key_angle=40.0,
        key_height=(20.0, 55.0),
        softness=(1.5, 3.0),
        key_kelvin=(5500.0, 7000.0),
        ambient_kelvin=(6000.0, 8500.0),
        fill=(0.0, 0.2),
        back=(-1.0, 0.6),
        top=(0.6, 2.4),
        background=(0.8, 1.9),
    ),
    "sun": Place(
        surroundings={"foliage": 0.3, "street": 0.26, "sky": 0.26, "wall": 0.1, "crowd": 0.08},
        key_share=(0.66, 0.84),
        key_angle=42.0,
        key_height=(15.0, 50.0),
        softness=(0.3, 0.6),
        key_kelvin=(4600.0, 5600.0),
        ambient_kelvin=(6500.0, 10000.0),
        fill=(0.0, 0.1),
        back=(-1.0, 0.5),
        top=(0.2, 1.4),
        background=(0.7, 1.4),
    ),
    "back_light": Place(
        surroundings={"foliage": 0.36, "sky": 0.24, "street": 0.2, "window": 0.2},
        key_share=(0.3, 0.6),
        key_angle=40.0,
        key_height=(8.0, 40.0),
        softness=(1.2, 3.0),
        key_kelvin=(5000.0, 6500.0),
        ambient_kelvin=(5000.0, 7500.0),
        fill=(0.0, 0.3),
        back=(0.8, 2.2),
        top=(0.2, 1.4),
        background=(1.3, 2.8),
    ),
}
PLACE_SHARES: Final = (0.24, 0.28, 0.09, 0.15, 0.13, 0.07, 0.04)
