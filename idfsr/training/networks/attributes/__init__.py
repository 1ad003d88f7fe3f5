"""The training of attributes."""
