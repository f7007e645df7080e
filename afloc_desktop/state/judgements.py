"""What a reader made of answers: every verdict is in the audit trail before it is on screen."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from afloc_desktop import __version__
from afloc_desktop.core.domain import IdentityKey, Provenance, SlideHeatmap
from afloc_desktop.core.measuring import FilmKey
from afloc_desktop.state.gate import gate, is_refused
from afloc_desktop.state.store import Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from afloc_desktop.core.domain import Image, ImageRef, Spacing
    from afloc_desktop.core.errors import AflocError
    from afloc_desktop.core.export.selection import Statement
    from afloc_desktop.core.judging import Outline, Reason, Verdict
    from afloc_desktop.core.slides.slide import Slide
    from afloc_desktop.state.audit import Action
    from afloc_desktop.state.history import History
    from afloc_desktop.state.store import Answer, Model, State, Store
    from afloc_desktop.state.tasks import Tasks, Token


@dataclass(frozen=True, slots=True, eq=False)
class Judgement:
    """A reader's verdict on one answer.

    Attributes:
        ref: The film.
        key: The answer: film, model and words.
        statement: What is stated, with the reader's status and name.
        reason: Why it was rejected; empty where no reason was given.
    """

    ref: ImageRef
    key: IdentityKey
    statement: Statement
    reason: Reason = ""

    @property
    def status(self) -> Action:
        """Of the finding."""
        return self.statement.finding.status


@dataclass(frozen=True, slots=True, eq=False)
class _Change:
    """One line for the trail, and the verdict it is about; None is "no verdict".

    Attributes:
        is_new: The store does not hold it yet.
        proposal: What the model had proposed, of a new verdict.
    """

    key: IdentityKey
    before: Judgement | None
    after: Judgement | None
    is_new: bool
    proposal: Statement | None = None


class Judgements:
    """The reader's half of a workspace. Main thread only.

    A verdict is in the audit trail before it is on screen; what was undone follows at once.

    `note` writes an audit line and is called on a worker thread; `survey` asks the model about
    the film on screen.
    """

    def __init__(
        self,
        store: Store,
        tasks: Tasks,
        note: Callable[..., None],
        history: History,
        survey: Callable[[], None],
    ) -> None:
        self._store = store
        self._tasks = tasks
        self._note = note
        self._history = history
        self._survey = survey
        # One after the other: the trail has their order.
        self._waiting: deque[Callable[[], _Change]] = deque()
        self._proposed: set[IdentityKey] = set()  # in the trail as they were before any verdict
        history.listen(self._stepped)

    def set_reader(self, name: str) -> None:
        """Say who judges from now on."""
        self._store.update(reader=" ".join(name.split()))

    def judge(
        self, verdict: Verdict, reason: Reason = "", outlines: Sequence[Outline] = ()
    ) -> None:
        """Give a verdict on the answer on screen; nothing happens without one or a reader.

        Args:
            verdict: What the reader says; on a slide nothing is drawn anew.
            reason: Why it was rejected.
            outlines: Where it is, of an edited finding; source pixels.
        """
        state = self._store.state
        answer, shown, model = state.answer, _shown(state), state.model
        if answer is None or shown is None or model is None or not state.reader:
            return
        asked = _Asked(answer, shown, model, state.threshold(answer), state.reader)
        self._write(partial(_judged, asked, verdict, reason, tuple(outlines)))

    def withdraw(self) -> None:
        """Take back the verdict on the answer on screen, if there is one."""
        answer = self._store.state.answer
        before = None if answer is None else self._store.state.judgement(answer)
        if before is not None:
            self._write(partial(_Change, before.key, before, None, is_new=True))

    def overrule(self) -> None:
        """Have the model asked about the film on screen although it was not made for it."""
        state = self._store.state
        if state.image is None or state.model is None or not is_refused(state):
            return
        film = FilmKey.of(state.image)
        model = state.model
        key = IdentityKey(*film, model.bundle_sha256, model.fingerprint, "")
        reasons = " ".join(gate(state).refusals)
        work = partial(self._note_overruled, key, reasons)
        done = partial(self._overruled, film)
        self._tasks.submit("overrule", work, done, self._not_overruled, lane="files")

    def _note_overruled(self, key: IdentityKey, reasons: str, token: Token) -> None:
        self._note("overridden", key, None, reasons)

    def _overruled(self, film: FilmKey, done: None) -> None:
        self._store.update(overruled=self._store.state.overruled | {film}, judgement_problem=None)
        self._survey()

    def _not_overruled(self, error: AflocError) -> None:
        self._store.update(judgement_problem=Problem.of(error))

    def accepted(self) -> dict[ImageRef, tuple[Statement, ...]]:
        """What may leave the station: accepted and edited findings, by film."""
        kept: dict[ImageRef, tuple[Statement, ...]] = {}
        for judgement in self._store.state.judged.values():
            if judgement.status in ("accepted", "edited"):
                kept[judgement.ref] = (*kept.get(judgement.ref, ()), judgement.statement)
        return kept

    def _stepped(self, old: State, new: State) -> None:
        """Something was undone or done again: the trail learns which verdicts that changed."""
        for key in {**old.judged, **new.judged}:
            before, after = old.judged.get(key), new.judged.get(key)
            if before is not after:
                self._write(partial(_Change, key, before, after, is_new=False))

    def _write(self, make: Callable[[], _Change]) -> None:
        self._waiting.append(make)
        if len(self._waiting) == 1:
            self._next()

    def _next(self) -> None:
        if self._waiting:
            work = partial(self._noted, self._waiting[0])
            self._tasks.submit("judge", work, self._written, self._failed, lane="files")

    def _noted(self, make: Callable[[], _Change], token: Token) -> _Change:
        change = make()
        shown = change.after or change.before
        assert shown is not None
        if change.proposal is not None and change.key not in self._proposed:
            self._note("proposed", change.key, change.proposal)
            self._proposed.add(change.key)
        action: Action = "withdrawn" if change.after is None else shown.status
        self._note(action, change.key, shown.statement, shown.reason if change.after else "")
        return change

    def _written(self, change: _Change) -> None:
        self._waiting.popleft()
        if change.is_new:
            judged = {k: j for k, j in self._store.state.judged.items() if k != change.key}
            if change.after is not None:
                judged[change.key] = change.after
            self._history.change(judged=judged)
        if self._store.state.judgement_problem is not None:
            self._store.update(judgement_problem=None)
        self._next()

    def _failed(self, error: AflocError) -> None:
        """Without its line in the trail a verdict is not given."""
        self._waiting.clear()
        self._store.update(judgement_problem=Problem.of(error))


@dataclass(frozen=True, slots=True, eq=False)
class _Asked:
    """What a verdict is about, as it was on screen when it was given."""

    answer: Answer
    shown: Image | Slide
    model: Model
    threshold: float
    reader: str


def _shown(state: State) -> Image | Slide | None:
    """What the answer on screen is about."""
    return state.image if state.slide is None else state.slide.slide


def _judged(
    asked: _Asked, verdict: Verdict, reason: Reason, outlines: tuple[Outline, ...]
) -> _Change:
    from afloc_desktop.core import judging
    from afloc_desktop.core.export.selection import Statement
    from afloc_desktop.core.findings import propose

    heatmap, (ref, spacing) = asked.answer.heatmap, _place(asked.shown)
    label = asked.answer.question.label
    proposed = propose(
        heatmap,
        asked.answer.question,
        spacing=spacing,
        provenance=_provenance(asked),
        threshold=asked.threshold,
    )
    if isinstance(heatmap, SlideHeatmap):
        from afloc_desktop.core.slides.answers import on_slide

        proposed = on_slide(proposed, ref.columns, ref.rows)
    if verdict == "accepted":
        finding = judging.accepted(proposed, asked.reader)
    elif verdict == "rejected":
        finding = judging.rejected(proposed, asked.reader)
    else:
        finding = judging.edited(proposed, outlines, heatmap, spacing=spacing, author=asked.reader)
    judgement = Judgement(ref, heatmap.key, Statement(label, finding, heatmap), reason)
    proposal = Statement(label, proposed, heatmap)
    return _Change(heatmap.key, None, judgement, is_new=True, proposal=proposal)


def _place(shown: Image | Slide) -> tuple[ImageRef, Spacing | None]:
    """The file of what was judged, and how large its pixels are."""
    from afloc_desktop.core.domain import Image

    if isinstance(shown, Image):
        return shown.ref, shown.spacing
    from afloc_desktop.core.slides.answers import spacing_of

    return shown.refs[0], spacing_of(shown)


def _provenance(asked: _Asked) -> Provenance:
    key = asked.answer.heatmap.key
    return Provenance(
        bundle_id=asked.model.id,
        bundle_sha256=key.bundle_sha256,
        preprocess_fingerprint=key.preprocess_fingerprint,
        app_version=__version__,
        provider=asked.model.provider,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
    )
