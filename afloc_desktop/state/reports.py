"""The reports of the study on screen, sentence by sentence, and what each says of the film."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Literal

from afloc_desktop.core.domain import Prompt
from afloc_desktop.core.sentences import place_sentences
from afloc_desktop.core.wording import is_negated
from afloc_desktop.state.store import home_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from afloc_desktop.core.domain import Study
    from afloc_desktop.core.errors import AflocError
    from afloc_desktop.core.understanding import Question
    from afloc_desktop.state.questions import Questions
    from afloc_desktop.state.store import Store
    from afloc_desktop.state.tasks import Tasks, Token

Source = Literal["dicom", "text", "pasted", "document"]
_LONGEST = 200_000  # characters of a report


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of a report.

    Attributes:
        text: As written, whitespace collapsed.
        start, end: Where it stands in the report's text.
        question: As the model understands it; None until it was read.
    """

    text: str
    start: int
    end: int
    question: Question | None = None

    @property
    def is_denial(self) -> bool:
        """Whether it only says that something is absent; by its words until it was read."""
        return is_negated(self.text) if self.question is None else self.question.is_negated

    def speaks_of(self, finding_id: str) -> bool:
        """Whether it names a finding, be it to deny it."""
        question = self.question
        return question is not None and any(m.finding_id == finding_id for m in question.mentions)


@dataclass(frozen=True, slots=True)
class Report:
    """A report on the study on screen.

    Attributes:
        source: Where it came from.
        name: Of its file; empty where it was pasted.
        text: As written; empty where a `document` gives no words.
        sentences: Of the text.
    """

    source: Source
    name: str
    text: str
    sentences: tuple[Sentence, ...]

    @classmethod
    def of(cls, source: Source, name: str, text: str) -> Report:
        """A report whose sentences nobody read yet."""
        text = text[:_LONGEST]
        return cls(source, name, text, tuple(Sentence(*placed) for placed in place_sentences(text)))


class Reports:
    """The report's half of a workspace. Main thread only.

    `find` reads the reports of a study and is called on a worker thread.
    """

    def __init__(
        self,
        store: Store,
        tasks: Tasks,
        find: Callable[..., tuple[Report, ...]],
        questions: Questions,
    ) -> None:
        self._store = store
        self._tasks = tasks
        self._find = find
        self._questions = questions
        self._study: tuple[str, str] | None = None
        self._read_by = ""
        questions.listen(self._film_shown)

    def paste(self, text: str) -> None:
        """Take words as a report on the study on screen; they are kept nowhere."""
        if text.strip() and self._store.state.image is not None:
            others = tuple(r for r in self._store.state.reports if r.source != "pasted")
            self._store.update(
                reports=(*others, Report.of("pasted", "", text)), report=len(others), sentence=None
            )
            self._understand()

    def show(self, number: int) -> None:
        """Show another report of the study."""
        if 0 <= number < len(self._store.state.reports):
            self._store.update(report=number, sentence=None)

    def choose(self, number: int) -> None:
        """Choose a sentence; what it says to be there is looked for, what it denies is not."""
        report = self._store.state.shown_report
        if report is None or not 0 <= number < len(report.sentences):
            return
        sentence = report.sentences[number]
        self._store.update(sentence=number)
        if sentence.is_denial:
            self._questions.clear()
        else:
            self._questions.choose(_prompt(sentence))

    def close(self) -> None:
        """Forget the reports: their study is closed."""
        self._study = None
        for key in ("reports", "sentences"):
            self._tasks.cancel(key)
        self._store.update(reports=(), report=0, sentence=None)

    def _film_shown(self) -> None:
        state = self._store.state
        home = None if state.image is None else home_of(state.listing, state.image.ref)
        study = None if home is None else (home.study.uid, home.study.patient_id)
        if study != self._study:
            self.close()
            self._study = study
            if home is not None:
                is_alone = len(state.listing.studies) == 1
                work = partial(self._read, home.study, is_alone)
                self._tasks.submit("reports", work, self._found, self._failed, lane="files")
        elif state.model is not None and state.model.bundle_sha256 != self._read_by:
            self._understand()

    def _read(self, study: Study, is_alone: bool, token: Token) -> tuple[Report, ...]:
        token.check()
        return self._find(study, is_alone=is_alone, should_stop=lambda: token.is_cancelled)

    def _found(self, reports: tuple[Report, ...]) -> None:
        pasted = tuple(r for r in self._store.state.reports if r.source == "pasted")
        if reports:
            self._store.update(reports=(*reports, *pasted), report=0, sentence=None)
            self._understand()

    def _failed(self, error: AflocError) -> None:
        """Nothing to tell: a study without a report that can be read has none."""

    def _understand(self) -> None:
        """Have every sentence read by the model in use, once there is one."""
        state = self._store.state
        if state.model is not None and state.reports:
            texts = tuple(dict.fromkeys(s.text for r in state.reports for s in r.sentences))
            done = partial(self._understood, state.model.bundle_sha256)
            self._questions.read(texts, done)

    def _understood(self, bundle_sha256: str, questions: Mapping[str, Question]) -> None:
        self._read_by = bundle_sha256
        reports = tuple(
            replace(
                report,
                sentences=tuple(
                    replace(s, question=questions.get(s.text, s.question)) for s in report.sentences
                ),
            )
            for report in self._store.state.reports
        )
        self._store.update(reports=reports)


def _prompt(sentence: Sentence) -> Prompt:
    """A sentence that only names a listed finding is that finding; its numbers are known."""
    question = sentence.question
    if question is not None and question.prompt.origin == "preset":
        return Prompt(question.finding_id, "preset")
    return Prompt(sentence.text, "report")
