"""From the images of one series to its stacks, in the order of their positions.

A series is split where its images do not fit on one another, and says so.
"""

from __future__ import annotations

import math
import os
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, NamedTuple

from afloc_desktop.core.domain import ImageRef

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from afloc_desktop.core.dicom.entry import Entry

Vector = tuple[float, float, float]
# Position in units too small to tell apart, phase and number to sort by; mm along the normal.
_Placed = tuple[int, tuple[float, ...], bool, int, float, "Entry"]

_SECTIONAL = ("CT", "MR", "PT")
# Direction cosines are written with some six digits; 1e-3 is a twentieth of a degree.
_SAME_DIRECTION = 1e-3
_SAME_SPACING = 1e-4  # mm
_SAME_POSITION_MM = 1e-3
_UNEVEN = 0.05  # of the usual distance; scanners write positions to 0.01 mm or so
_SMALLEST_UNEVEN_MM = 0.01
_GAP = 1.5  # times the usual distance
_SMALLEST_TILT_DEG = 1.0

_UNPOSITIONED = "No positions: the images are in the order of their numbers."


class Stack(NamedTuple):
    """Images that lie on one another, in order, and what must be known about them."""

    images: tuple[ImageRef, ...]
    notes: tuple[str, ...]


class _Kind(NamedTuple):
    """What the images of one stack share; two kinds differ in at least one field."""

    size: tuple[int, int]
    spacing: tuple[float, ...]
    frame_of_reference: str
    orientation: tuple[float, ...]
    is_positioned: bool


_DIFFERENCES = (
    "image size",
    "pixel spacing",
    "frame of reference",
    "orientation",
    "position (some state none)",
)


def stacks_of(entries: Sequence[Entry]) -> tuple[Stack, ...]:
    """Split the images of a series into stacks.

    Args:
        entries: Images of one series and patient, sorted by path.

    Returns:
        Radiographs, and others that lie nowhere in a patient, in one stack by number; of images
        with positions, the largest stack first.
    """
    if not any(entry.position or _is_sectional(entry) for entry in entries):
        return (Stack(_numbered(entries), ()),)
    groups = _groups(entries)
    split = _split_note(list(groups))
    found = [_stack(kind, members, split) for kind, members in groups.items()]
    return tuple(sorted(found, key=_by_size))


def _by_size(stack: Stack) -> int:
    return -len(stack.images)


def _is_sectional(entry: Entry) -> bool:
    # Of multi-frame objects every frame has its own position, which a listing does not read.
    return entry.frames == 1 and entry.labels is not None and entry.labels.modality in _SECTIONAL


def _groups(entries: Sequence[Entry]) -> dict[_Kind, list[Entry]]:
    groups: dict[_Kind, list[Entry]] = {}
    # The images of a stack mostly share one `Place`, which is then looked at once.
    known: dict[tuple[object, ...], list[Entry]] = {}
    for entry in entries:
        key = (entry.rows, entry.columns, id(entry.place), not entry.position, entry.frames == 1)
        if key not in known:
            kind = _kind(entry)
            same = next((k for k in groups if _is_same(k, kind)), kind)
            known[key] = groups.setdefault(same, [])
        known[key].append(entry)
    return groups


def _kind(entry: Entry) -> _Kind:
    place = entry.place
    orientation = place.orientation if place else ()
    return _Kind(
        (entry.rows, entry.columns),
        place.spacing if place else (),
        place.frame_of_reference if place else "",
        orientation,
        bool(entry.position and orientation and entry.frames == 1),
    )


def _is_same(one: _Kind, other: _Kind) -> bool:
    return not any(_differs(one, other, field) for field in range(len(_DIFFERENCES)))


def _differs(one: _Kind, other: _Kind, field: int) -> bool:
    if field == 1:
        return not _close(one.spacing, other.spacing, _SAME_SPACING)
    if field == 3:
        return not _close(one.orientation, other.orientation, _SAME_DIRECTION)
    return one[field] != other[field]


def _close(one: tuple[float, ...], other: tuple[float, ...], tolerance: float) -> bool:
    return len(one) == len(other) and all(
        abs(a - b) <= tolerance for a, b in zip(one, other, strict=True)
    )


def _split_note(kinds: list[_Kind]) -> tuple[str, ...]:
    if len(kinds) == 1:
        return ()
    names = [
        name
        for field, name in enumerate(_DIFFERENCES)
        if any(_differs(kinds[0], other, field) for other in kinds[1:])
    ]
    return (f"Split by {_listed(names)}: not all images of this series fit on one another.",)


def _listed(words: list[str]) -> str:
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1])))


