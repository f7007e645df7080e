"""Headers written alike: the files of a folder mostly differ in values, not in their elements.

A header that was walked once becomes a pattern of its elements and their lengths; a file that
fits it has the same structure byte for byte, so its values are where the pattern says. Fitting
costs a fifth of a walk.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from afloc_desktop.core.dicom.walker import ORDER, SHARED, Marks, Walked, walk

if TYPE_CHECKING:
    Values = tuple[bytes | None, ...]

# Elements that differ from one image of a series to the next, and how they are written: UIDs,
# times, exposure, number, position, extremes. Their length is read; all others have the same.
_UID, _NUMBERS = rb"[0-9.]*\0?", rb"[0-9 +\-.eE\\]*"
_VARYING = {
    0x00020000: b".{4}",
    0x00020003: _UID,
    0x00080013: _NUMBERS,
    0x00080018: _UID,
    0x00080032: _NUMBERS,
    0x00080033: _NUMBERS,
    0x00181151: _NUMBERS,
    0x00181152: _NUMBERS,
    0x00200013: _NUMBERS,
    0x00200032: _NUMBERS,
    0x00201041: _NUMBERS,
    0x00280106: b".{2}",
    0x00280107: b".{2}",
}
_LITERAL = (0x00020002, 0x00020010)
_LONGEST = 64
# A pattern takes some 50 walks to compile: one per 200 files costs at most a quarter more.
_FILES_PER_PATTERN = 200
_MOST_PATTERNS = 24
_LENGTHS = {
    width: {n.to_bytes(width, "little"): n for n in range(_LONGEST + 1)} for width in (2, 4)
}


@dataclass(slots=True)
class _Shape:
    """The structure of a header: runs of elements of fixed length, between elements that vary.

    Attributes:
        pattern: Of the whole; its groups are, in turn, a run, and the length and the value of
            the element behind it; at last a run that ends with the length of the pixels.
        lengths: Of every varying element, what its length means as it is written.
        places: Of the shared values: which run, first byte, byte behind the last; None where
            the element is absent.
        own: Of the instance's own values: which of the varying elements; None where absent.
        vr: Of the pixel element.
        runs, last: Of the file before, and what was found in it.
        between: Everything in it but the varying values, and where each part begins.
        slices: Where in it the instance's own values are.
    """

    pattern: re.Pattern[bytes]
    lengths: tuple[dict[bytes, int], ...]
    places: tuple[tuple[int, int, int] | None, ...]
    own: tuple[int | None, ...]
    vr: bytes
    runs: Values = ()
    last: Walked | None = None
    between: tuple[tuple[bytes, int], ...] = ()
    slices: tuple[slice, ...] = ()

    def repeat(self, data: bytes) -> Walked | None:
        """The values of a file that has everything but the varying values of the one before."""
        for part, start in self.between:
            if not data.startswith(part, start):
                return None
        if self.last is None:
            return None
        own = tuple([data[place] or None for place in self.slices])
        return Walked(self.last.shared, own, self.vr, self.last.offset, self.last.length)

    def fit(self, data: bytes) -> Walked | None:
        """The values of a file of this shape; None of any other."""
        found = self.pattern.match(data, 128)
        if found is None:
            return None
        groups, spans = found.groups(), found.regs[1:]
        varying = groups[2::3]
        for lengths, stated, value in zip(self.lengths, groups[1::3], varying, strict=True):
            if lengths.get(stated) != len(value):
                return None
        shared = self._shared(groups[::3])
        length = int.from_bytes(data[found.end() - 4 : found.end()], "little")
        own = tuple(None if n is None else varying[n] or None for n in self.own)
        claimed = None if length == 0xFFFFFFFF else length
        self.last = Walked(shared, own, self.vr, found.end(), claimed)
        starts = [start for start, _ in spans[::3]]
        ends = [*(end for _, end in spans[1::3]), found.end()]
        self.between = tuple((data[a:b], a) for a, b in zip(starts, ends, strict=True))
        self.slices = tuple(
            slice(0, 0) if n is None else slice(*spans[3 * n + 2]) for n in self.own
        )
        return self.last

    def _shared(self, runs: Values) -> Values:
        if self.last is None or runs != self.runs:
            self.runs = runs
            return tuple(
                None if place is None else runs[place[0]][place[1] : place[2]]  # type: ignore[index]
                for place in self.places
            )
        return self.last.shared


class Shapes:
    """Walks headers and learns as it goes. One per listing, one thread."""

    def __init__(self) -> None:
        self._shapes: list[_Shape] = []
        self._files = 0
        self._learnt = 0

    def walk(self, data: bytes, size: int) -> Walked | None:
        """Answer as `walker.walk` does, sooner where a file like this one came before."""
        self._files += 1
        if self._shapes:
            walked = self._shapes[0].repeat(data) or self._fit(data)
            if walked is not None:
                return walked if walked.offset <= size else None
        if self._learnt * _FILES_PER_PATTERN >= self._files:
            return walk(data, size)
        marks: Marks = []
        walked = walk(data, size, marks)
        if walked is not None:
            self._learnt += 1
            self._shapes.insert(0, _learn(data, walked, marks))
            del self._shapes[_MOST_PATTERNS:]
        return walked

    def _fit(self, data: bytes) -> Walked | None:
        for number, shape in enumerate(self._shapes):
            walked = shape.fit(data)
            if walked is not None:
                self._shapes.insert(0, self._shapes.pop(number))
                return walked
        return None


def _learn(data: bytes, walked: Walked, marks: Marks) -> _Shape:
    parts: list[bytes] = [b"("]
    widths: list[int] = []
    places: dict[int, tuple[int, int, int]] = {}
    varying: list[int] = []
    here = begin = 128
    for tag, start, end in marks:
        if tag in _VARYING and end - start <= _LONGEST:
            width = 2 if walked.vr or tag < 0x00030000 else 4
            parts.append(re.escape(data[here : start - width]))
            parts.append(b")(.{%d})(%s)(" % (width, _VARYING[tag]))
            widths.append(width)
            varying.append(tag)
            begin = end
        else:
            # What the file is written in decides what its bytes mean: the same, not only as long.
            value = re.escape(data[start:end]) if tag in _LITERAL else b".{%d}" % (end - start)
            parts += (re.escape(data[here:start]), value)
            places[tag] = (len(widths), start - begin, end - begin)
        here = end
    parts += (re.escape(data[here : walked.offset - 4]), b".{4})")
    return _Shape(
        pattern=re.compile(b"".join(parts), re.DOTALL),
        lengths=tuple(_LENGTHS[width] for width in widths),
        places=tuple(places.get(tag) for tag in ORDER[:SHARED]),
        own=tuple(varying.index(tag) if tag in varying else None for tag in ORDER[SHARED:]),
        vr=walked.vr,
    )
