import pytest
from doubles import Desk, FakeLocalizer, QueueLoop, film

from afloc_desktop.state.model_list import ModelList
from afloc_desktop.state.questions import Questions
from afloc_desktop.state.store import ModelName, State, Store
from afloc_desktop.state.tasks import Tasks

EYES = ModelName("eyes", "Eyes", "fundus")


@pytest.fixture
def room():
    class Room:
        loop, store = QueueLoop(), Store(State(image=film()))
        desk = Desk(localizer=FakeLocalizer(delay_s=0.01))

        def settle(self):
            self.loop.run_until(lambda: not self.store.state.busy)

    made = Room()
    tasks = Tasks(made.loop.post, lambda keys: made.store.update(busy=keys))
    made.questions = Questions(made.store, tasks, made.desk.open_model)
    made.models = ModelList(made.store, tasks, lambda: (EYES,), made.questions)
    made.questions.load_model()
    made.models.look()
    yield made
    tasks.close()


def test_the_models_that_can_be_chosen_are_known_once_the_first_is_open(room):
    room.loop.run_until(lambda: bool(room.store.state.installed))
    assert room.store.state.model is not None
    assert room.store.state.installed == (EYES,)


def test_answers_of_the_model_before_do_not_come_any_more(room):
    room.loop.run_until(lambda: "survey" in room.store.state.busy)
    room.desk.localizer = FakeLocalizer(sha="other")
    room.desk.localizer.manifest.id = "other"
    room.models.choose("other")
    room.settle()
    keys = {answer.heatmap.key.bundle_sha256 for answer in room.store.state.answers.values()}
    assert (room.store.state.model.id, keys) == ("other", {"other"})
