"""Pretraining of the diffusion U-Net and the style encoder (IDFSR, Eq. 1).

The network sees the masked low-resolution image, the style embedding of a warped reference and the
ID embedding of the ground truth, and predicts the noise. One network serves all scale factors.
"""

import dataclasses
import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from idfsr.config.model import ModelConfig
from idfsr.config.pretrain import PretrainConfig, PretrainStage
from idfsr.constants import NUM_TRAIN_TIMESTEPS
from idfsr.diffusion.process import denoising_loss
from idfsr.diffusion.schedule import linear_alphas_cumprod
from idfsr.errors import IdfsrError
from idfsr.io.digests import file_digest
from idfsr.io.shards import check_id_encoder
from idfsr.models.id_encoder import IdEncoder, load_id_encoder
from idfsr.models.idfsr import IDFSR
from idfsr.models.weights import model_digest
from idfsr.training.batch_slices import BatchSlice, own_slices
from idfsr.training.batches import BatchReader, Examples, ShardDataset
from idfsr.training.card import Card
from idfsr.training.distributed import num_processes, rank
from idfsr.training.first_weights import first_model
from idfsr.training.id_loss import embed_faces, identity_losses
from idfsr.training.loop import Trained, train
from idfsr.training.pretrain_card import describe
from idfsr.training.samples import sample_sheet
from idfsr.training.step import Recipe, Samples

NUM_STYLE_SAMPLES = 256
"""References over which the style embedding is standardised before the first step."""


@torch.no_grad()
def standardise_style(model: IDFSR, warped_refs: Float[Tensor, "B 3 S S"]) -> None:
    """Scale and shift the encoder's last layer so that z_s has mean 0 and variance 1 over a sample.

    An encoder with random weights gives nearly the same z_s for all images: its numbers are about
    0.15 in size and differ by 0.05 from image to image. After 96,608 images this was still so, and
    the network made no use of z_s (docs/decisions/0009). The method is the initialisation by data
    of Salimans & Kingma (2016, Eq. 5).

    Args:
        model: Its encoder is changed in place.
        warped_refs: Many more than two, in [-1, 1].
    """
    z_s = model.encode_style(warped_refs)
    layer = model.encoder.out[3]
    assert isinstance(layer, nn.Conv2d)
    assert layer.bias is not None
    layer.weight.div_(z_s.std(dim=0)[:, None, None, None])
    layer.bias.sub_(z_s.mean(dim=0)).div_(z_s.std(dim=0))


def drop_some(
    condition: Float[Tensor, "B D"],
    probability: float,
    generator: torch.Generator,
    batch_slice: BatchSlice,
) -> Float[Tensor, "B D"]:
    """Set rows to 0, each with a probability (Ho & Salimans 2022, Algorithm 1)."""
    device = generator.device
    kept = batch_slice.draw(lambda n: torch.rand((n, 1), generator=generator, device=device))
    return condition * (kept >= probability)


def distances_to_truth(
    recogniser: IdEncoder,
    predicted: Float[Tensor, "B 3 S S"],
    x_0: Float[Tensor, "B 3 S S"],
    batch: Examples,
    *,
    made_z_id: bool,
) -> Float[Tensor, "B"]:
    """Return 1 - cosine of the embeddings of predicted faces and of the ground truth.

    Args:
        recogniser: Of the identity loss.
        predicted: Clean images, near [-1, 1].
        x_0: The ground truth in [-1, 1].
        batch: Its landmarks and z_id.
        made_z_id: Whether the recogniser made z_id, which is then the ground truth's embedding.
    """
    network, landmarks = recogniser.network, batch["landmarks"]
    if made_z_id:
        wanted = batch["z_id"].to(x_0.device)
    else:
        with torch.no_grad():
            wanted = embed_faces(network, x_0, landmarks)
    return identity_losses(network, predicted, landmarks, wanted)


