import pytest

from afloc_desktop.state.presets import DEFAULT, Preset
from afloc_desktop.ui.preset_dialog import PresetDialog
from afloc_desktop.ui.qt import QDialogButtonBox


@pytest.fixture
def dialog(qtbot):
    made = PresetDialog(None, (Preset("Lung", -600, 1500),))
    qtbot.addWidget(made)
    made.answers = []
    made.chosen.connect(made.answers.append)
    return made


def test_what_stands_in_the_rows_is_handed_on(dialog):
    name, centre, width = dialog._rows[2]
    name.setText("Own,; one")
    centre.setValue(-50)
    width.setValue(0)  # as narrow as it goes
    dialog.accept()
    assert dialog.answers == [(Preset("Lung", -600, 1500), Preset("Own one", -50, 1))]


def test_leaving_changes_nothing(dialog):
    dialog.reject()
    assert dialog.answers == []


def test_the_defaults_come_back(dialog):
    buttons = dialog.findChild(QDialogButtonBox)
    buttons.button(QDialogButtonBox.StandardButton.RestoreDefaults).click()
    assert dialog.presets() == DEFAULT
