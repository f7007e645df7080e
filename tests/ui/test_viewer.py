from types import SimpleNamespace

import numpy as np
import pytest
from doubles import film, listing
from readings import MODEL, STATES, reading

from afloc_desktop.core.dicom.display import MinMax, auto_window
from afloc_desktop.core.domain import VoiLut, VoiWindow
from afloc_desktop.state.store import State
from afloc_desktop.ui.presets import name_of
from afloc_desktop.ui.qt import QAction, QComboBox, QLabel, QToolButton
from afloc_desktop.ui.viewer import Viewer, warnings


def windows_of(viewer):
    boxes = viewer.findChildren(QComboBox)
    return next(box for box in boxes if box.accessibleName() == "Window")


@pytest.fixture
def viewer(qtbot):
    made = Viewer(SimpleNamespace(activate=print, scroll=print, pause=print, play=print))
    qtbot.addWidget(made)
    made.resize(700, 600)
    made.show()
    return made


@pytest.mark.parametrize("name", STATES)
def test_every_state_can_be_shown(viewer, name):
    viewer.render_state(State(), STATES[name])
    assert not viewer.grab().isNull()


def test_the_list_offers_the_files_windows_then_ours(viewer):
    viewer.render_state(State(), reading())
    box = windows_of(viewer)
    assert [box.itemText(i) for i in range(box.count())] == ["STANDARD", "Automatic", "Full range"]
    assert box.currentText() == "STANDARD"


def test_choosing_a_window_shows_the_film_through_it(viewer):
    viewer.render_state(State(), reading())
    box = windows_of(viewer)
    box.activated.emit(2)
    assert viewer.canvas.scene.choice == MinMax()
    assert box.currentText() == "Full range"


def test_a_readers_own_window_is_none_of_the_list(viewer):
    viewer.render_state(State(), reading())
    viewer.canvas.set_choice(VoiWindow(1, 2, "LINEAR_EXACT", ""))
    assert windows_of(viewer).currentIndex() == -1


def test_warnings_of_the_film_are_shown_literally(viewer):
    viewer.render_state(State(), reading(image=film(warnings=("<b>No</b> side.",))))
    (shown,) = [label for label in viewer.findChildren(QLabel) if label.isVisible()]
    assert shown.text() == "<b>No</b> side."
    viewer.render_state(reading(image=film(warnings=("x",))), reading())
    assert not shown.isVisible()


def test_another_modality_than_the_models_is_a_warning():
    (series,) = listing(1).studies[0].series
    other = (
        listing(1)
        .studies[0]
        .__class__(
            uid="1",
            patient_name="",
            patient_id="",
            date="",
            description="",
            accession_number="",
            series=(
                series.__class__(
                    uid=series.uid,
                    number=1,
                    modality="MR",
                    description="",
                    body_part="",
                    view_position="",
                    images=series.images,
                ),
            ),
        )
    )
    state = reading(listing=listing(1).__class__((other,), ()))
    assert warnings(state) == [
        "This is MR; the model was made for DX, CR. Its answers mean little here."
    ]
    assert warnings(reading(listing=state.listing, model=None)) == []


def test_a_film_that_suits_the_model_has_no_warning():
    assert warnings(reading(model=MODEL)) == []
    assert warnings(State()) == []


def test_windows_without_a_name_are_called_by_their_numbers():
    table = VoiLut(0, np.zeros(2, np.uint16), 8, "")
    assert name_of(table, 2) == "Table 2"
    assert name_of(VoiWindow(40, 400, "LINEAR", ""), 1) == "W 400   L 40"
    assert name_of(VoiWindow(40, 400, "LINEAR", "BONE"), 1) == "BONE"
    assert name_of(auto_window(film()), 1) == "Automatic"


def test_actions_become_buttons(viewer):
    looking, asking = QAction("Fit", viewer), QAction("AI", viewer)
    viewer.add_buttons([looking], [asking])
    assert [b.text() for b in viewer.findChildren(QToolButton) if b.text()] == ["Fit", "AI"]
