"""DR2 (Wang et al. 2023)."""
