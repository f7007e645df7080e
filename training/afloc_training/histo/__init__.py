"""The demonstration on stained tissue: tiles, the structures a program finds, and their words."""
