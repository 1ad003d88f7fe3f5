"""How near the pictures of rendered people come to photographs, in colour, contrast and spectrum.

Photographs are aligned as FFHQ by the project's own detector, renders are so already. Prints, at 64
and at 256 px, the mean and the deviation over images of each statistic and, after a slash, its
Wasserstein distance from the photographs (1-D; people weigh the same), and writes a figure of the
distributions. The last set of renders comes a second time, without the images whose skin is darker
or lighter than all skin in the photographs. No picture is written.

    OMP_NUM_THREADS=1 python benchmarks/photo_statistics.py --photographs photographs \
        --people 00001 00002 --renders before=old after=new --figure statistics.png
"""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import cv2
import matplotlib.pyplot as plt
import numpy as np
import torch
from jaxtyping import Bool, Float, UInt8
from PIL import Image
from scipy.stats import wasserstein_distance
from skimage.color import rgb2lab

from idfsr.config.landmarks import LandmarksConfig
from idfsr.errors import IdfsrError
from idfsr.faces.align import ffhq_matrix, warp_image
from idfsr.faces.detector import load_detector
from idfsr.io.images import read_image
from idfsr.synthref.dataset import IMAGES_FOLDER

SIZES = (64, 256)
SAMPLES = 2000
"""Pixels of an image that stand for it."""
WINDOW = 1 / 16
"""Side of the windows of local contrast, over the image's."""
CHEEKS = ((0.55, 0.64, 0.31, 0.40), (0.55, 0.64, 0.60, 0.69))
"""Top, bottom, left, right of two windows of skin, as shares of an aligned image's side."""
SLOPE_BAND = (0.04, 0.4)
"""Frequencies of the fit, cycles a pixel."""


class Picture(NamedTuple):
    """An aligned image."""

    person: str
    rgb: UInt8[np.ndarray, "S S 3"]
    inside: Bool[np.ndarray, "S S"]
    """False beyond the edge of the photograph."""


def read_photographs(folder: Path, people: list[str], assets: Path) -> list[Picture]:
    """Align the photographs `<folder>/<person>/*`.

    Raises:
        IdfsrError: A photograph shows no face.
    """
    config = LandmarksConfig()
    detector = load_detector(config, assets, torch.device("cpu"))
    pictures = []
    for path in sorted(path for person in people for path in (folder / person).iterdir()):
        image = read_image(path)
        faces = detector.detect([image], config.image_size)[0]
        if len(faces.scores) == 0:
            message = f"{path}: RetinaFace finds no face, wanted one"
            raise IdfsrError(message)
        matrix = ffhq_matrix(faces.landmarks[faces.largest()], SIZES[-1])
        rgb = warp_image(image, matrix, SIZES[-1], (0, 0, 0))
        inside = warp_image(np.full_like(image, 255), matrix, SIZES[-1], (0, 0, 0))
        pictures.append(Picture(path.parent.name, rgb, inside[..., 0] == 255))
    return pictures


def read_renders(folder: Path) -> list[Picture]:
    """Read the images that `idfsr synthref` wrote to `folder`."""
    pictures = []
    for path in sorted((folder / IMAGES_FOLDER).glob("*/*.png")):
        rgb = np.asarray(Image.open(path).convert("RGB"))
        pictures.append(Picture(path.parent.name, rgb, np.ones(rgb.shape[:2], bool)))
    return pictures


def shrink(picture: Picture, size: int) -> Picture:
    """Return a smaller copy."""
    rgb = cv2.resize(picture.rgb, (size, size), interpolation=cv2.INTER_AREA)
    inside = cv2.resize(picture.inside.astype(np.float32), (size, size)) == 1
    return Picture(picture.person, rgb.astype(np.uint8), inside)


def _channel(picture: Picture, channel: int) -> Float[np.ndarray, " P"]:
    return np.asarray(rgb2lab(picture.rgb)[picture.inside][:, channel])


