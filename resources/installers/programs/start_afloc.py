"""The frozen `afloc`, the window and the command line; named `afloc-engine` it is the engine."""

from beginning import begin

if __name__ == "__main__":
    begin()
    import sys
    from pathlib import Path

    if Path(sys.executable).stem == "afloc-engine":
        from afloc_desktop.engine import main as serve

        serve()
    from afloc_desktop.cli import main

    sys.exit(main())
