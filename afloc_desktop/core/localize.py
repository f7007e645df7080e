"""Where a film answers words: the one class a second front end needs."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np

from afloc_desktop import __version__
from afloc_desktop.core.domain import (
    FloatArray,
    Heatmap,
    IdentityKey,
    Image,
    Prompt,
    Provenance,
    Side,
    Zone,
)
from afloc_desktop.core.heatmap import spread, spread_input
from afloc_desktop.core.model.bundle import Bundle, load_bundle, load_finding_vectors
from afloc_desktop.core.model.session import Sessions
from afloc_desktop.core.model.tokenizer import load_tokenizer
from afloc_desktop.core.preprocess import prepare
from afloc_desktop.core.text import Place, as_sentence, is_negated, parse_place

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from afloc_desktop.core.geometry import Frame
    from afloc_desktop.core.model.manifest import FindingSpec, Manifest

TEXT = "text"  # finding id of words the bundle does not list
_KEPT_FILMS = 8


@dataclass(frozen=True, slots=True)
class Question:
    """A prompt as the model understands it.

    Attributes:
        prompt: The words as asked.
        finding_id: Of the bundle's finding they name, or `text`.
        label: What the reader sees.
        threshold: Similarity from which the answer counts as found.
        sigma_cells: Smoothing of the map, grid cells.
        side, zone: Named in the words; None where not.
        notes: What was understood beyond the meaning, for the reader.
        warnings: What the model cannot do with these words, for the reader.
    """

    prompt: Prompt
    finding_id: str
    label: str
    threshold: float
    sigma_cells: float
    side: Side | None
    zone: Zone | None
    notes: tuple[str, ...]
    warnings: tuple[str, ...]


class Localizer:
    """One bundle, ready to answer. Thread-confined: use it from one thread at a time."""

    def __init__(self, bundle: Bundle, sessions: Sessions) -> None:
        self.manifest: Manifest = bundle.manifest
        self.bundle_sha256 = bundle.sha256
        self._sessions = sessions
        self._tokenizer = load_tokenizer(bundle)
        self._presets = load_finding_vectors(bundle)
        self._typed: dict[str, FloatArray] = {}
        self._films: OrderedDict[str, tuple[FloatArray, Frame]] = OrderedDict()
        self._fingerprint = bundle.manifest.preprocess.fingerprint
        self._names = _finding_names(bundle.manifest.findings)

    @classmethod
    def open(cls, folder: Path, *, provider: str) -> Localizer:
        """Verify and load a bundle folder.

        Raises:
            BundleError: The bundle cannot be used.
            InferenceError: The provider cannot be used.
        """
        bundle = load_bundle(folder)
        return cls(bundle, Sessions(bundle, provider))

    @property
    def provider(self) -> str:
        """What really runs, as onnxruntime names it."""
        return self._sessions.provider

    def understand(self, words: str) -> Question:
        """Match words with the bundle's findings and read the place they name.

        Args:
            words: A finding's id or label, a term or a sentence; not empty.
        """
        text = " ".join(words.split())
        # A bundle that reads words literally has its places in the words, not routed by us.
        is_literal = self.manifest.text.is_literal
        place = Place(None, None, text) if is_literal else parse_place(text)
        finding = self._names.get(text.lower().rstrip(".")) or self._names.get(place.rest.lower())
        notes = [f"side: {place.side}"] if place.side else []
        notes += [f"zone: {place.zone}"] if place.zone else []
        is_preset = finding is not None and not notes and (not is_literal or text == finding.id)
        spec = self.manifest.heatmap
        return Question(
            prompt=Prompt(text, "preset" if is_preset else "typed"),
            finding_id=finding.id if finding else TEXT,
            label=finding.label if finding and not notes else text,
            threshold=finding.threshold if finding else spec.threshold,
            sigma_cells=finding.sigma_cells if finding else spec.sigma_cells,
            side=place.side,
            zone=place.zone,
            notes=tuple(notes),
            warnings=self._warnings(text, is_listed=finding is not None),
        )

    def key(self, image: Image, prompt: Prompt) -> IdentityKey:
        """What an answer to `prompt` on `image` belongs to."""
        return IdentityKey(
            sop_instance_uid=image.ref.sop_instance_uid,
            frame=image.ref.frame,
            pixel_sha256=image.pixel_sha256,
            bundle_sha256=self.bundle_sha256,
            preprocess_fingerprint=self._fingerprint,
            prompt=prompt.words,
        )

    def localize(
        self, image: Image, prompt: Prompt, *, check: Callable[[], None] = lambda: None
    ) -> Heatmap:
        """Answer one prompt on one film.

        Args:
            image: Any film.
            prompt: Any words.
            check: Called between the steps; may raise `Cancelled`.

        Raises:
            InferenceError: A network could not be run.
        """
        question = self.understand(prompt.words)
        patches, frame = self._film_vectors(image, check)
        check()
        vector = self._words_vector(question, prompt)
        grid = np.tensordot(vector, patches, axes=1)
        if question.side in ("right", "left") and not _is_turned(image):
            is_on_image_left = (question.side == "right") == (image.row_direction != "R")
            grid = grid - _side_penalty(frame, self.manifest.heatmap.grid, is_on_image_left) * (
                np.float32(self.manifest.heatmap.side_penalty)
            )
        spec = self.manifest.heatmap
        if spec.extent == "input":
            similarity, scale = spread_input(grid, frame, question.sigma_cells)
        else:
            similarity, scale = spread(grid, frame, question.sigma_cells, spec.sharpness)
        return Heatmap(
            similarity=similarity,
            scale=scale,
            prompt=prompt,
            bundle_id=self.manifest.id,
            key=self.key(image, prompt),
            notes=question.notes + _assumptions(question, image),
        )

    def localize_all(
        self, image: Image, finding_ids: Iterable[str], *, check: Callable[[], None] = lambda: None
    ) -> dict[str, Heatmap]:
        """Answer several of the bundle's findings on one film, by id."""
        return {i: self.localize(image, Prompt(i, "preset"), check=check) for i in finding_ids}

    def provenance(self) -> Provenance:
        """What computes the answers, now."""
        return Provenance(
            bundle_id=self.manifest.id,
            bundle_sha256=self.bundle_sha256,
            preprocess_fingerprint=self._fingerprint,
            app_version=__version__,
            provider=self.provider,
            created=datetime.now(UTC).isoformat(timespec="seconds"),
        )

    def _film_vectors(self, image: Image, check: Callable[[], None]) -> tuple[FloatArray, Frame]:
        # The place too: the same stored pixels may be scaled or padded by another header.
        ref = image.ref
        key = f"{image.pixel_sha256} {ref.frame} {ref.member} {ref.path}"
        if key not in self._films:
            prepared = prepare(
                image.pixels,
                self.manifest.preprocess,
                padding=image.padding,
                pixel_aspect=image.pixel_aspect,
                colour=image.colour,
            )
            check()
            outputs = self._sessions.encode_image(prepared.tensor)
            patches = outputs[self.manifest.heatmap.level][0]
            # Raw products are many times larger than they differ from place to place.
            is_raw = self.manifest.heatmap.similarity == "dot"
            kept = patches.astype(np.float64) if is_raw else patches
            self._films[key] = (kept, prepared.frame)
            while len(self._films) > _KEPT_FILMS:
                self._films.popitem(last=False)
        self._films.move_to_end(key)
        return self._films[key]

    def _words_vector(self, question: Question, prompt: Prompt) -> FloatArray:
        # A listed finding has its averaged prompts; a named zone is part of a trained sentence.
        is_own = self.manifest.text.is_literal and prompt.origin != "preset"
        if question.finding_id != TEXT and question.zone is None and not is_own:
            return self._presets[question.finding_id]
        sentence = as_sentence(question.prompt.words, self.manifest.text)
        if sentence not in self._typed:
            ids, mask = self._tokenizer.encode_all([sentence])
            self._typed[sentence] = self._sessions.encode_text(ids, mask)[0]
        return self._typed[sentence]

    def _warnings(self, text: str, *, is_listed: bool) -> tuple[str, ...]:
        warnings = []
        if is_negated(text):
            warnings.append("Negations are not understood: the map shows what is negated.")
        sentence = as_sentence(text, self.manifest.text)
        if not sentence:
            warnings.append("The model's own text cleaning leaves nothing of these words.")
        if self._tokenizer.is_cut(sentence):
            warnings.append("The text is too long: its end is not read.")
        if not is_listed and self._tokenizer.unknown_id in self._tokenizer.encode(sentence):
            warnings.append("Some of these words are unknown to the model.")
        return tuple(warnings)


