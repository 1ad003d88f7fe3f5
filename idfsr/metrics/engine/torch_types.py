"""Types of torch, for modules that must not import it: the registry is read without torch.

A type checker sees torch's own types. At run time they are `Any`, of which jaxtyping checks the
shape and the dtype.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor
    from torch import device as Device  # noqa: N812 - a type, as Tensor is
else:
    Tensor = Device = Any

__all__ = ["Device", "Tensor"]
