import torch

from idfsr.models.landmarks68 import Landmarks68Config, Landmarks68Net


def test_one_hot_maps_give_the_centres_of_their_pixels() -> None:
    network = Landmarks68Net(Landmarks68Config(image_size=32)).eval()
    maps = torch.full((1, 68, 8, 8), -1e4)
    maps[:, :, 2, 5] = 0
    network.maps.register_forward_hook(lambda *_: maps)
    with torch.no_grad():
        found = network(torch.zeros(1, 3, 32, 32))
    torch.testing.assert_close(found, torch.tensor([5.5 / 8, 2.5 / 8]).expand(1, 68, 2))


def test_even_maps_give_the_middle() -> None:
    network = Landmarks68Net(Landmarks68Config(image_size=32)).eval()
    torch.nn.init.zeros_(network.maps.weight)
    with torch.no_grad():
        found = network(torch.randn(2, 3, 32, 32))
    torch.testing.assert_close(found, torch.full((2, 68, 2), 0.5))


def test_network_is_small() -> None:
    network = Landmarks68Net(Landmarks68Config())
    assert sum(tensor.numel() for tensor in network.state_dict().values()) < 500_000
