import pytest
from doubles import Desk, FakeLocalizer, QueueLoop, film, finding

from afloc_desktop.core.domain import Prompt
from afloc_desktop.state.questions import Questions
from afloc_desktop.state.store import State, Store
from afloc_desktop.state.tasks import Tasks

NODULE = Prompt("nodule", "preset")


class Room:
    """Questions on a fake model, about a film that is on screen."""

    def __init__(self, localizer):
        self.loop, self.store = QueueLoop(), Store(State(image=film()))
        self.tasks = Tasks(self.loop.post, lambda keys: self.store.update(busy=keys))
        self.questions = Questions(self.store, self.tasks, Desk(localizer=localizer).open_model)
        self.questions.load_model()

    def settle(self):
        self.loop.run_until(lambda: not self.store.state.busy)


@pytest.fixture
def room():
    made = []

    def make(**options):
        made.append(Room(FakeLocalizer(**options)))
        return made[-1]

    yield make
    for one in made:
        one.tasks.close()


def test_the_reader_learns_what_the_model_is(room):
    made = room()
    made.settle()
    model = made.store.state.model
    assert (model.id, model.version, model.bundle_sha256) == ("fake", "1", "bundle")
    assert model.provider == "CPUExecutionProvider"


def test_an_answer_says_how_long_it_took(room):
    made = room(delay_s=0.02)
    made.settle()
    assert 0.02 <= made.store.state.answers[NODULE].seconds < 10


def test_the_chosen_question_is_answered_before_the_others(room):
    made = room(delay_s=0.01)
    made.store.update(prompt=NODULE)
    made.loop.run_until(lambda: made.store.state.answer is not None)
    assert set(made.store.state.answers) == {NODULE}


def test_a_question_goes_between_the_pieces_of_a_survey(room):
    many = tuple(finding(f"finding {n}", f"Finding {n}", "All") for n in range(40))
    made = room(findings=many, delay_s=0.005)
    made.loop.run_until(lambda: made.tasks.is_running("survey"))
    made.questions.choose(Prompt("finding 39", "preset"))
    made.loop.run_until(lambda: made.store.state.answer is not None)
    assert made.tasks.is_running("survey")
    made.settle()
    assert len(made.store.state.answers) == 40


def test_the_strongest_is_the_one_farthest_above_its_own_threshold(room):
    made = room()
    made.questions.choose_strongest()
    made.settle()
    answers = made.store.state.answers
    margins = {p: a.similarity - a.question.threshold for p, a in answers.items()}
    assert made.store.state.prompt == max(margins, key=margins.get)


def test_dropped_answers_do_not_come(room):
    made = room(delay_s=0.01)
    made.loop.run_until(lambda: made.tasks.is_running("survey"))
    made.questions.drop()
    made.settle()
    assert made.store.state.answers == {}
