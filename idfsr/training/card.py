"""Cards: what an embedded network was trained on, for how long, and what it is not."""

import dataclasses
import platform
from pathlib import Path

import numpy as np
import torch
import yaml
from pydantic import TypeAdapter, ValidationError

from idfsr.errors import IdfsrError
from idfsr.io.files import atomic_path
from idfsr.io.history import History
from idfsr.io.texts import read_stats
from idfsr.sealed_json import seal, unseal
from idfsr.training.loop import Progress

NUM_CURVE_ROWS = 10
FENCE = "---"
"""Of the YAML before a card, as the model cards of Hugging Face have it."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Card:
    """A card before it is laid out."""

    title: str
    data: dict[str, str]
    """What it was trained on, e.g. {"identities": "900"}."""
    training: dict[str, str]
    """The settings."""
    trained: Progress
    device: torch.device
    num_parameters: int
    before: History | None = None
    """Of the weights that the training began with."""
    figures: dict[str, str]
    """Measured on identities that were held out; may be empty."""
    limits: tuple[str, ...]
    """What the network is not, a sentence each."""


def processor_name(device: torch.device) -> str:
    """Return the name of the GPU or CPU and, for a CPU, the number of threads."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    model = platform.processor() or platform.machine()
    information = Path("/proc/cpuinfo")  # Linux: platform.processor() has no more than "x86_64"
    if information.exists():
        for line in information.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                model = line.partition(":")[2].strip()
                break
    return f"{model}, {torch.get_num_threads()} threads"


def curve_rows(stats_path: Path, column: str = "loss") -> list[tuple[int, float]]:
    """Return a loss curve as about ten (images seen, mean since the row before).

    Args:
        stats_path: One JSON object a line, as `idfsr.training.loop.train` writes it.
        column: What to average.
    """
    records = read_stats(stats_path)
    parts = np.array_split(np.arange(len(records)), min(NUM_CURVE_ROWS, max(len(records), 1)))
    return [
        (records[part[-1]]["images_seen"], float(np.mean([records[i][column] for i in part])))
        for part in parts
        if len(part)
    ]


def _waited(trained: Progress) -> dict[str, str]:
    if not trained.seconds or trained.waited_seconds is None:
        return {}
    return {"of that, waiting for images": f"{trained.waited_seconds / trained.seconds:.1%}"}


def _table(header: tuple[str, str], rows: list[tuple[str, str]]) -> list[str]:
    return [
        f"| {header[0]} | {header[1]} |",
        "| --- | --- |",
        *(f"| {name} | {value} |" for name, value in rows),
        "",
    ]


def history_of(card: Card) -> History:
    """Return what the weight file is to say once it is embedded; see `idfsr embed`."""
    before = card.before
    return History(
        title=card.title,
        num_parameters=card.num_parameters,
        images_seen=card.trained.images_seen + (before.images_seen if before else 0),
        minutes=round(card.trained.seconds / 60 + (before.minutes if before else 0), 1),
    )


def lay_out(card: Card) -> str:
    """Return a card as Markdown, with its history before it as YAML."""
    minutes = card.trained.seconds / 60
    facts = {
        **card.data,
        "parameters": f"{card.num_parameters:,}",
        **card.training,
        "images seen": f"{card.trained.images_seen:,}",
        "time": f"{minutes:.1f} minutes",
        **_waited(card.trained),
        "processor": processor_name(card.device),
        "PyTorch": torch.__version__,
    }
    curve = [(f"{seen:,}", f"{loss:.4f}") for seen, loss in curve_rows(card.trained.stats_path)]
    history = yaml.safe_dump(seal(dataclasses.asdict(history_of(card))), sort_keys=False)
    lines = [FENCE, *history.splitlines(), FENCE, ""]
    lines += [f"# {card.title}", "", *_table(("fact", "value"), list(facts.items()))]
    if card.figures:
        lines += ["## Figures on identities that were held out", ""]
        lines += _table(("figure", "value"), list(card.figures.items()))
    lines += ["## Loss", "", *_table(("images seen", "mean loss since the row above"), curve)]
    lines += ["## What it is not", "", *(f"- {limit}" for limit in card.limits)]
    return "\n".join(lines) + "\n"


def write_card(card: Card, path: Path) -> None:
    """Write a card as Markdown."""
    with atomic_path(path) as temporary:
        temporary.write_text(lay_out(card), encoding="utf-8")


def read_card(path: Path) -> History:
    """Return the history of a card.

    Raises:
        IdfsrError: The file is missing, does not begin with one, or was damaged.
    """
    try:
        parts = path.read_bytes().decode().split(f"{FENCE}\n", maxsplit=2)
        values = unseal(yaml.safe_load(parts[1]), path)
        return TypeAdapter(History).validate_python(values)
    except FileNotFoundError:
        message = f"{path}: no such file, wanted a card"
        raise IdfsrError(message) from None
    except (IndexError, UnicodeDecodeError, yaml.YAMLError, ValidationError):
        message = f"{path}: wanted a card that begins with its history as YAML"
        raise IdfsrError(message) from None
