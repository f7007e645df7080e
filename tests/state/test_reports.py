import pytest
from doubles import Desk, FakeLocalizer, QueueLoop, listing

from afloc_desktop.core.domain import Listing, Prompt
from afloc_desktop.core.errors import UnreadableFile
from afloc_desktop.state.reports import Report
from afloc_desktop.state.store import State, Store
from afloc_desktop.state.tasks import Tasks
from afloc_desktop.state.workspace import Workspace

TEXT = "FINDINGS:\nA right pleural effusion. No pneumothorax.\nEnlarged heart."
REPORT = Report.of("text", "film1.txt", TEXT)


class Room:
    def __init__(self, desk):
        self.desk, self.loop, self.store = desk, QueueLoop(), Store(State())
        self.tasks = Tasks(self.loop.post, lambda keys: self.store.update(busy=keys))
        self.workspace = Workspace(self.store, self.tasks, desk.engine(), self.loop.post)
        self.workspace.open_paths(["folder"])
        self.settle()
        self.workspace.start()
        self.settle()
        self.reports = self.workspace.reports

    @property
    def state(self):
        return self.store.state

    def settle(self):
        self.loop.run_until(lambda: not self.state.busy)


@pytest.fixture
def room():
    made = []

    def make(**options):
        options.setdefault("reports", (REPORT,))
        made.append(Room(Desk(**options)))
        return made[-1]

    yield make
    for one in made:
        one.tasks.close()


def test_the_report_of_a_study_is_read_sentence_by_sentence(room):
    sentences = room().state.shown_report.sentences
    assert [TEXT[s.start : s.end] for s in sentences] == [s.text for s in sentences]
    assert [s.text for s in sentences[-2:]] == ["No pneumothorax.", "Enlarged heart."]
    assert [s.is_denial for s in sentences[-2:]] == [True, False]
    assert sentences[-2].speaks_of("pneumothorax")
    assert not sentences[-1].speaks_of("pneumothorax")


def test_a_sentence_is_looked_for_and_a_named_finding_is_the_listed_one(room):
    made = room()
    numbers = {s.text: n for n, s in enumerate(made.state.shown_report.sentences)}
    made.reports.choose(numbers["Enlarged heart."])
    assert made.state.prompt == Prompt("cardiomegaly", "preset")
    made.reports.choose(next(n for text, n in numbers.items() if "effusion" in text))
    made.settle()
    assert (made.state.prompt.origin, made.state.answer.question.side) == ("report", "right")
    assert made.state.asked == ()


def test_what_is_said_to_be_absent_is_not_looked_for(room):
    made = room()
    made.workspace.select_finding("nodule")
    number = next(n for n, s in enumerate(made.state.shown_report.sentences) if s.is_denial)
    made.reports.choose(number)
    assert (made.state.prompt, made.state.sentence, made.state.busy) == (None, number, frozenset())


def test_pasted_words_stand_beside_the_reports_that_were_found(room):
    made = room()
    made.reports.paste("  ")
    made.reports.paste("Nodule.")
    made.reports.paste("Consolidation.")
    made.settle()
    assert [r.source for r in made.state.reports] == ["text", "pasted"]
    assert made.state.shown_report.text == "Consolidation."
    assert made.state.shown_report.sentences[0].question is not None
    made.reports.show(0)
    assert made.state.shown_report.name == "film1.txt"
    made.reports.show(7)
    assert made.state.report == 0


def test_another_film_of_the_study_keeps_the_report_and_closing_forgets_it(room):
    made = room()
    before = made.state.reports
    made.workspace.select_next()
    made.settle()
    assert made.state.reports is before
    made.workspace.close_all()
    assert made.state.reports == ()
    made.reports.paste("Nodule.")
    assert made.state.reports == ()


def test_the_report_goes_with_its_study(room):
    two = listing(1).studies + listing(2, patient="Roe^Jim").studies
    other = two[1].__class__(**{f: getattr(two[1], f) for f in two[1].__slots__} | {"uid": "2"})
    made = room(found=Listing((two[0], other), ()))
    made.desk.reports = ()
    made.workspace.select_next()
    made.settle()
    assert made.state.reports == ()


def test_a_report_that_cannot_be_read_is_none(room):
    class Broken(Desk):
        def engine(self):
            from dataclasses import replace

            def fail(study, **options):
                raise UnreadableFile("The file ends too early.", remedy="Copy it again.")

            return replace(super().engine(), reports=fail)

    made = Room(Broken())
    assert made.state.reports == ()
    made.tasks.close()


def test_without_a_model_a_report_is_shown_all_the_same(room):
    made = room(localizer=None)
    assert made.state.shown_report.text == TEXT
    made.reports.choose(0)
    assert made.state.prompt.origin == "report"
    denied = next(n for n, s in enumerate(made.state.shown_report.sentences) if s.is_denial)
    made.reports.choose(denied)
    assert made.state.prompt is None


def test_another_model_reads_the_report_again(room):
    made = room()
    made.desk.localizer = FakeLocalizer(sha="another")
    made.workspace.start()
    made.settle()
    assert made.state.shown_report.sentences[1].question is not None
