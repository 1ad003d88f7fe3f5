"""Experiments beside the tables."""
