from dataclasses import replace

import numpy as np
import pytest
from doubles import listing, ref
from readings import MARKUP, STATES, reading

from afloc_desktop.state.store import State
from afloc_desktop.ui.panels.strip import SeriesStrip
from afloc_desktop.ui.qt import QIcon, QSize

GREY = np.full((72, 60), 90, np.uint8)


@pytest.fixture
def strip(qtbot):
    made = SeriesStrip()
    qtbot.addWidget(made)
    made.resize(260, 200)
    return made


@pytest.mark.parametrize("name", STATES)
def test_every_state_can_be_shown(strip, name):
    strip.render_state(State(), STATES[name])
    assert not strip.grab().isNull()


def test_pictures_come_one_by_one_and_the_series_on_screen_is_marked(strip):
    state = reading(image_ref=ref(2))
    strip.render_state(State(), state)
    assert (strip.count(), strip.currentRow(), strip.isHidden()) == (3, 1, False)
    assert strip.item(2).icon().isNull()
    later = replace(state, thumbs={ref(3): GREY})
    strip.render_state(state, later)
    assert [strip.item(n).icon().isNull() for n in range(3)] == [True, True, False]


def test_a_click_shows_the_series(strip, qtbot):
    strip.render_state(State(), reading())
    with qtbot.waitSignal(strip.chosen) as chosen:
        strip.itemClicked.emit(strip.item(2))
    assert chosen.args == [ref(3)]


def test_nothing_is_shown_of_a_study_of_one_series_or_none(strip):
    strip.render_state(State(), reading())
    strip.render_state(reading(), reading(listing=listing(1)))
    assert strip.isHidden()
    strip.render_state(reading(), State())
    assert strip.count() == 0


def test_labels_are_literal(strip):
    study = listing(1, 2).studies[0]
    series = tuple(replace(s, view_position=MARKUP) for s in study.series)
    strip.render_state(
        State(), reading(listing=replace(listing(1), studies=(replace(study, series=series),)))
    )
    assert MARKUP in strip.item(0).text()


@pytest.mark.parametrize("mode", [QIcon.Mode.Normal, QIcon.Mode.Selected])
def test_a_photograph_has_its_colours(strip, mode):
    eye = np.full((48, 72, 3), (200, 90, 20), np.uint8)
    strip.render_state(State(), reading(thumbs={ref(1): eye}))
    shown = strip.item(0).icon().pixmap(QSize(72, 72), mode).toImage()
    assert shown.pixelColor(10, 10).getRgb()[:3] == (200, 90, 20)
