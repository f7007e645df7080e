"""What the AFLoc module does, apart from its panel: the engine process, films, and the scene."""
