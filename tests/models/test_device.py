import pytest
import torch

from idfsr.models.device import pick_device


@pytest.mark.parametrize(("available", "kind"), [(True, "cuda"), (False, "cpu")])
def test_gpu_where_there_is_one(
    monkeypatch: pytest.MonkeyPatch, *, available: bool, kind: str
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: available)
    assert pick_device().type == kind
