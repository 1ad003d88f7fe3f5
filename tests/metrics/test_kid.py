import numpy as np
import pytest
import torch

from idfsr.metrics.inception.kid import kernel_distance, polynomial_kernel


def by_loops(x: np.ndarray, y: np.ndarray) -> float:
    """The estimate term by term."""

    def kernel(a: np.ndarray, b: np.ndarray) -> float:
        return (sum(p * q for p, q in zip(a, b, strict=True)) / len(a) + 1) ** 3

    def within(rows: np.ndarray) -> float:
        count = range(len(rows))
        pairs = [kernel(rows[i], rows[j]) for i in count for j in count if i != j]
        return sum(pairs) / len(pairs)

    across = [kernel(a, b) for a in x for b in y]
    return within(x) + within(y) - 2 * sum(across) / len(across)


def features(seed: int, num_images: int, mean: float = 0) -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng(seed).normal(mean, 1, size=(num_images, 6)))


@pytest.mark.parametrize(("num_x", "num_y"), [(9, 9), (5, 14), (2, 3)])
def test_agrees_with_loops(num_x: int, num_y: int) -> None:
    x, y = features(0, num_x), features(1, num_y, mean=0.5)
    assert kernel_distance(x, y) == pytest.approx(by_loops(x.numpy(), y.numpy()), rel=1e-10)


def test_hand_computed() -> None:
    # (ab + 1)^3: 1 within x; 27 within y; 1, 1, 8 and 27 across. 1 + 27 - 2 * 37 / 4.
    x, y = torch.tensor([[0.0], [1]]), torch.tensor([[1.0], [2]])
    assert kernel_distance(x, y) == pytest.approx(9.5)


def test_the_kernel_divides_by_the_number_of_features() -> None:
    x, y = torch.tensor([[1.0, 2, 3]]), torch.tensor([[4.0, 1, 0]])
    assert polynomial_kernel(x, y).item() == pytest.approx(27.0)  # (6 / 3 + 1)^3


def test_no_bias_from_few_images() -> None:
    """Sets of one distribution are 0 apart on average, be they ever so small."""
    values = [kernel_distance(features(2 * i, 4), features(2 * i + 1, 4)) for i in range(2000)]
    assert abs(np.mean(values)) < 3 * np.std(values) / len(values) ** 0.5
    assert min(values) < 0 < max(values)


def test_symmetric_and_the_order_of_the_images_does_not_matter() -> None:
    x, y = features(3, 20), features(4, 12, mean=1)
    value = kernel_distance(x, y)
    assert value > 0
    assert kernel_distance(y, x) == pytest.approx(value, rel=1e-12)
    assert kernel_distance(x.flip(0), y.flip(0)) == pytest.approx(value, rel=1e-12)


def test_a_single_image_has_no_pair() -> None:
    with pytest.raises(ValueError, match="1 and 3 images, wanted 2"):
        kernel_distance(torch.zeros(1, 4), torch.zeros(3, 4))
