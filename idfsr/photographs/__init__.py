"""Your own photographs: fit a person to a folder, and restore other photographs of that person."""
