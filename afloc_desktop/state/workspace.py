"""Intent in, state out: every gesture of a reader is one call here.

No Qt and no slow call on the main thread: listing, reading and answering go through `Tasks`.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from afloc_desktop.core.domain import Image, ImageRef, Listing, Prompt, Study
from afloc_desktop.core.findings import propose
from afloc_desktop.state.store import Answer, Model, Problem, Store

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from afloc_desktop.core.errors import AflocError
    from afloc_desktop.core.localize import Localizer
    from afloc_desktop.state.paths import Paths
    from afloc_desktop.state.tasks import Post, Tasks, Token

Answers = dict[Prompt, Answer]
# What belongs to one film and one model, and leaves the screen with either.
_BLANK: Mapping[str, Any] = MappingProxyType(
    {"answers": MappingProxyType({}), "answer_problem": None}
)
_PROGRESS_EVERY_S = 0.1


@dataclass(frozen=True, slots=True)
class Engine:
    """The slow calls, each made on a worker thread only.

    Attributes:
        scan: `core.dicom.scan.scan`.
        read: `core.dicom.read.read`.
        open_model: Gives the model to use; raises `BundleError` where there is none.
        sample: Gives the folder of the sample study.
    """

    scan: Callable[..., Listing]
    read: Callable[[ImageRef], Image]
    open_model: Callable[[], Localizer]
    sample: Callable[[], Path]


def engine(paths: Paths) -> Engine:
    """The real calls; each loads what it needs on the thread that makes it."""
    return Engine(_scan, _read, partial(_open_model, paths), _sample)


class Workspace:
    """What a reader can do. Main thread only; changes the store, never a widget.

    `post` runs a call on the main thread, as in `Tasks`.
    """

    def __init__(self, store: Store, tasks: Tasks, engine: Engine, post: Post) -> None:
        self._store = store
        self._tasks = tasks
        self._engine = engine
        self._post = post
        self._localizer: Localizer | None = None
        self._wants_strongest = False

    def start(self) -> None:
        """Load the model; the window is already there."""
        self._tasks.submit(
            "model", self._load_model, self._model_loaded, self._model_failed, lane="infer"
        )

    def open_paths(self, paths: Sequence[Path]) -> None:
        """List files and folders and add them to what is open; show the first new film."""
        if paths:
            work = partial(self._list, tuple(paths))
            self._tasks.submit("scan", work, self._listed, self._failed, lane="files")

    def open_sample(self) -> None:
        """Open the sample study and show the strongest of the findings selected by default."""
        self._wants_strongest = True
        self._tasks.submit("scan", self._list_sample, self._listed, self._failed, lane="files")

    def stop_listing(self) -> None:
        """Give up a listing under way; what was open stays."""
        self._cancel("scan")

    def close_all(self) -> None:
        """Close every study."""
        self._cancel("scan", "image", "survey", "answer")
        self._store.update(
            listing=Listing((), ()), image_ref=None, image=None, image_problem=None, **_BLANK
        )

    def select_image(self, ref: ImageRef) -> None:
        """Show a film; the one before, and all answers on it, leave the screen at once."""
        if ref == self._store.state.image_ref:
            return
        self._cancel("survey", "answer")
        self._store.update(image_ref=ref, image=None, image_problem=None, **_BLANK)
        work = partial(self._read, ref)
        self._tasks.submit("image", work, self._image_read, self._image_failed, lane="files")

    def select_next(self) -> None:
        """Show the film after the one on screen, in the order of the listing."""
        self._step(1)

    def select_previous(self) -> None:
        """Show the film before the one on screen."""
        self._step(-1)

    def select_finding(self, finding_id: str) -> None:
        """Ask for one of the findings the model lists."""
        self._choose(Prompt(finding_id, "preset"))

    def ask(self, words: str) -> None:
        """Ask in free words; words that only name a listed finding choose that finding."""
        text = " ".join(words.split())
        if text:
            self._choose(Prompt(text, "typed"))

    def clear_question(self) -> None:
        """Show the film alone."""
        self._cancel("answer")
        self._store.update(prompt=None, answer_problem=None)

    def set_threshold(self, similarity: float) -> None:
        """Set the threshold of the chosen question, here and on further films."""
        prompt = self._store.state.prompt
        if prompt is not None:
            known = self._store.state.thresholds
            self._store.update(thresholds={**known, prompt: similarity})

    def reset_threshold(self) -> None:
        """Go back to the finding's own threshold."""
        state = self._store.state
        kept = {p: t for p, t in state.thresholds.items() if p != state.prompt}
        self._store.update(thresholds=kept)

    def set_opacity(self, opacity: float) -> None:
        """Set the opacity of the colours, 0 to 1."""
        self._store.update(opacity=min(1.0, max(0.0, opacity)))

    def set_contour(self, is_contour: bool) -> None:
        """Draw a line at the threshold instead of colours above it."""
        self._store.update(is_contour=is_contour)

    def set_overlay(self, is_on: bool) -> None:
        """Switch the overlay on or off."""
        self._store.update(is_overlay_on=is_on)

    def hide_ai(self, is_hidden: bool) -> None:
        """Hide everything the model said for the moment."""
        if is_hidden != self._store.state.is_hidden:
            self._store.update(is_hidden=is_hidden)

    # --- the model

    def _load_model(self, token: Token) -> Localizer:
        return self._engine.open_model()

    def _model_loaded(self, localizer: Localizer) -> None:
        self._localizer = localizer
        manifest = localizer.manifest
        model = Model(
            id=manifest.id,
            version=manifest.version,
            title=manifest.title,
            bundle_sha256=localizer.bundle_sha256,
            fingerprint=manifest.preprocess.fingerprint,
            provider=localizer.provider,
            dicom_modalities=manifest.dicom_modalities,
            findings=manifest.findings,
        )
        self._store.update(model=model, model_problem=None, **_BLANK)
        self._survey()

    def _model_failed(self, error: AflocError) -> None:
        self._store.update(model_problem=Problem.of(error))

    # --- files

    def _list(self, paths: tuple[Path, ...], token: Token) -> Listing:
        reported = time.monotonic()

        def report(count: int, *_: object) -> None:
            nonlocal reported
            if time.monotonic() - reported > _PROGRESS_EVERY_S:
                reported = time.monotonic()
                self._post(partial(self._progress, token, count))

        listing = self._engine.scan(
            paths, on_progress=report, should_stop=lambda: token.is_cancelled
        )
        token.check()
        return listing

    def _list_sample(self, token: Token) -> Listing:
        return self._list((self._engine.sample(),), token)

    def _progress(self, token: Token, count: int) -> None:
        if not token.is_cancelled and self._tasks.is_running("scan"):
            self._store.update(scanned=count)

    def _listed(self, found: Listing) -> None:
        state = self._store.state
        self._store.update(
            listing=merged(state.listing, found), scanned=0, notice=_emptiness(found)
        )
        if found.images:
            self.select_image(found.images[0])

    def _read(self, ref: ImageRef, token: Token) -> Image:
        token.check()
        return self._engine.read(ref)

    def _step(self, by: int) -> None:
        state = self._store.state
        films = state.listing.images
        if state.image_ref in films:
            number = films.index(state.image_ref) + by
            if 0 <= number < len(films):
                self.select_image(films[number])

    def _image_read(self, image: Image) -> None:
        self._store.update(image=image)
        self._survey()

    def _image_failed(self, error: AflocError) -> None:
        self._store.update(image_problem=Problem.of(error))

    def _failed(self, error: AflocError) -> None:
        self._store.update(notice=Problem.of(error), scanned=0)

    # --- answers

    def _survey(self) -> None:
        """Ask every listed finding on the film on screen, and the typed question if one is chosen.

        One pass of the image network answers them all, so a selection later costs nothing.
        """
        state = self._store.state
        if state.image is None or state.model is None or self._localizer is None:
            return
        prompts = tuple(Prompt(f.id, "preset") for f in state.model.findings)
        work = partial(_answer_all, self._localizer, state.image, prompts)
        if state.prompt is not None:
            self._ask_model(state.prompt)  # first, so that the chosen question is not kept waiting
        self._tasks.submit("survey", work, self._surveyed, self._answer_failed, lane="infer")

    def _surveyed(self, answers: Answers) -> None:
        self._store.update(answers={**self._store.state.answers, **answers})
        if self._wants_strongest:
            self._wants_strongest = False
            self._choose_strongest(answers)

    def _choose_strongest(self, answers: Answers) -> None:
        model = self._store.state.model
        defaults = [] if model is None else [f for f in model.findings if f.is_default]
        prompts = [Prompt(f.id, "preset") for f in defaults]
        margins = {
            p: answers[p].finding.similarity - answers[p].finding.threshold
            for p in prompts
            if p in answers
        }
        if margins:
            self._choose(max(margins, key=margins.__getitem__))

    def _choose(self, prompt: Prompt) -> None:
        self._cancel("answer")
        state = self._store.state
        asked = state.asked
        if prompt.origin == "typed" and prompt.words not in asked:
            asked = (prompt.words, *asked)
        self._store.update(prompt=prompt, asked=asked, answer_problem=None)
        is_coming = prompt.origin == "preset" and self._tasks.is_running("survey")
        if prompt not in state.answers and not is_coming:
            self._ask_model(prompt)

    def _ask_model(self, prompt: Prompt) -> None:
        image = self._store.state.image
        if image is None or self._localizer is None:
            return
        work = partial(_answer_all, self._localizer, image, (prompt,))
        done = partial(self._answered, prompt)
        self._tasks.submit("answer", work, done, self._answer_failed, lane="infer")

    def _answered(self, asked: Prompt, answers: Answers) -> None:
        """Take in an answer; where the words only named a listed finding, choose that one."""
        (answer,) = answers.values()
        state = self._store.state
        named = answer.question.prompt
        if asked.origin == "typed" and named.origin == "preset":
            preset = Prompt(answer.question.finding_id, "preset")
            asked_now = tuple(words for words in state.asked if words != asked.words)
            self._store.update(asked=asked_now)
            self._choose(preset)
            return
        self._store.update(answers={**state.answers, **answers})

    def _answer_failed(self, error: AflocError) -> None:
        self._store.update(answer_problem=Problem.of(error))

    def _cancel(self, *keys: str) -> None:
        for key in keys:
            self._tasks.cancel(key)


