from dataclasses import replace

import pytest
from readings import PROBLEM, STATES, reading

from afloc_desktop.state.store import ModelName, State
from afloc_desktop.ui.qt import QLabel, QMainWindow, QToolButton
from afloc_desktop.ui.statusline import StatusLine, doing


@pytest.fixture
def window(qtbot):
    made = QMainWindow()
    qtbot.addWidget(made)
    return made


def said(window):
    parts = (*window.statusBar().findChildren(QLabel), *buttons(window))
    return [part.text() for part in parts]


def buttons(window):
    return window.statusBar().findChildren(QToolButton)


@pytest.mark.parametrize("name", STATES)
def test_every_state_can_be_shown(window, name):
    StatusLine(window.statusBar()).render_state(State(), STATES[name])
    assert not window.grab().isNull()


def test_model_version_and_the_processor_really_used_are_named(window):
    StatusLine(window.statusBar()).render_state(State(), reading())
    assert "Model fake 1   ·   CPU" in said(window)
    assert "answered in 120 ms" in said(window)


def test_a_processor_that_gave_way_is_told_with_the_reason(window):
    state = reading()
    told = replace(state.model, fallback="The provider 'cuda' is not usable here.")
    StatusLine(window.statusBar()).render_state(State(), replace(state, model=told))
    assert any("the chosen processor cannot be used" in text for text in said(window))
    assert any("&#x27;cuda&#x27;" in button.toolTip() for button in buttons(window))


def test_the_name_of_the_model_offers_the_others_under_what_they_were_made_for(window):
    line, chosen = StatusLine(window.statusBar()), []
    line.chosen.connect(chosen.append)
    models = (
        ModelName("fake", "Chest <b>films</b> & more", "cxr"),
        ModelName("site", "Ours", "cxr"),
        ModelName("eyes", "Eyes", "fundus"),
    )
    line.render_state(State(), replace(reading(), installed=models))
    offered = line.model.menu().actions()
    assert [(a.text(), a.isEnabled(), a.isChecked()) for a in offered] == [
        ("Made for chest films", False, False),
        ("Chest <b>films</b> && more  (fake)", True, True),
        ("Ours  (site)", True, False),
        ("Made for photographs of the retina", False, False),
        ("Eyes  (eyes)", True, False),
    ]
    offered[4].trigger()
    assert chosen == ["eyes"]


def test_what_is_under_way_goes_before_what_went_wrong():
    assert doing(State(busy=frozenset({"scan"}), scanned=12)) == "Looking through files… 12"
    assert doing(State(busy=frozenset({"image"}), notice=PROBLEM)) == "Reading film…"
    assert doing(State(busy=frozenset({"answer"}))) == "Comparing…"
    assert doing(State(notice=PROBLEM)).startswith("There is no <b>model</b> installed.")
    assert doing(State(settings_problem=PROBLEM)).endswith("Install one & restart.")
    assert doing(State()) == "Ready"


def test_the_probe_is_shown_as_it_comes(window):
    line = StatusLine(window.statusBar())
    line.show_probe("x 1  y 2   value 3")
    assert "x 1  y 2   value 3" in said(window)
