"""The kinds of files of a run: a small one of each from its real writer, and its real reader."""

import dataclasses
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from idfsr.config.fit import FitStage
from idfsr.config.split import SplitConfig
from idfsr.config.stage import load_stage
from idfsr.constants import PROBES
from idfsr.dataset.index import build_manifest
from idfsr.dataset.sharding import read_split_rows
from idfsr.dataset.split import split_images, summarise
from idfsr.experiments.damages import DAMAGES_SCHEMA
from idfsr.io.file_lists import listed_files, write_list
from idfsr.io.history import History
from idfsr.io.schemas import LANDMARKS_SCHEMA, MANIFEST_SCHEMA, QUALITY_SCHEMA
from idfsr.io.shards import read_shard, write_shard
from idfsr.io.tables import read_metadata, read_table, read_tsv, write_table, write_tsv
from idfsr.io.texts import read_stats, stats_line, write_json, write_text
from idfsr.methods.engine.embedding import Embedding, load_embedding, save_embedding
from idfsr.methods.engine.restore import RESTORED_SCHEMA
from idfsr.metrics.engine.features import read_features, write_features
from idfsr.models.checkpoint import load_idfsr, save_model
from idfsr.models.landmarks68 import Landmarks68Config, Landmarks68Net
from idfsr.models.published import load_network, save_network
from idfsr.photographs.person import Person, load_person, save_person
from idfsr.report.conditions import summarise_probes
from idfsr.report.detection import read_errors
from idfsr.report.page import read_summary
from idfsr.report.tables import read_csv, read_measurements, write_csv
from idfsr.run.config import Config, stage_json
from idfsr.training.card import Card, read_card, write_card
from idfsr.training.checkpoint import TrainState, read_state, save_state
from idfsr.training.loop import Trained
from idfsr.training.networks.crops import read_crops
from tests.conftest import make_row
from tests.training.makers import make_network, write_crops

CPU = torch.device("cpu")
PNG = make_row("a", "0")["gt_image"]
IMAGES = pd.DataFrame(
    {
        "identity": ["00001"] * 4 + ["00002"] * 4 + ["00003"] * 4,
        "image": [str(n % 4) for n in range(12)],
    }
)
NUM_IMAGES = len(IMAGES)
SCORES = IMAGES.assign(
    method="bicubic",
    scale_factor=8,
    model_digest="",
    psnr=np.linspace(20.1, 29.7, NUM_IMAGES),
    ssim=0.7,
)
STATISTICS = [{"images_seen": 8 * n, "loss": 1 / n, "learning_rate": 0.001} for n in (1, 2, 3)]


@dataclasses.dataclass(frozen=True)
class Kind:
    """A kind of file."""

    name: str
    """Of the file."""
    write: Callable[[Path], object]
    read: Callable[[Path], object]


def _write_manifest(path: Path) -> None:
    photographs = path.parent / "photographs"
    for identity in ("ann", "bob"):
        (photographs / identity).mkdir(parents=True)
        for number in range(4):
            image = photographs / identity / f"{number}.png"
            image.write_bytes(make_row(identity, str(number))["gt_image"])
    write_table(build_manifest(photographs, 1), path, MANIFEST_SCHEMA)


def _faces() -> pd.DataFrame:
    points = [np.arange(10) + number for number in range(NUM_IMAGES)]
    return IMAGES.assign(
        num_faces=1,
        score=0.9,
        box=[[1, 2, 30, 40]] * NUM_IMAGES,
        landmarks=points,
        sharpness=31.5,
        yaw=-4.5,
        z_id=[np.ones(4)] * NUM_IMAGES,
    )


def _write_quality(path: Path) -> None:
    images = _faces().assign(path=IMAGES["identity"] + "/0.png", sha256="5f", width=64, height=48)
    write_table(images.assign(copy_of="", status="ok", likeness=0.7), path, QUALITY_SCHEMA)


def _split() -> pd.DataFrame:
    return split_images(IMAGES.assign(copy_of="", status="ok"), SplitConfig(test_fraction=0.34), 0)


def _write_restored(path: Path) -> None:
    table = IMAGES.assign(scale_factor=8, method="bicubic", sr_image=PNG, problem="")
    write_table(table.assign(model_digest="0123456789abcdef"), path, RESTORED_SCHEMA)


def _write_features(path: Path) -> None:
    rng = np.random.default_rng(0)
    write_features(
        path, IMAGES, {"age": rng.random(NUM_IMAGES), "embedding": rng.random((NUM_IMAGES, 16))}
    )


def _write_probes(path: Path) -> None:
    frames = [
        IMAGES.assign(
            scale_factor=8, probe=probe, other_identity="x", psnr=20.0, ids_sface=0.4, ids_other=0.8
        )
        for probe in PROBES
    ]
    write_table(pd.concat(frames, ignore_index=True), path)


def _write_damages(path: Path) -> None:
    table = IMAGES.assign(
        damage="blur", level=1.0, scale_factor=8, method="idfsr-ft", lr_detected=True,
        sr_image=PNG, psnr=20.0, ids_sface=0.4, model_digest="0123456789abcdef",
    )  # fmt: skip
    write_table(table, path, DAMAGES_SCHEMA)


def _write_left_out(path: Path) -> None:
    table = IMAGES.assign(path=IMAGES["identity"] + ".mp4", status="clip: cannot be decoded")
    write_tsv(table, path)


def _read_set(path: Path) -> object:
    write_table(SCORES, path.with_name("scores.parquet"))
    return read_measurements([path.with_name("scores.parquet")], [path], ["bicubic"]).sets


def _write_list(path: Path) -> None:
    files = [path.with_name(f"{number}.parquet") for number in range(3)]
    for file in files:
        file.write_bytes(b"anything")
    write_list(path, files)


