"""The settings: what they refuse, and that what is generated from them is up to date."""

import dataclasses
import json
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest
import yaml

from idfsr.config.fit import FitStage
from idfsr.config.restore import RestoreStage
from idfsr.config.stage import load_stage
from idfsr.errors import IdfsrError
from idfsr.io.weights_list import MANIFEST
from idfsr.run.config import (
    STAGES,
    Config,
    json_schema,
    load_config,
    parse_config,
    stage_json,
    stage_settings,
)
from idfsr.run.inputs import check_inputs

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


@pytest.mark.parametrize("path", RUNS, ids=str)
def test_editors_complete_a_shipped_config(path: Path) -> None:
    line = path.read_text().splitlines()[0]
    schema = path.parent / line.removeprefix("# yaml-language-server: $schema=")
    check = jsonschema.Draft202012Validator(json.loads(schema.read_text()))
    values = yaml.safe_load(path.read_text())
    assert not list(check.iter_errors(values))
    assert list(check.iter_errors({**values, "fti": {}}))
    check.validate({"methods": "available"})


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
        ({"methods": [{"name": "mine"}]}, "methods.0.folder: Field required"),
        (
            {"methods": ["bicubic", {"name": "dr2", "folder": "a"}]},
            "methods.1.name: found dr2, wanted a name that is free",
        ),
        ({"methods": [{"name": "a/b", "folder": "a"}]}, "methods.0.name: String should match"),
        ({"methods": ["bilinear"]}, "methods.0: Value error, wanted one of asffnet, "),
        (
            {"method_settings": {"pgdiff": {"num_inference_steps": 30}}},
            "method_settings.pgdiff.num_inference_steps: Value error, wanted a divisor of 1000",
        ),
        (
            {"method_settings": {"dr2": {"x8": {"factor": 8, "tau": 70}}}},
            "method_settings.dr2.x8.tau: Input should be less than or equal to 69, found 70",
        ),
        ({"method_settings": {"dr2": {"y": 1}}}, "method_settings.dr2.y: Unexpected keyword"),
        ({"method_settings": {"dr2": 1}}, "method_settings.dr2: Input should be a valid dict"),
        (
            {"method_settings": {"dr3": {}}},
            "method_settings.dr3.[key]: Value error, wanted one",
        ),
        (
            {"method_settings": {"bicubic": {"a": 1}}},
            "method_settings.bicubic: found a, but bicubic has no settings of its own",
        ),
        (
            {"method_settings": {"pgdiff-ref": {"guidance_scale": 1}}},
            "method_settings.pgdiff-ref: shares its settings, wanted method_settings.pgdiff",
        ),
        ({"restore": {"num_inference_steps": 30}}, "wanted a divisor of 1000, found 30"),
        ({"metrics": {"table1": ["pnsr"]}}, "metrics: found pnsr, wanted some of"),
        ({"metrics": {"table1": ["psnr", "psnr"]}}, "found psnr twice, wanted each once"),
        ({"methods": ["bicubic", "bicubic"]}, "methods: Value error, found bicubic twice"),
        ({"methods": []}, "methods: Tuple should have at least 1 item"),
        ({"shards": {"scale_factors": []}}, "shards.scale_factors: Tuple should have at least 1"),
        ({"shards": {"scale_factors": [8, 8]}}, "found 8 twice, wanted each once"),
        (
            {"shards": {"image_size": 100}, "model": {"image_size": 100}},
            "shards.scale_factors: found 8, wanted a divisor of shards.image_size, 100",
        ),
        (
            {"shards": {"image_size": 48}, "model": {"image_size": 48}},
            "model.channel_mult: found 6 levels, wanted model.image_size, 48, to be a multiple of",
        ),
        ({"model": {"num_heads": 3}}, "model.num_heads: found 3, wanted a divisor of 512 channels"),
        ({"model": {"attention_resolutions": [24]}}, "found 24, wanted some of 256, 128, 64, 32"),
        ({"fit": {"learning_rate": float("inf")}}, "fit.learning_rate: Input should be"),
        ({"pretrain": {"num_images": 10**12}}, "pretrain.num_images: Input should be less"),
        ({"weights": {"id_encoder": ""}}, "weights.id_encoder: String should have at least 1"),
        ({"split": {"representative": ["a/b"]}}, "split.representative.0: String should match"),
        ({"split": {"representative": [10]}}, "valid string, found 10, quote it"),
        (
            {"weights": {"idfsr": "last.ckpt"}, "model": {"prediction": "v"}},
            "model.prediction: found v, wanted epsilon with last.ckpt",
        ),
        ({"pretrain": {"id_loss_weight": 0.1}}, "weights.id_loss is empty, wanted a recogniser"),
        ({"networks": {"pryor": {}}}, "wanted one of arcface, asffnet, "),
        ({"networks": {"prior": {"num_image": 3}}}, "networks.prior.num_image: Unexpected"),
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
        load_stage(tmp_path / "none.json", FitStage)
    path.write_text("{")
    with pytest.raises(IdfsrError, match="not JSON"):
        load_stage(path, FitStage)
    path.write_text('{"seed": 1, "fit": {"steps": 1}}')
    with pytest.raises(IdfsrError, match=r"list\.yaml: fit\.steps: Unexpected keyword argument"):
        load_stage(path, FitStage)


