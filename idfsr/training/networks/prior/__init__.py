"""The training of prior."""
