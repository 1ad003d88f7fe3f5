import numpy as np

from idfsr.training.batches import epoch_order
from idfsr.training.order import batch_indices, derive_seed


def test_each_epoch_has_each_item_once() -> None:
    order = np.concatenate([batch_indices(7, 3, seen, seed=1) for seen in range(0, 21, 3)])
    for epoch in range(3):
        assert sorted(order[7 * epoch : 7 * epoch + 7]) == list(range(7))
    assert not np.array_equal(order[:7], order[7:14])


def test_a_batch_is_a_function_of_the_images_seen() -> None:
    whole = batch_indices(5, 12, 0, seed=3)
    epoch_order.cache_clear()
    np.testing.assert_array_equal(batch_indices(5, 4, 8, seed=3), whole[8:])


def test_a_batch_may_be_larger_than_the_data() -> None:
    assert sorted(batch_indices(2, 6, 0, seed=0)) == [0, 0, 0, 1, 1, 1]


def test_seeds_differ_in_every_part_even_in_the_low_bits() -> None:
    seeds = [derive_seed(*parts) for parts in [(0, 1), (1, 0), (0, 1, ""), (2**32, 1), (0, "1x")]]
    assert len({seed % 2**32 for seed in seeds}) == len(seeds)
    assert all(0 <= seed < 2**63 for seed in seeds)
    assert derive_seed(0, 1) == derive_seed(0, "1")
