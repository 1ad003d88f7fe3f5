import json
from pathlib import Path

import pytest

from idfsr.config.scores import DeepfaceStage, EngineStage, ScoresStage, SfaceStage
from idfsr.errors import IdfsrError
from idfsr.io.weights_list import read_manifest
from idfsr.metrics.engine.registry import all_families
from idfsr.run.config import STAGES, Config, load_config, parse_config, stage_json
from idfsr.run.families import (
    _published_paths,
    families_code,
    families_of,
    families_present,
    family_stage,
    family_weights,
    scores,
    settings_file,
    truth_features,
    weights_option,
)

PAPER = load_config(Path("config/celebref-hq.yaml"))


def test_families_of_a_run() -> None:
    assert list(families_of(Config())) == [
        "attributes", "brisque", "mobilenetv2", "psnr", "sface", "ssim",
    ]  # fmt: skip
    with pytest.raises(IdfsrError, match="metrics: found niqe, wanted some of"):
        families_of(parse_config({"metrics": {"table1": ["niqe"]}}, "x.yaml"))


def test_a_family_counts_when_its_weights_come(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IDFSR_WEIGHTS", str(tmp_path))
    _published_paths.cache_clear()
    assert families_present(PAPER) == ["arcface", "psnr", "sface", "ssim"]
    assert family_weights("inception", PAPER) == []
    path = tmp_path / read_manifest()["inception"].path
    path.parent.mkdir(parents=True)
    path.write_bytes(b"weights")
    assert families_present(PAPER) == ["arcface", "inception", "psnr", "sface", "ssim"]
    assert family_weights("inception", PAPER) == [str(path)]
    assert weights_option("inception", [str(path)]) == []
    _published_paths.cache_clear()


def test_a_weight_file_of_the_settings_is_given_to_its_family_alone() -> None:
    files = family_weights("attributes", Config())
    assert files == ["idfsr/weights/attributes.safetensors"]
    assert weights_option("attributes", files) == ["--attributes", *files]
    assert family_weights("psnr", Config()) == weights_option("psnr", []) == []


def test_each_family_has_a_stage_and_only_its_own_settings() -> None:
    stages = {name: family_stage(name) for name in all_families()}
    assert {STAGES[stage] for stage in stages.values()} == {
        ScoresStage, SfaceStage, EngineStage, DeepfaceStage,
    }  # fmt: skip
    assert (stages["psnr"], stages["sface"]) == ("scores", "scores-sface")
    before = {stage: stage_json(Config(), stage) for stage in {*stages.values(), "metrics"}}
    assert json.loads(before["scores"]).keys() == {"sha256"}
    changed = parse_config({"metrics": {"idv_threshold": 0.5, "num_bootstrap": 60}}, "x.yaml")
    differ = [stage for stage, text in before.items() if stage_json(changed, stage) != text]
    assert differ == ["scores-sface"]


def test_files_of_a_family() -> None:
    config = Config(run="r")
    assert settings_file("sface", "r") == "results/r/config/scores-sface.json"
    assert truth_features("sface", config) == ["results/r/features/sface/truth.parquet"]
    assert truth_features("psnr", config) == []
    assert scores(config, "bicubic")[-1] == "results/r/scores/ssim/bicubic.parquet"
    assert len(scores(config, "bicubic")) == 6


def test_the_code_of_a_family_is_its_own() -> None:
    digests = {families_code("scores", name) for name in all_families()}
    assert len(digests) == len(all_families())
    assert families_code("join_scores", "psnr", "ssim") not in digests
