import numpy as np
import pytest
from doubles import Desk, QueueLoop, film, listing, ref
from slides_made import make_slide

from afloc_desktop.core.dicom.scan import scan
from afloc_desktop.core.domain import VoiWindow
from afloc_desktop.core.errors import UnreadableFile
from afloc_desktop.core.slides.opening import open_slide
from afloc_desktop.state.store import State, Store
from afloc_desktop.state.tasks import Tasks
from afloc_desktop.state.thumbs import SIDE, middle, thumbnail
from afloc_desktop.state.workspace import Workspace


@pytest.fixture
def room():
    made = []

    def make(desk=None):
        loop, store = QueueLoop(), Store(State())
        tasks = Tasks(loop.post, lambda keys: store.update(busy=keys))
        workspace = Workspace(store, tasks, (desk or Desk()).engine(), loop.post)
        made.append((workspace, tasks))
        workspace.open_paths(["folder"])
        loop.run_until(lambda: not store.state.busy)
        return store.state

    yield make
    for workspace, tasks in made:
        tasks.close()
        workspace.slides.end()


def test_every_series_of_the_study_gets_its_picture(room):
    assert set(room().thumbs) == {ref(1), ref(2), ref(3)}


def test_a_study_of_one_series_needs_none(room):
    assert room(Desk(found=listing(1))).thumbs == {}


def test_one_that_cannot_be_read_is_left_out(room):
    class Damaged(Desk):
        def read(self, wanted, *, should_stop):
            if wanted == ref(2):
                raise UnreadableFile("The file ends too early.", remedy="Copy it again.")
            return super().read(wanted, should_stop=should_stop)

    assert set(room(Damaged()).thumbs) == {ref(1), ref(3)}


def test_a_picture_is_small_and_in_the_films_own_window():
    wide = film(rows=500, columns=1440, voi=(VoiWindow(2000.0, 4000.0, "LINEAR", ""),))
    shown = thumbnail(wide)
    assert shown.dtype == np.uint8
    assert max(shown.shape) == SIDE
    assert int(shown[-1, 0]) > int(shown[1, 0])


def test_a_photograph_is_small_in_its_own_colours():
    red, blue = (200, 10, 0), (0, 10, 200)
    photograph = np.empty((500, 1440, 3), np.uint8)
    photograph[:, :720], photograph[:, 720:] = red, blue
    photograph[::2, :720] -= np.uint8(8)  # wraps in blue: 0 becomes 248
    shown = thumbnail(film(rows=500, columns=1440, colour=photograph))
    assert shown.shape == (25, SIDE, 3)
    assert shown[0, 0].tolist() == [196, 6, 124]  # the mean of a block, not a pixel of it
    assert shown[24, 71].tolist() == list(blue)


@pytest.mark.parametrize(("rows", "columns"), [(1, 4000), (73, 72), (5, 7)])
def test_no_photograph_is_too_narrow_or_too_small(rows, columns):
    shown = thumbnail(
        film(rows=rows, columns=columns, colour=np.ones((rows, columns, 3), np.uint8))
    )
    assert max(shown.shape) <= SIDE
    assert shown.size
    assert (shown == 1).all()


def test_the_middle_stands_for_a_stack_and_the_first_for_a_pair():
    refs = tuple(ref(n) for n in range(5))
    assert (middle(refs), middle(refs[:2]), middle(refs[:1])) == (ref(2), ref(0), ref(0))


def test_a_slide_is_small_as_a_whole(room, tmp_path):
    make_slide(tmp_path / "one", 600, 400, levels=2, syntax="explicit", name="1")
    make_slide(tmp_path / "two", 400, 600, levels=2, syntax="explicit", name="2")
    found = scan([tmp_path])

    class Slides(Desk):
        def open_slide(self, refs):
            return open_slide(refs)

    thumbs = room(Slides(found=found)).thumbs
    firsts = [middle(series.images) for series in found.studies[0].series]
    assert [thumbs[ref].shape for ref in firsts] == [(48, 72, 3), (72, 48, 3)]
