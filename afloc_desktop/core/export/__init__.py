"""Results out: files other people and programs read."""
