from types import SimpleNamespace

import numpy as np
import pytest
from doubles import QueueLoop
from painted_slide import PaintedSlide, glass, make_for_slides, stain

from afloc_desktop.core.domain import Prompt
from afloc_desktop.core.errors import ExportError
from afloc_desktop.core.geometry import Box
from afloc_desktop.core.localize import Localizer
from afloc_desktop.core.slides.runs import SlideRun
from afloc_desktop.state import slide_runs
from afloc_desktop.state.history import History
from afloc_desktop.state.judgements import Judgements
from afloc_desktop.state.questions import Questions
from afloc_desktop.state.slide_runs import RUN, Run, SlideRuns
from afloc_desktop.state.slides import OpenSlide
from afloc_desktop.state.store import State, Store
from afloc_desktop.state.tasks import Tasks

BRIGHT, DARK = Prompt("bright", "typed"), Prompt("dark", "typed")


def spotted():
    """Ten windows of grey tissue; in the one at 288, 96 a bright spot, 24 pixels across."""
    pixels = glass(480, 960)
    stain(pixels, 0, 96, 960, 96, level=100)
    stain(pixels, 336, 120, 24, 24, level=230)
    return PaintedSlide(pixels, um=0.5 * 96 / 110)  # windows of 96 and 7 around


class Room:
    """A slide on screen, a model and the two lanes."""

    def __init__(self, folder, bundle):
        self.loop, self.store = QueueLoop(), Store(State())
        self.tasks = Tasks(self.loop.post, lambda keys: self.store.update(busy=keys))
        self.bundle, self.folder = bundle, folder
        self.questions = Questions(self.store, self.tasks, self.open_model)
        self.runs = SlideRuns(self.store, self.tasks, self.questions, self.open_run)
        self.opened = []

    def open_model(self, kind=None, chosen=None):
        return Localizer.open(self.bundle, provider="cpu")

    def open_run(self, slide, localizer, **options):
        self.opened.append(SlideRun(slide, localizer, self.folder, **options))
        return self.opened[-1]

    @property
    def run(self) -> Run:
        (run,) = self.store.state.slide_runs.values()
        return run

    def settle(self):
        self.loop.run_until(lambda: not self.store.state.busy)
        self.loop.run_waiting()

    def close(self):
        self.runs.close()
        self.settle()
        assert self.tasks.close(timeout_s=30)


@pytest.fixture
def room(tmp_path, tiny_bundle):
    made = Room(tmp_path / "slides", make_for_slides(tiny_bundle))
    yield made
    made.close()


@pytest.fixture
def ready(room):
    """The model is loaded, the slide open, "bright" chosen."""
    room.questions.load_model()
    room.settle()
    room.runs.open(spotted())
    room.questions.choose(BRIGHT)
    room.settle()
    return room


@pytest.fixture
def one_at_once(monkeypatch):
    """Every piece of work looks at one window, and answers are always due."""
    monkeypatch.setattr(slide_runs, "_AT_ONCE_S", 0.0)
    monkeypatch.setattr(slide_runs, "_ANSWER_S", 0.0)
    monkeypatch.setattr(slide_runs, "_ANSWER_SHARE", 0.0)


def test_an_opened_slide_is_planned_and_nothing_is_looked_at(ready):
    run = ready.run
    assert (run.done, run.total, run.is_running) == (0, 10, False)
    assert not run.is_finished
    assert run.answers[BRIGHT].evidence.looked == 0


def test_a_run_looks_at_every_window_and_answers_the_chosen_prompt(ready):
    ready.runs.start()
    assert ready.run.is_running
    ready.settle()
    assert (ready.run.done, ready.run.is_running, ready.run.is_finished) == (10, False, True)
    assert ready.run.answers[BRIGHT].finding.peak == (348, 132)


def test_progress_and_maps_grow_while_a_run_goes_on(one_at_once, ready):
    told = []
    ready.store.listen(lambda old, new: told.extend(new.slide_runs.values()))
    ready.runs.start()
    ready.settle()
    done = [run.done for run in told if run.is_running]
    assert done == sorted(done)
    assert len(set(done)) > 3
    looked = [run.answers[BRIGHT].evidence.looked for run in told if BRIGHT in run.answers]
    assert looked[-1] == 10
    assert len(set(looked)) > 3


def test_films_can_be_asked_between_two_pieces(one_at_once, ready):
    ready.runs.start()
    order = []
    ready.tasks.submit("film", lambda _: "film", order.append, order.append, lane="infer")
    ready.loop.run_until(lambda: order)
    assert ready.run.is_running
    ready.settle()


def test_a_cancelled_run_keeps_its_answers_and_goes_on_where_it_was(one_at_once, ready):
    ready.runs.start()
    ready.loop.run_until(lambda: ready.run.done >= 2)
    ready.runs.cancel()
    assert not ready.run.is_running
    assert RUN not in ready.store.state.busy
    ready.settle()
    before = ready.run.done
    assert 2 <= before < 10
    ready.runs.resume()
    ready.settle()
    assert ready.run.is_finished
    assert len(ready.opened) == 1
    assert ready.run.answers[BRIGHT].finding.peak == (348, 132)


def test_what_was_kept_is_answered_as_soon_as_the_slide_is_opened_again(one_at_once, ready):
    ready.runs.start()
    ready.loop.run_until(lambda: ready.run.done >= 4)
    ready.runs.close()
    ready.settle()
    assert ready.store.state.slide_runs == {}
    ready.runs.open(spotted())
    ready.settle()
    assert ready.run.done >= 4
    assert not ready.run.is_running
    assert ready.run.answers[BRIGHT].evidence.looked == ready.run.done


