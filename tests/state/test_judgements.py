import pytest
from doubles import Desk, QueueLoop, ref

from afloc_desktop.core.errors import ExportError
from afloc_desktop.core.geometry import Point
from afloc_desktop.state.store import State, Store
from afloc_desktop.state.tasks import Tasks
from afloc_desktop.state.workspace import Workspace

SQUARE = (Point(10, 10), Point(30, 10), Point(30, 40), Point(10, 40))


class Room:
    """A film with every answer, effusion chosen, a reader in front of it."""

    def __init__(self, desk):
        self.desk, self.loop = desk, QueueLoop()
        self.store = Store(State())
        self.tasks = Tasks(self.loop.post, lambda keys: self.store.update(busy=keys))
        self.workspace = Workspace(self.store, self.tasks, desk.engine(), self.loop.post)
        self.workspace.start()
        self.workspace.open_paths(["folder"])
        self.settle()
        self.workspace.select_finding("effusion")
        self.judging, self.history = self.workspace.judging, self.workspace.history
        self.judging.set_reader("Dr  Reader ")

    @property
    def state(self):
        return self.store.state

    @property
    def verdict(self):
        found = self.state.judgement(self.state.answer)
        return None if found is None else found.status

    @property
    def trail(self):
        """Verdicts alone."""
        return [line[0] for line in self.desk.trail if line[0] != "proposed"]

    def settle(self):
        self.loop.run_until(lambda: not self.state.busy)

    def judge(self, *words, **more):
        self.judging.judge(*words, **more)
        self.settle()


@pytest.fixture
def room():
    made = Room(Desk())
    yield made
    made.tasks.close()


def test_a_verdict_is_in_the_trail_and_names_its_reader(room):
    room.judge("accepted")
    judgement = room.state.judgement(room.state.answer)
    finding = judgement.statement.finding
    assert (finding.status, finding.author, finding.id) == ("accepted", "Dr Reader", "effusion")
    assert finding.provenance.provider == "CPUExecutionProvider"
    assert finding.threshold == room.state.threshold(room.state.answer)
    assert judgement.ref == ref(1)
    _, (action, key, statement, reason) = room.desk.trail
    assert (action, key, reason) == ("accepted", room.state.answer.heatmap.key, "")
    assert statement is judgement.statement


def test_what_the_model_proposed_is_in_the_trail_once_before_any_verdict_on_it(room):
    room.judge("edited", outlines=[SQUARE])
    room.judge("rejected", "absent")
    assert [line[0] for line in room.desk.trail] == ["proposed", "edited", "rejected"]
    _, key, statement = room.desk.trail[0]
    finding = statement.finding
    assert key == room.state.answer.heatmap.key
    assert (finding.status, finding.author) == ("proposed", "")
    assert finding.regions != room.desk.trail[1][2].finding.regions


def test_a_rejection_keeps_its_reason(room):
    room.judge("rejected", "artefact")
    assert room.state.judgement(room.state.answer).reason == "artefact"
    assert room.desk.trail[-1][3] == "artefact"


def test_a_drawn_outline_is_what_is_stated(room):
    room.judge("edited", outlines=[SQUARE])
    (region,) = room.state.judgement(room.state.answer).statement.regions
    assert region.outline == SQUARE


def test_what_is_accepted_or_edited_leaves_and_nothing_else(room):
    room.judge("accepted")
    room.workspace.select_finding("nodule")
    room.judge("rejected", "absent")
    room.workspace.select_finding("pneumothorax")
    room.judge("edited", outlines=[SQUARE])
    ((film, statements),) = room.judging.accepted().items()
    assert film == ref(1)
    assert [s.finding.id for s in statements] == ["effusion", "pneumothorax"]


def test_every_step_back_and_forth_is_in_the_trail(room):
    room.judge("accepted")
    room.judge("rejected", "absent")
    for call, verdict in (
        (room.history.undo, "accepted"),
        (room.history.undo, None),
        (room.history.redo, "accepted"),
        (room.history.redo, "rejected"),
        (room.history.undo, "accepted"),
    ):
        call()
        room.settle()
        assert room.verdict == verdict
    assert room.trail == [
        "accepted", "rejected", "accepted", "withdrawn", "accepted", "rejected", "accepted",
    ]  # fmt: skip
    assert (room.history.can_undo, room.history.can_redo) == (True, True)


def test_a_new_verdict_ends_what_could_be_given_again(room):
    room.judge("accepted")
    room.history.undo()
    room.settle()
    room.judge("rejected", "known")
    room.history.redo()
    assert not room.state.busy
    assert (room.verdict, room.history.can_redo) == ("rejected", False)


def test_verdicts_given_in_a_row_keep_their_order(room):
    room.judging.judge("accepted")
    room.workspace.select_finding("nodule")
    room.judging.judge("rejected", "absent")
    room.judging.withdraw()
    room.settle()
    assert room.trail == ["accepted", "rejected"]
    assert len(room.state.judged) == 2


def test_a_withdrawn_verdict_can_come_back(room):
    room.judge("accepted")
    room.judging.withdraw()
    room.settle()
    assert room.verdict is None
    room.history.undo()
    room.settle()
    assert room.verdict == "accepted"


def test_without_its_line_in_the_trail_a_verdict_is_not_given(room):
    room.desk.trail_error = ExportError("The disk is full.", remedy="Free some space.")
    room.judge("accepted")
    assert room.verdict is None
    assert room.state.judgement_problem.reason == "The disk is full."
    room.desk.trail_error = None
    room.judge("accepted")
    assert (room.verdict, room.state.judgement_problem) == ("accepted", None)


def test_a_gate_that_cannot_be_overruled_leaves_verdicts_alone(room):
    room.judging.judge("accepted")
    room.judging._not_overruled(ExportError("The disk is full.", remedy="Free some space."))
    assert room.state.judgement_problem.reason == "The disk is full."
    room.settle()
    assert room.verdict == "accepted"


def test_nobody_judges_without_a_name_or_an_answer(room):
    room.workspace.clear_question()
    room.judging.judge("accepted")
    room.judging.withdraw()
    room.workspace.select_finding("nodule")
    room.judging.set_reader("   ")
    room.judging.judge("accepted")
    assert not room.state.busy
    assert room.desk.trail == []


def test_verdicts_stay_with_their_film(room):
    room.judge("accepted")
    room.workspace.select_next()
    room.settle()
    assert room.verdict is None
    room.workspace.select_previous()
    room.settle()
    assert room.verdict == "accepted"
