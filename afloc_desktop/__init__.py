"""AFLoc Desktop: ask a film for a finding in words and see where it is, offline."""

__version__ = "0.1.0"
