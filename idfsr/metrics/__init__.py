"""One file, or folder, for each family of metrics; what they share stands in `engine`."""
