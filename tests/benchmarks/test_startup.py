"""From starting Python to the first paint and to the painted window, in fresh interpreters."""

import os
import subprocess
import sys
import time

import pytest
from bars import hold_within

BUDGET_S = 1.5  # on two cores, Python's own start included
CHILD = """
import sys, time
from afloc_desktop.ui import qt
from afloc_desktop.ui.canvas import FilmCanvas

paint = FilmCanvas._paint
def painted(self, painter):
    paint(self, painter)
    print("painted", time.time(), *sorted(HEAVY & set(sys.modules)), flush=True)
    FilmCanvas._paint = paint
    qt.QTimer.singleShot(200, qt.QApplication.quit)

HEAVY = {"torch", "transformers", "onnxruntime", "pydicom", "SimpleITK", "pyqtgraph", "scipy"}
FilmCanvas._paint = painted
from afloc_desktop.ui.app import run
run([])
print("ended", time.time(), *sorted({"torch", "transformers"} & set(sys.modules)), flush=True)
"""

BARE = """
import os, time
from PySide6.QtWidgets import QApplication, QWidget

class Bare(QWidget):
    def paintEvent(self, event):
        print(time.process_time(), flush=True)
        os._exit(0)

application = QApplication([])
window = Bare()
window.show()
application.exec()
"""
FIRST = """
import os, sys, time
from afloc_desktop.cli import main
from afloc_desktop.ui import opening

paint = opening.Opening.paintEvent
def painted(self, event):
    paint(self, event)
    heavy = {"torch", "SimpleITK", "pydicom", "pyqtgraph", "numpy", "onnxruntime"}
    print(time.process_time(), *sorted(heavy & set(sys.modules)), flush=True)
    os._exit(0)

opening.Opening.paintEvent = painted
main(["open"])
"""
RATIO, TURNS = 1.6, 3


def printed(program, home):
    environment = os.environ | {"AFLOC_HOME": str(home), "QT_QPA_PLATFORM": "offscreen"}
    command = [sys.executable, "-c", program]
    return subprocess.run(
        command, env=environment, capture_output=True, text=True, check=True, timeout=120
    ).stdout.split()


@pytest.mark.bench
def test_the_first_paint_is_hardly_later_than_that_of_a_bare_window(tmp_path, capsys):
    """Processor time, in turn: other work on the machine weighs on both alike."""

    def ratio():
        bare, first = [], []
        for _ in range(TURNS):
            bare.append(float(printed(BARE, tmp_path)[0]))
            seconds, *heavy = printed(FIRST, tmp_path)
            assert heavy == [], "loaded before anything was painted"
            first.append(float(seconds))
        return min(first) / min(bare)

    with capsys.disabled():
        hold_within("first paint, times a bare window", ratio, RATIO, patience=1.3)


@pytest.mark.bench
def test_the_window_is_up_in_time_and_loads_nothing_heavy(tmp_path, capsys):
    environment = os.environ | {"AFLOC_HOME": str(tmp_path), "QT_QPA_PLATFORM": "offscreen"}

    def seconds():
        started = time.time()
        child = subprocess.run(
            [sys.executable, "-c", CHILD],
            env=environment,
            capture_output=True,
            text=True,
            check=True,
            timeout=120,
        )
        painted, ended = child.stdout.split("\n")[:2]
        assert painted.split()[2:] == [], "loaded before the window was painted"
        assert ended.split()[2:] == [], "the desktop never loads the trainer's libraries"
        return float(painted.split()[1]) - started

    with capsys.disabled():
        hold_within("start to painted window, s", seconds, BUDGET_S, patience=8)
