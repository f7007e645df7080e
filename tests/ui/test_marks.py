from dataclasses import replace

import pytest
from doubles import film, ref
from readings import EFFUSION, reading

from afloc_desktop.core.domain import Prompt, Provenance
from afloc_desktop.core.export.selection import Statement
from afloc_desktop.core.findings import propose
from afloc_desktop.core.geometry import Point
from afloc_desktop.core.judging import edited, rejected
from afloc_desktop.state.judgements import Judgement
from afloc_desktop.ui.canvas import FilmCanvas
from afloc_desktop.ui.inks import ink_of
from afloc_desktop.ui.qt import QColor

NODULE = Prompt("nodule", "preset")
SQUARE = (Point(5, 5), Point(45, 5), Point(45, 30), Point(5, 30))


@pytest.fixture
def canvas(qtbot):
    made = FilmCanvas()
    qtbot.addWidget(made)
    made.resize(400, 400)
    return made


def counted(canvas, state, colour):
    """How many pixels of the canvas have very nearly a colour."""
    canvas.render_state(replace(state, image=None), state)
    picture = canvas.grab().toImage()
    wanted = QColor(colour)
    seen = (picture.pixelColor(x, y) for x in range(0, 400) for y in range(0, 400))
    return sum(
        abs(c.red() - wanted.red())
        + abs(c.green() - wanted.green())
        + abs(c.blue() - wanted.blue())
        < 12
        for c in seen
    )


def judged(state, prompt, judge):
    """A state with a verdict on one of its answers."""
    answer = state.answers[prompt]
    made = propose(
        answer.heatmap,
        answer.question,
        spacing=None,
        provenance=Provenance("fake", "bundle", "f", "1", "CPU", "now"),
    )
    statement = Statement(answer.question.label, judge(made, answer.heatmap), answer.heatmap)
    key = answer.heatmap.key
    return replace(state, judged={key: Judgement(ref(1), key, statement)})


def outlined(finding, heatmap):
    return edited(finding, [SQUARE], heatmap, spacing=None, author="R")


def test_a_kept_finding_is_outlined_in_its_own_ink(canvas):
    state = reading(prompt=None, thresholds={NODULE: 0.2})
    ink = ink_of(state, NODULE).colour
    assert counted(canvas, state, ink) == 0
    assert counted(canvas, replace(state, kept=(NODULE,)), ink) > 50


@pytest.mark.parametrize(
    "changes",
    [
        {"is_hidden": True},
        {"is_overlay_on": False},
        {"image": film(2)},
        {"model": replace(reading().model, bundle_sha256="another")},
        {"model": replace(reading().model, fingerprint="another preparation")},
        {"thresholds": {NODULE: 2.0}},
    ],
    ids=["hidden", "off", "another film", "model", "preparation", "below threshold"],
)
def test_nothing_is_drawn_where_it_does_not_belong(canvas, changes):
    state = reading(prompt=None, kept=(NODULE,), thresholds={NODULE: 0.2})
    assert counted(canvas, replace(state, **changes), ink_of(state, NODULE).colour) == 0


def test_boxes_stand_in_the_place_of_colours(canvas):
    state = reading(has_boxes=True, thresholds={EFFUSION: 0.2})
    assert counted(canvas, state, ink_of(state, EFFUSION).colour) > 100


def test_what_the_reader_drew_is_shown_and_what_was_rejected_is_not(canvas):
    state = reading(prompt=None, kept=(NODULE,), thresholds={NODULE: 2.0})
    ink = ink_of(state, NODULE).colour
    drawn = judged(state, NODULE, outlined)
    assert counted(canvas, drawn, ink) > 100
    refused = judged(state, NODULE, lambda finding, heatmap: rejected(finding, "R"))
    assert counted(canvas, replace(refused, thresholds={NODULE: 0.2}), ink) == 0
    chosen = replace(refused, prompt=NODULE, thresholds={NODULE: 0.2})
    canvas.render_state(replace(chosen, image=None), chosen)
    assert canvas.scene.answer_to_paint(chosen) is None
    assert canvas.scene.answer_to_paint(replace(chosen, judged={})) is not None
