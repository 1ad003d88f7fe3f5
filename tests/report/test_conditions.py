from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from idfsr.constants import PROBES
from idfsr.io.tables import write_table
from idfsr.report.conditions import (
    COLUMNS,
    check_claims,
    lay_out_conditions,
    summarise_probes,
)

IDENTITIES = ("a", "b", "c")
IDS = {
    # another's z_id takes 0.2 more or less away; the others 0.01
    "fitted": (0.3, 0.4, 0.5),
    "other-person": (0.5, 0.7, 0.6),
    "other-reference": (0.31, 0.41, 0.51),
    "wrong-reference": (0.31, 0.41, 0.45),
    "wrong-photograph": (0.6, 0.7, 0.8),
    "no-id": (0.4, 0.3, 0.5),
    "no-style": (0.29, 0.39, 0.49),
    "no-mask": (0.3, 0.4, 0.5),
}
PAIRED = pd.DataFrame(
    {
        "method_b": ["idfsr-pt", "idfsr-pt", "bicubic"],
        "metric": ["ids_sface", "ids_sface", "ids_sface"],
        "scale_factor": [8, 16, 8],
        "difference": [-0.05, -0.005, -0.5],
    }
)


@pytest.fixture
def conditions(tmp_path: Path) -> pd.DataFrame:
    paths = []
    for scale_factor in (16, 8):
        frames = [
            pd.DataFrame(
                {
                    "identity": IDENTITIES,
                    "image": "0",
                    "scale_factor": scale_factor,
                    "probe": probe,
                    "psnr": 20.0 + (probe == "no-mask"),
                    "ids_sface": IDS[probe],
                    "ids_other": 1 - np.array(IDS[probe]),
                }
            )
            for probe in PROBES
        ]
        paths.append(tmp_path / f"x{scale_factor}.parquet")
        write_table(pd.concat(frames, ignore_index=True), paths[-1])
    return summarise_probes(paths, 200)


def test_means_and_differences(conditions: pd.DataFrame) -> None:
    assert list(conditions.columns) == COLUMNS
    assert list(conditions["scale_factor"]) == [8] * len(PROBES) + [16] * len(PROBES)
    row = conditions[conditions["probe"] == "other-person"].iloc[0]
    assert row["ids_sface"] == pytest.approx(0.6)
    assert row["ids_sface_difference"] == pytest.approx(0.2)
    assert 0.09 < row["ids_sface_lo"] < 0.2 < row["ids_sface_hi"] < 0.31
    assert row["ids_other_difference"] == pytest.approx(-0.2)
    assert row["num_images"] == row["num_identities"] == 3


def test_without_probes_there_is_an_empty_table() -> None:
    table = summarise_probes([], 10)
    assert list(table.columns) == COLUMNS
    assert lay_out_conditions(table) == []
    assert check_claims(table, PAIRED) == []


def test_print(conditions: pd.DataFrame) -> None:
    rows = lay_out_conditions(conditions)
    assert [row.changed for row in rows] == list(PROBES.values()) * 2
    assert rows[0].cells[1] == ("0.400", "")
    value, change = rows[1].cells[1]
    assert value == "0.600"
    assert change.startswith("+0.200 [+0.1")


def test_claims(conditions: pd.DataFrame) -> None:
    claims = check_claims(conditions, PAIRED)
    verdicts = [claim.verdict for claim in claims]
    # both of the other person, no z_id, no style, no mask, a wrong reference with and without the
    # person's z_id, no copying: x8, then x16
    assert verdicts == [
        "Yes:", "Yes:", "Open:", "No:", "Yes:", "Yes:", "No:", "Yes:",
        "Yes:", "Yes:", "Open:", "No:", "Yes:", "Yes:", "No:", "No:",
    ]  # fmt: skip
    assert "0.010, the fit 0.050" in claims[7].evidence
    # 0.61 from the other, 0.39 from the person
    assert claims[5].evidence.startswith(
        "distance 0.610 to the other, 0.390 to the person, a difference of +0.220 ["
    )
