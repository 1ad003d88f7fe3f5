"""Photographs to a split of people: index, quality, split, and the plan of shards."""
