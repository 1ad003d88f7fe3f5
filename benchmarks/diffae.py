"""Training step and DDIM sampling of DiffAE-256 here, against the program that DiffAE published.

Takes a checkout of github.com/phizaz/diffae at commit 00c57d3. Both programs get the same random
weights, the same images, timesteps and noise; the script prints the processor time of each, the
ratio, and how far the results are apart. A training step is loss, gradient, clipping and Adam, with
dropout 0. The network is that of 256 px whatever --size is: it works on images of any size. The
upstream program runs first, as it is; then the process keeps its freed memory, as `idfsr` does.

    python benchmarks/diffae.py --upstream ../diffae --size 256 --threads 1
"""

import argparse
import importlib
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from idfsr.config.model import ModelConfig
from idfsr.constants import NUM_TRAIN_TIMESTEPS
from idfsr.diffusion.ddim import ddim_sample
from idfsr.diffusion.process import denoising_loss
from idfsr.diffusion.schedule import ddim_timesteps, linear_alphas_cumprod
from idfsr.models.encoder import SemanticEncoder
from idfsr.models.idfsr import encoder_config, unet_config
from idfsr.models.unet import UNet
from idfsr.models.winograd import speed_up
from idfsr.run.process import keep_freed_memory

CONFIG = ModelConfig(dropout=0.0)
NUM_STEPS = 20
ALPHAS_CUMPROD = linear_alphas_cumprod(NUM_TRAIN_TIMESTEPS)


def build_upstream(folder: Path) -> tuple[Any, Any, Any]:
    """Return DiffAE's network and its samplers for training and for DDIM."""
    sys.path.insert(0, str(folder))
    choices, autoenc, diffusion, base = (
        importlib.import_module(name)
        for name in ("choices", "model.unet_autoenc", "diffusion.diffusion", "diffusion.base")
    )
    network = autoenc.BeatGANsAutoencConfig(
        image_size=CONFIG.image_size,
        model_channels=CONFIG.model_channels,
        num_res_blocks=CONFIG.num_res_blocks,
        attention_resolutions=CONFIG.attention_resolutions,
        channel_mult=CONFIG.channel_mult,
        embed_channels=CONFIG.embed_channels,
        dropout=CONFIG.dropout,
        resnet_two_cond=True,
        enc_pool="adaptivenonzero",
        enc_channel_mult=CONFIG.encoder_channel_mult,
    ).make_model()

    def sampler(spacing: Any) -> Any:
        return diffusion.SpacedDiffusionBeatGansConfig(
            gen_type=choices.GenerativeType.ddim,
            betas=base.get_named_beta_schedule("linear", NUM_TRAIN_TIMESTEPS),
            model_type=choices.ModelType.autoencoder,
            model_mean_type=choices.ModelMeanType.eps,
            model_var_type=choices.ModelVarType.fixed_large,
            loss_type=choices.LossType.mse,
            rescale_timesteps=False,
            fp16=False,
            use_timesteps=diffusion.space_timesteps(NUM_TRAIN_TIMESTEPS, spacing),
        ).make_sampler()

    return network, sampler([NUM_TRAIN_TIMESTEPS]), sampler(f"ddim{NUM_STEPS}")


def build_ours() -> Any:
    """Return the same network here: no masked image, no ID attention, the encoder as a child."""
    network = UNet(replace(unet_config(CONFIG), in_channels=3, num_id_heads=0))
    network.encoder = SemanticEncoder(encoder_config(CONFIG))
    return network.to(memory_format=torch.channels_last)


def clocked(function: Callable[[], Tensor], repeats: int) -> tuple[Tensor, float]:
    """Return a result and the processor time of one call, after one that is not counted."""
    result = function()
    start = time.process_time()
    for _ in range(repeats):
        function()
    return result, (time.process_time() - start) / repeats


def trained(network: nn.Module, loss_of: Callable[[], Tensor], *, fused: bool) -> Tensor:
    """Make a training step and return the loss before it, at a learning rate of 0."""
    optimiser = torch.optim.Adam(network.parameters(), lr=0.0, fused=fused)
    loss = loss_of()
    torch.autograd.backward(loss)
    nn.utils.clip_grad_norm_(network.parameters(), 1.0)
    optimiser.step()
    optimiser.zero_grad()
    return loss.detach()


def main() -> None:
    """Build both, run both, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--upstream", type=Path, required=True, help="checkout of DiffAE")
    add("--size", type=int, default=256, help="side of the images in pixels")
    add("--batch-size", type=int, default=1, help="images")
    add("--repeats", type=int, default=1, help="counted runs")
    add("--threads", type=int, default=1, help="of torch")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    torch.manual_seed(0)
    theirs, training_sampler, ddim = build_upstream(args.upstream)
    ours = build_ours()
    with torch.no_grad():
        for parameter in theirs.parameters():
            if not parameter.any():
                parameter.normal_(std=0.02)
    ours.load_state_dict(theirs.state_dict())
    shape = (args.batch_size, 3, args.size, args.size)
    x_0, noise = torch.rand(shape) * 2 - 1, torch.randn(shape)
    t = torch.randint(NUM_TRAIN_TIMESTEPS, (args.batch_size,))

    def their_loss() -> Tensor:
        terms = training_sampler.training_losses(theirs, x_0, t, noise=noise)
        loss: Tensor = terms["loss"].mean()
        return loss

    def our_loss() -> Tensor:
        images = x_0.contiguous(memory_format=torch.channels_last)
        z_s = ours.encoder(images)
        return denoising_loss(
            lambda x_t, steps: ours(x_t, steps, z_s),
            "epsilon", images, t, noise, ALPHAS_CUMPROD,
        ).losses.mean()  # fmt: skip

    def their_sample() -> Tensor:
        cond = theirs.encoder(x_0)
        images: Tensor = ddim.sample(theirs, noise=noise, cond=cond)
        return images

    def our_sample() -> Tensor:
        z_s = ours.encoder(x_0.contiguous(memory_format=torch.channels_last))
        return ddim_sample(
            lambda x_t, steps: ours(x_t, steps, z_s),
            noise.contiguous(memory_format=torch.channels_last),
            ddim_timesteps(NUM_TRAIN_TIMESTEPS, NUM_STEPS),
            ALPHAS_CUMPROD,
        )

    sampling = f"DDIM-{NUM_STEPS}"
    theirs.train(), ours.train()
    upstream = {
        "training step": clocked(lambda: trained(theirs, their_loss, fused=False), args.repeats)
    }
    theirs.eval()
    upstream[sampling] = clocked(torch.no_grad()(their_sample), args.repeats)
    keep_freed_memory()
    here = {"training step": clocked(lambda: trained(ours, our_loss, fused=True), args.repeats)}
    speed_up(ours.eval())
    here[sampling] = clocked(torch.no_grad()(our_sample), args.repeats)
    for name, (wanted, slow) in upstream.items():
        found, fast = here[name]
        print(
            f"{name}: upstream {slow:.2f} s, here {fast:.2f} s, "
            f"ratio {slow / fast:.2f}, apart by {(found - wanted).abs().max().item():.1e}"
        )


if __name__ == "__main__":
    main()
