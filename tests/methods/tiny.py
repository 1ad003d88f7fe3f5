"""The networks of the diffusion baselines, small, with random weights; and their files."""

import dataclasses
from pathlib import Path

import pytest
import torch
from torch import nn

from idfsr.methods.difface import restore as difface
from idfsr.methods.dr2 import restore as dr2
from idfsr.methods.pgdiff import restore as pgdiff
from idfsr.models.iresnet import IResNetConfig
from idfsr.models.priors import IDDPM_FFHQ512
from idfsr.models.rrdb import RestorerConfig
from idfsr.models.sparnet import SPARNetConfig
from idfsr.models.swinir import SwinIRConfig

PRIOR = dataclasses.replace(
    IDDPM_FFHQ512,
    image_size=32,
    model_channels=8,
    channel_mult=(1, 2),
    num_res_blocks=(1, 1),
    attention_resolutions=(16,),
    num_heads=1,
    embed_channels=16,
)
SWINIR = SwinIRConfig(
    channels=12, num_groups=1, blocks_per_group=2, num_heads=2, window_size=4, num_doublings=1
)
RESTORER = RestorerConfig(channels=4, growth=4, num_blocks=1)
SPARNET = SPARNetConfig(image_size=32, widths=(6, 8), num_blocks=1)
ARCFACE = IResNetConfig((1, 1, 1, 1), (4, 4, 4, 4))


def use_tiny_networks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the methods build their networks small, for faces of 32 px, and take few steps."""
    monkeypatch.setattr(difface, "START", 0.3)
    for module in (difface, pgdiff):
        monkeypatch.setattr(module, "IDDPM_FFHQ512", PRIOR)
    monkeypatch.setattr(dr2, "ADM_FFHQ256", PRIOR)
    monkeypatch.setattr(difface, "SwinIRConfig", lambda: SWINIR)
    monkeypatch.setattr(dr2, "SPARNetConfig", lambda: SPARNET)
    monkeypatch.setattr(pgdiff, "RestorerConfig", lambda: RESTORER)
    monkeypatch.setattr(pgdiff, "IRESNET50", ARCFACE)


def save_network(network: nn.Module, path: Path) -> Path:
    """Write a network none of whose branches is 0 as its authors would."""
    path.parent.mkdir(parents=True, exist_ok=True)
    generator = torch.Generator().manual_seed(0)
    state = {
        f"module.{name}": tensor + 0.05 * torch.randn(tensor.shape, generator=generator)
        if tensor.is_floating_point()
        else tensor
        for name, tensor in network.state_dict().items()
    }
    torch.save({"state_dict": state}, path)
    return path