def test_other_words_are_answered_from_what_is_kept(ready):
    ready.runs.start()
    ready.settle()
    reads = len(ready.opened[0].slide.reads)
    ready.questions.choose(DARK)
    ready.settle()
    assert set(ready.run.answers) == {BRIGHT, DARK}
    assert len(ready.opened[0].slide.reads) == reads


def test_words_that_are_kept_on_screen_are_answered_with_the_chosen_ones(ready):
    ready.store.update(kept=(DARK,))
    ready.runs.start()
    ready.settle()
    assert set(ready.run.answers) == {BRIGHT, DARK}


def test_a_region_has_its_own_map_and_the_whole_slide_goes_on_from_there(ready):
    region = Box(300, 100, 310, 110)
    ready.runs.start(region)
    ready.settle()
    assert (ready.run.region, ready.run.total, ready.run.is_finished) == (region, 1, True)
    assert ready.run.answers[BRIGHT].map.similarity.shape == (4, 4)
    ready.runs.start(None)
    ready.settle()
    assert ready.run.total == ready.run.done == 10


def test_starting_again_what_is_finished_looks_at_nothing(ready):
    ready.runs.start()
    ready.settle()
    reads = len(ready.opened[0].slide.reads)
    ready.runs.start()
    ready.settle()
    assert ready.run.is_finished
    assert len(ready.opened[0].slide.reads) == reads


def test_a_run_asked_for_before_the_model_is_there_begins_with_it(room):
    room.runs.open(spotted())
    room.runs.start()
    assert (room.run.total, room.run.is_running) == (0, True)
    room.questions.load_model()
    room.settle()
    assert room.run.is_finished


def test_a_chest_model_is_refused_and_a_model_for_slides_goes_on(
    room, tiny_bundle_master, tiny_bundle
):
    room.bundle = tiny_bundle_master
    room.questions.load_model()
    room.settle()
    room.runs.open(spotted())
    room.settle()
    assert "radiographs" in room.run.problem.reason
    assert room.run.plan is None
    room.bundle = tiny_bundle
    room.questions.load_model()
    room.settle()
    assert room.run.problem is None
    assert room.run.total == 10


def test_maps_of_one_model_are_never_shown_for_another(ready, tiny_bundle_master):
    ready.runs.start()
    ready.settle()
    ready.bundle = tiny_bundle_master
    ready.questions.load_model()
    ready.settle()
    assert ready.run.answers == {}


def test_what_fails_is_told_and_can_be_tried_again(ready, monkeypatch):
    error = ExportError("The disk is full.", remedy="Free some space.")
    step = SlideRun.step

    def fail(*_, **__):
        raise error

    monkeypatch.setattr(SlideRun, "step", fail)
    ready.runs.start()
    ready.settle()
    assert ready.run.problem.reason == "The disk is full."
    assert not ready.run.is_running
    monkeypatch.setattr(SlideRun, "step", step)
    ready.runs.resume()
    ready.settle()
    assert ready.run.problem is None
    assert ready.run.is_finished


def test_a_closed_slide_leaves_its_file_to_others(one_at_once, ready):
    ready.runs.start()
    ready.loop.run_until(lambda: ready.run.done >= 1)
    ready.runs.close()
    ready.settle()
    run = SlideRun(spotted(), ready.open_model(), ready.folder)
    assert run.done >= 1
    run.close()


def test_without_a_slide_nothing_happens(room):
    for call in (room.runs.start, room.runs.resume, room.runs.cancel, room.runs.close):
        call()
    assert room.runs.run is None
    assert room.store.state.slide_runs == {}


def test_cancelled_and_finished_runs_give_the_same_map(one_at_once, ready, tmp_path):
    ready.runs.start()
    ready.loop.run_until(lambda: ready.run.done >= 3)
    ready.runs.cancel()
    ready.settle()
    ready.runs.resume()
    ready.settle()
    other = SlideRun(spotted(), ready.open_model(), tmp_path / "other")
    while not other.is_finished:
        other.step()
    (whole,) = other.ask([BRIGHT])
    other.close()
    found = ready.run.answers[BRIGHT].map.similarity
    assert np.array_equal(found, whole.map.similarity, equal_nan=True)


def test_what_is_accepted_on_a_slide_is_in_its_pixels(ready):
    lines = []
    history = History(ready.store)
    judging = Judgements(
        ready.store, ready.tasks, lambda *line: lines.append(line[0]), history, ready.settle
    )
    judging.set_reader("Ann")
    slide = spotted()
    tiles = SimpleNamespace(close=lambda: None)
    ready.store.update(slide=OpenSlide(slide, None, tiles, None))
    ready.runs.start(Box(200, 100, 500, 110))  # its map begins at (192, 96)
    ready.settle()
    judging.judge("accepted")
    ready.settle()
    (judgement,) = ready.store.state.judged.values()
    assert (judgement.ref, judgement.status) == (slide.refs[0], "accepted")
    (spot,) = judgement.statement.regions
    assert spot.box.x0 < 348 < spot.box.x1
    assert spot.box.y0 < 132 < spot.box.y1
    assert judgement.statement.finding.peak == (348, 132)
    um = slide.um_per_pixel[0]
    assert spot.area_mm2 == pytest.approx((24 * um / 1000) ** 2)
    assert lines == ["proposed", "accepted"]
    assert ready.store.state.judgement(ready.store.state.answer) is judgement
    ready.store.update(slide=None)
