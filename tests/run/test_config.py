"""The settings: what they refuse, and that what is generated from them is up to date."""

import json
from pathlib import Path

import pytest

from idfsr.config import (
    STAGES,
    Config,
    json_schema,
    load_config,
    load_stage,
    parse_config,
    stage_json,
)
from idfsr.errors import IdfsrError
from idfsr.published import MANIFEST

CONFIG_DIR = Path("config")


RUNS = sorted(set(CONFIG_DIR.glob("*.yaml")) - {MANIFEST})


@pytest.mark.parametrize("path", RUNS, ids=str)
def test_shipped_config_is_valid(path: Path) -> None:
    assert load_config(path).run == path.stem


def test_scale_factors_of_the_command_line_are_numbers() -> None:
    # as Snakemake gives `--config 'shards={scale_factors: [4, 32]}'`
    config = parse_config({"shards": {"scale_factors": ["4", "32"]}}, "run")
    assert config.shards.scale_factors == (4, 32)


def test_schema_file_is_up_to_date() -> None:
    stored = json.loads((CONFIG_DIR / "schema.json").read_text())
    assert stored == json_schema(), "run: idfsr schema --schema config/schema.json"


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"fti": {}}, "fti: Unexpected keyword argument"),
        ({"fit": {"num_step": 3}}, "fit.num_step: Unexpected keyword argument"),
        ({"fit": {"num_steps": "many"}}, "fit.num_steps"),
        ({"split": {"test_fraction": 1.5}}, "split.test_fraction"),
        ({"dataset": {"kind": "celeba"}}, "dataset.kind"),
        ({"dataset": {"kind": "folder"}}, "dataset.root is empty"),
        ({"shards": {"image_size": 64}}, "shards.image_size is 64, wanted model.image_size, 256"),
        ({"run": "../up"}, "run"),
        ({"seed": -1}, "seed"),
        ({"methods": ["bilinear"]}, "methods.0: Value error, wanted one of bicubic, "),
        ({"pgdiff": {"num_inference_steps": 30}}, "wanted a divisor of 1000, found 30"),
        ({"dr2": {"x8": {"factor": 8, "tau": 70}}}, "dr2.x8.tau"),
    ],
)
def test_bad_settings_are_refused_in_one_line(values: dict[str, object], words: str) -> None:
    with pytest.raises(IdfsrError) as caught:
        parse_config(values, "my.yaml")
    message = str(caught.value)
    assert message.startswith("my.yaml: ")
    assert words in message
    assert "\n" not in message


def test_files_that_are_no_settings_are_refused(tmp_path: Path) -> None:
    with pytest.raises(IdfsrError, match="no such file"):
        load_config(tmp_path / "none.yaml")
    path = tmp_path / "list.yaml"
    path.write_text("- a\n")
    with pytest.raises(IdfsrError, match="found list, wanted a mapping"):
        load_config(path)
    path.write_text("a: [1\n")
    with pytest.raises(IdfsrError, match="not YAML"):
        load_config(path)
    with pytest.raises(IdfsrError, match="no such file"):
        load_stage(tmp_path / "none.json")
    path.write_text("{")
    with pytest.raises(IdfsrError, match="not JSON"):
        load_stage(path)
    path.write_text('{"fits": 1}')
    with pytest.raises(IdfsrError, match="fits"):
        load_stage(path)


def test_stage_gets_its_own_settings_only(tmp_path: Path) -> None:
    config = parse_config({"seed": 7, "fit": {"num_steps": 3}}, "test")
    other = parse_config({"seed": 7, "fit": {"num_steps": 3}, "metrics": {"num_bootstrap": 9}}, "")
    assert stage_json(config, "fit") == stage_json(other, "fit")
    assert stage_json(config, "tables") != stage_json(other, "tables")
    path = tmp_path / "fit.json"
    path.write_text(stage_json(config, "fit"))
    assert load_stage(path).fit.num_steps == 3
    assert load_stage(path).seed == 7


def test_every_section_belongs_to_a_stage() -> None:
    used = {name.partition(".")[0] for names in STAGES.values() for name in names} | {
        "run",
        "weights",
    }
    assert used == set(Config.__dataclass_fields__)  # type: ignore[attr-defined]
