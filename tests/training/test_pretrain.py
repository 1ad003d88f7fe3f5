import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from idfsr.config.pretrain import PretrainConfig
from idfsr.config.shards import ShardsConfig
from idfsr.errors import IdfsrError
from idfsr.io.shards import read_shard, write_shard
from idfsr.models.checkpoint import save_model
from idfsr.models.id_encoder import load_id_encoder
from idfsr.models.idfsr import IDFSR
from idfsr.run.config import Config, stage_settings
from idfsr.training.batches import ShardDataset
from idfsr.training.card import Card
from idfsr.training.first_weights import first_model
from idfsr.training.id_loss import embed_faces, identity_losses
from idfsr.training.loop import Trained
from idfsr.training.pretrain import (
    Sources,
    pretrain,
    pretrain_loss,
    standardise_style,
)
from idfsr.training.signals import InterruptedTrainingError

from .makers import TINY_MODEL, write_pretrain_shard, write_test_shard

CPU = torch.device("cpu")
ENCODER = Path("idfsr/weights/arcface.safetensors")
CONFIG = stage_settings(
    Config(
        model=TINY_MODEL,
        shards=ShardsConfig(image_size=32),
        pretrain=PretrainConfig(
            num_images=24, batch_size=4, learning_rate=1e-3, ema_decay=0.5, checkpoint_images=8
        ),
    ),
    "pretrain",
)


def run(
    config: Config, shards: Sequence[Path], state_dir: Path, **sources: Any
) -> tuple[IDFSR, Trained, Card]:
    files = Sources(shards=shards, id_loss=None, **sources)
    return pretrain(config, files, state_dir, CPU, 0)


