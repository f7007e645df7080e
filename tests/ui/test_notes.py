import pytest

from afloc_desktop.core.dicom.overlays import SHOWN
from afloc_desktop.ui.notes import Notes
from afloc_desktop.ui.qt import QLabel, QPushButton, Qt


@pytest.fixture
def notes(qtbot):
    made = Notes()
    qtbot.addWidget(made)
    return made


def text(notes):
    return notes.findChild(QLabel).text()


def more(notes):
    return notes.findChild(QPushButton)


def test_nothing_to_say_takes_no_room(notes):
    notes.show_notes(["One."])
    assert not notes.isHidden()
    notes.show_notes([])
    assert notes.isHidden()


def test_one_note_stands_alone(notes):
    notes.show_notes(["One."])
    assert text(notes) == "One."
    assert more(notes).isHidden()


def test_further_notes_wait_until_they_are_asked_for(notes):
    notes.show_notes(["One.", "Two.", "Three.", "Two."])
    assert (text(notes), more(notes).text()) == ("One.", "2 more")
    more(notes).click()
    assert (text(notes), more(notes).text()) == ("One.\nTwo.\nThree.", "Less")
    more(notes).click()
    assert text(notes) == "One."


def test_another_film_folds_the_notes(notes):
    notes.show_notes(["One.", "Two."])
    more(notes).click()
    notes.show_notes(["Three.", "Four."])
    assert text(notes) == "Three."


def test_what_is_wrong_is_said_before_what_is_usual(notes):
    notes.show_notes([SHOWN])
    assert notes.property("role") == "calm"
    notes.show_notes([SHOWN, "The film looks inverted."])
    assert text(notes) == "The film looks inverted."
    assert notes.property("role") == "warning"


def test_notes_are_plain_text(notes):
    notes.show_notes(["<b>x</b>"])
    assert notes.findChild(QLabel).textFormat() == Qt.TextFormat.PlainText