def _write_stats(path: Path) -> None:
    path.write_text("".join(map(stats_line, STATISTICS)))


def _write_card(path: Path) -> None:
    _write_stats(path.with_name("stats.jsonl"))
    trained = Trained(
        ema={}, stats_path=path.with_name("stats.jsonl"), images_seen=24, seconds=90.0
    )
    history = History(title="It", num_parameters=1234, images_seen=655, minutes=1.0)
    card = Card(
        title="A network", data={}, training={}, trained=trained, device=CPU, num_parameters=1234,
        before=history, figures={}, limits=("Not a toy.",),
    )  # fmt: skip
    write_card(card, path)


SETTINGS = {"pretrain.learning_rate": 0.1, "seed": 0}
STATE = TrainState(
    settings=SETTINGS,
    module={"weight": torch.arange(300.0)},
    optimiser={"state": {0: {"step": torch.tensor(3.0)}}, "param_groups": [{"lr": 0.1}]},
    ema={"weight": torch.linspace(0, 1, 300)},
    images_seen=64,
    stats_bytes=11,
)
EMBEDDING = Embedding(
    z_id=torch.linspace(-1, 1, 512), identity="00082", scale_factor=16,
    model_digest="0123456789abcdef", config={"num_steps": 1},
)  # fmt: skip
PERSON = Person(
    z_id=torch.linspace(-1, 1, 512), ref_images=torch.zeros(2, 32, 32, 3, dtype=torch.uint8),
    ref_landmarks=torch.ones(2, 5, 2), ref_z_id=torch.ones(2, 512),
    ref_crops=torch.zeros(2, 112, 112, 3, dtype=torch.uint8), name="ann",
    model_digest="0123456789abcdef", id_encoder="arcface", trials=(), config={"num_steps": 1},
)  # fmt: skip


def _write_network(path: Path) -> None:
    torch.manual_seed(0)
    save_network(path, Landmarks68Net(SMALL), SMALL)


SMALL = Landmarks68Config(image_size=32)
ERRORS = "detector,scale_factor,num_images,found,nme,nme_p90\nstock,8,4,0.5,0.2,0.4\n"

KINDS = [
    Kind(
        "settings.json",
        lambda path: path.write_text(stage_json(Config(), "fit")),
        lambda path: load_stage(path, FitStage),
    ),
    Kind("manifest.parquet", _write_manifest, read_table),
    Kind(
        "landmarks.parquet", lambda path: write_table(_faces(), path, LANDMARKS_SCHEMA), read_table
    ),
    Kind("quality.parquet", _write_quality, read_table),
    Kind("split.tsv", lambda path: write_tsv(_split(), path), read_split_rows),
    Kind("split_summary.tsv", lambda path: write_tsv(summarise(_split()), path), read_summary),
    Kind("crops.parquet", lambda path: write_crops(path, 4), read_crops),
    Kind(
        "shard.parquet",
        lambda path: write_shard(
            [make_row(row["identity"], row["image"]) for row in IMAGES.to_dict("records")],
            path,
            {"image_size": "64", "scale_factor": "8"},
        ),
        lambda path: (read_shard([path]).to_pylist(), read_metadata(path)),
    ),
    Kind("model.safetensors", lambda path: save_model(path, make_network()), load_idfsr),
    Kind(
        "network.safetensors",
        _write_network,
        lambda path: load_network(Landmarks68Net, Landmarks68Config(), path, "68 landmarks"),
    ),
    Kind(
        "state.pt",
        lambda path: save_state(path, STATE),
        lambda path: read_state(path, CPU),
    ),
    Kind("stats.jsonl", _write_stats, read_stats),
    Kind("card.md", _write_card, read_card),
    Kind("errors.csv", lambda path: write_text(path, ERRORS), read_errors),
    Kind("embedding.safetensors", lambda path: save_embedding(path, EMBEDDING), load_embedding),
    Kind("person.safetensors", lambda path: save_person(path, PERSON), load_person),
    Kind("restored.parquet", _write_restored, read_table),
    Kind(
        "batch-00000.tsv",
        _write_list,
        lambda path: [file.name for file in listed_files([path], "")],
    ),
    Kind("features.parquet", _write_features, lambda path: read_features(path, IMAGES)),
    Kind(
        "metrics.parquet",
        lambda path: write_table(SCORES, path),
        lambda path: read_measurements([path], [], ["bicubic"]).images,
    ),
    Kind(
        "metrics.set.json",
        lambda path: write_json(
            path, {"method": "bicubic", "scale_factor": 8, "num_images": 8, "mobilenetv2_fd": 1.25}
        ),
        _read_set,
    ),
    Kind("probes.parquet", _write_probes, lambda path: summarise_probes([path], 10)),
    Kind("damages.parquet", _write_damages, read_table),
    Kind("left_out.tsv", _write_left_out, read_tsv),
    Kind("table1.csv", lambda path: write_csv(SCORES, path), read_csv),
]


def describe(value: object) -> str:
    """Return a text that is the same for the same values, down to the last bit."""
    if isinstance(value, torch.nn.Module):
        names = "config", "id_encoder"
        value = [getattr(value, name, None) for name in names], value.state_dict()
    elif isinstance(value, pd.DataFrame):
        value = value.dtypes.to_dict(), value.to_dict("list")
    elif dataclasses.is_dataclass(value):
        value = vars(value)
    if isinstance(value, Tensor | np.ndarray):
        array = np.asarray(value)
        content = array.tolist() if array.dtype == object else array.tobytes()
        return f"{array.dtype} {array.shape} {content!r}"
    if isinstance(value, dict):
        return str({name: describe(one) for name, one in value.items()})
    if isinstance(value, list | tuple):
        return str([describe(one) for one in value])
    return repr(value)
