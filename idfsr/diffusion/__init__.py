"""Schedule, training loss and DDIM as functions of tensors."""
