"""From starting Python to the painted window, in a fresh interpreter."""

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
            timeout=60,
        )
        painted, ended = child.stdout.split("\n")[:2]
        assert painted.split()[2:] == [], "loaded before the window was painted"
        assert ended.split()[2:] == [], "the desktop never loads the trainer's libraries"
        return float(painted.split()[1]) - started

    with capsys.disabled():
        hold_within("start to painted window, s", seconds, BUDGET_S)
