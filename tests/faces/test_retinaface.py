from pathlib import Path

import pytest
import torch

from idfsr.faces.retinaface import Backbone, Head, RetinaFace, normalise

GOLDEN = Path(__file__).parents[1] / "golden"


@pytest.mark.parametrize("backbone", ["mobilenet0.25", "resnet50"])
def test_keys_and_shapes_are_those_of_the_public_weights(backbone: Backbone) -> None:
    lines = (GOLDEN / f"retinaface_{backbone}.keys.txt").read_text().splitlines()
    state = RetinaFace(backbone).state_dict()
    found = [f"{name} {'x'.join(map(str, x.shape))}".rstrip() for name, x in state.items()]
    assert found == lines


@pytest.mark.parametrize(
    ("backbone", "num_parameters"), [("mobilenet0.25", 426_608), ("resnet50", 27_293_600)]
)
def test_number_of_parameters(backbone: Backbone, num_parameters: int) -> None:
    assert sum(x.numel() for x in RetinaFace(backbone).parameters()) == num_parameters


@pytest.mark.parametrize("backbone", ["mobilenet0.25", "resnet50"])
def test_sides_need_not_be_multiples_of_the_stride(backbone: Backbone) -> None:
    network = RetinaFace(backbone).eval()
    with torch.no_grad():
        heads = network(torch.zeros(2, 3, 40, 72))
    num_priors = 2 * (5 * 9 + 3 * 5 + 2 * 3)
    assert heads.boxes.shape == (2, num_priors, 4)
    assert heads.logits.shape == (2, num_priors, 2)
    assert heads.landmarks.shape == (2, num_priors, 10)


def test_convention_input_is_bgr_minus_the_mean() -> None:
    image = torch.zeros(1, 2, 3, 3, dtype=torch.uint8)
    image[0, 1, 2] = torch.tensor([10, 20, 30], dtype=torch.uint8)
    result = normalise(image)
    assert result.shape == (1, 3, 2, 3)
    assert result[0, :, 1, 2].tolist() == [30 - 104, 20 - 117, 10 - 123]
    assert result[0, :, 0, 0].tolist() == [-104, -117, -123]


def test_convention_heads_go_row_by_row_and_prior_by_prior() -> None:
    head = Head(1, 4)
    torch.nn.init.zeros_(head.conv1x1.weight)
    with torch.no_grad():
        head.conv1x1.weight[4, 0] = 1.0  # first number of the second prior
        head.conv1x1.bias.zero_()
        result = head(torch.arange(6.0).reshape(1, 1, 2, 3))
    assert result[0, 1::2, 0].tolist() == [0, 1, 2, 3, 4, 5]
    assert result[0, 0::2].abs().sum() == 0
