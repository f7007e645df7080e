"""The frozen `afloc-train`."""

from beginning import begin

if __name__ == "__main__":
    begin()
    import sys

    from afloc_training.cli import main

    sys.exit(main())
