from pathlib import Path

import pytest

from idfsr.config import parse_config
from idfsr.errors import IdfsrError
from idfsr.inputs import check_inputs


def test_each_missing_input_is_a_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    config = parse_config(
        {
            "dataset": {"kind": "celebref_hq", "root": "data/faces"},
            "weights": {
                "id_encoder": "weights/r50.safetensors",
                "lr_detector": "",
                "attributes": "results/embedded/attributes/model.safetensors",
                "idfsr": "weights/ffhq.safetensors",
            },
        },
        "test",
    )
    with pytest.raises(IdfsrError) as caught:
        check_inputs(config)
    assert str(caught.value).splitlines() == [
        "data/faces: no such folder, wanted images (dataset.root)",
        "weights/r50.safetensors: no such file, wanted weights (weights.id_encoder)",
        "weights/ffhq.safetensors: no such file, wanted weights (weights.idfsr)",
    ]
    (tmp_path / "data/faces").mkdir(parents=True)
    (tmp_path / "weights").mkdir()
    for name in ("r50", "ffhq"):
        (tmp_path / f"weights/{name}.safetensors").touch()
    check_inputs(config)