def test_numbers_are_numbers_however_they_are_written(tmp_path: Path) -> None:
    path = tmp_path / "run.yaml"
    path.write_text("pretrain: {num_images: 1.0e6}\nfit: {learning_rate: 1e-3, num_steps: 2e3}\n")
    config = load_config(path)
    assert config.pretrain.num_images == 10**6
    assert config.fit.num_steps == 2000
    assert config.fit.learning_rate == 0.001


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"seed: 1\nseed: 2\n", "not YAML: found 'seed' twice"),
        (b"fit: {num_steps: 1, num_steps: 2}\n", "found 'num_steps' twice"),
        (b"run: \xe9\n", "not YAML: 'utf-8' codec can't decode"),
        (b"split: {representative: [00012]}\n", "found 10, quote it"),
        (b"[" * 5000, "not YAML"),
    ],
)
def test_yaml_is_read_strictly(tmp_path: Path, text: bytes, words: str) -> None:
    path = tmp_path / "run.yaml"
    path.write_bytes(text)
    with pytest.raises(IdfsrError) as caught:
        load_config(path)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_stage_gets_its_own_settings_only(tmp_path: Path) -> None:
    config = parse_config({"seed": 7, "fit": {"num_steps": 3}}, "test")
    other = parse_config({"seed": 7, "fit": {"num_steps": 3}, "metrics": {"num_bootstrap": 9}}, "")
    assert stage_json(config, "fit") == stage_json(other, "fit")
    assert stage_json(config, "tables") != stage_json(other, "tables")
    path = tmp_path / "fit.json"
    path.write_text(stage_json(config, "fit"))
    assert load_stage(path, FitStage).fit.num_steps == 3
    assert load_stage(path, FitStage).seed == 7


def test_a_method_gets_its_own_settings_only() -> None:
    config = parse_config({"method_settings": {"pgdiff": {"num_inference_steps": 50}}}, "test")
    own = {"num_inference_steps": 50, "guidance_scale": 0.1}
    for name in ("pgdiff", "pgdiff-ref"):
        assert stage_settings(config, f"restore-{name}").method == own
    assert stage_settings(config, "restore-codeformer").method == {"w": 0.5}
    assert stage_settings(config, "restore-bicubic").method == {}
    assert stage_json(config, "restore-dr2") == stage_json(Config(), "restore-dr2")


def test_a_run_has_all_settings_of_its_methods() -> None:
    values = {"methods": ["bicubic", "pgdiff-ref"], "method_settings": {"codeformer": {"w": 1}}}
    config = parse_config(values, "test")
    assert config.method_settings == {
        "pgdiff": {"num_inference_steps": 1000, "guidance_scale": 0.1},
        "codeformer": {"w": 1.0},
    }
    assert parse_config({**values, "method_settings": config.method_settings}, "again") == config


@pytest.mark.parametrize("other", sorted({*STAGES, "restore-dr2"} - {"fit"}))
def test_stage_refuses_what_another_stage_is_given(other: str, tmp_path: Path) -> None:
    path = tmp_path / f"{other}.json"
    path.write_text(stage_json(Config(), other))
    with pytest.raises(IdfsrError, match=rf"{other}\.json: \w+: (Unexpected|Field required)"):
        load_stage(path, FitStage)


def test_every_section_belongs_to_a_stage() -> None:
    records = [RestoreStage, *(STAGES[stage] for stage in set(STAGES) - {"page"})]
    given = {field.name for record in records for field in dataclasses.fields(record)}
    others = {field.name for field in dataclasses.fields(Config)} - given
    # those of a network or a method are given by other names; the rest says what runs
    names = {"networks", "lr_detector", "method_settings", "run", "identities_per_job"}
    assert others == names


def test_a_folder_of_restored_images_is_a_method(tmp_path: Path) -> None:
    values = {"methods": ["bicubic", {"name": "from-elsewhere", "folder": "there"}]}
    config = parse_config(values, "test")
    assert config.methods == ("bicubic", "from-elsewhere")
    (tmp_path / "restore.json").write_text(stage_json(config, "restore-from-elsewhere"))
    assert load_stage(tmp_path / "restore.json", RestoreStage).method == {"folder": "there"}
    # the report reads the run's settings, in a process of its own
    (tmp_path / "page.json").write_text(stage_json(config, "page"))
    code = (
        "import sys; from pathlib import Path; from idfsr.config.stage import load_stage; "
        "from idfsr.run.config import Config; print(load_stage(Path(sys.argv[1]), Config).methods)"
    )
    words = [sys.executable, "-c", code, str(tmp_path / "page.json")]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    assert done.stdout == "('bicubic', 'from-elsewhere')\n"
    with pytest.raises(IdfsrError, match=r"there: no such folder, wanted restored images, x<scale"):
        check_inputs(config)
