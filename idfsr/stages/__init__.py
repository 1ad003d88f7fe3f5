"""One file per sub-command: parse, load, call one function, write."""
