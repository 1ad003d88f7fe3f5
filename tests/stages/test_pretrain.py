import dataclasses
import json
import subprocess
import sys
from pathlib import Path

import pytest

from idfsr.config.pretrain import PretrainConfig
from idfsr.config.shards import ShardsConfig
from idfsr.io.finished import outputs_in_place, remove_finished
from idfsr.main import main
from idfsr.models.checkpoint import load_idfsr
from idfsr.run.config import Config, stage_json
from tests.training.makers import TINY_MODEL, write_pretrain_shard

CONFIG = Config(
    model=TINY_MODEL,
    shards=ShardsConfig(image_size=32),
    pretrain=PretrainConfig(num_images=8, batch_size=4, checkpoint_images=100),
)


def arguments(folder: Path, config: Config = CONFIG, name: str = "a") -> list[str]:
    (folder / "pretrain.json").write_text(stage_json(config, "pretrain"))
    shards = [write_pretrain_shard(folder / f"x{scale}.parquet", scale) for scale in (8, 16)]
    return [
        "pretrain",
        *("--config", str(folder / "pretrain.json")),
        *("--shards", *map(str, shards)),
        *("--id-loss", "idfsr/weights/arcface.safetensors"),
        *("--state-dir", str(folder / "state")),
        *("--model", str(folder / f"{name}.safetensors")),
        *("--stats", str(folder / f"{name}.jsonl")),
        *("--card", str(folder / f"{name}.md")),
        *("--threads", "1"),
    ]


def test_makes_weights_statistics_and_a_card(tmp_path: Path) -> None:
    main(arguments(tmp_path))
    assert load_idfsr(tmp_path / "a.safetensors").config == TINY_MODEL
    lines = (tmp_path / "a.jsonl").read_text().splitlines()
    assert [json.loads(line)["images_seen"] for line in lines] == [4, 8]
    assert "| images seen | 8 |" in (tmp_path / "a.md").read_text()
    assert outputs_in_place(tmp_path / "state")


def test_again_makes_the_same_bytes_and_goes_on_from_them(tmp_path: Path) -> None:
    main(arguments(tmp_path))
    main(arguments(tmp_path, name="b"))
    for suffix in (".safetensors", ".jsonl"):
        first, again = (tmp_path / f"{name}{suffix}" for name in "ab")
        assert first.read_bytes() == again.read_bytes()
    main([*arguments(tmp_path, name="c"), "--init", str(tmp_path / "a.safetensors")])
    assert (tmp_path / "c.safetensors").read_bytes() != (tmp_path / "a.safetensors").read_bytes()


def test_lost_outputs_are_made_again_without_a_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    main(arguments(tmp_path))
    outputs = [tmp_path / f"a.{suffix}" for suffix in ("safetensors", "jsonl", "md")]
    before = [path.read_bytes() for path in outputs]
    for path in outputs:
        path.unlink()
    monkeypatch.setattr("idfsr.training.loop.add_gradients", None)
    main(arguments(tmp_path))
    assert [path.read_bytes() for path in outputs] == before


@pytest.mark.parametrize("change", ["settings", "code"])
def test_a_finished_state_is_of_no_use_to_another_training(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, change: str
) -> None:
    caplog.set_level("INFO")
    main(arguments(tmp_path))
    other = CONFIG
    if change == "settings":
        other = dataclasses.replace(CONFIG, seed=CONFIG.seed + 1)
    else:
        monkeypatch.setattr("idfsr.training.begin.code_digest", lambda *_: "other")
    main(arguments(tmp_path, other, "b"))
    assert "pretrain: begun anew" in caplog.text
    lines = (tmp_path / "b.jsonl").read_text().splitlines()
    assert [json.loads(line)["images_seen"] for line in lines] == [4, 8]
    same = (tmp_path / "a.jsonl").read_bytes() == (tmp_path / "b.jsonl").read_bytes()
    assert same == (change == "code")


def test_a_longer_training_goes_on_from_a_finished_one(tmp_path: Path) -> None:
    pretrain = dataclasses.replace(CONFIG.pretrain, num_images=16)
    longer = dataclasses.replace(CONFIG, pretrain=pretrain)
    main(arguments(tmp_path))
    main(arguments(tmp_path, longer))
    again = tmp_path / "again"
    again.mkdir()
    main(arguments(again, longer))
    for suffix in (".safetensors", ".jsonl"):
        assert (tmp_path / f"a{suffix}").read_bytes() == (again / f"a{suffix}").read_bytes()


def test_leaves_other_files_beside_the_state(tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "note.txt").write_text("mine")
    main(arguments(tmp_path))
    remove_finished(tmp_path)
    assert [path.name for path in (tmp_path / "state").iterdir()] == ["note.txt"]


def test_a_second_process_is_one_line_and_leaves_the_state_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = "import sys, time; from pathlib import Path; from idfsr.io.lock import take\n"
    code += "lock = take(Path(sys.argv[1])); print(flush=True); time.sleep(600)"
    words = [sys.executable, "-c", code, str(tmp_path / "state/lock")]
    with subprocess.Popen(words, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        (tmp_path / "state/.other.state.pt").write_text("being written")
        before = sorted((tmp_path / "state").rglob("*"))
        with pytest.raises(SystemExit) as caught:
            main(arguments(tmp_path))
        assert sorted((tmp_path / "state").rglob("*")) == before
        holder.kill()
    assert caught.value.code == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert f"state: found in use by process {holder.pid} on " in line
    main(arguments(tmp_path))  # the lock of a dead process is nobody's
    assert outputs_in_place(tmp_path / "state")


def test_wrong_init_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(arguments(tmp_path))
    other = dataclasses.replace(CONFIG, model=dataclasses.replace(TINY_MODEL, num_id_tokens=2))
    with pytest.raises(SystemExit) as caught:
        main([*arguments(tmp_path, other), "--init", str(tmp_path / "a.safetensors")])
    assert caught.value.code == 2
    error = capsys.readouterr().err.splitlines()[-1]
    assert "a.safetensors: found model.num_id_tokens 4, wanted 2" in error