def merged(known: Listing, found: Listing) -> Listing:
    """Two listings as one: series with the same UID are joined, no film is listed twice.

    The same study UID under two patients stays two studies.
    """
    studies = {(study.uid, study.patient_id): study for study in known.studies}
    for study in found.studies:
        key = (study.uid, study.patient_id)
        studies[key] = _joined_study(studies[key], study) if key in studies else study
    skipped = dict.fromkeys((*known.skipped, *found.skipped))
    return Listing(tuple(studies.values()), tuple(skipped))


def _joined_study(old: Study, new: Study) -> Study:
    series = {s.uid: s for s in old.series}
    for one in new.series:
        known = series[one.uid].images if one.uid in series else ()
        series[one.uid] = replace(one, images=tuple(dict.fromkeys((*known, *one.images))))
    return replace(old, series=tuple(series.values()))


def _emptiness(found: Listing) -> Problem | None:
    if found.images:
        return None
    return Problem(
        "No film was found there.",
        "Choose a folder with DICOM radiographs; files that were skipped are listed with reasons.",
    )


def _answer_all(
    localizer: Localizer, image: Image, prompts: tuple[Prompt, ...], token: Token
) -> Answers:
    answers: Answers = {}
    for prompt in prompts:
        started = time.perf_counter()
        question = localizer.understand(prompt.words)
        heatmap = localizer.localize(image, prompt, check=token.check)
        finding = propose(
            heatmap, question, spacing=image.spacing, provenance=localizer.provenance()
        )
        seconds = time.perf_counter() - started
        answers[prompt] = Answer(prompt, question, heatmap, finding, seconds)
    return answers


def _scan(*args: Any, **options: Any) -> Listing:
    from afloc_desktop.core.dicom.scan import scan

    return scan(*args, **options)


def _read(ref: ImageRef) -> Image:
    from afloc_desktop.core.dicom.read import read

    return read(ref)


def _open_model(paths: Paths) -> Localizer:
    from afloc_desktop.state.models import open_default

    return open_default(paths)


def _sample() -> Path:
    from afloc_desktop.state.models import sample_study

    return sample_study()
