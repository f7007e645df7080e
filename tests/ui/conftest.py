"""Every widget a test makes is gone when it ends."""

import gc

import pytest
from doubles import Desk

from afloc_desktop.state.paths import Paths
from afloc_desktop.ui.app import Station
from afloc_desktop.ui.qt import QApplication, QEvent


@pytest.fixture(autouse=True)
def no_widget_left_alive(qapp):
    """Fail a test that leaves a top-level widget behind."""
    yield
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    if QApplication.topLevelWidgets():
        gc.collect()  # a cycle of Python's own is not left alive
    left = QApplication.topLevelWidgets()
    assert left == [], f"left alive: {left}"


@pytest.fixture
def station(qtbot):
    """Make windows on fake slow calls; `settle` waits until nothing is under way."""
    made = []

    def make(desk=None, paths=("folder",), *, demo=False, size=(1100, 700)):
        one = Station(Paths.default(), (desk or Desk()).engine())
        made.append(one)
        one.window.resize(*size)
        one.show(paths, demo=demo)
        one.settle = lambda: (
            qtbot.waitUntil(
                lambda: (
                    one.store.state.model is not None or one.store.state.model_problem is not None
                )
            )
            or qtbot.waitUntil(lambda: not one.store.state.busy)
        )
        return one

    yield make
    for one in made:
        one.close()
        one.window.close()
        one.window.deleteLater()
