from afloc_desktop import __version__
from afloc_desktop.ui import dialogs, strings
from afloc_desktop.ui.qt import QLabel, QPushButton, Qt, QWidget


def shown(qtbot, made):
    made.show()
    return [part.text() for part in made.findChildren(QLabel)]


def test_about_says_version_purpose_model_and_licences(qtbot):
    parent = QWidget()
    qtbot.addWidget(parent)
    texts = shown(qtbot, dialogs.about(parent, "<b>Fake</b> model"))
    assert strings.about(__version__) in texts
    assert {strings.RESEARCH_ONLY, strings.RESEARCH_TEXT, strings.LICENCES} <= set(texts)
    assert "<b>Fake</b> model" in texts


def test_no_paragraph_is_cut_off(qtbot):
    parent = QWidget()
    qtbot.addWidget(parent)
    made = dialogs.about(parent, "model")
    made.show()
    for part in made.findChildren(QLabel):
        assert part.height() >= part.heightForWidth(part.width())
        assert part.width() >= part.minimumSizeHint().width()


def test_the_first_notice_says_what_the_application_is_not_for(qtbot):
    parent = QWidget()
    qtbot.addWidget(parent)
    made = dialogs.welcome(parent)
    assert {strings.RESEARCH_ONLY, strings.RESEARCH_TEXT} <= set(shown(qtbot, made))
    with qtbot.waitSignal(made.accepted):
        made.findChild(QPushButton).click()


def test_a_crash_is_explained_and_its_details_are_literal(qtbot):
    parent = QWidget()
    qtbot.addWidget(parent)
    box = dialogs.crash(parent, "Traceback <b>x</b>")
    assert box.textFormat() == Qt.TextFormat.PlainText
    assert box.detailedText() == "Traceback <b>x</b>"
