"""Table 1 in short."""

import pandas as pd

from idfsr.report.ending import summarise_table
from idfsr.report.layout import NOT_COMPUTED

NAMES = ("psnr", "mobilenetv2_fd", "ids_sface")
TABLE1 = pd.DataFrame(
    [
        ("bicubic", 8, 6, 3, 20.0, 500.0, 0.9),
        ("codeformer", 8, 5, 3, 21.0, 400.0, 0.8),
        ("idfsr-pt", 8, 6, 3, 22.0, 300.0, 0.6),
        ("idfsr-mean", 8, 6, 3, 25.0, 100.0, 0.1),
        ("idfsr-ft", 8, 6, 3, 23.0, 200.0, 0.5),
    ],
    columns=["method", "scale_factor", "num_images", "num_identities", *NAMES],
)
PAIRED = pd.DataFrame(
    [("idfsr-pt", 8, "psnr", 0.2), ("idfsr-pt", 8, "ids_sface", 0.01),
     ("codeformer", 8, "psnr", 0.01), ("codeformer", 8, "ids_sface", 0.05)],
    columns=["method_b", "scale_factor", "metric", "p_holm"],
)  # fmt: skip


def words(text: str) -> list[list[str]]:
    return [line.split() for line in text.splitlines()]


def test_best_other_is_of_no_method_of_ours_and_marks_say_what_may_be_chance() -> None:
    text = summarise_table(TABLE1, PAIRED, NAMES)
    assert words(text)[0][:6] == ["x8,", "6", "images", "of", "3", "people"]
    assert words(text)[1] == ["PSNR", "(dB)", "↑", "23.00", "22.00", "≈", "21.00", "CodeFormer"]
    assert words(text)[2][-4:] == ["200.00", "300.00", "400.00", "CodeFormer"]
    assert words(text)[3][-5:] == ["0.5000", "0.6000", "0.8000", "≈", "CodeFormer"]
    assert "not tested: MobileNetV2 Frechet distance" in text


def test_without_the_fit_or_others_there_are_dashes() -> None:
    few = TABLE1[TABLE1["method"] == "idfsr-pt"]
    text = summarise_table(few, PAIRED[:0], ["psnr"])
    assert words(text)[1] == ["PSNR", "(dB)", "↑", NOT_COMPUTED, "22.00", NOT_COMPUTED]
