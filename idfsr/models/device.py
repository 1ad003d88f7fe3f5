"""Where networks run, and in which precision."""

import torch


def pick_device() -> torch.device:
    """Return the first GPU where there is one, the CPU elsewhere."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def autocast(device: torch.device, precision: str) -> torch.autocast:
    """Return a context in which products are computed in a precision; weights stay in float32.

    Args:
        device: Of the networks.
        precision: Name of a type of torch; float32 leaves everything as it is.
    """
    return torch.autocast(device.type, getattr(torch, precision), enabled=precision != "float32")
