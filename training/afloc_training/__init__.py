"""The training module: teaches a bundle from films and their reports."""
