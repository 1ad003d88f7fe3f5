import pytest
import torch

from idfsr.faces.priors import (
    build_priors,
    decode_boxes,
    decode_landmarks,
    encode_boxes,
    encode_landmarks,
)

CPU = torch.device("cpu")


@pytest.mark.parametrize(("side", "num_priors"), [(512, 10_752), (640, 16_800)])
def test_number_of_priors(side: int, num_priors: int) -> None:
    assert build_priors(side, side, CPU).shape == (num_priors, 4)


def test_convention_order_and_places() -> None:
    priors = build_priors(16, 24, CPU)  # 2x3 places, then 1x2, then 1x1
    assert priors.shape == (2 * (6 + 2 + 1), 4)
    assert priors[:3].tolist() == [[4, 4, 16, 16], [4, 4, 32, 32], [12, 4, 16, 16]]
    assert priors[6].tolist() == [4, 12, 16, 16]  # second row
    assert priors[14].tolist() == [24, 8, 64, 64]  # second level, second column
    assert priors[17].tolist() == [16, 16, 512, 512]


def test_decodes_by_hand() -> None:
    priors = torch.tensor([[20.0, 40.0, 16.0, 32.0]])
    code = torch.tensor([[1.0, -2.0, 0.0, 5 * torch.log(torch.tensor(2.0)).item()]])
    # centre 20 + 0.1 * 16, 40 - 0.2 * 32; size 16, 32 * exp(log 2)
    expected = torch.tensor([[21.6 - 8, 33.6 - 32, 21.6 + 8, 33.6 + 32]])
    torch.testing.assert_close(decode_boxes(code, priors), expected)
    points = decode_landmarks(torch.tensor([[1.0, 2, 0, 0, 0, 0, 0, 0, -3, 4]]), priors)
    torch.testing.assert_close(points[0, 0], torch.tensor([21.6, 46.4]))
    torch.testing.assert_close(points[0, 4], torch.tensor([15.2, 52.8]))


def test_encoding_is_the_inverse() -> None:
    priors = build_priors(64, 64, CPU)
    generator = torch.Generator().manual_seed(0)
    boxes = torch.randn(2, len(priors), 4, generator=generator)
    torch.testing.assert_close(
        encode_boxes(decode_boxes(boxes, priors), priors), boxes, rtol=0, atol=1e-3
    )
    landmarks = torch.randn(2, len(priors), 10, generator=generator)
    torch.testing.assert_close(
        encode_landmarks(decode_landmarks(landmarks, priors), priors), landmarks, rtol=0, atol=1e-3
    )
