"""What the methods share: their contract, how they are found and run, and their common steps."""
