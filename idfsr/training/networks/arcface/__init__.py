"""The training of arcface."""
