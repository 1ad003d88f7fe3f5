"""One family of metrics; see `idfsr.metrics.engine.registry`."""
