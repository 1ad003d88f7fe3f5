"""One's own photographs: fitting a person to a folder, restoring photographs of them."""
