import pytest
from PySide6.QtWidgets import QListWidget, QPlainTextEdit, QTextBrowser, QWidget

from afloc_desktop.state.papers import Paper
from afloc_desktop.ui.papers import PapersDialog
from afloc_desktop.ui.qt import QImage, QUrl


@pytest.fixture
def dialog(qtbot, tmp_path):
    picture = QImage(3000, 30, QImage.Format.Format_RGB32)
    picture.fill(0)
    picture.save(str(tmp_path / "wide.png"))
    (tmp_path / "a.md").write_text(
        "# First\n\n<b>bold</b> [b](b.md) [far](https://example.org)\n\n![wide](wide.png)\n"
    )
    (tmp_path / "b.md").write_text("# Second\n")
    (tmp_path / "c.txt").write_text("<i>plain</i> # no heading")
    papers = [Paper(name, tmp_path / name) for name in ("a.md", "b.md", "c.txt", "gone.md")]
    parent = QWidget()
    qtbot.addWidget(parent)
    made = PapersDialog(parent, "Papers", papers)
    made.show()
    yield made
    made.close()


def page(dialog):
    return dialog.findChild(QTextBrowser)


def test_a_page_is_shown_with_its_pictures_and_without_markup_of_others(dialog):
    text = page(dialog).toPlainText()
    assert text.startswith("First")
    assert "<b>bold</b>" in text
    assert page(dialog).document().idealWidth() < dialog.width()


def test_links_lead_to_other_papers_and_never_to_the_network(dialog):
    rows = dialog.findChild(QListWidget)
    page(dialog).anchorClicked.emit(QUrl("https://example.org/b.md"))
    assert rows.currentRow() == 0
    page(dialog).anchorClicked.emit(QUrl("b.md"))
    assert rows.currentRow() == 1
    assert page(dialog).toPlainText() == "Second"


def test_plain_text_stays_plain_and_a_missing_file_is_told(dialog):
    rows, plain = dialog.findChild(QListWidget), dialog.findChild(QPlainTextEdit)
    rows.setCurrentRow(2)
    assert plain.toPlainText() == "<i>plain</i> # no heading"
    assert plain.isVisible()
    assert not page(dialog).isVisible()
    rows.setCurrentRow(3)
    assert "cannot be read" in page(dialog).toPlainText()
