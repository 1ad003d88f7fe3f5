"""The training of landmarks68."""
