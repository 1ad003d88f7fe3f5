"""One file per method of Table 1, all with the same contract."""
