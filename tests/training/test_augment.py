import numpy as np
import torch

from idfsr.training.augment import (
    MAX_BRIGHTNESS,
    MAX_CONTRAST,
    augment,
    draw_geometry,
    flip,
    jitter_light,
    lose_resolution,
    move_images,
)


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_flip_mirrors_columns_of_about_half() -> None:
    images = torch.arange(8.0).repeat(200, 3, 8, 1)
    flipped = flip(images, generator())
    mirrored = (flipped[:, 0, 0, 0] == 7).sum().item()
    assert 70 < mirrored < 130
    assert torch.equal(flipped.sort(dim=3).values, images)


def test_geometry_moves_a_dot_a_little() -> None:
    images = torch.full((64, 3, 112, 112), -1.0)
    images[:, :, 40:44, 70:74] = 1.0
    moved = move_images(images, draw_geometry(len(images), generator()))
    weights = (moved[:, 0] + 1).clamp(min=0)
    columns = torch.arange(112.0)
    x = (weights.sum(dim=1) * columns).sum(dim=1) / weights.sum(dim=(1, 2))
    y = (weights.sum(dim=2) * columns).sum(dim=1) / weights.sum(dim=(1, 2))
    assert 1 < x.std() < 5
    assert 1 < y.std() < 5
    assert abs(x.mean() - 71.5) < 2
    assert abs(y.mean() - 41.5) < 2


def test_light_stays_in_range_and_within_bounds() -> None:
    images = torch.full((100, 3, 4, 4), 0.5)
    changed = jitter_light(images, generator())
    assert changed.min() >= 0.5 * (1 - MAX_CONTRAST) - MAX_BRIGHTNESS
    assert changed.max() <= 0.5 * (1 + MAX_CONTRAST) + MAX_BRIGHTNESS
    assert changed.std() > 0.05
    assert jitter_light(torch.ones(100, 3, 4, 4), generator()).max() == 1


def test_lost_resolution_follows_the_drawn_size() -> None:
    images = torch.rand(60, 3, 64, 64, generator=generator(5)) * 2 - 1
    lost = lose_resolution(images, (8, 64), generator())
    unchanged = (lost == images).flatten(1).all(dim=1)
    assert 15 < unchanged.sum() < 45
    assert lost[~unchanged].var() < 0.1 * images.var()
    assert (lost - images)[~unchanged].mean().abs() < 0.01


def test_a_draw_is_a_function_of_the_generator() -> None:
    images = torch.rand(4, 3, 112, 112, generator=generator(5)) * 2 - 1
    first, again = (augment(images, (32, 112), generator(1)) for _ in range(2))
    assert torch.equal(first, again)
    assert not torch.equal(first, augment(images, (32, 112), generator(2)))
    assert np.isfinite(first.numpy()).all()
    assert first.abs().max() <= 1
