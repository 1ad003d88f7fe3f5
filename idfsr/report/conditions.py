"""What each condition of IDFSR carries, from the probes of all scale factors."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from idfsr.constants import PROBES
from idfsr.io.schemas import KEY
from idfsr.io.tables import read_table
from idfsr.report.intervals import mean_interval
from idfsr.report.layout import scale_label
from idfsr.report.tables import records

MEASURES = {"psnr": 2, "ids_sface": 3, "ids_other": 3}
"""Column to digits in print."""

WRONG = {
    "wrong-reference": "with z_id of the person and a photo of another as reference",
    "wrong-photograph": "with nothing but a photo of another person",
}
"""Probes with another person's photograph, in words: the result must not become that person."""

COLUMNS = [
    "scale_factor", "probe", "num_images", "num_identities",
    *(f"{name}{ending}" for name in MEASURES for ending in ("", "_difference", "_lo", "_hi")),
    "margin", "margin_lo", "margin_hi",
]  # fmt: skip


EXPECTED = (
    ("other-person", "ids_sface", 1, "another person's z_id leads away from the person"),
    ("other-person", "ids_other", -1, "another person's z_id leads to that other"),
    ("no-id", "ids_sface", 1, "without z_id the identity is lost"),
    ("no-style", "ids_sface", 1, "without the style the identity suffers"),
    ("no-mask", "psnr", 1, "unmasked, the result keeps closer to the input"),
)
"""Probe, measure, sign of its change, and the paper's claim (Figs. 5 and 8) in words."""


@dataclass(frozen=True)
class Condition:
    """A row of the page's table."""

    scale: str
    changed: str
    cells: list[tuple[str, str]]
    """Of each measure its mean, and its change with the interval."""


@dataclass(frozen=True)
class Claim:
    """What the paper says of a condition, and whether this run says so too."""

    text: str
    verdict: str
    evidence: str


def summarise_probes(probes: Sequence[Path], num_bootstrap: int) -> pd.DataFrame:
    """Aggregate probes: a row for each scale factor and probe.

    Args:
        probes: Tables of `idfsr probes`; may be none.
        num_bootstrap: Resamples behind an interval.

    Returns:
        `COLUMNS`: means over images, and their differences from the fitted model as it is, image by
        image, with 95 % intervals over identities; and as margin how much further the result is
        from the other person than from the person, with its own interval.

    Raises:
        IdfsrError: A file is missing or is no such table.
    """
    unchanged = next(iter(PROBES))
    rows = []
    for path in probes:
        table = read_table(path, columns=[*KEY, "scale_factor", "probe", *MEASURES])
        groups = {str(probe): group.set_index(KEY) for probe, group in table.groupby("probe")}
        for probe in PROBES:
            group = groups[probe]
            identities = [str(identity) for identity, _ in group.index]
            row: dict[str, str | int | float] = {
                "scale_factor": int(group["scale_factor"].iloc[0]),
                "probe": probe,
                "num_images": len(group),
                "num_identities": len(set(identities)),
            }
            for name in MEASURES:
                change = group[name] - groups[unchanged][name].loc[group.index]
                interval = mean_interval(change.to_numpy(np.float64), identities, num_bootstrap)
                row |= {
                    name: float(group[name].mean()),
                    f"{name}_difference": interval.mean,
                    f"{name}_lo": interval.lo,
                    f"{name}_hi": interval.hi,
                }
            margin = (group["ids_other"] - group["ids_sface"]).to_numpy(np.float64)
            found = mean_interval(margin, identities, num_bootstrap)
            row |= {"margin": found.mean, "margin_lo": found.lo, "margin_hi": found.hi}
            rows.append(row)
    return pd.DataFrame(rows, columns=COLUMNS).sort_values("scale_factor", kind="stable")


def _change(row: dict[str, Any], name: str) -> str:
    """Print a difference with its interval, e.g. "+0.104 [+0.070, +0.139]"."""
    digits = MEASURES[name]
    mean, lo, hi = (float(row[f"{name}_{end}"]) for end in ("difference", "lo", "hi"))
    interval = "" if math.isnan(lo) else f" [{lo:+.{digits}f}, {hi:+.{digits}f}]"
    return f"{mean:+.{digits}f}{interval}"


def lay_out_conditions(conditions: pd.DataFrame) -> list[Condition]:
    """Bring the table of `summarise_probes` into print."""
    unchanged = next(iter(PROBES))
    return [
        Condition(
            scale=scale_label(row["scale_factor"]),
            changed=PROBES[row["probe"]],
            cells=[
                (f"{row[name]:.{digits}f}", "" if row["probe"] == unchanged else _change(row, name))
                for name, digits in MEASURES.items()
            ],
        )
        for row in records(conditions)
    ]


def _verdict(lo: float, hi: float) -> str:
    """Say whether a difference that ought to be positive is."""
    if lo > 0:
        return "Yes:"
    return "No:" if hi < 0 else "Open:"


def _judge_wrong(scale: str, row: dict[str, Any], words: str) -> Claim:
    """Say whether a result with another person's photograph is nearer to the person."""
    interval = (
        ""
        if math.isnan(row["margin_lo"])
        else f" [{row['margin_lo']:+.3f}, {row['margin_hi']:+.3f}]"
    )
    return Claim(
        f"{scale}, {words} the result does not become that other.",
        _verdict(row["margin_lo"], row["margin_hi"]),
        f"distance {row['ids_other']:.3f} to the other, {row['ids_sface']:.3f} to the person, "
        f"a difference of {row['margin']:+.3f}{interval}.",
    )


def check_claims(conditions: pd.DataFrame, paired: pd.DataFrame) -> list[Claim]:
    """Compare the probes with what the paper says, scale by scale.

    Args:
        conditions: Of `summarise_probes`.
        paired: Of `idfsr.report.tables.compare_pairs`, for what the fit gained.
    """
    claims = []
    fit = paired[(paired["method_b"] == "idfsr-pt") & (paired["metric"] == "ids_sface")]
    gains = dict(zip(fit["scale_factor"], -fit["difference"], strict=True))
    for scale_factor in sorted(set(conditions["scale_factor"])):
        rows = records(conditions[conditions["scale_factor"] == scale_factor])
        scale, of = scale_label(scale_factor), {row["probe"]: row for row in rows}
        for probe, name, sign, text in EXPECTED:
            row = of[probe]
            lo, hi = sorted((sign * row[f"{name}_lo"], sign * row[f"{name}_hi"]))
            claims.append(Claim(f"{scale}, {text}.", _verdict(lo, hi), f"{_change(row, name)}."))
        claims += [_judge_wrong(scale, of[probe], text) for probe, text in WRONG.items()]
        if scale_factor in gains:
            gain, moved = gains[scale_factor], abs(of["other-reference"]["ids_sface_difference"])
            claims.append(
                Claim(
                    f"{scale}, the reference is not copied: "
                    "another one changes the identity by less than the fit gained.",
                    "Yes:" if moved < gain else "No:",
                    f"{moved:.3f}, the fit {gain:.3f}.",
                )
            )
    return claims
