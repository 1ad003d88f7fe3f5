"""The training of codeformer."""
