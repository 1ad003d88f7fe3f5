"""CodeFormer (Zhou et al. 2022)."""
