from dataclasses import replace

import pytest

from afloc_desktop.core.model.patches import RESOLUTIONS
from afloc_desktop.core.model.runtime import PROVIDER_CHOICES
from afloc_desktop.state.settings import Settings
from afloc_desktop.ui import strings, theme
from afloc_desktop.ui.qt import QDialogButtonBox, QFontDatabase, QLabel, QWidget
from afloc_desktop.ui.settings_dialog import SettingsDialog

GIVEN = Settings(reader="Dr Reader", look="light", language="zh", opacity=0.3, provider="tpu")


@pytest.fixture
def dialog(qtbot):
    parent = QWidget()
    qtbot.addWidget(parent)
    made = SettingsDialog(parent, GIVEN)
    made.show()
    yield made
    parent.close()


def accept(dialog, qtbot):
    with qtbot.waitSignal(dialog.changed) as said:
        dialog.findChild(QDialogButtonBox).button(QDialogButtonBox.StandardButton.Ok).click()
    return said.args[0]


def test_what_is_not_touched_stays(dialog, qtbot):
    assert accept(dialog, qtbot) == GIVEN


def test_every_choice_is_taken(dialog, qtbot):
    dialog.reader.setText("  Dr   Other ")
    dialog.look.setCurrentIndex(dialog.look.findData("dark"))
    dialog.language.setCurrentIndex(dialog.language.findData("en"))
    dialog.provider.setCurrentIndex(dialog.provider.findData("cpu"))
    dialog.resolution.setCurrentIndex(dialog.resolution.findData("mirrored"))
    expected = replace(GIVEN, reader="Dr Other", look="dark", language="en", provider="cpu")
    expected = replace(expected, resolution="mirrored")
    assert accept(dialog, qtbot) == expected


def test_every_choice_there_is_has_a_name():
    assert set(strings.PROVIDERS) == set(PROVIDER_CHOICES)
    assert set(strings.LOOKS) == set(theme.LOOKS)
    assert set(strings.RESOLUTIONS) <= set(RESOLUTIONS)


@pytest.mark.parametrize("fonts", [[], ["Noto Sans CJK SC"]])
def test_a_language_that_no_font_can_show_is_told(qtbot, monkeypatch, fonts):
    asked = QFontDatabase.WritingSystem.SimplifiedChinese
    monkeypatch.setattr(QFontDatabase, "families", lambda system: fonts if system == asked else [1])
    parent = QWidget()
    qtbot.addWidget(parent)
    dialog = SettingsDialog(parent, GIVEN)
    (told,) = [w for w in dialog.findChildren(QLabel) if w.text() == strings.NO_CHINESE_FONT]
    assert told.isVisibleTo(dialog) == (not fonts)
    dialog.language.setCurrentIndex(dialog.language.findData("en"))
    assert not told.isVisibleTo(dialog)
