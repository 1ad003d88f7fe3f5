import json
from pathlib import Path

import pytest

from idfsr.config.fit import FitStage
from idfsr.config.stage import load_stage
from idfsr.errors import DamagedFileError, IdfsrError
from idfsr.run.config import Config, stage_json
from idfsr.sealed_json import seal, unseal

PATH = Path("values.json")


def test_digest_by_hand() -> None:
    # printf '{"a": 1}' | sha256sum
    assert seal({"a": 1}) == {"a": 1, "sha256": "f9d86028c6e0d64e"}
    assert unseal({"sha256": "f9d86028c6e0d64e", "a": 1}, PATH) == {"a": 1}


@pytest.mark.parametrize("values", [5, [], {}, {"a": 1}, {"a": 1, "sha512": "f9d86028c6e0d64e"}])
def test_values_without_a_digest_are_refused(values: object) -> None:
    with pytest.raises(DamagedFileError, match=r"^values\.json: found values without their sha256"):
        unseal(values, PATH)


def test_other_values_are_refused() -> None:
    with pytest.raises(DamagedFileError, match="do not give the sha256 beside them"):
        unseal(seal({"a": 1}) | {"a": 2}, PATH)


def test_settings_are_checked_and_may_be_written_by_hand(tmp_path: Path) -> None:
    path = tmp_path / "fit.json"
    text = stage_json(Config(), "fit")
    path.write_text(text)
    stage = load_stage(path, FitStage)
    path.write_text(text.replace('"seed": 0', '"seed": 4'))
    with pytest.raises(DamagedFileError, match=r"fit\.json: found values that do not give"):
        load_stage(path, FitStage)
    path.write_text(text.replace('"sha256"', '"sha257"'))
    with pytest.raises(IdfsrError, match=r"fit\.json: sha257: Unexpected keyword argument"):
        load_stage(path, FitStage)
    by_hand = json.loads(text)
    del by_hand["sha256"]
    path.write_text(json.dumps(by_hand))
    assert load_stage(path, FitStage) == stage
