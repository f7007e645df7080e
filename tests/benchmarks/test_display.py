"""How long a frame takes on a large film: 3000 x 2500, 1200 x 1000 points of canvas.

Ratios are of processor time, measured in turn, so that other work on the machine weighs on both
sides alike. The peer at equal quality is pyqtgraph with `autoDownsample`, which averages too.
"""

import time
from dataclasses import replace
from functools import partial
from statistics import median

import numpy as np
import pytest
from bars import hold, hold_within
from doubles import film
from readings import EFFUSION, answer, reading

from afloc_desktop.core.domain import Prompt, VoiWindow
from afloc_desktop.state.store import State
from afloc_desktop.ui.canvas import FilmCanvas
from afloc_desktop.ui.qt import QImage, QPainter, QPoint, QWidget

BUDGET_S = 0.04  # 25 frames a second on two cores
TWO_FRAMES_S = 2 / 60
FRAMES = 9
WIDTH, HEIGHT = 1200, 1000
# A window has the memory of what it shows; it does not ask for new memory with each frame.
SCREEN = QImage(WIDTH, HEIGHT, QImage.Format.Format_RGB32)
PIXELS = np.random.default_rng(1).integers(0, 65_535, (3000, 2500)).astype(np.uint16)
IMAGE = film(rows=3000, columns=2500, pixels=PIXELS.astype(np.float32))
ALONE = reading(image=IMAGE, prompt=None, answers={})
ANSWERED = reading(
    image=IMAGE,
    answers={p: answer(p, IMAGE) for p in (EFFUSION, Prompt("nodule", "preset"))},
)


class Unchanged(QWidget):
    """The floor: a picture that is there already."""

    def __init__(self):
        super().__init__()
        self._picture = QImage(WIDTH, HEIGHT, QImage.Format.Format_Grayscale8)
        self._picture.fill(90)

    def paintEvent(self, event):  # noqa: N802  -- Qt's name
        with QPainter(self) as painter:
            painter.drawImage(0, 0, self._picture)


def canvas_of(qtbot, state):
    canvas = FilmCanvas()
    qtbot.addWidget(canvas)
    canvas.resize(WIDTH, HEIGHT)
    canvas.render_state(State(), state)
    return canvas


def window_of(canvas, step):
    canvas.set_choice(VoiWindow(3e4 + step, 4e4, "LINEAR_EXACT", ""))


def processor_s(widget, change, step):
    """Processor time of one change and the frame that shows it."""
    started = time.process_time()
    change(step)
    QWidget.render(widget, SCREEN, QPoint(0, 0))
    return time.process_time() - started


def in_turn(*frames):
    """The least of each, measured one after the other again and again."""
    for frame in frames:
        frame(0)
    return np.min([[frame(step) for frame in frames] for step in range(1, FRAMES)], axis=0)


@pytest.mark.bench
def test_window_level_and_panning_are_smooth(qtbot, capsys):
    canvas = canvas_of(qtbot, ANSWERED)

    def pan(step):
        canvas.scene.pan(step, 0)

    def frame_s(change):
        return in_turn(partial(processor_s, canvas, change))[0]

    with capsys.disabled():
        hold_within("a frame of window/level, s", partial(frame_s, partial(window_of, canvas)),
                    BUDGET_S)  # fmt: skip
        hold_within("a frame of panning with overlay, s", partial(frame_s, pan), BUDGET_S)


@pytest.mark.bench
def test_a_window_is_dragged_faster_than_pyqtgraph_and_not_much_slower_than_nothing(qtbot, capsys):
    peer = pytest.importorskip("pyqtgraph")
    peer.setConfigOptions(imageAxisOrder="row-major")
    canvas, unchanged = canvas_of(qtbot, ALONE), Unchanged()
    view, box = peer.GraphicsView(), peer.ViewBox(lockAspect=True, invertY=True)
    for widget in (unchanged, view):
        qtbot.addWidget(widget)
        widget.resize(WIDTH, HEIGHT)
    view.setCentralItem(box)
    item = peer.ImageItem(PIXELS, autoDownsample=True)
    box.addItem(item)
    box.autoRange()

    def ratios():
        return in_turn(
            partial(processor_s, canvas, partial(window_of, canvas)),
            partial(processor_s, view, lambda step: item.setLevels((1e4 + step, 5e4))),
            partial(processor_s, unchanged, lambda step: None),
        )

    with capsys.disabled():
        hold("window/level, times pyqtgraph", lambda: ratios()[1] / ratios()[0], 20)
        hold_within("window/level, times an unchanged picture", lambda: ratios()[0] / ratios()[2],
                    5, patience=1.5)  # fmt: skip


@pytest.mark.bench
def test_a_window_with_a_heatmap_is_dragged_faster_than_a_composite(qtbot, capsys):
    canvas = canvas_of(qtbot, ANSWERED)
    dice = np.random.default_rng(2)
    colours = dice.random((3000, 2500, 3), np.float32) * 255
    cover = (dice.random((3000, 2500, 1), np.float32) > 0.5) * np.float32(0.45)

    def composite(step, target):
        """The film and its colours mixed at full size, then drawn as small as the screen."""
        grey = np.clip((IMAGE.pixels - np.float32(1e4 + step)) * np.float32(255 / 4e4), 0, 255)
        mixed = (grey[..., None] * (1 - cover) + colours * cover).astype(np.uint8)
        picture = QImage(mixed.data, 2500, 3000, 7500, QImage.Format.Format_RGB888)
        with QPainter(target) as painter:
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            painter.drawImage(canvas.rect(), picture)

    def composite_s(step):
        started = time.process_time()
        composite(step, SCREEN)
        return time.process_time() - started

    def ratio():
        ours, theirs = in_turn(
            partial(processor_s, canvas, partial(window_of, canvas)), composite_s
        )
        return theirs / ours

    with capsys.disabled():
        hold("window/level with a heatmap, times a numpy composite", ratio, 50)


@pytest.mark.bench
def test_a_further_finding_is_painted_within_two_frames(qtbot, capsys):
    canvas = canvas_of(qtbot, ANSWERED)
    prompts = list(ANSWERED.answers)

    def seconds():
        taken = []
        for step in range(FRAMES):
            state = replace(ANSWERED, prompt=prompts[step % 2])
            taken.append(
                processor_s(canvas, lambda _, s=state: canvas.render_state(ANSWERED, s), step)
            )
            assert canvas.scene.answer_to_paint(state) is state.answer
        return median(taken)

    with capsys.disabled():
        hold_within("a further finding on screen, s", seconds, TWO_FRAMES_S)
