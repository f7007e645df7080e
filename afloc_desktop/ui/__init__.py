"""The window: the only Qt in the project, and only through `ui.qt`."""
