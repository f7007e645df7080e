"""Header values as plain numbers and text. The only way the rest reads a pydicom data set."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from functools import cache
from typing import TYPE_CHECKING, Any

from afloc_desktop.core.dicom.guard import foreign_code
from afloc_desktop.core.errors import UnreadableFile

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydicom import Dataset
    from pydicom.tag import BaseTag

_MOST_NUMBERS = 4096  # windows, spacings: a handful; longer lists are damage or an attack
# Macros of enhanced multi-frame objects that hold what a film has at its top level.
_FRAME_MACROS = (
    "PixelValueTransformationSequence",
    "FrameVOILUTSequence",
    "PixelMeasuresSequence",
    "PlaneOrientationSequence",
    "PlanePositionSequence",
    "PatientOrientationInFrameSequence",
)


class Tags:
    """A data set, or several in order of precedence.

    A value that cannot be read counts as absent and its keyword is kept in `spoilt`.
    """

    def __init__(self, *layers: Dataset) -> None:
        self._layers = layers
        self.spoilt: set[str | int] = set()

    def __contains__(self, keyword: str | int) -> bool:
        tag = _tag_of(keyword)
        return any(tag in layer for layer in self._layers)

    def integer(self, keyword: str | int) -> int | None:
        """A single whole number, None where absent or anything else."""
        word = self._word(keyword)
        value = self._value(keyword) if word is None else word
        return int(value) if isinstance(value, int) and not isinstance(value, bool) else None

    def number(self, keyword: str | int) -> float | None:
        """A single number, None where absent or anything else."""
        values = self.numbers(keyword)
        return values[0] if len(values) == 1 else None

    def numbers(self, keyword: str | int, most: int = _MOST_NUMBERS) -> tuple[float, ...]:
        """All numbers of an element; empty where absent or where one of them is no number.

        Args:
            keyword: Or tag.
            most: That are read; the rest is left out.
        """
        value = self._value(keyword)
        if value is None or isinstance(value, (str, bytes)):
            if value:
                self.spoilt.add(keyword)
            return ()
        try:
            items = [value] if isinstance(value, (int, float)) else list(value)[:most]
            return tuple(float(item) for item in items)
        except (TypeError, ValueError, OverflowError):
            self.spoilt.add(keyword)
            return ()

    def text(self, keyword: str | int) -> str:
        """Text as in the file, several values joined by a backslash; empty where absent."""
        from pydicom.valuerep import PersonName

        value = self._value(keyword)
        if value is None:
            return ""
        is_many = isinstance(value, Sequence) and not isinstance(value, (str, bytes))
        parts = list(value) if is_many else [value]
        # Text in an impossible character set comes as numbers: pydicom guesses on.
        if all(isinstance(part, (str, PersonName)) for part in parts):
            with suppress(UnreadableFile), foreign_code(""):
                return "\\".join(str(part) for part in parts).strip(" \0")
        self.spoilt.add(keyword)
        return ""

    def raw(self, keyword: str | int) -> Any:
        """The value as pydicom gives it; None where absent or unreadable."""
        return self._value(keyword)

    def items(self, keyword: str) -> tuple[Tags, ...]:
        """The items of a sequence; empty where absent or not a sequence."""
        value = self._value(keyword)
        if not isinstance(value, Sequence) or isinstance(value, (str, bytes)):
            return ()
        from pydicom.dataset import Dataset

        return tuple(Tags(item) for item in value if isinstance(item, Dataset))

    def for_frame(self, frame: int) -> Tags:
        """These tags with what the functional groups say about one frame (1-based) on top."""
        per_frame = self.items("PerFrameFunctionalGroupsSequence")
        shared = self.items("SharedFunctionalGroupsSequence")
        groups = (*per_frame[frame - 1 : frame], *shared[:1])
        macros = [item for group in groups for item in group._macro_items()]
        return Tags(*macros, *self._layers)

    def _macro_items(self) -> Iterator[Dataset]:
        for name in _FRAME_MACROS:
            for item in self.items(name)[:1]:
                yield from item._layers

    def _word(self, keyword: str | int) -> int | None:
        """A number of two bytes from the bytes: pydicom takes 30 µs for each."""
        tag = _tag_of(keyword)
        for layer in self._layers:
            if tag in layer:
                raw = layer.get_item(tag)
                if raw.VR != "US" or not isinstance(raw.value, bytes) or len(raw.value) != 2:
                    return None
                is_little = getattr(raw, "is_little_endian", True)
                return int.from_bytes(raw.value, "little" if is_little else "big")
        return None

    def _value(self, keyword: str | int) -> Any:
        tag = _tag_of(keyword)
        for layer in self._layers:
            if tag in layer:
                try:
                    with foreign_code(""):
                        return layer[tag].value
                except UnreadableFile:
                    self.spoilt.add(keyword)
                    return None
        return None


@cache
def _tag_of(keyword: str | int) -> BaseTag:
    """Looked up once: a header is asked forty times, and a listing asks thousands of headers."""
    from pydicom.tag import Tag

    return Tag(keyword)
