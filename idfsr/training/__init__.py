"""One loop, and what each network trains."""