def local_contrast(picture: Picture) -> Float[np.ndarray, " P"]:
    """Return the deviation of lightness in the window around each pixel."""
    lightness = rgb2lab(picture.rgb)[..., 0].astype(np.float32)
    side = max(3, round(WINDOW * len(lightness)))
    mean, square = (cv2.blur(value, (side, side)) for value in (lightness, lightness**2))
    whole = cv2.erode(picture.inside.astype(np.uint8), np.ones((side, side), np.uint8)) == 1
    return np.asarray(np.sqrt(np.maximum(square - mean**2, 0))[whole])


def _skin(picture: Picture) -> Float[np.ndarray, "P 3"]:
    size = len(picture.rgb)
    windows = [
        picture.rgb[slice(*rows), slice(*columns)].reshape(-1, 3)
        for rows, columns in (
            (tuple(round(v * size) for v in box[:2]), tuple(round(v * size) for v in box[2:]))
            for box in CHEEKS
        )
    ]
    return np.asarray(rgb2lab(np.concatenate(windows)))


def skin_chroma(picture: Picture) -> Float[np.ndarray, " P"]:
    """Return how saturated the cheeks are: the length of (a*, b*)."""
    return np.asarray(np.hypot(*_skin(picture)[:, 1:].T))


def skin_lightness(picture: Picture) -> Float[np.ndarray, " P"]:
    """Return L* of the cheeks."""
    return _skin(picture)[:, 0]


