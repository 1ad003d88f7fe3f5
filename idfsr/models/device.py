"""Where networks run."""

import torch


def pick_device() -> torch.device:
    """Return the first GPU where there is one, the CPU elsewhere."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")
