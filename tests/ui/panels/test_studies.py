from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from bars import in_time
from doubles import listing, ref
from readings import MARKUP

from afloc_desktop.core.domain import Listing, NonImage, Series, SlideSize, Study
from afloc_desktop.ui.mouse import FILM_MIME
from afloc_desktop.ui.panels import studies
from afloc_desktop.ui.panels.studies import StudyTree, read_film
from afloc_desktop.ui.qt import Qt, QTreeWidgetItem, children

STEP_S = studies._STEP_S


@pytest.fixture
def tree(qtbot, monkeypatch):
    """Filled in one step, however busy the machine is."""
    monkeypatch.setattr(studies, "_STEP_S", 60)
    made = StudyTree("Studies")
    qtbot.addWidget(made)
    made.resize(280, 600)
    made.show()
    return made


@pytest.fixture
def chosen(tree):
    found = []
    tree.chosen.connect(found.append)
    return found


def texts(tree, *, visible=False):
    def walk(item: QTreeWidgetItem):
        for child in children(item):
            if not (visible and child.isHidden()):
                yield child.text(0)
                yield from walk(child)

    return list(walk(tree.invisibleRootItem()))


def stack(count, **changes):
    images = tuple(replace(ref(n), position_mm=2.0 * n) for n in range(count))
    return Series("1.1", 1, "CT", "Thorax", "", "", images, **changes)


def study(*series, name="Doe^Jane", uid="1", **changes):
    return Study(uid, name, "P1", "20240229", "Chest", "A1", series, **changes)


def test_a_stack_is_one_row_and_choosing_it_shows_its_first_image(tree, chosen):
    series = stack(500)
    tree.show_listing(Listing((study(series),), ()))
    assert texts(tree) == ["Doe, Jane   P1", "2024-02-29   Chest", "CT   Thorax   (500 films)"]
    tree.setCurrentItem(tree.topLevelItem(0).child(0).child(0))
    assert chosen == [series.images[0]]


def test_a_slide_is_one_row_that_says_what_it_is(tree, chosen):
    size = SlideSize(100_000, 80_000, (0.25, 0.25), 8)
    slide = Series("1.1", 1, "SM", "Prostate", "", "", tuple(map(ref, range(8))), slide=size)
    tree.show_listing(Listing((study(slide),), ()))
    words = "SM   Prostate   (slide, 100,000 × 80,000, 0.25 µm/px, 8 levels)"
    assert texts(tree)[2:] == [words]
    tree.setCurrentItem(tree.topLevelItem(0).child(0).child(0))
    assert chosen == [ref(0)]


def test_stepping_through_a_stack_keeps_its_row_and_asks_for_nothing(tree, chosen):
    series = stack(500)
    tree.show_listing(Listing((study(series), *listing(1).studies), ()))
    for image in (series.images[0], series.images[499]):
        tree.mark(image)
        assert tree.currentItem().text(0).startswith("CT")
    tree.mark(ref(1))
    assert tree.currentItem().text(0).startswith("DX")
    tree.mark(None)
    assert tree.currentItem() is None
    assert chosen == []


def test_notes_stand_where_they_belong_and_in_full_in_the_tool_tip(tree):
    split = stack(3, notes=("Split by orientation.",), part=2)
    tree.show_listing(Listing((study(stack(2), split, notes=("Two names.",)),), ()))
    assert texts(tree)[2:] == [
        "⚠ Two names.",
        "CT   Thorax   part 1   (2 films)",
        "CT   Thorax   part 2   (3 films)",
        "⚠ Split by orientation.",
    ]
    row = tree.topLevelItem(0).child(0).child(2)
    assert "Split by orientation." in row.toolTip(0)


def test_a_result_is_opened_as_one_and_never_as_a_film(tree, chosen):
    opened, asked = [], []
    tree.result_chosen.connect(opened.append)
    tree.result_asked.connect(asked.append)
    report = NonImage(Path("r"), "", "Basic Text SR", "1.2", "1.3", "SR", "")
    masks = replace(stack(1), modality="SEG")
    tree.show_listing(Listing((study(masks, others=(report,)),), ()))
    assert texts(tree)[-1] == "SR   Basic Text SR"
    for place in (0, 1):
        row = tree.topLevelItem(0).child(0).child(place)
        tree.setCurrentItem(row)
        tree.itemClicked.emit(row, 0)
    assert opened == [masks.images[0], report]
    tree.itemActivated.emit(row, 0)
    assert asked == [report]
    assert chosen == []


