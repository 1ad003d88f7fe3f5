import torch

from idfsr.metrics.sface.distance import identity_distance, same_identity


def test_distance_by_hand() -> None:
    gt_embedding = torch.tensor([[1.0, 0], [1, 0], [1, 0], [0.6, 0.8]])
    sr_embedding = torch.tensor([[1.0, 0], [0, 1], [-1, 0], [1, 0]])
    distance = identity_distance(sr_embedding, gt_embedding)
    torch.testing.assert_close(distance, torch.tensor([0, 1, 2, 0.4], dtype=torch.float64))


def test_the_threshold_itself_passes() -> None:
    distance = torch.tensor([0.6, 0.637, 0.638], dtype=torch.float64)
    assert same_identity(distance, 0.637).tolist() == [True, True, False]
