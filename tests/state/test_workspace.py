import threading
from pathlib import Path

import pytest
from bars import LATEST_S
from doubles import FINDINGS, Desk, FakeLocalizer, QueueLoop, listing, ref

from afloc_desktop.core.domain import Listing, Prompt, Skipped
from afloc_desktop.core.errors import InferenceError, UnreadableFile
from afloc_desktop.state.shelf import Found
from afloc_desktop.state.store import State, Store
from afloc_desktop.state.tasks import Tasks
from afloc_desktop.state.workspace import Workspace

FOLDER = [Path("folder")]


class Room:
    """A workspace on fakes, with its loop turned by hand."""

    def __init__(self, desk):
        self.desk, self.loop = desk, QueueLoop()
        self.store = Store(State())
        self.tasks = Tasks(self.loop.post, lambda keys: self.store.update(busy=keys))
        self.workspace = Workspace(self.store, self.tasks, desk.engine(), self.loop.post)

    @property
    def state(self):
        return self.store.state

    def settle(self):
        self.loop.run_until(lambda: not self.state.busy)

    def open(self):
        self.workspace.start()
        self.workspace.open_paths(FOLDER)
        self.settle()
        return self


@pytest.fixture
def room():
    made = []

    def make(**changes):
        made.append(Room(Desk(**changes)))
        return made[-1]

    yield make
    for one in made:
        one.tasks.close()


def preset(name):
    return Prompt(name, "preset")


def test_opening_a_folder_shows_its_first_film_with_all_numbers(room):
    state = room().open().state
    assert state.image.ref == ref(1)
    assert set(state.answers) == {preset(f.id) for f in FINDINGS}
    assert state.prompt is None


def test_the_model_is_used_on_its_own_lane_only(room):
    localizer = FakeLocalizer()
    made = room(localizer=localizer).open()
    made.workspace.ask("right lung")
    made.settle()
    assert localizer.threads == {"afloc-infer-0"}


def test_a_selected_finding_is_there_at_once(room):
    made = room().open()
    made.workspace.select_finding("effusion")
    assert made.state.answer.prompt == preset("effusion")


def test_another_film_blanks_at_once_and_answers_the_same_question(room):
    made = room().open()
    made.workspace.select_finding("effusion")
    made.workspace.select_image(ref(2))
    assert (made.state.image, made.state.answer, made.state.answers) == (None, None, {})
    made.settle()
    assert made.state.answer.heatmap.key.sop_instance_uid == "1.2.2"


def test_choosing_the_film_on_screen_changes_nothing(room):
    made = room().open()
    before = made.state
    made.workspace.select_image(ref(1))
    assert made.state is before


def test_a_film_that_was_left_never_appears(room):
    made = room(read_delay_s=0.02).open()
    seen = []
    made.store.listen(lambda old, new: seen.append(new.image and new.image.ref))
    for number in (2, 3, 1, 3):
        made.workspace.select_image(ref(number))
    made.settle()
    assert set(seen) == {None, ref(3)}


def test_free_words_are_answered_and_listed(room):
    made = room().open()
    made.workspace.ask("  right   lung ")
    assert made.state.answer is None
    made.settle()
    assert made.state.answer.prompt == Prompt("right lung", "typed")
    assert made.state.answer.question.notes == ("side: right",)
    assert made.state.asked == ("right lung",)


def test_words_that_name_a_finding_choose_it(room):
    made = room().open()
    made.workspace.ask("pleural EFFUSION")
    made.settle()
    assert made.state.prompt == preset("effusion")
    assert made.state.answer is not None
    assert made.state.asked == ()


def test_a_question_left_before_its_answer_does_not_come_back(room):
    made = room(localizer=FakeLocalizer(delay_s=0.02)).open()
    made.workspace.ask("right lung")
    made.workspace.select_finding("nodule")
    made.settle()
    assert made.state.prompt == preset("nodule")
    assert Prompt("right lung", "typed") not in made.state.answers


def test_no_words_ask_nothing(room):
    made = room().open()
    made.workspace.ask("   ")
    assert made.state.prompt is None


def test_a_question_may_be_asked_before_there_is_a_model(room):
    made = room()
    made.workspace.open_paths(FOLDER)
    made.settle()
    made.workspace.ask("right lung")
    assert made.state.answer is None
    made.workspace.start()
    made.settle()
    assert made.state.answer is not None


def test_the_film_shows_without_a_model(room):
    state = room(localizer=None).open().state
    assert state.image is not None
    assert state.model_problem.reason == "There is no model bundle installed."
    assert state.model_problem.remedy


def test_a_film_that_cannot_be_read_says_why(room):
    error = UnreadableFile("The file ends too early.", remedy="Copy it again.")
    state = room(read_error=error).open().state
    assert state.image is None
    assert state.image_problem.reason == "The file ends too early."


