import pytest
import torch

from idfsr.errors import IdfsrError
from idfsr.training.batch_slices import BatchSlice, own_slices


def test_processes_and_passes_cut_a_batch_without_a_gap() -> None:
    assert own_slices(8, 0, 0, 1) == (BatchSlice(0, 8, 8),)
    assert own_slices(8, 0, 1, 2) == (BatchSlice(4, 8, 8),)
    assert own_slices(8, 3, 1, 2) == (BatchSlice(4, 7, 8), BatchSlice(7, 8, 8))
    assert [batch_slice.share for batch_slice in own_slices(8, 3, 0, 2)] == [3 / 8, 1 / 8]
    with pytest.raises(IdfsrError, match="found 8, wanted a multiple of 3 processes"):
        own_slices(8, 0, 0, 3)


def test_parts_draw_what_the_batch_draws() -> None:
    whole = torch.rand((8, 3), generator=torch.Generator().manual_seed(1))
    slices = [
        batch_slice.draw(lambda n: torch.rand((n, 3), generator=torch.Generator().manual_seed(1)))
        for batch_slice in own_slices(8, 3, 0, 1)
    ]
    assert torch.equal(torch.cat(slices), whole)
