"""ASFFNet (Li et al. 2020)."""