def test_loss_is_equation_1(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A network that answers 0 leaves the mean square of the noise; it sees what it should."""
    model = IDFSR(TINY_MODEL)
    seen: dict[str, Tensor] = {}

    def answer(x_t: Tensor, t: Tensor, masked_lr: Tensor, z_s: Tensor, z_id: Tensor) -> Tensor:
        seen.update(x_t=x_t, t=t, masked_lr=masked_lr, z_s=z_s, z_id=z_id)
        return torch.zeros_like(x_t)

    monkeypatch.setattr(model, "forward", answer)
    batch = ShardDataset([write_pretrain_shard(tmp_path / "a.parquet")], 0)[range(6)]
    loss, _ = pretrain_loss(model, PretrainConfig(), None)(batch, torch.Generator().manual_seed(5))
    generator = torch.Generator().manual_seed(5)
    t = torch.randint(1000, (6,), generator=generator)
    noise = torch.randn((6, 3, 32, 32), generator=generator)
    assert loss.item() == pytest.approx(noise.square().mean().item(), rel=1e-5)
    assert torch.equal(seen["t"], t)
    assert torch.equal(seen["masked_lr"], batch["masked_lr"])
    assert torch.equal(seen["z_id"], batch["z_id"])
    torch.testing.assert_close(seen["z_s"], model.encode_style(batch["warped_ref"]))
    betas = np.linspace(1e-4, 0.02, 1000)
    alpha = torch.tensor(np.cumprod(1 - betas)[t.numpy()], dtype=torch.float32)[:, None, None, None]
    x_t = alpha.sqrt() * batch["gt_image"] + (1 - alpha).sqrt() * noise
    torch.testing.assert_close(seen["x_t"], x_t, atol=1e-5, rtol=1e-5)


def test_conditions_are_dropped_one_by_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = IDFSR(TINY_MODEL)
    kept: list[tuple[bool, bool]] = []

    def answer(x_t: Tensor, _t: Tensor, _lr: Tensor, z_s: Tensor, z_id: Tensor) -> Tensor:
        kept.extend(zip(z_s.any(dim=1).tolist(), z_id.any(dim=1).tolist(), strict=True))
        return torch.zeros_like(x_t)

    monkeypatch.setattr(model, "forward", answer)
    batch = ShardDataset([write_pretrain_shard(tmp_path / "a.parquet")], 0)[range(400)]
    pretrain_loss(model, PretrainConfig(condition_dropout=0.25), None)(
        batch, torch.Generator().manual_seed(1)
    )
    style, identity = np.array(kept).T
    for share, wanted in (
        (style.mean(), 3 / 4), (identity.mean(), 3 / 4), ((style & identity).mean(), 9 / 16)
    ):  # fmt: skip
        assert share == pytest.approx(wanted, abs=0.08)  # three standard errors of 400 draws


def test_interrupted_pretraining_ends_with_the_same_weights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shards = [write_pretrain_shard(tmp_path / f"x{scale}.parquet", scale) for scale in (8, 16)]
    whole, trained, _ = run(CONFIG, shards, tmp_path / "whole")
    assert len(trained.stats_path.read_text().splitlines()) == 6

    def stop(*_: object) -> None:
        raise InterruptedTrainingError

    with monkeypatch.context() as patch:
        patch.setattr("idfsr.training.checkpoint.StateWriter.save", stop)
        with pytest.raises(InterruptedTrainingError):
            run(CONFIG, shards, tmp_path / "broken")
    half = dataclasses.replace(CONFIG, pretrain=dataclasses.replace(CONFIG.pretrain, num_images=12))
    run(half, shards, tmp_path / "broken")
    resumed, again, _ = run(CONFIG, shards, tmp_path / "broken")
    assert again.stats_path.read_bytes() == trained.stats_path.read_bytes()
    for key, tensor in whole.state_dict().items():
        assert torch.equal(resumed.state_dict()[key], tensor), key


def test_sheets_leave_the_weights_as_they_would_be(tmp_path: Path) -> None:
    shards = [write_pretrain_shard(tmp_path / "a.parquet")]
    tests = [write_test_shard(tmp_path / f"x{scale}.parquet", scale) for scale in (8, 16)]
    without, trained, _ = run(CONFIG, shards, tmp_path / "without")
    seen = dataclasses.replace(CONFIG.pretrain, sample_images=8)
    shown = dataclasses.replace(CONFIG, pretrain=seen)
    model, again, _ = run(shown, shards, tmp_path / "with", sample_shards=tests)
    assert again.stats_path.read_bytes() == trained.stats_path.read_bytes()
    for key, tensor in without.state_dict().items():
        assert torch.equal(model.state_dict()[key], tensor), key
    sheets = sorted((tmp_path / "with" / "progress").glob("*.png"))
    assert [path.name for path in sheets] == [f"samples-{n:09d}.png" for n in (8, 16, 24)]
    assert sheets[0].read_bytes() != sheets[2].read_bytes()
    with pytest.raises(IdfsrError, match="found no test shard to sample"):
        run(shown, shards, tmp_path / "none")


def test_style_is_standard_normal_at_first(tmp_path: Path) -> None:
    model, _ = first_model(CONFIG, None)
    shards = [write_pretrain_shard(tmp_path / "a.parquet")]
    references = ShardDataset(shards, 0)[range(64)]["warped_ref"]
    assert model.encode_style(references).std(dim=0).max() < 0.3
    standardise_style(model, references)
    z_s = model.encode_style(references)
    torch.testing.assert_close(z_s.mean(dim=0), torch.zeros(z_s.shape[1]), atol=1e-4, rtol=0)
    torch.testing.assert_close(z_s.std(dim=0), torch.ones(z_s.shape[1]), atol=1e-4, rtol=0)


def test_every_part_of_the_network_learns(tmp_path: Path) -> None:
    """After enough steps that the zero-initialised projections let gradients through."""
    shards = [write_pretrain_shard(tmp_path / "a.parquet")]
    model, _, _ = run(CONFIG, shards, tmp_path / "state")
    first = first_model(CONFIG, None)[0].state_dict()
    same = [key for key, tensor in model.state_dict().items() if torch.equal(first[key], tensor)]
    assert same == []


def test_other_data_are_not_resumed(tmp_path: Path) -> None:
    shards = [write_pretrain_shard(tmp_path / f"x{scale}.parquet", scale) for scale in (8, 16)]
    short = dataclasses.replace(CONFIG, pretrain=dataclasses.replace(CONFIG.pretrain, num_images=4))
    run(short, shards[:1], tmp_path / "state")
    with pytest.raises(IdfsrError, match="found a training with shards "):
        run(short, shards, tmp_path / "state")


def test_goes_on_from_weights(tmp_path: Path) -> None:
    torch.manual_seed(3)
    before = IDFSR(TINY_MODEL)
    save_model(tmp_path / "init.safetensors", before)
    none = dataclasses.replace(CONFIG, pretrain=dataclasses.replace(CONFIG.pretrain, num_images=0))
    shards = [write_pretrain_shard(tmp_path / "a.parquet")]
    model, _, card = run(none, shards, tmp_path / "state", init=tmp_path / "init.safetensors")
    for key, tensor in before.state_dict().items():
        assert torch.equal(model.state_dict()[key], tensor), key
    assert card.training["first weights"] != "random"


def test_images_of_another_size_are_refused(tmp_path: Path) -> None:
    shards = [write_pretrain_shard(tmp_path / "a.parquet", size=64)]
    with pytest.raises(IdfsrError, match=r"found images of 64 px, wanted model\.image_size, 32"):
        run(CONFIG, shards, tmp_path / "state")


def test_z_id_of_another_length_is_refused(tmp_path: Path) -> None:
    longer = dataclasses.replace(CONFIG, model=dataclasses.replace(CONFIG.model, id_dim=128))
    shards = [write_pretrain_shard(tmp_path / "a.parquet")]
    with pytest.raises(IdfsrError, match=r"found z_id of 512 numbers, wanted model\.id_dim, 128"):
        run(longer, shards, tmp_path / "state")


def test_identity_loss_wants_a_recogniser(tmp_path: Path) -> None:
    settings = dataclasses.replace(CONFIG.pretrain, id_loss_weight=0.1)
    shards = [write_pretrain_shard(tmp_path / "a.parquet")]
    with pytest.raises(IdfsrError, match="--id-loss: found none, wanted the recogniser of"):
        run(dataclasses.replace(CONFIG, pretrain=settings), shards, tmp_path / "state")


@pytest.mark.parametrize("maker", ["of z_id", "another"])
def test_identity_loss_comes_to_equation_1(
    maker: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A network that answers 0 for v has alpha x_t in mind; alpha weighs it."""
    model = IDFSR(dataclasses.replace(TINY_MODEL, prediction="v"))
    monkeypatch.setattr(model, "forward", lambda x_t, *_: torch.zeros_like(x_t))
    batch = ShardDataset([write_pretrain_shard(tmp_path / "a.parquet")], 0)[range(6)]
    encoder = load_id_encoder(ENCODER)
    model.id_encoder = encoder.name if maker == "of z_id" else "another"
    config = PretrainConfig(id_loss_weight=0.5, condition_dropout=0.4)
    loss, scalars = pretrain_loss(model, config, encoder)(batch, torch.Generator().manual_seed(5))
    generator = torch.Generator().manual_seed(5)
    t = torch.randint(1000, (6,), generator=generator)
    noise = torch.randn((6, 3, 32, 32), generator=generator)
    torch.rand((6, 1), generator=generator)
    told = torch.rand((6,), generator=generator) >= 0.4
    assert 0 < told.sum() < 6
    alpha_2 = torch.tensor(np.cumprod(1 - np.linspace(1e-4, 0.02, 1000))[t.numpy()]).float()
    alpha, sigma = (part.sqrt()[:, None, None, None] for part in (alpha_2, 1 - alpha_2))
    estimate = alpha * (alpha * batch["gt_image"] + sigma * noise)
    landmarks, network = batch["landmarks"], encoder.network
    target = (
        batch["z_id"] if maker == "of z_id" else embed_faces(network, batch["gt_image"], landmarks)
    )
    distances = identity_losses(network, estimate, landmarks, target)
    assert scalars["id_loss"].item() == pytest.approx(
        (alpha_2.sqrt() * told * distances).mean().item(), rel=1e-4
    )
    wanted = scalars["diffusion_loss"] + 0.5 * scalars["id_loss"]
    assert loss.item() == pytest.approx(wanted.item(), rel=1e-6)


def test_encoders_are_not_mixed(tmp_path: Path) -> None:
    """Neither shards of two, nor a network of one on shards of another."""
    short = dataclasses.replace(CONFIG, pretrain=dataclasses.replace(CONFIG.pretrain, num_images=4))
    shards = [write_pretrain_shard(tmp_path / f"x{scale}.parquet", scale) for scale in (8, 16)]
    for path, name in zip(shards, ("iresnet50-a", "iresnet50-b"), strict=True):
        rows = read_shard([path]).to_pylist()
        write_shard(rows, path, {"id_encoder": name})
    with pytest.raises(IdfsrError, match=r"x16\.parquet: found z_id of the encoder iresnet50-b, w"):
        run(short, shards, tmp_path / "state")
    model, _, _ = run(short, shards[:1], tmp_path / "state")
    assert model.id_encoder == "iresnet50-a"
    save_model(tmp_path / "a.safetensors", model)
    with pytest.raises(IdfsrError, match=r"x16\.parquet: found z_id of .*-b, wanted .*-a"):
        run(short, shards[1:], tmp_path / "b", init=tmp_path / "a.safetensors")