def test_each_file_of_masks_has_a_row_and_those_over_their_film_are_bold(tree):
    opened = []
    tree.result_chosen.connect(opened.append)
    masks = replace(stack(2), modality="SEG")
    tree.show_listing(Listing((study(masks),), ()))
    rows = tree.topLevelItem(0).child(0).child(0)
    tree.itemClicked.emit(rows.child(1), 0)
    assert opened == [masks.images[1]]
    tree.mark_results((SimpleNamespace(path=masks.images[1].path, member=""),))
    assert [rows.child(n).font(0).bold() for n in (0, 1)] == [False, True]
    tree.mark_results(())
    assert not rows.child(1).font(0).bold()


def test_markup_in_notes_and_kinds_is_shown_as_it_is(tree):
    report = NonImage(Path("r"), "", MARKUP, "", "", MARKUP, "")
    tree.show_listing(Listing((study(stack(2), others=(report,), notes=(MARKUP,)),), ()))
    assert MARKUP.replace("^", "^") in texts(tree)[2]
    assert "<b>" not in tree.topLevelItem(0).child(0).child(0).toolTip(0)


def test_rows_of_studies_that_stay_are_left_alone(tree):
    first, second = study(stack(2)), study(stack(3), uid="2", name="Roe^Ann")
    tree.show_listing(Listing((first, second), ()))
    row = tree.topLevelItem(0).child(0)
    row.setExpanded(False)
    longer = study(stack(9), uid="2", name="Roe^Ann")
    tree.show_listing(Listing((first, longer), ()))
    assert tree.topLevelItem(0).child(0) is row
    assert not row.isExpanded()
    assert texts(tree)[-1] == "CT   Thorax   (9 films)"
    tree.show_listing(Listing((longer,), ()))
    assert texts(tree)[0] == "Roe, Ann   P1"
    tree.show_listing(Listing((), ()))
    assert texts(tree) == []


def test_a_marked_film_stays_marked_while_its_stack_grows(tree, chosen):
    series = stack(5)
    tree.show_listing(Listing((study(stack(3)),), ()))
    tree.mark(series.images[2])
    tree.show_listing(Listing((study(series),), ()))
    assert tree.currentItem().text(0) == "CT   Thorax   (5 films)"
    assert chosen == []


def test_words_narrow_the_tree(tree):
    tree.show_listing(Listing((study(stack(2)), study(stack(2), uid="2", name="Müller^Änne")), ()))
    tree.narrow("ÄNNE chest")
    assert texts(tree, visible=True)[0] == "Müller, Änne   P1"
    assert len([t for t in texts(tree, visible=True) if "P1" in t]) == 1
    tree.show_listing(Listing((study(stack(2)), study(stack(4), uid="3", name="Roe^Ann")), ()))
    assert texts(tree, visible=True) == []
    tree.narrow("")
    assert len([t for t in texts(tree, visible=True) if "P1" in t]) == 2


def test_ten_thousand_studies_never_hold_up_the_window(tree, qtbot, monkeypatch):
    monkeypatch.setattr(studies, "_STEP_S", STEP_S)
    many = tuple(study(stack(1), uid=str(n), name=f"Doe^{n}") for n in range(10_000))
    with in_time("ten thousand studies", 0.25):
        tree.show_listing(Listing(many, ()))
    qtbot.waitUntil(lambda: tree.topLevelItemCount() == 10_000, timeout=250_000)
    # 0.12 s on its own; row by row, as for a few, it would be half a minute.
    with in_time("ten thousand films", 3, patience=5):
        tree.show_listing(Listing((study(stack(10_000)),), ()))


def test_a_press_may_become_a_drag_and_chooses_when_it_is_let_go(qtbot, tree, chosen):
    tree.show_listing(listing(1, 2))
    row = next(item for _, item in tree._rows.values()).child(1)
    at = tree.visualItemRect(row).center()
    qtbot.mousePress(tree.viewport(), Qt.MouseButton.LeftButton, pos=at)
    assert chosen == []
    qtbot.mouseRelease(tree.viewport(), Qt.MouseButton.LeftButton, pos=at)
    assert chosen == [ref(2)]


def test_a_dragged_row_names_its_film(tree):
    found = listing(1, 2)
    tree.show_listing(found)
    row = next(item for _, item in tree._rows.values()).child(1)
    written = bytes(tree.mimeData([row]).data(FILM_MIME).data())
    assert read_film(written, found) == ref(2)
    assert read_film(written, listing(1)) is None
    assert read_film(None, found) is None
    assert not tree.mimeData([]).formats()
