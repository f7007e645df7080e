"""Whole slides: pyramids of tiles, read tile by tile and never whole."""
