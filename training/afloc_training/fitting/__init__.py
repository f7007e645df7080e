"""Training of AFLoc on a prepared store: same seed, same numbers, also after an interruption."""
