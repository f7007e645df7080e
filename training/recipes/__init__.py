"""Recipes: the settings of one training, as TOML."""
