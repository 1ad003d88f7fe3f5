"""Detect, align, mask, warp: the geometry of one face."""
