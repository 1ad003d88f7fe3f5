from pathlib import Path

import pytest
import torch

from idfsr.errors import IdfsrError
from idfsr.io.history import History
from idfsr.io.texts import stats_line
from idfsr.training.card import (
    Card,
    curve_rows,
    lay_out,
    processor_name,
    read_card,
    write_card,
)
from idfsr.training.loop import Trained


def write_stats(path: Path, num: int) -> Path:
    records = [{"images_seen": 4 * (step + 1), "loss": float(step)} for step in range(num)]
    path.write_text("".join(map(stats_line, records)))
    return path


def test_curve_by_hand(tmp_path: Path) -> None:
    rows = curve_rows(write_stats(tmp_path / "stats.jsonl", 40))
    assert len(rows) == 10
    assert rows[0] == (16, 1.5)
    assert rows[-1] == (160, 37.5)


def test_short_curves(tmp_path: Path) -> None:
    assert curve_rows(write_stats(tmp_path / "stats.jsonl", 2)) == [(4, 0.0), (8, 1.0)]
    assert curve_rows(write_stats(tmp_path / "stats.jsonl", 0)) == []


def test_card_says_what_it_was_given(tmp_path: Path) -> None:
    trained = Trained(
        ema={},
        stats_path=write_stats(tmp_path / "stats.jsonl", 2),
        images_seen=12345,
        seconds=90.0,
    )
    card = Card(
        title="A network",
        data={"identities": "7"},
        training={"batch": "4"},
        trained=trained,
        device=torch.device("cpu"),
        num_parameters=1234567,
        before=History(title="It", num_parameters=1234567, images_seen=655, minutes=1.0),
        figures={"accuracy": "0.9"},
        limits=("Not a toy.",),
    )
    write_card(card, tmp_path / "card.md")
    text = (tmp_path / "card.md").read_text()
    for line in (
        "# A network",
        "| identities | 7 |",
        "| parameters | 1,234,567 |",
        "| batch | 4 |",
        "| images seen | 12,345 |",
        "| time | 1.5 minutes |",
        "| accuracy | 0.9 |",
        "| 8 | 1.0000 |",
        "- Not a toy.",
    ):
        assert line in text.splitlines()
    assert f"{torch.get_num_threads()} threads" in processor_name(torch.device("cpu"))
    assert lay_out(card) == text
    history = History(title="A network", num_parameters=1234567, images_seen=13000, minutes=2.5)
    assert read_card(tmp_path / "card.md") == history


def test_card_without_a_history_is_refused(tmp_path: Path) -> None:
    with pytest.raises(IdfsrError, match=r"card\.md: no such file, wanted a card"):
        read_card(tmp_path / "card.md")
    for text in ("# A network\n", "---\n: [\n---\n"):
        (tmp_path / "card.md").write_text(text)
        with pytest.raises(IdfsrError, match=r"card\.md: wanted a card that begins with its hist"):
            read_card(tmp_path / "card.md")
    (tmp_path / "card.md").write_text("---\ntitle: A\n---\n")
    with pytest.raises(IdfsrError, match=r"card\.md: found values without their sha256"):
        read_card(tmp_path / "card.md")
