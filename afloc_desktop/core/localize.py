"""Where a film answers words: the one class a second front end needs."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
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
)
from afloc_desktop.core.heatmap import GridHeatmap, over_film, over_input
from afloc_desktop.core.model.bundle import Bundle, load_finding_vectors, open_bundle
from afloc_desktop.core.model.gate import Gate
from afloc_desktop.core.model.patches import (
    Patches,
    Resolution,
    check_resolution,
    film_patches,
)
from afloc_desktop.core.model.session import Sessions
from afloc_desktop.core.model.tokenizer import load_tokenizer
from afloc_desktop.core.places import DISC, WHOLE, away_from, laterality_of, remarks
from afloc_desktop.core.understanding import TEXT, Interpreter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    import numpy.typing as npt

    from afloc_desktop.core.geometry import Frame
    from afloc_desktop.core.model.manifest import Manifest
    from afloc_desktop.core.understanding import Question

_KEPT_FILMS = 8
_KEPT_BYTES = 256 << 20  # an eye of 256 x 256 cells takes 100 MB


class Localizer:
    """One bundle, ready to answer. Thread-confined: use it from one thread at a time.

    Attributes:
        manifest: What the bundle says of itself.
        bundle_sha256: Which bundle it is.
        fallback: Why something else runs than was chosen; empty where it does not.
    """

    def __init__(
        self,
        bundle: Bundle,
        sessions: Sessions,
        *,
        fallback: str = "",
        resolution: Resolution = "standard",
    ) -> None:
        """Take a bundle and its networks.

        Args:
            bundle: What answers.
            sessions: Its networks.
            fallback: As the attribute.
            resolution: As for `film_patches`.

        Raises:
            InferenceError: The bundle cannot be run at this resolution.
        """
        check_resolution(resolution, bundle.manifest, sessions)
        self.fallback = fallback
        self.manifest: Manifest = bundle.manifest
        self.bundle_sha256 = bundle.sha256
        self._sessions = sessions
        self._tokenizer = load_tokenizer(bundle)
        self._presets = load_finding_vectors(bundle)
        # The mean map of all findings is that of their mean vector.
        self._taken_off = _mean(self._presets) * np.float32(bundle.manifest.heatmap.mean_map)
        self._typed: dict[str, FloatArray] = {}
        self._films: OrderedDict[str, tuple[Patches, Frame]] = OrderedDict()
        self._resolution: Resolution = resolution
        self._fingerprint = bundle.manifest.preprocess.fingerprint
        if resolution != "standard":  # other numbers under another name: they never mix
            name = f"{self._fingerprint} {resolution}"
            self._fingerprint = hashlib.sha256(name.encode()).hexdigest()
        gate = Gate(bundle, sessions, self._tokenizer)
        self._interpreter = Interpreter(bundle.manifest, self._tokenizer, gate.admits)

    @classmethod
    def open(cls, folder: Path, *, provider: str, resolution: Resolution = "standard") -> Localizer:
        """Load a bundle folder, every file verified as it is read.

        Raises:
            BundleError: The bundle cannot be used.
            InferenceError: The provider cannot be used.
        """
        bundle = open_bundle(folder)
        return cls(bundle, Sessions(bundle, provider), resolution=resolution)

    @property
    def fingerprint(self) -> str:
        """How films are prepared and looked at, as it stands in every answer's key."""
        return self._fingerprint

    @property
    def provider(self) -> str:
        """What really runs, as onnxruntime names it, and how, if not as the bundle is made for."""
        mode = "" if self._resolution == "standard" else f" {self._resolution}"
        return self._sessions.runs_on + mode

    def understand(self, words: str) -> Question:
        """Match words with the bundle's findings and read the place they name.

        Args:
            words: A finding's id or label, a term or a sentence; not empty.

        Raises:
            InferenceError: The text network, asked whether the words are about a film, fails.
        """
        return self._interpreter.understand(words)

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
            check: As for `localize_many`.

        Raises:
            InferenceError: A network could not be run.
        """
        return self.localize_many(image, [prompt], check=check)[0]

    def localize_many(
        self,
        image: Image,
        prompts: Sequence[Prompt],
        *,
        check: Callable[[], None] = lambda: None,
    ) -> list[Heatmap]:
        """Answer prompts on one film, all with one pass of the image network and one product.

        Args:
            image: Any film.
            prompts: Any words.
            check: Called between the steps and, from another thread, while a network runs; may
                raise `Cancelled`.

        Raises:
            InferenceError: A network could not be run.
        """
        questions, vectors = self.words_vectors(prompts, check=check)
        patches, frame = self._film_vectors(image, check)
        check()
        grids = np.tensordot(vectors, patches, axes=1)
        disc = None
        if any(question.part.landmark for question in questions):
            disc = self._find_disc(patches, frame)
        return [
            self._heatmap((image, frame, disc), question, prompt, grid)
            for question, prompt, grid in zip(questions, prompts, grids, strict=True)
        ]

    def _heatmap(
        self,
        seen: tuple[Image, Frame, tuple[float, float] | None],
        question: Question,
        prompt: Prompt,
        grid: npt.NDArray[np.float64],
    ) -> Heatmap:
        image, frame, disc = seen
        spec, part = self.manifest.heatmap, question.part
        sigma_cells = question.sigma_cells * len(grid) / spec.grid  # the same share of the film
        if question.side in ("right", "left") and not _is_turned(image):
            is_on_image_left = (question.side == "right") == (image.row_direction != "R")
            grid = grid - _side_penalty(frame, len(grid), is_on_image_left) * spec.side_penalty
        told: tuple[str, ...] = ()
        if part != WHOLE:
            eye = laterality_of(part, image)
            away = away_from(part, frame, len(grid), eye, disc)
            grid = grid - away * spec.side_penalty
            told = tuple(remarks(part, eye, has_disc=disc is not None))
        if spec.extent == "input":
            surface = over_input(grid, frame, sigma_cells)
        else:
            surface = over_film(grid, frame, sigma_cells, spec.sharpness)
        return GridHeatmap(
            similarity=surface,
            scale=surface.scale,
            prompt=prompt,
            bundle_id=self.manifest.id,
            key=self.key(image, prompt),
            notes=question.notes + _assumptions(question, image) + told,
        )

    def _find_disc(self, patches: Patches, frame: Frame) -> tuple[float, float] | None:
        """Where this model sees the optic disc, x and y from 0 to 1 of the picture."""
        finding = next((f for f in self.manifest.findings if f.id == DISC), None)
        if finding is None:
            return None
        grid = np.tensordot(self._presets[DISC] - self._taken_off, patches, axes=1)
        row, column = np.unravel_index(np.argmax(grid), grid.shape)
        cell = frame.side / len(grid)
        x = ((column + 0.5) * cell - frame.left) / frame.width
        y = ((row + 0.5) * cell - frame.top) / frame.height
        return (float(x), float(y)) if grid.max() >= finding.threshold else None

    def localize_all(
        self, image: Image, finding_ids: Iterable[str], *, check: Callable[[], None] = lambda: None
    ) -> dict[str, Heatmap]:
        """Answer several of the bundle's findings on one film, by id."""
        prompts = [Prompt(i, "preset") for i in finding_ids]
        maps = self.localize_many(image, prompts, check=check)
        return {prompt.words: heatmap for prompt, heatmap in zip(prompts, maps, strict=True)}

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

    def words_vectors(
        self, prompts: Sequence[Prompt], *, check: Callable[[], None] = lambda: None
    ) -> tuple[list[Question], FloatArray]:
        """What is understood of prompts, and what a place is multiplied with to be compared.

        Args:
            prompts: Any words, at least one.
            check: As for `localize_many`.

        Returns:
            The questions, and vectors of shape (prompts, D).

        Raises:
            InferenceError: The text network could not be run.
        """
        questions = [self.understand(prompt.words) for prompt in prompts]
        asked = zip(questions, prompts, strict=True)
        vectors = np.stack([self._words_vector(question, p, check) for question, p in asked])
        return questions, vectors - self._taken_off

    def patches(self, image: Image, *, check: Callable[[], None] = lambda: None) -> Patches:
        """Vectors of a film's places, shape (D, grid, grid); not kept, unlike for an answer.

        Args:
            image: Any film.
            check: As for `localize_many`.

        Raises:
            InferenceError: The image network could not be run.
        """
        return film_patches(image, self.manifest, self._sessions, self._resolution, check)[0]

    def _film_vectors(self, image: Image, check: Callable[[], None]) -> tuple[Patches, Frame]:
        # The place too: the same stored pixels may be scaled or padded by another header.
        ref = image.ref
        key = f"{image.pixel_sha256} {ref.frame} {ref.member} {ref.path}"
        if key not in self._films:
            self._films[key] = film_patches(
                image, self.manifest, self._sessions, self._resolution, check
            )
            while len(self._films) > 1 and not self._is_little_kept():
                self._films.popitem(last=False)
        self._films.move_to_end(key)
        return self._films[key]

    def _is_little_kept(self) -> bool:
        held = sum(patches.nbytes for patches, _ in self._films.values())
        return len(self._films) <= _KEPT_FILMS and held <= _KEPT_BYTES

    def _words_vector(
        self, question: Question, prompt: Prompt, check: Callable[[], None]
    ) -> FloatArray:
        # A listed finding has its averaged prompts; a named zone is part of a trained sentence.
        is_own = self.manifest.text.is_literal and prompt.origin != "preset"
        if question.finding_id != TEXT and question.zone is None and not is_own:
            return self._presets[question.finding_id]
        sentence = question.sentence
        if sentence not in self._typed:
            ids, mask = self._tokenizer.encode_all([sentence])
            self._typed[sentence] = self._sessions.encode_text(ids, mask, check=check)[0]
        if question.leans_on is None:
            return self._typed[sentence]
        both = self._typed[sentence] + self._presets[question.leans_on]
        toward: FloatArray = both / np.linalg.norm(both)
        return toward


def _mean(vectors: dict[str, FloatArray]) -> FloatArray:
    mean: FloatArray = np.mean(list(vectors.values()), axis=0)
    return mean


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
