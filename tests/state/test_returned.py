import exported
import pydicom
import pytest
from doubles import QueueLoop

from afloc_desktop.core.dicom.scan import scan
from afloc_desktop.core.export.exporter import exporters
from afloc_desktop.core.export.selection import FilmResults, Selection
from afloc_desktop.state.returned import Returned
from afloc_desktop.state.store import Problem, State, Store
from afloc_desktop.state.tasks import Tasks


class Room:
    """A film with results beside it, on screen or not."""

    def __init__(self, tmp_path, *, is_shown=True):
        self.image = exported.film(tmp_path / "s")
        film = FilmResults(self.image, (exported.statement(self.image, regions=(exported.KITE,)),))
        self.paths = {
            id_: exporters()[id_].write(Selection((film,)), tmp_path / "out")[0]
            for id_ in ("seg", "sr", "gsps", "fractional-seg")
        }
        self.loop, self.selected = QueueLoop(), []
        shown = self.image.ref if is_shown else None
        self.store = Store(State(listing=scan([tmp_path / "s"]), image_ref=shown))
        self.tasks = Tasks(self.loop.post, lambda busy: None)
        self.returned = Returned(self.store, self.tasks, self.selected.append)

    def wait(self):
        self.loop.run_until(lambda: not self.tasks.is_running("result"))

    @property
    def state(self):
        return self.store.state


@pytest.fixture
def room(tmp_path):
    made = Room(tmp_path)
    yield made
    made.tasks.close()


@pytest.mark.parametrize("kind", ["seg", "sr", "gsps"])
def test_what_was_exported_lies_where_it_was_drawn(room, kind):
    room.returned.open(room.paths[kind], "")
    room.wait()
    (result,) = room.state.results
    (line,) = result.lines
    assert line.is_on(room.image)
    xs, ys = zip(*line.points, strict=True)
    found = (min(xs), min(ys), max(xs), max(ys))
    assert found == pytest.approx((33.25, 60.25, 70.75, 99.75), abs=0.5)
    assert room.selected == []


def open_all(room, tmp_path, *, then=lambda: None):
    """The study as a second session opens it: the film with its results beside it."""
    room.store.update(listing=scan([tmp_path]))
    then()
    room.returned.bring()
    room.loop.run_until(lambda: not room.tasks.is_running("own results"))


def test_our_own_results_are_laid_over_their_film_once_and_as_what_they_are(room, tmp_path):
    open_all(room, tmp_path)
    (result,) = room.state.results  # report, state and mask show the same region
    (line,) = result.lines
    assert (result.kind, line.label, line.status) == ("SR", "Pleural effusion", "proposed")
    assert line.is_on(room.image)
    assert [tuple(p) for p in line.points] == [tuple(p) for p in exported.KITE]
    room.returned.open(result.path, "")
    room.returned.bring()
    assert room.state.results == ()


def test_each_kind_of_our_own_results_is_enough(room, tmp_path):
    for kind in ("sr", "gsps"):
        room.returned.forget()
        open_all(room, tmp_path, then=room.paths[kind].unlink)
        (result,) = room.state.results
        assert result.kind == {"sr": "GSPS", "gsps": "SEG"}[kind]
        assert result.lines[0].status == "proposed"


def test_what_is_not_ours_or_is_damaged_is_not_laid_unasked(room, tmp_path):
    seg, state = (pydicom.dcmread(room.paths[kind]) for kind in ("seg", "gsps"))
    seg.SeriesDescription = "Masks of a colleague"
    state.remove_private_tags()  # ours by its description alone
    seg.save_as(room.paths["seg"])
    state.save_as(room.paths["gsps"])
    data = room.paths["sr"].read_bytes()
    room.paths["sr"].write_bytes(data.replace(b'"status": "proposed"', b'"status": "prop"     '))
    open_all(room, tmp_path)
    assert room.state.results == ()


def test_opened_again_it_is_put_away(room):
    for _ in range(2):
        room.returned.open(room.paths["sr"], "")
        room.wait()
    assert room.state.results == ()


def test_the_film_it_is_about_comes_on_screen(tmp_path):
    room = Room(tmp_path, is_shown=False)
    room.returned.open(room.paths["seg"], "")
    room.wait()
    assert room.selected == [room.image.ref]
    room.tasks.close()


def test_a_mask_of_another_size_is_on_no_film(room, make_image):
    room.returned.open(room.paths["seg"], "")
    room.wait()
    (line,) = room.state.results[0].lines
    assert line.target.matches(room.image.ref.sop_instance_uid, 1)
    other = exported.film(room.image.ref.path.parent / "o", Columns=50, Rows=240)
    assert not line.is_on(other)


def test_what_cannot_be_drawn_is_text_and_so_is_what_is_asked_for(room):
    room.returned.open(room.paths["fractional-seg"], "")
    room.wait()
    assert "fractions" in room.state.result_told.notes[0]
    room.returned.put_away()
    room.returned.tell(room.paths["sr"], "")
    room.wait()
    assert room.state.result_told.kind == "SR"
    assert any("Pleural effusion" in line for line in room.state.result_told.tree.lines())
    assert room.state.results == ()


def test_a_damaged_result_says_why(room):
    room.paths["sr"].write_bytes(b"no DICOM")
    room.returned.open(room.paths["sr"], "")
    room.wait()
    assert isinstance(room.state.result_told, Problem)
    room.returned.forget()
    assert room.state.result_told is None
