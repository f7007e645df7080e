from dataclasses import replace
from types import SimpleNamespace

import pytest
from doubles import listing, ref
from readings import reading

from afloc_desktop.core.domain import Listing
from afloc_desktop.state.store import State
from afloc_desktop.ui.cine import Cine, playable
from afloc_desktop.ui.qt import QObject

(STUDY,) = listing(1).studies
SERIES = replace(STUDY.series[0], images=(ref(1), ref(2), ref(3)))
STACK = reading(listing=Listing((replace(STUDY, series=(SERIES,)),), ()))


@pytest.fixture
def cine(qapp):
    calls = []
    wall = SimpleNamespace(play=lambda: calls.append("next"), pause=lambda: calls.append("pause"))
    parent = QObject()
    made = Cine(parent, wall)
    made.calls = calls
    made.render_state(State(), STACK)
    yield made
    made.play(False)
    parent.deleteLater()


def test_it_shows_image_after_image_until_it_is_stopped(qtbot, cine):
    cine.set_speed(200)
    cine.play(True)
    qtbot.waitUntil(lambda: cine.calls.count("next") >= 3)
    cine.play(False)
    assert cine.calls[-1] == "pause"
    assert not cine.is_playing


def test_a_series_of_one_film_is_not_played(cine):
    cine.render_state(STACK, reading())
    cine.play(True)
    assert not cine.is_playing
    assert playable(reading()) is None
    assert playable(State()) is None


def test_it_goes_on_within_the_series_and_stops_with_another(cine):
    cine.play(True)
    cine.render_state(STACK, replace(STACK, image_ref=ref(2)))
    assert cine.is_playing
    cine.render_state(STACK, reading())
    assert not cine.is_playing
