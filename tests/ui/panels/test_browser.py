from dataclasses import replace
from functools import partial
from pathlib import Path
from unittest.mock import create_autospec

import pytest
from doubles import listing, ref
from readings import MARKUP, SKIPPED, STATES, reading

from afloc_desktop.core.domain import Listing, NonImage, Series, Skipped, Study
from afloc_desktop.state.index import KnownStudy
from afloc_desktop.state.store import State
from afloc_desktop.state.workspace import Workspace
from afloc_desktop.ui.panels.browser import Browser
from afloc_desktop.ui.qt import QAction, QLineEdit, QPushButton, QToolButton, QTreeWidget, children


@pytest.fixture
def workspace():
    return create_autospec(Workspace, instance=True)


@pytest.fixture
def browser(qtbot, workspace):
    owner = QAction("files"), QAction("folder")
    made = Browser(workspace, *owner)
    made.owner = owner
    qtbot.addWidget(made)
    made.resize(280, 600)
    made.show()
    return made


def texts(tree):
    def walk(item, depth):
        for child in children(item):
            yield "  " * depth + child.text(0)
            yield from walk(child, depth + 1)

    return list(walk(tree.invisibleRootItem(), 0))


def trees(browser):
    return browser.findChildren(QTreeWidget)


@pytest.mark.parametrize("name", STATES)
def test_every_state_can_be_shown(browser, name):
    browser.render_state(State(), STATES[name])
    assert not browser.grab().isNull()


def test_the_tree_is_patient_study_series(browser):
    browser.render_state(State(), State(listing=listing(1, 2)))
    assert texts(trees(browser)[0]) == [
        "Doe, Jane   PID-7",
        "  2024-02-29   Chest radiograph",
        "    DX   Chest 1   PA",
        "    DX   Chest 2   PA",
    ]


def test_a_series_of_several_films_unfolds(browser):
    series = Series("1.1", 1, "DX", "Chest", "", "", (ref(1), ref(2)))
    study = Study("1", "", "", "", "", "", (series,))
    browser.render_state(State(), State(listing=Listing((study,), ())))
    assert texts(trees(browser)[0])[2:] == [
        "    DX   Chest   (2 films)",
        "      Film 1",
        "      Film 2",
    ]


def test_choosing_a_film_shows_it(browser, workspace):
    browser.render_state(State(), State(listing=listing(1, 2)))
    tree = trees(browser)[0]
    patient = tree.topLevelItem(0)
    tree.setCurrentItem(patient.child(0).child(1))
    workspace.select_image.assert_called_once_with(ref(2))


def test_the_film_on_screen_is_marked_without_asking_for_it_again(browser, workspace):
    browser.render_state(State(), reading())
    assert trees(browser)[0].currentItem().text(0) == "DX   Chest 1   PA"
    workspace.select_image.assert_not_called()


def test_names_with_markup_stand_as_they_are(browser):
    browser.render_state(State(), State(listing=listing(1, patient=MARKUP)))
    patient = trees(browser)[0].topLevelItem(0)
    assert patient.text(0).startswith("<b>Roe</b><img>, <script>")
    assert "<b>" not in patient.toolTip(0)


def test_skipped_files_unfold_with_their_reasons(browser, qtbot):
    browser.render_state(State(), State(listing=listing(1, skipped=SKIPPED)))
    title = next(b for b in browser.findChildren(QToolButton) if "Skipped" in b.text())
    assert (title.text(), trees(browser)[-1].isVisible()) == ("Skipped files (2)", False)
    title.click()
    assert trees(browser)[-1].isVisible()
    assert "b.dcm: The file ends too early." in texts(trees(browser)[-1])
    title.click()
    assert not trees(browser)[-1].isVisible()


def test_a_listing_under_way_counts_and_can_be_stopped(browser, workspace):
    browser.render_state(State(), STATES["listing"])
    stop = next(b for b in browser.findChildren(QPushButton) if b.text() == "Stop")
    assert stop.isVisible()
    stop.click()
    workspace.stop_listing.assert_called_once_with()
    browser.render_state(STATES["listing"], State())
    assert not stop.isVisible()


def test_the_buttons_open_files_and_folders(browser):
    opened = []
    for action in browser.owner:
        action.triggered.connect(partial(_note, opened, action.text()))
    for button in browser.findChildren(QPushButton):
        if button.text().endswith("…"):
            button.click()
    assert sorted(opened) == ["files", "folder"]


def _note(where, name):
    where.append(name)


def known(uid):
    return KnownStudy(uid, "Roe^Ann", "P9", "20200101", "", "", "CT", 4, (Path("/archive"),))


def box(browser):
    return browser.findChild(QLineEdit)


def test_typing_narrows_the_tree_and_asks_for_known_studies(browser, workspace, qtbot):
    browser.render_state(State(), State(listing=listing(1)))
    box(browser).setText("nobody")
    assert trees(browser)[0].topLevelItem(0).isHidden()
    qtbot.waitUntil(lambda: workspace.search_known.called)
    workspace.search_known.assert_called_once_with("nobody")


def test_known_studies_are_offered_unless_they_are_open(browser, workspace):
    nothing_open = State(known=(known("7"),))
    browser.render_state(State(), nothing_open)
    tree = trees(browser)[1]
    assert texts(tree) == ["Roe, Ann   P9   2020-01-01   CT"]
    state = replace(nothing_open, listing=listing(1))
    browser.render_state(nothing_open, state)
    assert texts(tree) == []
    box(browser).setText("roe")
    found = replace(state, known=(known("7"), known("8"))[:1])
    browser.render_state(state, found)
    assert texts(tree) == ["Roe, Ann   P9   2020-01-01   CT"]
    tree.itemClicked.emit(tree.topLevelItem(0), 0)
    workspace.open_paths.assert_called_once_with((Path("/archive"),))
    assert box(browser).text() == ""
    study = replace(listing(1).studies[0], uid="7", patient_id="P9")
    browser.render_state(state, replace(state, listing=Listing((study,), ())))
    assert texts(tree) == []


def test_an_index_of_files_is_listed_as_one(browser):
    index = NonImage(Path("/cd/DICOMDIR"), "", "Media Storage Directory", "", "", "", "")
    browser.render_state(State(), State(listing=replace(listing(1), indexes=(index,))))
    assert texts(trees(browser)[-1]) == ["DICOMDIR: An index of files; what it names is listed."]


def test_thousands_of_skipped_files_are_summed_up(browser):
    skipped = tuple(Skipped(Path(f"{n}"), "No.", "None.") for n in range(1200))
    browser.render_state(State(), State(listing=listing(1, skipped=skipped)))
    assert texts(trees(browser)[-1])[-1] == "… and 200 more"
    assert next(b for b in browser.findChildren(QToolButton) if b.text() == "Skipped files (1200)")
