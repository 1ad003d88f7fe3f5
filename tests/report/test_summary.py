import pandas as pd

from idfsr.config.metrics import MetricsConfig
from idfsr.metrics.engine.registry import find_metrics
from idfsr.report.summary import summarise

CONFIG = MetricsConfig(num_bootstrap=500)
METRICS = find_metrics(["psnr", "mobilenetv2_fd", "idv_sface"])


def test_by_hand() -> None:
    """One person's images have PSNR 20 and 22, the other's 24: resamples lie in [21, 24]."""
    rows = pd.DataFrame(
        {"identity": ["a", "a", "b"], "psnr": [20.0, 22.0, 24.0], "idv_sface": [1.0, 0.0, 1.0]}
    )
    lines = summarise(rows, {"mobilenetv2_fd": 12.345}, METRICS, CONFIG).splitlines()
    assert lines[0] == "3 images of 2 identities"
    assert [line.split() for line in lines[2:5]] == [
        ["PSNR", "(dB)", "↑", "22.00", "[21.00,", "24.00]"],
        ["MobileNetV2", "Frechet", "distance", "↓", "12.35"],
        ["IDV", "(SFace)", "(%)", "↑", "66.7", "[50.0,", "100.0]"],
    ]
    assert lines[6].startswith("PSNR: over the three colours")
    assert len(lines) == 9


def test_one_identity_has_no_interval() -> None:
    rows = pd.DataFrame({"identity": ["a"], "psnr": [20.0], "idv_sface": [1.0]})
    text = summarise(rows, {}, METRICS, CONFIG)
    assert "[" not in text
    assert "too few images" in text