def _finding_names(findings: Iterable[FindingSpec]) -> dict[str, FindingSpec]:
    names: dict[str, FindingSpec] = {}
    for finding in findings:
        for name in (finding.id, finding.label.lower(), *finding.synonyms, *finding.prompts):
            names.setdefault(name.lower().rstrip("."), finding)
            names.setdefault(name.lower() + "s", finding)
    return names


def _assumptions(question: Question, image: Image) -> tuple[str, ...]:
    """What was taken for granted to answer: the usual view, where the file does not say."""
    if question.side not in ("right", "left") or image.row_direction is not None:
        return ()
    if _is_turned(image):
        return ("right and left are not beside each other on this film; the side was not used",)
    return ("the file does not say which side is which; the usual view is assumed",)


def _is_turned(image: Image) -> bool:
    """Lying on its side, or taken from the side: no half of the film is a side of the patient."""
    return image.orientation is not None and image.row_direction is None


def _side_penalty(frame: Frame, grid: int, is_on_image_left: bool) -> FloatArray:
    """0 on the named half of the film and 1 on the other, soft at the midline; shape (1, grid)."""
    cell = frame.side / grid
    x = ((np.arange(grid) + 0.5) * cell - frame.left) / frame.width * 2 - 1
    # 0.12 of the half width: the spine is some 10 % of a film.
    away = 1 / (1 + np.exp(-np.clip(x if is_on_image_left else -x, -1, 1) / 0.12))
    penalty: FloatArray = away.astype(np.float32)[None, :]
    return penalty
