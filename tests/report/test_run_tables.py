import pandas as pd

from idfsr.config.metrics import MetricsConfig
from idfsr.io.published import COLUMNS
from idfsr.report.networks import list_networks
from idfsr.report.run_tables import make_tables
from idfsr.report.tables import Measurements
from idfsr.run.config import Config, stage_settings

FILES = pd.DataFrame([["a/net.pth", 3, "5f" * 32, "another file"]], columns=list(COLUMNS))
LEAKS = pd.DataFrame([["idfsr-ft", "psnr", "‡"]], columns=["method", "metric", "marks"])
CONFIG = stage_settings(
    Config(
        metrics=MetricsConfig(
            table1=("psnr", "brisque"), table2=("idv_sface", "age_diff_embedded"), num_bootstrap=50
        )
    ),
    "tables",
)


def test_all_tables_at_once(measurements: Measurements) -> None:
    tables = make_tables(measurements, list_networks([]), CONFIG, FILES, LEAKS)
    assert "psnr" in tables.table1
    assert "net.pth 5f5f5f5f5f5f5f5f (another file)" in tables.markdown
    assert "age_diff_embedded_mean" in tables.table2
    assert set(tables.paired["metric"]) == {"psnr", "brisque", "idv_sface", "age_diff_embedded"}
    assert "| IDFSR (FT) | **25.25‡** |" in tables.markdown
    assert r"IDFSR (FT) & \textbf{25.25\ddag{}}" in tables.latex
    assert tables.table1.set_index("method").loc["idfsr-ft", "leaks"].tolist() == ["psnr ‡"] * 2
    assert "- ‡ A network of the method was trained on this data set" in tables.markdown
    for text in (tables.markdown, tables.latex):
        assert "BRISQUE: could not be computed" in text
        assert "Table 2" in text or "tab:table2" in text
