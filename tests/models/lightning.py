"""Files in the layout that PyTorch Lightning 1.4 gives a checkpoint of DiffAE."""

import sys
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from unittest import mock

import torch
from torch import Tensor

MODULE = "pytorch_lightning.callbacks.model_checkpoint"


def write_lightning(path: Path, averaged: Mapping[str, Tensor]) -> Path:
    """Write a checkpoint: callbacks are keyed by their class, the last weights differ."""
    module = ModuleType(MODULE)
    callback = type("ModelCheckpoint", (), {"__module__": MODULE})
    module.ModelCheckpoint = callback  # type: ignore[attr-defined]
    parents = {name: ModuleType(name) for name in (MODULE[:17], MODULE[:27])}
    checkpoint = {
        "epoch": 3,
        "global_step": 1_563_562,
        "pytorch-lightning_version": "1.4.5",
        "state_dict": {
            **{f"model.{name}": tensor + 1 for name, tensor in averaged.items()},
            **{f"ema_model.{name}": tensor for name, tensor in averaged.items()},
            "x_T": torch.randn(2, 3, 4, 4),
        },
        "callbacks": {callback: {"monitor": None, "best_model_path": ""}},
        "optimizer_states": [{"state": {}, "param_groups": [{"lr": 1e-4}]}],
        "lr_schedulers": [],
        "native_amp_scaling_state": {"scale": 65536.0},
        "hyper_parameters": {"net_ch": 128, "name": "ffhq256_autoenc"},
    }
    with mock.patch.dict(sys.modules, {MODULE: module, **parents}):
        torch.save(checkpoint, path)
    return path