def _stack(kind: _Kind, entries: list[Entry], notes: tuple[str, ...]) -> Stack:
    if not kind.is_positioned:
        is_told = any(_is_sectional(entry) for entry in entries) and len(entries) > 1
        return Stack(_numbered(entries), (*notes, _UNPOSITIONED) if is_told else notes)
    x, y, z = _cross(kind.orientation[:3], kind.orientation[3:])
    placed: list[_Placed] = []
    for entry in entries:
        a, b, c = entry.position
        at = a * x + b * y + c * z
        level, number = round(at / _SAME_POSITION_MM), entry.instance_number
        placed.append((level, entry.phase, number is None, number or 0, at, entry))
    placed.sort()
    ref = _References().make
    images = tuple([ref(entry, 1, at) for _, _, _, _, at, entry in placed])
    return Stack(images, (*notes, *_position_notes(placed, (x, y, z))))


def _by_number(entry: Entry) -> tuple[bool, int, str, str]:
    number = entry.instance_number
    return number is None, number or 0, entry.path, entry.member


def _numbered(entries: Sequence[Entry]) -> tuple[ImageRef, ...]:
    ref = _References().make
    return tuple(
        ref(entry, frame, None)
        for entry in sorted(entries, key=_by_number)
        for frame in range(1, entry.frames + 1)
    )


class _References:
    """Makes references to frames, parsing each folder's path once."""

    def __init__(self) -> None:
        self._name = ""
        self._folder = Path()
        self._last = ("", Path())

    def make(self, entry: Entry, frame: int, at: float | None) -> ImageRef:
        text, path = self._last
        if entry.path != text:
            path = self._path(entry.path)
            self._last = entry.path, path
        return ImageRef(
            path,
            frame,
            entry.sop_instance_uid,
            entry.rows,
            entry.columns,
            entry.instance_number,
            entry.member,
            at,
        )

    def _path(self, text: str) -> Path:
        folder, separator, name = text.rpartition(os.sep)
        if not separator or name in ("", os.curdir):
            return Path(text)
        if folder != self._name:
            self._name, self._folder = folder, Path(folder + separator)
        return _child(self._folder, name)


# Until Python 3.12, `/` parses a name as if it were a whole path, a tenth of the time of a scan.
# What `Path.iterdir` uses instead is there in every 3.11, and in no later version.
_child: Callable[[Path, str], Path] = getattr(Path, "_make_child_relpath", Path.__truediv__)


def _position_notes(placed: Sequence[_Placed], normal: Vector) -> tuple[str, ...]:
    levels: list[float] = []
    crowd = most = 1
    for _, _, _, _, at, _ in placed:
        is_same = bool(levels) and at - levels[-1] <= _SAME_POSITION_MM * 1.5
        crowd = crowd + 1 if is_same else 1
        most = max(most, crowd)
        if not is_same:
            levels.append(at)
    notes = []
    if most > 1:
        notes.append(f"{most} images at one position (phases, echoes or repeats).")
    return (*notes, *_distance_notes(levels), *_tilt_note(placed, normal))


def _distance_notes(levels: list[float]) -> tuple[str, ...]:
    distances = [after - before for before, after in pairwise(levels)]
    if len(distances) < 2:
        return ()
    usual = median(distances)
    gaps = [d for d in distances if d > _GAP * usual and _is_multiple(d, usual)]
    if gaps:
        missing = sum(round(gap / usual) - 1 for gap in gaps)
        return (f"Gap: about {missing} image{'s' if missing > 1 else ''} missing between others.",)
    if max(abs(d - usual) for d in distances) > max(_SMALLEST_UNEVEN_MM, _UNEVEN * usual):
        low, high = min(distances), max(distances)
        return (f"Uneven: neighbours are {low:.4g} to {high:.4g} mm apart.",)
    return ()


def _is_multiple(distance: float, usual: float) -> bool:
    return abs(distance / usual - round(distance / usual)) < 0.1


def _tilt_note(placed: Sequence[_Placed], normal: Vector) -> tuple[str, ...]:
    first, last = placed[0][-1].position, placed[-1][-1].position
    way = tuple(b - a for a, b in zip(first, last, strict=True))
    along = _dot(way, normal)
    if abs(along) <= _SAME_POSITION_MM:
        return ()
    aside = math.sqrt(max(0.0, _dot(way, way) - along * along))
    angle = math.degrees(math.atan2(aside, abs(along)))
    if angle < _SMALLEST_TILT_DEG:
        return ()
    return (f"Tilted by {angle:.0f}° (gantry): the images are shifted sideways.",)


def _cross(a: Sequence[float], b: Sequence[float]) -> Vector:
    """The unit vector across both; of parallel ones, the first itself."""
    x, y, z = a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]
    length = math.sqrt(x * x + y * y + z * z)
    return (x / length, y / length, z / length) if length > _SAME_DIRECTION else (0.0, 0.0, 1.0)


def _dot(a: Sequence[float], b: Sequence[float]) -> float:
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
