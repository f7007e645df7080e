import pytest

from afloc_desktop.ui.key_dialog import KeyDialog
from afloc_desktop.ui.qt import (
    QDialogButtonBox,
    QKeySequence,
    QLabel,
    QLineEdit,
    QPushButton,
    QWidget,
)


@pytest.fixture
def dialog(qtbot):
    parent = QWidget()
    qtbot.addWidget(parent)
    made = KeyDialog(parent, {"fit": ("F9",)})
    made.show()
    yield made
    parent.close()


def choose(dialog, text):
    rows = [dialog.list.topLevelItem(n) for n in range(dialog.list.topLevelItemCount())]
    (row,) = [row for row in rows if row.text(0) == text]
    dialog.list.setCurrentItem(row)


def ok(dialog):
    return dialog.findChild(QDialogButtonBox).button(QDialogButtonBox.StandardButton.Ok)


def test_a_command_gets_another_key_and_its_own_back(dialog, qtbot):
    choose(dialog, "Invert grey levels")
    dialog.edit.setKeySequence(QKeySequence("F8"))
    choose(dialog, "Fit film to window")
    assert dialog.edit.keySequence().toString() == "F9"
    (default,) = [b for b in dialog.findChildren(QPushButton) if b.text() == "Default"]
    default.click()
    assert dialog.edit.keySequence().toString() == "="
    with qtbot.waitSignal(dialog.changed) as said:
        ok(dialog).click()
    assert said.args == [{"invert": ("F8",)}]


def test_a_conflict_is_said_and_cannot_be_kept(dialog):
    choose(dialog, "Invert grey levels")
    dialog.edit.setKeySequence(QKeySequence("Ctrl+O"))
    texts = [part.text() for part in dialog.findChildren(QLabel) if part.isVisible()]
    assert "Ctrl+O stands for: Open files…, Invert grey levels" in texts
    assert not ok(dialog).isEnabled()
    dialog.edit.clear()
    assert ok(dialog).isEnabled()


def test_commands_are_found_by_name_and_by_key(dialog):
    dialog.findChild(QLineEdit).setText("f9")
    rows = [dialog.list.topLevelItem(n) for n in range(dialog.list.topLevelItemCount())]
    assert [row.text(0) for row in rows if not row.isHidden()] == ["Fit film to window"]