def test_a_model_that_fails_says_why_and_the_film_stays(room):
    error = InferenceError("The model could not be run.", remedy="Restart.")
    state = room(localizer=FakeLocalizer(error=error)).open().state
    assert state.image is not None
    assert state.answer_problem.reason == "The model could not be run."


def test_a_folder_without_films_says_so_and_lists_what_was_skipped(room):
    skipped = Skipped(Path("notes.txt"), "This is no DICOM file.", "Choose another.")
    state = room(found=Listing((), (skipped,))).open().state
    assert state.notice.reason == "No film was found there."
    assert state.listing.skipped == (skipped,)


def test_a_second_folder_is_added_and_shown(room):
    made = room(found=listing(1)).open()
    made.desk.found = listing(1, 2, skipped=(Skipped(Path("x"), "No DICOM.", "None."),))
    made.workspace.open_paths(FOLDER)
    made.settle()
    assert made.state.listing.images == (ref(1), ref(2))
    assert len(made.state.listing.skipped) == 1


def test_the_sample_shows_the_strongest_default_finding(room):
    made = room()
    made.workspace.start()
    made.workspace.open_sample()
    made.settle()
    answers = made.state.answers
    margin = {p: a.similarity - a.question.threshold for p, a in answers.items()}
    assert made.state.prompt == max(margin, key=margin.get)


def test_stepping_stays_within_the_listing(room):
    made = room().open()
    made.workspace.select_previous()
    assert made.state.image_ref == ref(1)
    for _ in range(5):
        made.workspace.select_next()
        made.settle()
    assert made.state.image_ref == ref(3)


def test_a_threshold_belongs_to_its_question_and_can_be_reset(room):
    made = room().open()
    made.workspace.drawn.set_threshold(0.7)
    assert made.state.thresholds == {}
    made.workspace.select_finding("effusion")
    made.workspace.drawn.set_threshold(0.7)
    made.workspace.select_finding("nodule")
    assert made.state.threshold(made.state.answer) == 0.3
    made.workspace.select_finding("effusion")
    assert made.state.threshold(made.state.answer) == 0.7
    made.workspace.drawn.reset_threshold()
    assert made.state.threshold(made.state.answer) == 0.3


def test_switches_do_what_they_say(room):
    made = room()
    made.workspace.drawn.set_opacity(1.7)
    made.workspace.drawn.set_contour(True)
    made.workspace.drawn.set_overlay(False)
    made.workspace.drawn.hide_ai(True)
    state = made.state
    assert (state.opacity, state.is_contour, state.is_overlay_on, state.is_hidden) == (
        1.0,
        True,
        False,
        True,
    )


def test_film_only_keeps_the_numbers_and_drops_the_question(room):
    made = room().open()
    made.workspace.select_finding("effusion")
    made.workspace.clear_question()
    assert made.state.prompt is None
    assert made.state.answers


def test_closing_all_leaves_nothing_on_screen(room):
    made = room().open()
    made.workspace.select_finding("effusion")
    made.workspace.close_all()
    made.settle()
    state = made.state
    assert (state.listing, state.image, state.answers) == (Listing((), ()), None, {})


def test_a_listing_can_be_stopped(room):
    is_started, may_go_on = threading.Event(), threading.Event()
    made = room()

    def slow(paths, *, on_progress, on_partial, should_stop):
        is_started.set()
        assert may_go_on.wait(LATEST_S)
        return Found(listing(1), ref(1))

    made.desk.scan = slow
    workspace = Workspace(made.store, made.tasks, made.desk.engine(), made.loop.post)
    workspace.open_paths(FOLDER)
    assert is_started.wait(LATEST_S)
    workspace.stop_listing()
    may_go_on.set()
    made.settle()
    assert made.state.listing.studies == ()


def test_the_strongest_is_not_chosen_once_the_reader_has_chosen(room):
    made = room(localizer=FakeLocalizer(delay_s=0.01))
    made.workspace.start()
    made.workspace.open_sample()
    made.loop.run_until(lambda: made.state.image is not None and made.state.model is not None)
    made.workspace.select_finding("cardiomegaly")
    made.settle()
    assert made.state.prompt == preset("cardiomegaly")


def test_a_sample_that_cannot_be_read_leaves_nothing_behind_for_the_next_film(room):
    error = UnreadableFile("The file ends too early.", remedy="Copy it again.")
    made = room(read_error=error)
    made.workspace.start()
    made.workspace.open_sample()
    made.settle()
    made.desk.read_error = None
    made.workspace.select_image(ref(2))
    made.settle()
    assert made.state.prompt is None
    assert made.state.answers
