"""The methods of the tables, one module or folder each; what they share stands in `engine`."""
