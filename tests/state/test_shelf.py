import exported
import numpy as np
import PIL.Image
import pytest
from phantom_files import write_film

from afloc_desktop.core.dicom import recognise
from afloc_desktop.core.errors import Cancelled
from afloc_desktop.core.export.exporter import exporters
from afloc_desktop.core.export.selection import FilmResults, Selection
from afloc_desktop.state import shelf as module
from afloc_desktop.state.index import Query, StudyIndex
from afloc_desktop.state.shelf import Shelf

TINY = np.zeros((2, 3), np.uint16)


@pytest.fixture
def index(tmp_path):
    made = StudyIndex(tmp_path / "studies.sqlite")
    yield made
    made.close()


@pytest.fixture
def folder(tmp_path):
    for n in range(4):
        write_film(tmp_path / "in" / f"{n}.dcm", TINY, SOPInstanceUID=f"1.2.{n}")
    return tmp_path / "in"


def scan(shelf, *paths, on_partial=lambda found: None, should_stop=lambda: False):
    return shelf.scan(
        paths, on_progress=lambda count: None, on_partial=on_partial, should_stop=should_stop
    )


def names(found):
    return [ref.path.name for ref in found.listing.images]


def test_what_was_open_stays_open(folder):
    shelf = Shelf()
    assert names(scan(shelf, folder / "1.dcm")) == ["1.dcm"]
    both = scan(shelf, folder / "3.dcm")
    assert (names(both), both.first.path.name) == (["1.dcm", "3.dcm"], "3.dcm")


def test_a_folder_opened_again_loses_what_is_gone(folder):
    shelf = Shelf()
    scan(shelf, folder)
    (folder / "2.dcm").unlink()
    assert names(scan(shelf, folder / "0.dcm")) == ["0.dcm", "1.dcm", "2.dcm", "3.dcm"]
    assert names(scan(shelf, folder)) == ["0.dcm", "1.dcm", "3.dcm"]


def test_closing_forgets_all_and_what_is_under_way_adds_nothing(folder):
    shelf = Shelf()
    scan(shelf, folder / "1.dcm")
    shelf.clear()
    assert names(scan(shelf, folder / "2.dcm")) == ["2.dcm"]

    def close(count):
        shelf.clear()

    with pytest.raises(Cancelled):
        shelf.scan(
            [folder], on_progress=close, on_partial=lambda found: None, should_stop=lambda: False
        )
    assert names(scan(shelf, folder / "3.dcm")) == ["3.dcm"]


def test_what_was_found_so_far_is_shown_now_and_then(folder, monkeypatch):
    monkeypatch.setattr(module, "_FIRST_AFTER_S", 0)
    monkeypatch.setattr(module, "_NEXT_AFTER_S", 0)
    monkeypatch.setattr(module, "_GROWTH", 1)
    seen = []
    last = scan(Shelf(), folder, on_partial=seen.append)
    assert [len(found.listing.images) for found in seen] == [1, 2, 3, 4]
    assert len(last.listing.images) == 4


def test_a_mask_that_is_found_first_does_not_come_on_screen_before_its_film(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "_FIRST_AFTER_S", 0)
    image = exported.film(tmp_path / "b")
    film = FilmResults(image, (exported.statement(image),))
    exporters()["seg"].write(Selection((film,)), tmp_path / "a")
    seen = []
    last = scan(Shelf(), tmp_path, on_partial=seen.append)
    assert seen[0].first is None
    assert last.first == image.ref
    alone = scan(Shelf(), tmp_path / "a")
    assert alone.first.path.parent == tmp_path / "a"


def test_a_known_folder_is_not_read_again(folder, index, monkeypatch):
    first = scan(Shelf(index), folder)
    monkeypatch.setattr(recognise.Recogniser, "_read", None)
    assert scan(Shelf(index), folder).listing == first.listing


def test_a_file_that_changed_is_read_again(folder, index):
    scan(Shelf(index), folder)
    write_film(folder / "1.dcm", np.zeros((5, 5), np.uint16), SOPInstanceUID="1.2.1")
    changed = scan(Shelf(index), folder).listing
    assert [ref.rows for ref in changed.images if ref.path.name == "1.dcm"] == [5]
    assert sum(study.images for study in index.search(Query())) == 4


def test_the_index_forgets_what_is_gone(folder, index):
    scan(Shelf(index), folder)
    for path in folder.iterdir():
        path.unlink()
    scan(Shelf(index), folder)
    assert index.search(Query()) == ()


def test_a_problem_of_the_index_is_told_once(folder, tmp_path):
    shelf = Shelf(StudyIndex(folder / "0.dcm" / "studies.sqlite"))
    assert scan(shelf, folder).problem is not None
    assert scan(shelf, folder).problem is None


def test_a_wish_to_stop_is_heard(folder):
    with pytest.raises(Cancelled):
        scan(Shelf(), folder, should_stop=lambda: True)


def test_a_folder_of_pictures_is_listed_beside_films_that_are_open_from_elsewhere(folder, tmp_path):
    for path in (folder / "page.png", tmp_path / "eyes" / "left.png"):
        path.parent.mkdir(exist_ok=True)
        PIL.Image.new("RGB", (4, 3), (200, 110, 40)).save(path)
    shelf = Shelf()
    scan(shelf, folder / "1.dcm")
    assert names(scan(shelf, tmp_path / "eyes")) == ["left.png", "1.dcm"]
    both = scan(shelf, folder)
    assert set(names(both)) == {"left.png", "0.dcm", "1.dcm", "2.dcm", "3.dcm"}
    assert [skipped.path.name for skipped in both.listing.skipped] == ["page.png"]
    assert "page.png" in names(scan(shelf, folder / "page.png"))
