"""One slide and one model: window after window, kept, and answered whenever somebody asks."""

from __future__ import annotations

import hashlib
import zlib
from contextlib import ExitStack
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from afloc_desktop.core.domain import IdentityKey, Image, ImageRef, Prompt, read_only
from afloc_desktop.core.eight_bit import luminance
from afloc_desktop.core.errors import UnsupportedImage
from afloc_desktop.core.geometry import Point
from afloc_desktop.core.places import away_from_halves
from afloc_desktop.core.slides.answers import SlideMap, answer, pooled, stitched
from afloc_desktop.core.slides.kept import CELLS, SUFFIX, Kept, make_room
from afloc_desktop.core.slides.regions import (
    MARGIN,
    WORKING_UM,
    plan_windows,
    read_window,
    tile_slide,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from afloc_desktop.core.domain import ColourArray, FloatArray
    from afloc_desktop.core.geometry import Box
    from afloc_desktop.core.localize import Localizer
    from afloc_desktop.core.places import Part
    from afloc_desktop.core.slides.answers import SlideAnswer
    from afloc_desktop.core.slides.regions import Place
    from afloc_desktop.core.slides.slide import Slide

_VERSION = 1  # of what is computed and kept; another one means other numbers
_WRONG_KINDS = MappingProxyType(
    {
        "cxr": "This is a slide, and the model was made for radiographs.",
        "fundus": "This is a slide, and the model was made for photographs of the retina.",
    }
)
_COMPARED = 8  # windows whose pixels are looked at again before a run goes on


class SlideRun:
    """The windows of one region, under way. Thread-confined; `close` lets go of its file.

    Attributes:
        slide: What is asked.
        plan: Which windows the model is shown.
    """

    def __init__(
        self,
        slide: Slide,
        localizer: Localizer,
        folder: Path,
        *,
        region: Box | None = None,
        um: float = WORKING_UM,
        check: Callable[[], None] = lambda: None,
    ) -> None:
        """Plan the windows, and take up what was kept of them.

        Args:
            slide: Stays open as long as this is used.
            localizer: What answers.
            folder: Where windows are kept, made if need be.
            region: Slide pixels; None for the whole slide.
            um: Of a pixel of the network's input, µm.
            check: Called between steps; may raise `Cancelled`.

        Raises:
            UnsupportedImage: The model was not made for slides, or no part of the region lies on
                the slide.
            ExportError: Windows cannot be kept.
        """
        check_model(localizer.manifest.modality)
        self.slide = slide
        self._localizer = localizer
        tiling = tile_slide(slide, localizer.manifest.preprocess.side, um=um)
        self.plan = plan_windows(slide, tiling, region, check=check)
        key = self._key()
        path = folder / (key[:32] + SUFFIX)
        self._kept = Kept(path, key, _depth_of(localizer))
        make_room(folder, path)
        with ExitStack() as opened:
            opened.callback(self._kept.close)
            self._forget_if_changed()
            opened.pop_all()
        self._left = self._unseen()

    @property
    def total(self) -> int:
        """Windows with tissue in the region."""
        return len(self.plan.windows)

    @property
    def done(self) -> int:
        """Those that were looked at, in this run or an earlier one."""
        return self.total - len(self._left)

    @property
    def is_finished(self) -> bool:
        """Whether all were."""
        return not self._left

    def step(self, *, check: Callable[[], None] = lambda: None) -> None:
        """Show the model the next window and keep what it sees.

        Args:
            check: Called between the steps and, from another thread, while the network runs; may
                raise `Cancelled`, which loses this window and nothing else.

        Raises:
            InferenceError: The network could not be run.
            ExportError: The window cannot be kept.
        """
        place = self._left[-1]
        check()
        pixels = read_window(self.slide, self.plan.tiling, place)
        check()
        patches = self._localizer.patches(_as_image(pixels), check=check)
        self._kept.append(place, pooled(patches), zlib.crc32(pixels.tobytes()))
        self._left.pop()

    def ask(
        self, prompts: Sequence[Prompt], *, check: Callable[[], None] = lambda: None
    ) -> list[SlideAnswer]:
        """Answer prompts from the windows that are kept, without another look at the slide.

        Args:
            prompts: Any words.
            check: Called between the steps; may raise `Cancelled`.

        Raises:
            InferenceError: The text network could not be run.
            ExportError: What was kept cannot be read.
        """
        if not prompts:
            return []
        questions, vectors = self._localizer.words_vectors(prompts, check=check)
        maps = stitched(self.plan, self.slide, self._kept.read(), vectors, check)
        made = self._localizer.provenance()
        corner, side = Point(*self.plan.box[:2]), self.plan.tiling.side / CELLS
        answers = []
        for prompt, question, everywhere in zip(prompts, questions, maps, strict=True):
            check()
            similarity = self._in_part(question.part, everywhere)
            key = IdentityKey(
                sop_instance_uid=self.slide.refs[0].sop_instance_uid,
                frame=1,
                pixel_sha256=self.slide.sha256,
                bundle_sha256=made.bundle_sha256,
                preprocess_fingerprint=made.preprocess_fingerprint,
                prompt=prompt.words,
            )
            laid = SlideMap(similarity, corner, (side, side), key)
            answers.append(answer(self.plan, self.slide, laid, question, made, self.done))
        return answers

    def _in_part(self, part: Part, similarity: FloatArray) -> FloatArray:
        """A map with less similarity outside the part of the region that the words name."""
        if not part.is_named:
            return similarity
        away = away_from_halves(part, *similarity.shape)
        penalty = np.float32(self._localizer.manifest.heatmap.side_penalty)
        return read_only(similarity - away * penalty)

    def start_anew(self) -> None:
        """Forget what earlier runs kept of this slide and model.

        Raises:
            ExportError: The disk refuses.
        """
        self._kept.forget()
        self._left = self._unseen()

    def close(self) -> None:
        """Let go of the file of windows."""
        self._kept.close()

    def _unseen(self) -> list[Place]:
        """Windows still to be looked at, the next one last."""
        return [place for place in reversed(self.plan.windows) if place not in self._kept]

    def _key(self) -> str:
        """Of everything that the kept vectors depend on."""
        made, tiling = self._localizer.provenance(), self.plan.tiling
        parts = (
            _VERSION,
            CELLS,
            MARGIN,
            self.slide.sha256,
            made.bundle_sha256,
            made.preprocess_fingerprint,
            made.provider,
            tiling.side,
            tiling.level,
        )
        return hashlib.sha256(" ".join(map(str, parts)).encode()).hexdigest()

    def _forget_if_changed(self) -> None:
        """Start anew where the pixels are others than those that were looked at.

        A slide is known by its headers, because nobody waits for gigabytes to be read; so some
        windows are read again.
        """
        seen = self._kept.seen
        places = list(seen)[:: max(1, len(seen) // _COMPARED)]
        for place in places:
            pixels = read_window(self.slide, self.plan.tiling, place)
            if zlib.crc32(pixels.tobytes()) != seen[place]:
                self._kept.forget()
                return


def check_model(modality: str) -> None:
    """Refuse a model that was not made for slides.

    Args:
        modality: What the model was trained on, as in its manifest.

    Raises:
        UnsupportedImage: It was trained on something else.
    """
    if modality in _WRONG_KINDS:
        raise UnsupportedImage(
            _WRONG_KINDS[modality],
            remedy="Choose a model for histopathology; `afloc bundles list` shows what is here.",
        )


def _depth_of(localizer: Localizer) -> int:
    """How long the vectors are: as long as those of the words they are compared with."""
    first = Prompt(localizer.manifest.findings[0].id, "preset")
    return int(localizer.words_vectors([first])[1].shape[1])


def _as_image(pixels: ColourArray) -> Image:
    """A window as the film that the model takes it for."""
    rows, columns = pixels.shape[:2]
    return Image(
        ref=ImageRef(Path(), 1, "", rows, columns, None),
        pixels=luminance(pixels).astype(np.float32),
        is_inverted=False,
        padding=None,
        voi=(),
        spacing=None,
        pixel_sha256="",
        orientation=None,
        warnings=(),
        colour=pixels,
    )
