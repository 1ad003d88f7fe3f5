"""PGDiff (Yang et al. 2023), without and with a reference."""
