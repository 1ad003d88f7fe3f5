"""Reference-based face super-resolution with identity decoupling and fitting (IDFSR)."""
