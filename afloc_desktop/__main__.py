"""`python -m afloc_desktop` is `afloc`."""

import sys

from afloc_desktop.cli import main

if __name__ == "__main__":
    sys.exit(main())
