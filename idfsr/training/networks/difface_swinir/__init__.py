"""The training of difface_swinir."""
