import json
from pathlib import Path

import pytest
import torch
import yaml

from idfsr.config.networks import MembersConfig
from idfsr.config.training import TrainConfig
from idfsr.constants import MEMBER_FIRST
from idfsr.main import main
from idfsr.models.landmarks68 import Landmarks68Config, Landmarks68Net
from idfsr.models.published import load_network, save_network
from idfsr.run.config import Config, stage_json
from idfsr.sealed_json import seal
from idfsr.training.card import read_card
from idfsr.training.members import MEMBERS
from idfsr.training.members.train import LANDMARKS
from tests.methods.template_detector import TEMPLATE
from tests.training.makers import write_pretrain_shard, write_test_shard
from tests.training.members.tiny import SIZES, use_tiny_members

SETTINGS = TrainConfig(num_images=8, batch_size=4)


def arguments(folder: Path, name: str) -> list[str]:
    config = Config(members=MembersConfig(**dict.fromkeys(MEMBERS, SETTINGS)))
    (folder / "member.json").write_text(stage_json(config, f"member-{name}"))
    return [
        *("member", name),
        *("--config", str(folder / "member.json")),
        *("--shards", str(write_pretrain_shard(folder / "pretrain.parquet"))),
        *("--held-out", str(write_test_shard(folder / "test.parquet"))),
        *("--state-dir", str(folder / "state")),
        *("--weights", str(folder / f"{name}.safetensors")),
        *("--stats", str(folder / f"{name}.jsonl")),
        *("--card", str(folder / f"{name}.md")),
    ]


def save_template_detector(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Write a detector that finds the same landmarks in every image, and its card."""
    template = torch.from_numpy(TEMPLATE / 512).float()
    monkeypatch.setattr(
        Landmarks68Net, "forward", lambda _, images: template.expand(len(images), 68, 2)
    )
    path, sizes = folder / "landmarks68.safetensors", Landmarks68Config(image_size=32)
    save_network(path, Landmarks68Net(sizes), sizes)
    history = {"title": "68 landmarks", "num_parameters": 1, "images_seen": 1, "minutes": 1.0}
    path.with_suffix(".md").write_text(f"---\n{yaml.safe_dump(seal(history))}---\n")


def test_members_are_those_of_the_settings() -> None:
    assert set(MEMBERS) == set(MembersConfig.__annotations__) == set(SIZES)


@pytest.mark.parametrize("name", MEMBERS)
def test_makes_weights_statistics_and_a_card(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    use_tiny_members(monkeypatch)
    first = []
    if name in MEMBER_FIRST:
        if MEMBER_FIRST[name] == LANDMARKS:
            save_template_detector(tmp_path, monkeypatch)
        else:
            main(arguments(tmp_path, MEMBER_FIRST[name]))
        first = ["--first", str(tmp_path / f"{MEMBER_FIRST[name]}.safetensors")]
        first += ["--first-card", str(tmp_path / f"{MEMBER_FIRST[name]}.md")]
    main([*arguments(tmp_path, name), *first])
    member = MEMBERS[name]
    network = load_network(
        member.make, member.sizes, tmp_path / f"{name}.safetensors", member.title
    )
    lines = (tmp_path / f"{name}.jsonl").read_text().splitlines()
    assert [json.loads(line)["images_seen"] for line in lines] == [4, 8]
    history = read_card(tmp_path / f"{name}.md")
    assert history.title == member.title
    assert history.images_seen == (16 if name == "codeformer" else 8), "stages of a network add up"
    assert history.num_parameters == sum(p.numel() for p in network.parameters())
    assert "| identities held out | 2 |" in (tmp_path / f"{name}.md").read_text()
    assert not (tmp_path / "state").exists()


def test_again_makes_the_same_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use_tiny_members(monkeypatch)
    weights = tmp_path / "prior.safetensors"
    main(arguments(tmp_path, "prior"))
    made = weights.read_bytes()
    main(arguments(tmp_path, "prior"))
    assert weights.read_bytes() == made


def test_missing_first_network_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    use_tiny_members(monkeypatch)
    with pytest.raises(SystemExit) as caught:
        main(arguments(tmp_path, "codeformer"))
    assert caught.value.code == 2
    assert (
        "codeformer: found no --first or no --first-card, wanted weights and card of vqgan"
        in capsys.readouterr().err
    )