def spectrum(picture: Picture) -> tuple[Float[np.ndarray, " F"], Float[np.ndarray, " F"]]:
    """Return frequencies (cycles a pixel) and the power of lightness, averaged over rings."""
    lightness = rgb2lab(picture.rgb)[..., 0] / 100
    size = len(lightness)
    mean = lightness[picture.inside].mean()
    lightness = np.where(picture.inside, lightness - mean, 0)
    window = np.hanning(size)
    power = np.abs(np.fft.fft2(lightness * np.outer(window, window))) ** 2
    power /= (window**2).sum() ** 2
    frequency = np.fft.fftfreq(size)
    ring = np.rint(np.hypot(frequency[:, None], frequency) * size).astype(int).ravel()
    total, count = np.bincount(ring, power.ravel()), np.bincount(ring)
    kept = slice(1, size // 2)
    return np.arange(1, size // 2) / size, (total / count)[kept]


def spectrum_slope(picture: Picture) -> Float[np.ndarray, " 1"]:
    """Return the exponent of frequency that the power follows."""
    frequency, power = spectrum(picture)
    band = (frequency >= SLOPE_BAND[0]) & (frequency <= SLOPE_BAND[1])
    return np.polyfit(np.log(frequency[band]), np.log(power[band]), 1)[:1]


def fine_power(picture: Picture) -> Float[np.ndarray, " 1"]:
    """Return log10 of the power from 0.25 to 0.4 cycles a pixel: edges, texture, noise."""
    frequency, power = spectrum(picture)
    band = (frequency >= 0.25) & (frequency <= SLOPE_BAND[1])
    return np.asarray(np.log10(power[band].mean(keepdims=True)))


STATISTICS: dict[str, Callable[[Picture], np.ndarray]] = {
    "lightness L*": lambda picture: _channel(picture, 0),
    "a*": lambda picture: _channel(picture, 1),
    "b*": lambda picture: _channel(picture, 2),
    "local contrast, L*": local_contrast,
    "lightness of skin, L*": skin_lightness,
    "chroma of skin": skin_chroma,
    "slope of the spectrum": spectrum_slope,
    "log10 power of fine detail": fine_power,
}


class Sample(NamedTuple):
    """A statistic of all images of a set."""

    values: Float[np.ndarray, " N"]
    weights: Float[np.ndarray, " N"]
    """People weigh the same."""
    means: Float[np.ndarray, " I"]
    """Of each image."""


def measure(pictures: list[Picture], statistic: Callable[[Picture], np.ndarray]) -> Sample:
    """Compute a statistic for a set of images."""
    rng = np.random.default_rng(0)
    counts: dict[str, int] = {}
    for picture in pictures:
        counts[picture.person] = counts.get(picture.person, 0) + 1
    values, weights, means = [], [], []
    for picture in pictures:
        found = statistic(picture)
        means.append(found.mean())
        some = found if len(found) <= SAMPLES else rng.choice(found, SAMPLES, replace=False)
        values.append(some)
        weights.append(np.full(len(some), 1 / (counts[picture.person] * len(some))))
    return Sample(np.concatenate(values), np.concatenate(weights), np.array(means))


def draw(
    axes: plt.Axes, name: str, sets: dict[str, list[Picture]], samples: dict[str, Sample]
) -> None:
    """Draw the distribution of a statistic in each set, or its spectra."""
    if name == "slope of the spectrum":
        for label, pictures in sets.items():
            frequency = spectrum(pictures[0])[0]
            powers = np.log10([spectrum(picture)[1] for picture in pictures])
            low, middle, high = np.percentile(powers, (16, 50, 84), axis=0)
            (line,) = axes.plot(frequency, middle, label=label)
            axes.fill_between(frequency, low, high, alpha=0.15, color=line.get_color())
        axes.set(xscale="log", xlabel="log10 power over cycles a pixel", xlim=(0.01, 0.5))
        axes.set_xticks([0.01, 0.03, 0.1, 0.3], ["0.01", "0.03", "0.1", "0.3"])
        axes.minorticks_off()
        return
    edges = np.histogram_bin_edges(np.concatenate([s.values for s in samples.values()]), 40)
    for label, sample in samples.items():
        axes.hist(
            sample.values, edges, weights=sample.weights, density=True, histtype="step", label=label
        )
    axes.set(xlabel=name, yticks=[])


def keep_alike(renders: list[Picture], photographs: list[Picture]) -> list[Picture]:
    """Return the renders whose cheeks are as light as some in the photographs."""
    light = [skin_lightness(picture).mean() for picture in photographs]
    return [p for p in renders if min(light) <= skin_lightness(p).mean() <= max(light)]


def print_row(name: str, size: int, samples: dict[str, Sample]) -> None:
    """Print a row of the table, in Markdown."""
    cells = [name, f"{size}"]
    real = samples["photographs"]
    for label, (values, weights, means) in samples.items():
        cell = f"{means.mean():.2f} ± {means.std():.2f}"
        if label != "photographs":
            distance = wasserstein_distance(real.values, values, real.weights, weights)
            cell += f" / {distance:.2f}"
        cells.append(cell)
    print("| " + " | ".join(cells) + " |")


def main() -> None:
    """Read, measure, print, draw."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--photographs", type=Path, required=True, help="a folder a person")
    parser.add_argument("--people", nargs="+", required=True, help="names of their folders")
    parser.add_argument("--renders", nargs="+", required=True, metavar="NAME=FOLDER")
    parser.add_argument("--assets", type=Path, default=Path(".assets"))
    parser.add_argument("--figure", type=Path)
    args = parser.parse_args()
    full = {"photographs": read_photographs(args.photographs, args.people, args.assets)}
    for item in args.renders:
        name, _, folder = item.partition("=")
        full[name] = read_renders(Path(folder))
    full[f"{name}, skin alike"] = keep_alike(full[name], full["photographs"])
    figure, axes = plt.subplots(
        len(SIZES), len(STATISTICS) - 1, figsize=(20, 5.2), layout="constrained"
    )
    print("| statistic | px | " + " | ".join(full) + " |")
    print("| --- " * (len(full) + 2) + "|")
    for size, row in zip(SIZES, axes, strict=True):
        sets = {name: [shrink(p, size) for p in pictures] for name, pictures in full.items()}
        drawn = iter(row)
        for name, statistic in STATISTICS.items():
            samples = {label: measure(pictures, statistic) for label, pictures in sets.items()}
            print_row(name, size, samples)
            if statistic is not fine_power:
                draw(next(drawn), name, sets, samples)
        row[0].set_ylabel(f"{size} px")
    axes[0, 0].legend(fontsize="small")
    if args.figure:
        figure.savefig(args.figure, dpi=80)


if __name__ == "__main__":
    main()