def pretrain_loss(
    model: IDFSR, config: PretrainConfig, recogniser: IdEncoder | None
) -> Callable[[Examples, torch.Generator], Any]:
    """Return the loss of a batch: IDFSR, Eq. 1, with t uniform in [0, T - 1].

    The equation is that of a model that predicts epsilon; see `denoising_loss` for the other. The
    identity loss is added with the weight alpha of the timestep: at much noise the clean image
    that the network predicts is a mean over many faces and shows nobody.

    Args:
        model: In training, on its device.
        config: Its `condition_dropout` and `id_loss_weight`.
        recogniser: Of the identity loss; None without one.
    """
    alphas_cumprod = linear_alphas_cumprod(NUM_TRAIN_TIMESTEPS)

    def loss(batch: Examples, generator: torch.Generator) -> tuple[Tensor, dict[str, Tensor]]:
        device = generator.device

        def place(tensor: Tensor) -> Tensor:
            return tensor.to(device, memory_format=torch.channels_last, non_blocking=True)

        x_0, masked_lr = place(batch["gt_image"]), place(batch["masked_lr"])
        batch_slice = batch.get("batch_slice") or BatchSlice(0, len(x_0), len(x_0))

        def draw_noise(num: int) -> Tensor:
            return torch.randn((num, *x_0.shape[1:]), generator=generator, device=device)

        t = batch_slice.draw(
            lambda n: torch.randint(NUM_TRAIN_TIMESTEPS, (n,), generator=generator, device=device)
        )
        noise = place(batch_slice.draw(draw_noise))
        z_s, z_id = model.encode_style(place(batch["warped_ref"])), batch["z_id"].to(device)
        if config.condition_dropout > 0:
            probability = config.condition_dropout
            z_s, z_id = (drop_some(z, probability, generator, batch_slice) for z in (z_s, z_id))
        denoised = denoising_loss(
            lambda x_t, t: model(x_t, t, masked_lr, z_s, z_id),
            model.config.prediction,
            x_0,
            t,
            noise,
            alphas_cumprod.to(device),
        )
        diffusion_loss = denoised.losses.mean()
        if recogniser is None:
            return diffusion_loss, {}
        made_z_id = recogniser.name == model.id_encoder
        distances = distances_to_truth(recogniser, denoised.x_0, x_0, batch, made_z_id=made_z_id)
        # an example whose z_id was dropped has no identity loss
        weights = alphas_cumprod.to(t.device)[t].sqrt().float() * z_id.any(dim=1)
        id_loss = (weights * distances).mean()
        total = diffusion_loss + config.id_loss_weight * id_loss
        return total, {"diffusion_loss": diffusion_loss, "id_loss": id_loss}

    return loss


@dataclasses.dataclass(frozen=True, kw_only=True)
class Sources:
    """Files that a pretraining reads."""

    shards: Sequence[Path]
    """Of the part `pretrain`, of one or several scale factors."""
    id_loss: Path | None
    """Weights of the recogniser of the identity loss; wanted where that has a weight."""
    init: Path | None = None
    """See `first_model`."""
    sample_shards: Sequence[Path] = ()
    """See `sample_sheet`."""


def make_samples(
    config: PretrainStage, shards: Sequence[Path], device: torch.device
) -> Samples | None:
    """Return the sheets to make meanwhile, if any; the first process makes them."""
    every = config.pretrain.sample_images
    if every == 0 or rank() > 0:
        return None
    return Samples(every=every, draw=sample_sheet(config, shards, device))


def check_dataset(dataset: ShardDataset, model: ModelConfig, source: Path) -> None:
    """Raise `IdfsrError` if the examples of shards are not what a network takes.

    Args:
        dataset: The examples.
        model: Of the network.
        source: One of the shards, for the message.
    """
    sides = {
        "images of {} px, wanted model.image_size": (dataset.image_size, model.image_size),
        "z_id of {} numbers, wanted model.id_dim": (dataset.id_dim, model.id_dim),
    }
    for text, (found, wanted) in sides.items():
        if found != wanted:
            message = f"{source}: found {text.format(found)}, {wanted}"
            raise IdfsrError(message)


def pretrain(
    config: PretrainStage,
    sources: Sources,
    state_dir: Path,
    device: torch.device,
    num_workers: int,
) -> tuple[IDFSR, Trained, Card]:
    """Pretrain a network.

    Args:
        config: Its sections `seed`, `model` and `pretrain`.
        sources: What is read.
        state_dir: Of the training loop.
        device: Where it is trained.
        num_workers: Processes that decode images; 0 decodes between the steps.

    Returns:
        The network with averaged weights, what the loop returned, and the card.

    Raises:
        IdfsrError: See `ShardDataset`, `check_dataset`, `first_model`, `check_id_encoder`,
            `load_id_encoder` and `train`.
    """
    shards, init = sources.shards, sources.init
    dataset = ShardDataset(shards, config.seed, "pretrain")
    check_dataset(dataset, config.model, shards[0])
    model, first = first_model(config, init)
    if init is None:
        standardise_style(model, dataset[range(NUM_STYLE_SAMPLES)]["warped_ref"])

    model.id_encoder = check_id_encoder(shards, model.id_encoder)
    recogniser = None
    if config.pretrain.id_loss_weight > 0:
        if sources.id_loss is None:
            message = "--id-loss: found none, wanted the recogniser of pretrain.id_loss_weight"
            raise IdfsrError(message)
        recogniser = load_id_encoder(sources.id_loss, device)
    slices = own_slices(
        config.pretrain.batch_size, config.pretrain.micro_batch_size, rank(), num_processes()
    )
    digests = "".join(file_digest(path) for path in shards)
    recipe = Recipe(
        name="pretrain",
        module=model,
        loss=pretrain_loss(model, config.pretrain, recogniser),
        batch_at=BatchReader(dataset, slices, num_workers),
        slices=slices,
        samples=make_samples(config, sources.sample_shards, device),
        settings={
            **{f"model.{name}": value for name, value in vars(config.model).items()},
            "shards": hashlib.sha256(digests.encode()).hexdigest()[:16],
            "init": model_digest(init) if init else "",
            "id_loss": recogniser.name if recogniser else "",
        },
    )
    trained = train(recipe, config.pretrain, config.seed, state_dir, device)
    model.load_state_dict(trained.ema)
    return model, trained, describe(config, model, dataset, first, trained)
