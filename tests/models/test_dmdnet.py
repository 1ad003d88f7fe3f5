import pytest
import torch
from torch import Tensor

from idfsr.models.dmdnet import (
    PLACES,
    DMDNet,
    DmdNetConfig,
    Memory,
    crop_components,
    paste_components,
    read_memory,
)
from idfsr.models.spectral import fold_spectral_norm

from .golden_values import assert_golden, fill_by_name, golden, golden_keys, shapes, uniform_image

GOLDEN = golden("dmdnet")


def make(channels: int, num_entries: int) -> DMDNet:
    network = DMDNet(DmdNetConfig(channels=channels, num_entries=num_entries))
    fill_by_name(network)
    fold_spectral_norm(network)
    return network.eval()


@pytest.fixture(scope="module")
def few_entries() -> DMDNet:
    """The published network with six entries in each generic memory."""
    return make(64, GOLDEN["size128"]["num_entries"])


def test_has_the_published_names_and_shapes() -> None:
    with torch.device("meta"):
        network = DMDNet(DmdNetConfig())
    assert shapes(network) == golden_keys("dmdnet")
    memories, others = (
        sum(
            tensor.numel() for name, tensor in network.named_parameters() if ("_mem_" in name) == of
        )
        for of in (True, False)
    )
    assert (memories, others) == (110_172_160, 40_356_737)


@torch.no_grad()
def assert_published_numbers(network: DMDNet, name: str, factor: float) -> None:
    wanted = GOLDEN[name]
    size = wanted["generic"]["shape"][-1]
    image, *references = (factor * uniform_image(seed, size) for seed in range(3))
    boxes = torch.tensor(wanted["boxes"])
    assert_golden(network(image, boxes[:1], None), wanted["generic"])
    memory = network.memorise(torch.cat(references), boxes[1:])
    assert_golden(network(image, boxes[:1], memory), wanted["specific"])
    first = network.memorise(references[0], boxes[1:2])
    assert_golden(network(image, boxes[:1], first), wanted["specific_of_first"])


def test_gives_the_published_programs_numbers(few_entries: DMDNet) -> None:
    assert_published_numbers(few_entries, "size128", 1)
    assert_published_numbers(few_entries, "size128_amplified", 100)  # there the memories count


@pytest.mark.slow
def test_gives_the_published_programs_numbers_at_512() -> None:
    assert_published_numbers(make(64, 128), "size512", 100)


def random_memory(rows: int, num_entries: int) -> Memory:
    return Memory(torch.randn(rows, num_entries, 2, 3, 3), torch.randn(rows, num_entries, 5, 3, 3))


def test_memory_is_read_by_softmax_over_the_root_of_the_number_of_entries() -> None:
    memory, queries = random_memory(1, 4), torch.randn(2, 2, 3, 3)
    read = read_memory(memory, queries)
    for query, found in zip(queries, read, strict=True):
        scores = torch.stack([(query * key).sum() for key in memory.keys[0]]) / 2
        weights = scores.exp() / scores.exp().sum()
        wanted = sum(w * value for w, value in zip(weights, memory.values[0], strict=True))
        torch.testing.assert_close(found, wanted)


def test_memory_of_one_entry_returns_it() -> None:
    memory = random_memory(1, 1)
    read = read_memory(memory, torch.randn(3, 2, 3, 3))
    torch.testing.assert_close(read, memory.values[:, 0].expand(3, -1, -1, -1))


def test_rows_of_a_memory_belong_to_images() -> None:
    memory, queries = random_memory(2, 4), torch.randn(2, 2, 3, 3)
    second = Memory(memory.keys[1:], memory.values[1:])
    torch.testing.assert_close(read_memory(memory, queries)[1:], read_memory(second, queries[1:]))


def test_convention_boxes_are_x_then_y_and_half_open() -> None:
    features = torch.arange(24.0).reshape(1, 1, 4, 6)
    boxes = torch.tensor([[1, 0, 3, 4]])
    crop = crop_components(features, boxes, 4)
    torch.testing.assert_close(crop[0, 0, 0], torch.tensor([1.0, 1.25, 1.75, 2.0]))
    pasted = paste_components(features, [(torch.full((1, 1, 4, 4), -1.0), boxes)])
    assert (pasted[0, 0] == -1).nonzero().tolist() == [[y, x] for y in range(4) for x in (1, 2)]


def test_later_component_is_seen() -> None:
    features, boxes = torch.zeros(1, 1, 4, 4), torch.tensor([[0, 0, 4, 4]])
    ones = torch.ones(1, 1, 2, 2)
    pasted = paste_components(features, [(ones, boxes), (2 * ones, boxes)])
    assert pasted.unique().tolist() == [2]


@torch.no_grad()
def test_an_image_does_not_depend_on_its_neighbours() -> None:
    network = make(12, 3)
    images: Tensor = 100 * torch.cat([uniform_image(seed, 128) for seed in range(3)])
    boxes = torch.tensor(GOLDEN["size128"]["boxes"])
    memory = network.memorise(images, boxes)
    assert memory.keys() == set(PLACES)
    together = network(images, boxes, memory)
    torch.testing.assert_close(together[1:2], network(images[1:2], boxes[1:2], memory))
