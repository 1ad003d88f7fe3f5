"""Mutated settings: each is refused in one line, or its networks and images fit."""

import copy
import os
from pathlib import Path
from typing import Any

import numpy as np
import torch
import yaml
from pydantic import TypeAdapter

from idfsr.constants import NUM_TRAIN_TIMESTEPS
from idfsr.errors import IdfsrError
from idfsr.metrics.engine.registry import all_metrics
from idfsr.models.idfsr import IDFSR
from idfsr.run.config import Config, load_config, stage_json

NUM_CASES = int(os.environ.get("IDFSR_FUZZ_SETTINGS", "300"))
"""`make fuzz` tries 3,000."""

VALUES: list[Any] = [
    0, 1, -1, 2, 3, 7, 16, 30, 33, 48, 64, 100, 128, 257, 512, 1000, 10**6, 10**12, 0.5, -0.5, 1e-9,
    1e9, float("inf"), float("nan"), "", "a", "../a", "/etc/passwd", "1.0e6", "00012", "<x>", None,
    True, [], [8], [8, 8], [3], [16, 8], ["psnr"], ["psnr", "psnr"], ["x"], [1, 2, 2], {}, {"a": 1},
    "bicubic", ["bicubic", "bicubic"], "weights/last.ckpt", "v", "epsilon", "folder", "demo",
]  # fmt: skip


def leaves(values: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the paths to all settings, sections among them."""
    found = [path] if path else []
    if isinstance(values, dict):
        for name, value in values.items():
            found += leaves(value, (*path, name))
    return found


def mutate(values: dict[str, Any], rng: np.random.Generator) -> dict[str, Any]:
    """Change, remove or misspell one to three settings."""
    changed = copy.deepcopy(values)
    for _ in range(rng.integers(1, 4)):
        paths = leaves(changed)
        *parents, name = paths[rng.integers(len(paths))]
        section = changed
        for parent in parents:
            section = section[parent]
        kind = rng.random()
        if kind < 0.8:
            section[name] = copy.deepcopy(VALUES[rng.integers(len(VALUES))])
        elif kind < 0.9:
            section[f"{name}s"] = section.pop(name)
        else:
            section[name] = [section[name]]
    return changed


def check_that_it_fits(config: Config) -> None:
    """Build the network without memory and give it a batch; look at what later stages divide by."""
    size, model = config.shards.image_size, config.model
    assert config.shards.scale_factors
    assert all(size % factor == 0 for factor in config.shards.scale_factors)
    assert NUM_TRAIN_TIMESTEPS % config.restore.num_inference_steps == 0
    assert {*config.metrics.table1, *config.metrics.table2} <= set(all_metrics())
    assert config.methods
    stage_json(config, "page")
    if model.model_channels * max(model.channel_mult) > 4096 or model.num_res_blocks > 4:
        return
    with torch.device("meta"):
        network = IDFSR(model)
        image = torch.zeros(2, 3, size, size)
        z_s = network.encode_style(image)
        t, z_id = torch.zeros(2, dtype=torch.int64), torch.zeros(2, model.id_dim)
        noise = network(image, t, image, z_s, z_id)
    assert noise.shape == image.shape


def test_mutated_settings_are_refused_or_fit(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    paths = [path for path in sorted(Path("config").glob("*.yaml")) if path.name != "weights.yaml"]
    shipped = [TypeAdapter(Config).dump_python(load_config(path), mode="json") for path in paths]
    num_refused, crashes = 0, []
    for case in range(NUM_CASES):
        values = mutate(shipped[case % len(shipped)], rng)
        path = tmp_path / "run.yaml"
        path.write_text(yaml.safe_dump(values))
        try:
            config = load_config(path)
        except IdfsrError as error:
            num_refused += 1
            if "\n" in str(error) or not str(error).startswith(str(path)):
                crashes.append(f"not one line: {error}")
            continue
        except Exception as error:  # noqa: BLE001 - what is looked for
            crashes.append(f"{type(error).__name__}: {error}: {values}")
            continue
        try:
            check_that_it_fits(config)
        except Exception as error:  # noqa: BLE001 - what is looked for
            crashes.append(f"fails later, {type(error).__name__}: {error}: {config.model}")
    assert not crashes, "\n\n".join([f"{len(crashes)} of {NUM_CASES}", *crashes])
    assert NUM_CASES / 4 < num_refused < NUM_CASES
