import json
from pathlib import Path

import pytest

from idfsr.config.training import TrainConfig
from idfsr.main import main
from idfsr.models.id_encoder import load_id_encoder
from idfsr.run.config import Config, stage_json
from tests.training.makers import write_crops


def arguments(folder: Path, num_identities: int = 20, name: str = "a") -> list[str]:
    config = Config(arcface=TrainConfig(num_images=8, batch_size=4))
    (folder / "arcface.json").write_text(stage_json(config, "arcface"))
    crops = write_crops(folder / "crops.parquet", num_identities, 2)
    return [
        "arcface",
        *("--config", str(folder / "arcface.json")),
        *("--crops", str(crops)),
        *("--state-dir", str(folder / "state")),
        *("--weights", str(folder / f"{name}.safetensors")),
        *("--stats", str(folder / f"{name}.jsonl")),
        *("--card", str(folder / "card.md")),
        *("--threads", "1"),
    ]


def test_makes_weights_statistics_and_a_card(tmp_path: Path) -> None:
    main(arguments(tmp_path))
    load_id_encoder(tmp_path / "a.safetensors")
    lines = (tmp_path / "a.jsonl").read_text().splitlines()
    assert [json.loads(line)["images_seen"] for line in lines] == [4, 8]
    card = (tmp_path / "card.md").read_text()
    assert "| identities held out | 2 |" in card
    assert "rank 1 among" in card
    assert (tmp_path / "state/finished.json").is_file()


def test_again_makes_the_same_bytes(tmp_path: Path) -> None:
    main(arguments(tmp_path))
    main(arguments(tmp_path, name="b"))
    assert (tmp_path / "a.safetensors").read_bytes() == (tmp_path / "b.safetensors").read_bytes()


def test_too_few_people_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(arguments(tmp_path, num_identities=3))
    assert caught.value.code == 2
    assert "crops.parquet: found 3 identities, wanted" in capsys.readouterr().err
