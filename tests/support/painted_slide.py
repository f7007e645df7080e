"""A slide that is an array: any picture as a pyramid, without a file."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import tiny_bundle as tiny

from afloc_desktop.core.domain import ImageRef
from afloc_desktop.core.preprocess import PreprocessSpec
from afloc_desktop.core.slides.slide import Level

WHITE = 244


@dataclass
class PaintedSlide:
    """Pixels of the finest level, RGB; levels are every so manieth of them.

    Attributes:
        pixels: uint8, shape (rows, columns, 3).
        downsamples: Of its levels, finest first.
        um: Of a pixel of the finest level; None where the slide does not say.
    """

    pixels: np.ndarray
    downsamples: tuple[int, ...] = (1, 4)
    um: float | None = 0.5
    background: tuple[int, int, int] = (WHITE, WHITE, WHITE)
    sha256: str = "5" * 64
    warnings: tuple[str, ...] = ()
    reads: list[tuple[int, int, int]] = field(default_factory=list)

    @property
    def levels(self) -> tuple[Level, ...]:
        rows, columns = self.pixels.shape[:2]
        return tuple(
            Level(columns // d, rows // d, 64, 64, float(d), self.um and (self.um * d,) * 2)
            for d in self.downsamples
        )

    @property
    def um_per_pixel(self):
        return self.levels[0].um_per_pixel

    @property
    def refs(self) -> tuple[ImageRef, ...]:
        rows, columns = self.pixels.shape[:2]
        return (ImageRef(Path("slide.dcm"), 1, "1.2.9.1", rows, columns, 1),)

    def level_for(self, downsample: float) -> int:
        return max((n for n, d in enumerate(self.downsamples) if d <= downsample * 1.01), default=0)

    def region(
        self, level: int, left: int, top: int, columns: int, rows: int, *, should_stop=None
    ) -> np.ndarray:
        self.reads.append((level, left, top))
        step = self.downsamples[level]
        small = self.pixels[::step, ::step]
        out = np.full((rows, columns, 3), WHITE, np.uint8)
        part = small[max(top, 0) : top + rows, max(left, 0) : left + columns]
        out[max(-top, 0) :, max(-left, 0) :][: part.shape[0], : part.shape[1]] = part
        return out

    def close(self) -> None:
        """Nothing is open."""


def glass(rows: int, columns: int) -> np.ndarray:
    """A slide without tissue."""
    return np.full((rows, columns, 3), WHITE, np.uint8)


def stain(pixels: np.ndarray, left: int, top: int, columns: int, rows: int, level=200) -> None:
    """Put a block of tissue on glass; its luminance is `level`, its colour a pink."""
    pixels[top : top + rows, left : left + columns] = (level + 20, level - 14, level + 20)


def make_for_slides(folder: Path) -> Path:
    """Turn the tiny bundle into one for slides; it sees the luminance of windows of 96 pixels."""
    preprocess = PreprocessSpec(
        1, tiny.SIDE, "letterbox", "area-8bit", 0.0, 100.0, "grey", 1, 0.0, 1.0, 0.0
    )
    modality = {"modality": "histo", "dicom_modalities": ("SM",)}
    tiny.sign(folder, tiny.manifest(preprocess=preprocess, **modality))
    return folder
