from dataclasses import replace

import pytest
from doubles import Desk, FakeLocalizer, QueueLoop, listing, ref
from readings import EFFUSION, MODEL

from afloc_desktop.core.domain import Listing
from afloc_desktop.core.hanging import Cell, Rule
from afloc_desktop.state.store import Grid, State, Store
from afloc_desktop.state.tasks import Tasks
from afloc_desktop.state.workspace import Workspace

PAIR = Grid(1, 2)


def rule(name="pair", *cells: Cell, is_automatic=True) -> Rule:
    return Rule(name, name, 1, 2, ("DX",), ("CHEST",), is_automatic, cells)


CURRENT_PRIOR = rule("prior", Cell("current", "frontal"), Cell("prior", "frontal"))


def study_of(number: int, date: str):
    (study,) = listing(number).studies
    return replace(study, uid=f"study {number}", date=date)


class Room:
    """A workspace on fakes with a listing of three films, its loop turned by hand."""

    def __init__(self, **changes):
        self.desk, self.loop = Desk(**changes), QueueLoop()
        self.store = Store(State())
        self.tasks = Tasks(self.loop.post, lambda keys: self.store.update(busy=keys))
        self.workspace = Workspace(self.store, self.tasks, self.desk.engine(), self.loop.post)
        self.wall = self.workspace.wall
        self.workspace.start()
        self.workspace.open_paths(["folder"])
        self.settle()

    @property
    def state(self):
        return self.store.state

    def settle(self):
        self.loop.run_until(lambda: not self.state.busy)

    def shown(self):
        """Numbers of the films on screen, cell by cell."""
        images = (self.state.at(cell).image for cell in range(self.state.grid.cells))
        return [image and image.ref.instance_number for image in images]


@pytest.fixture
def room():
    made = []

    def make(**changes):
        made.append(Room(**changes))
        return made[-1]

    yield make
    for one in made:
        one.tasks.close()


def side_by_side(room):
    """Film 1 left, film 2 right and active, all answered."""
    made = room()
    made.wall.arrange(PAIR)
    made.wall.place(1, ref(2))
    made.settle()
    return made


def test_each_cell_keeps_its_film_and_its_answers(room):
    made = side_by_side(room)
    made.workspace.select_finding("effusion")
    assert (made.shown(), made.state.active) == ([1, 2], 1)
    for cell in (0, 1):
        seen = made.state.at(cell)
        assert seen.answer.heatmap.key == seen.key_for(seen.image)
    made.wall.activate(0)
    assert not made.state.busy & {"survey", "answer"}  # nothing is asked again
    assert made.state.image.ref == ref(1)
    assert made.state.answer.heatmap.key.sop_instance_uid == "1.2.1"


def test_a_question_chosen_elsewhere_is_asked_in_the_cell_that_becomes_active(room):
    made = side_by_side(room)
    made.workspace.ask("right lung")
    made.settle()
    made.wall.activate(0)
    assert made.state.answer is None
    made.settle()
    assert made.state.answer.heatmap.key.sop_instance_uid == "1.2.1"


def test_answers_of_a_model_that_was_replaced_do_not_come_back(room):
    made = side_by_side(room)
    made.store.update(model=replace(MODEL, bundle_sha256="another"), answers={})
    made.wall.activate(0)
    assert dict(made.state.answers) == {}


def test_a_film_still_being_read_arrives_in_the_cell_it_was_meant_for(room):
    made = room(read_delay_s=0.02)
    made.wall.arrange(PAIR)
    made.wall.place(1, ref(3))
    made.wall.activate(0)
    made.settle()
    assert (made.shown(), made.state.active) == ([1, 3], 0)
    made.wall.show(PAIR, (ref(2), ref(1)))
    made.wall.activate(1)
    made.settle()
    assert (made.shown(), made.state.active) == ([2, 1], 1)


def test_a_smaller_screen_keeps_the_active_film_and_forgets_the_rest(room):
    made = side_by_side(room)
    made.wall.arrange(Grid(1, 1))
    assert (made.shown(), made.state.active, made.state.parked) == ([2], 0, {})


def test_an_empty_cell_can_be_worked_in(room):
    made = room()
    made.wall.arrange(Grid(2, 2))
    made.wall.activate(3)
    assert made.state.image is None
    assert made.state.answers == {}
    made.workspace.select_image(ref(2))
    made.settle()
    assert made.shown() == [1, None, None, 2]


def test_a_film_that_cannot_be_read_says_so_in_its_own_cell(room):
    made = room()

    def fail(wanted, *, should_stop):
        from afloc_desktop.core.errors import UnreadableFile

        raise UnreadableFile("It ends too early.", remedy="Copy it again.")

    made.workspace._films._read = fail
    made.wall.show(PAIR, (ref(1), ref(3)))
    made.settle()
    assert made.state.image_problem is None
    assert made.state.at(1).image_problem.reason == "It ends too early."


def test_a_study_opens_beside_its_prior(room):
    found = Listing((study_of(1, "20230101"), study_of(2, "20240101")), ())
    made = room(found=found, rules=(CURRENT_PRIOR,))
    assert (made.state.grid, made.shown()) == (PAIR, [2, 1])


def test_a_prior_that_is_known_but_not_open_is_opened_and_hung(room):
    made = room(found=Listing((study_of(2, "20240101"),), ()), rules=(CURRENT_PRIOR,))
    assert made.state.grid == Grid(1, 1)
    made.desk.prior = ("old.dcm",)
    made.workspace.close_all()
    made.workspace.open_paths(["folder"])
    made.loop.run_until(lambda: "prior" in made.state.busy)
    made.desk.found = Listing((study_of(1, "20230101"), study_of(2, "20240101")), ())
    made.settle()
    assert made.shown() == [2, 1]


def test_what_the_reader_arranged_is_left_alone(room):
    made = room(rules=())
    made.wall.arrange(PAIR)
    made.wall.rules = (rule("two", Cell("current", "frontal"), Cell("current", "frontal")),)
    made.wall.hang_opened(ref(1))
    assert made.shown() == [1, None]


def test_a_rule_that_does_not_fit_changes_nothing(room):
    made = room()
    before = made.state
    assert not made.wall.hang(CURRENT_PRIOR)
    assert made.state is before
    assert made.wall.fitting() == ()


def test_playing_asks_nothing_until_it_stops(room):
    (study,) = listing(1).studies
    series = replace(study.series[0], images=(ref(1), ref(2), ref(3)))
    found = Listing((replace(study, series=(series,)),), ())
    localizer = FakeLocalizer()
    made = room(found=found, localizer=localizer)
    asked = []
    localizer.localize = lambda image, prompt, **options: asked.append(prompt)
    for expected in (2, 3, 1):
        made.wall.play()
        made.settle()
        assert made.shown() == [expected]
    assert asked == []
    made.wall.scroll(-1)
    assert made.state.image_ref == ref(1)
    del localizer.localize
    made.wall.pause()
    made.settle()
    assert EFFUSION in made.state.answers


def test_closing_all_leaves_one_empty_cell(room):
    made = side_by_side(room)
    made.workspace.close_all()
    made.settle()
    assert (made.state.grid, made.shown(), made.state.parked) == (Grid(1, 1), [None], {})
