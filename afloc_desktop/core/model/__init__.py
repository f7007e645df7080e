"""The model bundle: its manifest, its checks and the sessions that run it."""
