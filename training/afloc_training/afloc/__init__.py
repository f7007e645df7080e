"""AFLoc itself: its network, its losses, and its official checkpoints as bundles."""
