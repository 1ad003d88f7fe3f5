"""The training of asffnet."""
