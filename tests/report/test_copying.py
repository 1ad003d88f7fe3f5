import numpy as np
import pandas as pd
import pytest

from idfsr.report.copying import COLUMNS, lay_out_copying, measure_copying
from idfsr.report.tables import Measurements

IMAGES = pd.DataFrame(
    {
        "identity": ["a", "a", "b", "b"] * 2,
        "image": ["0", "1"] * 4,
        "method": ["bicubic"] * 4 + ["asffnet"] * 4,
        "scale_factor": 8,
        "model_digest": "",
        "psnr": 20.0,
        "ids_sface": [0.9] * 4 + [0.5] * 4,
        # asffnet pastes the reference in; one image has no reference
        "like_reference_sface": [0.1, 0.1, 0.2, 0.2, 0.9, 0.95, 0.9, np.nan],
        "like_photographs_sface": [0.7, 0.7, 0.6, 0.6, 0.7, 0.7, 0.6, np.nan],
    }
)


def test_a_pasted_reference_is_told() -> None:
    table = measure_copying(
        Measurements(IMAGES, {}), ["psnr", "ids_sface"], ["bicubic", "asffnet"], 200
    )
    assert list(table) == COLUMNS
    blind, pasted = table.to_dict("records")
    assert blind["copy_paste"] == pytest.approx(-0.5)
    assert (pasted["num_images"], pasted["num_identities"]) == (3, 2)
    assert pasted["like_truth"] == pytest.approx(0.5)
    assert pasted["copy_paste"] == pytest.approx((0.2 + 0.25 + 0.3) / 3)
    assert [row.verdict for row in lay_out_copying(table)] == ["", "copies"]


def test_a_run_without_references_has_no_rows() -> None:
    images = IMAGES.drop(columns="like_reference_sface")
    table = measure_copying(Measurements(images, {}), ["ids_sface"], ["bicubic"], 10)
    assert table.empty
    assert list(table) == COLUMNS
