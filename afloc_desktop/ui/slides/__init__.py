"""A slide on screen: its tiles at any zoom, the map of it, and what the model says of it."""
