from dataclasses import replace

import numpy as np
import pytest
from doubles import Desk, FakeLocalizer, QueueLoop, film, listing, ref

from afloc_desktop.core.domain import Listing, Prompt, Spacing
from afloc_desktop.core.errors import UnreadableFile
from afloc_desktop.state.comparison import Change, change, prior_film
from afloc_desktop.state.store import State, Store
from afloc_desktop.state.tasks import Tasks
from afloc_desktop.state.workspace import Workspace

NODULE = Prompt("nodule", "preset")


def study(number, date, **changes):
    """A study of one film."""
    (made,) = listing(number).studies
    series = tuple(replace(s, **changes) for s in made.series)
    return replace(made, uid=f"study {number}", date=date, series=series)


NOW, BEFORE, LONG_AGO = study(1, "20240301"), study(2, "20230101"), study(3, "20200101")


def chest(number):
    """A film that looks like a chest to the registration; its first pixel is its number."""
    y, x = np.mgrid[:60, :50].astype(np.float32)
    pixels = np.exp(-((x - 30) ** 2 + (y - 38) ** 2) / 90) * 3000
    pixels -= np.exp(-((x - 15) ** 2 + (y - 25) ** 2) / 120) * 2000
    pixels[0, 0] = number
    return pixels


class Films(Desk):
    def read(self, wanted, *, should_stop):
        if self.read_error is not None and wanted != ref(1):
            raise self.read_error
        return film(
            wanted.instance_number, pixels=chest(wanted.instance_number), **self.film_changes
        )


class Room:
    def __init__(self, **options):
        options.setdefault("found", Listing((NOW, BEFORE, LONG_AGO), ()))
        self.desk, self.loop, self.store = Films(**options), QueueLoop(), Store(State())
        self.tasks = Tasks(self.loop.post, lambda keys: self.store.update(busy=keys))
        self.workspace = Workspace(self.store, self.tasks, self.desk.engine(), self.loop.post)
        self.workspace.start()
        self.workspace.open_paths(["folder"])
        self.settle()
        self.workspace.select_image(ref(1))
        self.settle()
        self.comparing = self.workspace.comparing

    @property
    def state(self):
        return self.store.state

    def settle(self):
        self.loop.run_until(lambda: not self.state.busy)

    def compare(self):
        self.comparing.start()
        self.settle()
        return self.state.comparison


@pytest.fixture
def room():
    made = []

    def make(**options):
        made.append(Room(**options))
        return made[-1]

    yield make
    for one in made:
        one.tasks.close()


@pytest.mark.parametrize(
    ("studies", "expected"),
    [
        ((NOW, LONG_AGO, BEFORE), ref(2)),
        ((NOW, study(2, "20230101", view_position="LL"), LONG_AGO), ref(3)),
        ((NOW, study(2, "20230101", modality="CT"), LONG_AGO), ref(3)),
        ((NOW, study(2, "20230101", modality="CR")), ref(2)),
        ((NOW, replace(BEFORE, patient_id="PID-8")), None),
        ((NOW, study(2, "20250101")), None),
        ((BEFORE,), None),
    ],
    ids=["latest", "other view", "other kind", "radiograph", "other patient", "later", "closed"],
)
def test_the_prior_is_the_latest_comparable_film_of_the_patient(studies, expected):
    state = State(listing=Listing(studies, ()), image_ref=ref(1))
    assert prior_film(state) == expected


def test_both_films_are_answered_and_laid_over_each_other(room):
    made = room()
    comparison = made.compare()
    assert (comparison.ref, comparison.earlier.ref) == (ref(2), ref(2))
    assert comparison.alignment.is_trusted
    assert set(comparison.answers) == set(made.state.answers) == set(comparison.laid_answers)
    for answers in (comparison.answers, comparison.laid_answers):
        assert answers[NODULE].heatmap.key.pixel_sha256 == "pixels 2"
    shown = comparison.shown(made.state)
    assert shown.image is comparison.laid
    made.comparing.align(False)
    shown = made.state.comparison.shown(made.state)
    assert shown.image is comparison.earlier
    assert shown.answers is comparison.answers


def test_a_change_is_in_square_millimetres_where_both_films_have_a_scale(room):
    made = room(film_changes={"spacing": Spacing(2.0, 0.5, "detector")})
    comparison = made.compare()
    now, level = made.state.answers[NODULE], 0.3
    made.workspace.select_finding("nodule")
    made.workspace.drawn.set_threshold(level)
    found = change(made.state, NODULE)
    at = made.state.level(now)
    pixels = np.count_nonzero(now.heatmap.similarity >= at)
    scale_x, scale_y = now.heatmap.scale
    assert found.extent == pytest.approx(pixels * scale_x * scale_y * 2.0 * 0.5)
    # The model of the tests answers the same place on every film.
    assert (found.unit, found.growth) == ("mm²", pytest.approx(0, abs=0.02))
    assert found.earlier_similarity == comparison.answers[NODULE].similarity


def test_without_a_scale_a_change_is_a_share_of_the_film_and_needs_the_alignment(room):
    made = room()
    made.compare()
    found = change(made.state, NODULE)
    assert found.unit == "%"
    assert 0 < found.extent < 0.3
    assert found.growth == pytest.approx(0, abs=0.15)
    made.comparing.align(False)
    assert change(made.state, NODULE).extent is None
    assert change(made.state, Prompt("unasked", "typed")) is None


def test_growth_says_nothing_where_there_was_nothing():
    assert Change(0.5, 0.1, 20.0, 0.0, "mm²").growth is None
    assert Change(0.5, 0.4, 30.0, 20.0, "mm²").growth == pytest.approx(0.5)


def test_the_comparison_ends_with_the_film(room):
    made = room()
    made.compare()
    made.workspace.select_image(ref(3))
    made.settle()
    assert made.state.comparison is None
    made.workspace.select_image(ref(1))
    made.settle()
    made.compare()
    made.workspace.close_all()
    assert made.state.comparison is None


def test_an_earlier_film_that_cannot_be_read_says_why(room):
    made = room(read_error=UnreadableFile("The file ends too early.", remedy="Copy it again."))
    comparison = made.compare()
    assert comparison.problem.reason == "The file ends too early."
    assert comparison.shown(made.state).image_problem == comparison.problem
    assert change(made.state, NODULE) is None


def test_another_model_is_asked_about_both_films(room):
    made = room()
    made.compare()
    made.desk.localizer = FakeLocalizer(sha="another")
    made.workspace.start()
    made.settle()
    keys = {a.heatmap.key.bundle_sha256 for a in made.state.comparison.answers.values()}
    assert keys == {"another"}


def test_without_a_prior_nothing_is_compared(room):
    made = room(found=Listing((NOW,), ()))
    assert made.compare() is None
