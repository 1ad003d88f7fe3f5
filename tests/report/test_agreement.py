"""What a run says against what the paper says."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from idfsr.config.metrics import MetricsConfig
from idfsr.report.agreement import compare_with_paper
from idfsr.report.conditions import Claim
from idfsr.report.page_tables import RunNumbers

METHODS = ("bicubic", "dmdnet", "idfsr-pt", "idfsr-ft")


@pytest.fixture
def numbers() -> RunNumbers:
    """PSNR: the fit gains, and another method is better; the distance: the fit loses, or not."""
    table1 = pd.DataFrame(
        {
            "method": METHODS, "scale_factor": 8, "psnr": [20.0, 23.0, 21.0, 22.0],
            "ids_sface": [0.9, 0.8, 0.5, 0.6],
        }
    )  # fmt: skip
    pairs = [
        ("idfsr-pt", "psnr", 1.0, 0.01), ("dmdnet", "psnr", -1.0, 0.01),
        ("idfsr-pt", "ids_sface", 0.1, 0.01), ("dmdnet", "ids_sface", -0.2, 0.3),
    ]  # fmt: skip
    paired = pd.DataFrame(pairs, columns=["method_b", "metric", "difference", "p_holm"])
    paired = paired.assign(scale_factor=8, lo=paired["difference"] - 0.05, hi=np.nan)
    paired["hi"] = paired["difference"] + 0.05
    paper = pd.DataFrame(
        {
            "method": ["dmdnet", "asffnet", "idfsr-pt", "idfsr-ft"], "scale_factor": 8,
            "psnr": [22.0, 21.0, 24.0, 28.0], "ids": [0.4, 0.3, 0.32, 0.22], "ssim": 0.7,
            "lpips": 0.1, "fid": 20.0, "clipiqa": 0.6, "musiq": 60.0,
        }
    )  # fmt: skip
    nothing = table1[["method", "scale_factor"]]
    return RunNumbers(table1, nothing, paired, {1: paper, 2: paper.head(0)}, MetricsConfig(), {})


def test_disagreements_come_first(numbers: RunNumbers) -> None:
    claims = [
        Claim("a claim.", "Yes:", "+0.1."),
        Claim("another.", "No:", "-0.1."),
        Claim("a third.", "Open:", "0."),
    ]
    points = compare_with_paper(numbers, claims)
    assert [point.verdict for point in points] == [
        *["disagrees"] * 3, *["open"] * 2, *["agrees"] * 2
    ]  # fmt: skip
    found = {point.text.partition(", ")[2] or point.text: point for point in points}
    fit = found["PSNR: what the fit changes, IDFSR (FT) minus PT"]
    assert fit.verdict == "agrees"
    assert fit.paper == "+4.00 (+17\N{NO-BREAK SPACE}%)"
    assert fit.ours == "+1.00 [0.95, 1.05] (+5\N{NO-BREAK SPACE}%)"
    other = "IDFSR (FT) minus the best other method"
    best = found[f"PSNR: {other} (DMDNet in the paper, DMDNet here)"]
    assert best.verdict == "disagrees"
    assert (best.paper.split()[0], best.ours.split()[0]) == ("+6.00", "\N{MINUS SIGN}1.00")
    identity = found["IDS: what the fit changes, IDFSR (FT) minus PT"]
    assert identity.verdict == "disagrees"
    assert identity.ours.startswith("IDS (SFace) +0.1000")
    assert found[f"IDS: {other} (ASFFNet in the paper, DMDNet here)"].verdict == "open"
    assert found["a claim."].ours == "+0.1."


def test_a_run_without_a_fit_has_no_points(numbers: RunNumbers) -> None:
    alone = dataclasses.replace(numbers, paired=numbers.paired.head(0))
    assert compare_with_paper(alone, []) == []
