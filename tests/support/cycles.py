"""Open and close the window, with a film and its answers, again and again: `cycles.py 300`.

Prints as JSON what each cycle after the first third left behind: kilobytes of memory, objects of
Python, and threads and widgets in all. A leak grows in the second third and in the last one; what
the allocator takes once, in steps of megabytes, comes in one of them, so the lesser growth counts.
"""

import gc
import json
import os
import sys
import tempfile
import threading
import time
from itertools import pairwise
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
sys.path.insert(0, str(Path(__file__).parent))

from doubles import Desk
from PySide6.QtTest import QTest

from afloc_desktop.state.paths import Paths
from afloc_desktop.ui import theme
from afloc_desktop.ui.app import Station
from afloc_desktop.ui.qt import QApplication, QEvent

LATEST_S = 60


def resident_kb() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1024


def cycle() -> None:
    """A window is opened, reads a film, shows an answer, and is closed and gone."""
    station = Station(Paths.default(), Desk().engine())
    station.window.resize(900, 600)
    station.show(["folder"], demo=False)
    store, latest = station.store, time.monotonic() + LATEST_S
    while store.state.busy or store.state.model is None or not store.state.answers:
        assert time.monotonic() < latest
        QTest.qWait(5)
    station.workspace.select_finding("effusion")
    station.window.grab()
    station.window.close()
    assert station.close()
    station.window.deleteLater()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    del station, store
    gc.collect()


def main(cycles: int) -> None:
    application = QApplication([])
    theme.dress(application)
    memory, objects = [], []
    third = cycles // 3
    for _ in range(3):
        for _ in range(third):
            cycle()
        memory.append(resident_kb())
        objects.append(len(gc.get_objects()))
    left = {
        "kb": min(after - before for before, after in pairwise(memory)) / third,
        "objects": (objects[-1] - objects[0]) / (2 * third),
        "threads": threading.active_count() - 1,
        "widgets": len(QApplication.topLevelWidgets()),
    }
    print(json.dumps(left))


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as home:
        os.environ["AFLOC_HOME"] = home
        main(int(sys.argv[1]))
