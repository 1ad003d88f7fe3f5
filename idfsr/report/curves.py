"""Losses over a training: of the fits on held-out images, and of the pretraining."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from jaxtyping import Float
from matplotlib.figure import Figure

from idfsr.errors import IdfsrError
from idfsr.io.texts import read_stats
from idfsr.report.layout import scale_label
from idfsr.report.style import BAD, GOOD, INK, QUIET, figure_style

FULL_OPACITY_LINES = 8
"""With more thin lines than this, each gets paler."""

SMOOTHING_SHARE = 0.05
"""Of the steps, averaged into one point of the smooth curve."""


def read_held_out(paths: Sequence[Path]) -> pd.DataFrame:
    """Read the held-out losses of fits.

    Args:
        paths: .../x<scale factor>/<identity>/stats.jsonl

    Returns:
        Columns scale_factor, identity, step and relative_loss: the loss over that at step 0.

    Raises:
        IdfsrError: A file has no held-out loss, or its folders are not so named.
    """
    frames = []
    for path in paths:
        identity, scale = path.parent.name, path.parent.parent.name
        rows = [row for row in read_stats(path) if "held_out_loss" in row]
        if not rows or not scale.removeprefix("x").isdigit():
            message = f"{path}: wanted x<scale factor>/<identity>/stats.jsonl with held_out_loss"
            raise IdfsrError(message)
        curve = pd.DataFrame(rows)[["step", "held_out_loss"]].sort_values("step")
        frames.append(
            pd.DataFrame(
                {
                    "scale_factor": int(scale.removeprefix("x")),
                    "identity": identity,
                    "step": curve["step"],
                    "relative_loss": curve["held_out_loss"] / curve["held_out_loss"].iloc[0],
                }
            )
        )
    return pd.concat(frames, ignore_index=True)


def draw_fit_curves(held_out: pd.DataFrame) -> Figure:
    """Draw a panel for each scale factor: a thin line for each identity, a bold one for the mean.

    Args:
        held_out: Of `read_held_out`.
    """
    scale_factors = sorted(set(held_out["scale_factor"]))
    with figure_style():
        figure = Figure(figsize=(4.6 * len(scale_factors), 3.2), layout="constrained")
        panels = figure.subplots(1, len(scale_factors), sharey=True, squeeze=False)[0]
        for axes, scale_factor in zip(panels, scale_factors, strict=True):
            rows = held_out[held_out["scale_factor"] == scale_factor]
            curves = rows.pivot_table(index="step", columns="identity", values="relative_loss")
            ends = curves.apply(lambda curve: curve.dropna().iloc[-1])
            opacity = min(1.0, FULL_OPACITY_LINES / len(ends)) * 0.75 + 0.05
            for identity, end in ends.items():
                axes.plot(
                    curves[identity].dropna(),
                    color=GOOD if end < 1 else BAD, linewidth=0.9, alpha=opacity,
                )  # fmt: skip
            axes.plot(curves.mean(axis=1), color=INK, linewidth=2.2, label="mean")
            axes.axhline(1, color=QUIET, linewidth=0.8, linestyle=(0, (4, 3)))
            num_down = int((ends < 1).sum())
            axes.set_title(
                f"{scale_label(scale_factor)}: lower in the end for {num_down} of {len(ends)}"
            )
            axes.set_xlabel("Step")
            axes.margins(x=0.02)
        panels[0].set_ylabel("Held-out loss / initial")
        panels[0].legend(loc="lower left")
    return figure


FIT_TITLE = "Fitting the ID embedding"
FIT_CAPTION = (
    "Loss on the person's held-out test images during the fit, which sees the fit images alone, "
    "relative to its value before the first step. One thin line a person, blue where the loss "
    "ended lower and orange where it did not; bold is their mean."
)


def smooth(values: Float[np.ndarray, "N"], width: int) -> Float[np.ndarray, "M"]:
    """Average over a moving window; M = N - width + 1."""
    return np.convolve(values, np.full(width, 1 / width), mode="valid")


def draw_pretrain_curve(path: Path) -> Figure:
    """Draw the loss of a training over the images seen.

    Args:
        path: Lines with images_seen and loss.

    Raises:
        IdfsrError: The file is missing, or no line has a loss.
    """
    rows = [row for row in read_stats(path) if "loss" in row]
    if not rows:
        message = f"{path}: no line with a loss, wanted the statistics of a training"
        raise IdfsrError(message)
    images = np.array([row["images_seen"] for row in rows], dtype=np.float64)
    losses = np.array([row["loss"] for row in rows], dtype=np.float64)
    width = max(1, round(SMOOTHING_SHARE * len(losses)))
    middle = images[(width - 1) // 2 :][: len(losses) - width + 1]
    with figure_style():
        figure = Figure(figsize=(6.4, 3.2), layout="constrained")
        axes = figure.subplots()
        axes.plot(images, losses, color=GOOD, linewidth=0.7, alpha=0.35, label="each step")
        label = f"mean of {width} steps"
        axes.plot(middle, smooth(losses, width), color=GOOD, linewidth=2, label=label)
        axes.set_yscale("log")
        axes.set_xlabel("Images seen")
        axes.set_ylabel("Loss")
        axes.legend(loc="upper right")
        axes.margins(x=0.02)
        axes.xaxis.set_major_formatter("{x:,.0f}")
    return figure


PRETRAIN_TITLE = "Pretraining"
PRETRAIN_CAPTION = (
    "Loss of the diffusion model in this run: the mean squared error of what it predicts, the "
    "noise (IDFSR, Eq. 1) or v (`model.prediction`). A run that goes on from trained "
    "weights begins near its end: what is left is the chance of timestep and noise."
)
