from pathlib import Path

import pytest
from readings import MARKUP

from afloc_desktop.state.index import KnownStudy
from afloc_desktop.ui.panels.known import KnownStudies
from afloc_desktop.ui.qt import QTreeWidget


def known(uid="1", name="Doe^Jane", folder="/archive/a"):
    return KnownStudy(uid, name, "P1", "20240229", "Chest", "A1", "CR DX", 3, (Path(folder),))


@pytest.fixture
def panel(qtbot):
    made = KnownStudies()
    qtbot.addWidget(made)
    return made


def tree(panel):
    return panel.findChild(QTreeWidget)


def test_it_is_there_only_while_there_is_something_to_show(panel):
    assert panel.isHidden()
    panel.show_studies([known()])
    assert not panel.isHidden()
    panel.show_studies([])
    assert panel.isHidden()


def test_a_study_is_named_by_patient_date_and_kind_and_its_place(panel):
    panel.show_studies([known()])
    item = tree(panel).topLevelItem(0)
    assert item.text(0) == "Doe, Jane   P1   2024-02-29   CR DX   Chest"
    assert "/archive/a" in item.toolTip(0)
    assert "3 films" in item.toolTip(0)


def test_choosing_a_study_opens_it_once(panel):
    opened = []
    panel.opened.connect(opened.append)
    panel.show_studies([known("1"), known("2")])
    item = tree(panel).topLevelItem(1)
    tree(panel).itemClicked.emit(item, 0)
    assert opened == [known("2")]
    assert panel.isHidden()


def test_names_with_markup_stand_as_they_are(panel):
    panel.show_studies([known(name=MARKUP, folder="/<b>x</b>")])
    assert "<b>" not in tree(panel).topLevelItem(0).toolTip(0)
