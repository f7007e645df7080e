"""The frozen `afloc-train`."""

from beginning import begin

if __name__ == "__main__":
    begin()
    import sys

    from afloc_training.cli import main
    from afloc_training.site.pdf_text import READER_VERB, serve

    sys.exit(serve() if sys.argv[1:2] == [READER_VERB] else main())
