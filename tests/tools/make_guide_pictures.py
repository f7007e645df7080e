"""Draw the pictures of README and of `radiologist-guide.md`: a walk through the window, offscreen.

    python tests/tools/make_guide_pictures.py [--output resources/docs/img]

The walk is the one `tests/end_to_end/test_tour.py` takes; a step that does not show what it should
ends it. Only films of the sample study are on the pictures.
"""

# ruff: noqa: E402  -- Qt reads the environment when it is loaded

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/support"))
os.environ["QT_QPA_PLATFORM"] = "offscreen"

import PIL.Image
from PySide6.QtTest import QTest
from tour import SIZE, Tour

from afloc_desktop.state.paths import Paths
from afloc_desktop.ui import theme
from afloc_desktop.ui.qt import QApplication

OF_README = (1440, 900)
SETTLED_MS = 400
LATEST_S = 120


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", type=Path, default=ROOT / "resources/docs/img")
    output = parser.parse_args().output
    application = QApplication([])
    theme.dress(application)
    with tempfile.TemporaryDirectory() as home, tempfile.TemporaryDirectory() as films:
        os.environ["AFLOC_HOME"] = home

        def show(name, widget, kind="guide-"):
            QTest.qWait(SETTLED_MS)
            path = output / f"{kind}{name}.png"
            widget.grab().save(str(path))
            with PIL.Image.open(path) as picture:
                plain = picture.convert("RGB")
            plain.save(path, optimize=True)
            print(path)

        walk = Tour(Paths.default(), Path(films), show, wait)
        try:
            first, *others = walk.steps
            first()
            walk.window.resize(*OF_README)
            show("window", walk.window, kind="")
            walk.window.resize(*SIZE)
            for step in others:
                step()
        finally:
            walk.close()


def wait(until) -> None:
    latest = time.monotonic() + LATEST_S
    while not until():
        if time.monotonic() > latest:
            raise SystemExit("the window did not come to rest")
        QTest.qWait(20)


if __name__ == "__main__":
    main()
