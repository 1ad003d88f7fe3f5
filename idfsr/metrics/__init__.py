"""One file per metric, and the registry that names them."""
