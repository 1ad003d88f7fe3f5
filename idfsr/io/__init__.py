"""Identities, splits, pairs and degradation: tables and images in, tensors out."""
