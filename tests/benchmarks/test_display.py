"""How long a frame takes on a large film: 3000 x 2500, 1200 x 1000 points of canvas."""

import time
from functools import partial
from statistics import median

import numpy as np
import pytest
from bars import hold_within
from doubles import film
from readings import EFFUSION, answer, reading

from afloc_desktop.core.domain import VoiWindow
from afloc_desktop.state.store import State
from afloc_desktop.ui.canvas import FilmCanvas

BUDGET_S = 0.04  # 25 frames a second on two cores
FRAMES = 15


@pytest.mark.bench
def test_window_level_and_panning_are_smooth(qtbot, capsys):
    pixels = np.random.default_rng(1).integers(0, 65_535, (3000, 2500)).astype(np.float32)
    image = film(rows=3000, columns=2500, pixels=pixels)
    state = reading(image=image, answers={EFFUSION: answer(image=image)})
    canvas = FilmCanvas()
    qtbot.addWidget(canvas)
    canvas.resize(1200, 1000)
    canvas.render_state(State(), state)

    def window(step):
        canvas.set_choice(VoiWindow(3e4 + step, 4e4, "LINEAR_EXACT", ""))

    def pan(step):
        canvas.scene.pan(step, 0)

    def frame_s(change):
        seconds = []
        for step in range(1, FRAMES):
            started = time.perf_counter()
            change(step)
            canvas.grab()
            seconds.append(time.perf_counter() - started)
        return median(seconds)

    with capsys.disabled():
        hold_within("a frame of window/level, s", partial(frame_s, window), BUDGET_S)
        hold_within("a frame of panning with overlay, s", partial(frame_s, pan), BUDGET_S)
