"""What the application knows and does. No Qt: the window and the command line share it."""
