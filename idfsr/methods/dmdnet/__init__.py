"""DMDNet (Li et al. 2022)."""
