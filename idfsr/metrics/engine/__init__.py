"""What the families of metrics share: their contract, the registry, and the way to a table."""
