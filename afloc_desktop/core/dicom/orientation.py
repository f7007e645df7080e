"""Where the patient's sides are on a film, and where they go when a reader turns it.

Said by Patient Orientation (PS3.3 C.7.6.1.1.1) or, for planes in the patient, by the direction
cosines (C.7.6.2.1.1). A letter is shown only where the file is beyond doubt.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from afloc_desktop.core.dicom.spacing import is_projection
from afloc_desktop.core.domain import Orientation

if TYPE_CHECKING:
    from afloc_desktop.core.dicom.tags import Tags

OPPOSITE = {"R": "L", "L": "R", "A": "P", "P": "A", "H": "F", "F": "H"}
_POSITIVE = "LPH"  # where x, y and z of the patient grow (C.7.6.2.1.1)
_TOLERANCE = 0.01  # of a length of one, and of the cosine of a right angle
_LEAST_SHARE = 0.25  # of a direction, to be named: 15 degrees
_FARTHEST_MM = 1e5
_FRONTAL, _LATERAL = ("PA", "AP"), ("LL", "RL", "LAT", "LATERAL", "LLD", "RLD")

NOT_STATED = "The file does not say which side of the patient is where."
_UNUSABLE = "The file's patient orientation is not usable; no side is marked."
_BAD_PLANE = "The plane of the image in the patient is not usable; nothing is measured in space."
_BAD_POSITION = "The position of the image in the patient is impossible and was left out."
_CONFLICT = "The file contradicts itself about the patient's sides; none is marked."
_TWO_SIDES = "The file contradicts itself about the side of the body that was examined."
_VIEW = "The file's view and its patient orientation contradict each other."
_ANIMAL = "The patient orientation is that of a quadruped; no side is marked."


@dataclass(frozen=True, slots=True)
class Turn:
    """How a reader turned a film: mirrored left to right first, then turned clockwise.

    Attributes:
        quarters: Quarter turns clockwise, 0 to 3.
        is_mirrored: Shown as from behind.
    """

    quarters: int = 0
    is_mirrored: bool = False

    @property
    def is_sideways(self) -> bool:
        """Rows of the film are columns on the screen."""
        return self.quarters % 2 == 1

    @property
    def matrix(self) -> tuple[int, int, int, int]:
        """(a, b, c, d): a step (x, y) on the film is (ax + by, cx + dy) on the screen."""
        mirror = -1 if self.is_mirrored else 1
        cos, sin = ((1, 0), (0, 1), (-1, 0), (0, -1))[self.quarters]
        return cos * mirror, -sin, sin * mirror, cos

    def rotated(self, quarters: int) -> Turn:
        """Turned further, clockwise as it is seen."""
        return Turn((self.quarters + quarters) % 4, self.is_mirrored)

    def flipped_across(self) -> Turn:
        """Left and right exchanged as it is seen."""
        return Turn(-self.quarters % 4, not self.is_mirrored)

    def flipped_down(self) -> Turn:
        """Top and bottom exchanged as it is seen."""
        return self.flipped_across().rotated(2)

    def apply(self, pixels: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Pixels as they are seen, rows and columns first; a view, nothing is copied."""
        return np.rot90(pixels[:, ::-1] if self.is_mirrored else pixels, -self.quarters)


def turned(orientation: Orientation, turn: Turn) -> Orientation:
    """Sides towards the right and the bottom of the screen on a film that was turned."""
    a, b, c, d = turn.matrix
    return Orientation(_side(orientation, a, b), _side(orientation, c, d))


def _side(orientation: Orientation, x: int, y: int) -> str:
    along = orientation.row if x else orientation.column
    return along if x + y > 0 else opposite(along)


def opposite(direction: str) -> str:
    """`R` of `L`, `AH` of `PF`."""
    return "".join(OPPOSITE[letter] for letter in direction)


def find_orientation(tags: Tags) -> tuple[Orientation | None, tuple[str, ...]]:
    """The patient's sides, None where a file does not say them beyond doubt, and why."""
    stated, notes = _stated(tags)
    plane = find_plane(tags)
    if plane is None and ("ImageOrientationPatient" in tags.spoilt or _cosines(tags)):
        notes = (*notes, _BAD_PLANE)
    if not _is_position_possible(tags):
        notes = (*notes, _BAD_POSITION)
    if stated and plane and not _agree(stated, plane):
        return None, (*notes, _CONFLICT)
    found = stated or plane
    if found is None and not notes and is_projection(tags):
        notes = (NOT_STATED,)
    return found, (*notes, *_contradictions(tags, found))


def find_plane(tags: Tags) -> Orientation | None:
    """What the direction cosines say, None where there are none or they are impossible."""
    cosines = _cosines(tags)
    if len(cosines) != 6 or not all(math.isfinite(cosine) for cosine in cosines):
        return None
    row, column = np.array(cosines[:3]), np.array(cosines[3:])
    lengths = float(np.linalg.norm(row)), float(np.linalg.norm(column))
    if any(abs(length - 1) > _TOLERANCE for length in lengths):
        return None
    if abs(float(row @ column)) > _TOLERANCE:
        return None
    return Orientation(_letters(row), _letters(column))


def _letters(direction: npt.NDArray[np.float64]) -> str:
    """The sides a direction points to, the strongest first."""
    found = ""
    for axis in np.argsort(-np.abs(direction), kind="stable"):
        share = float(direction[axis])
        if abs(share) >= _LEAST_SHARE:
            letter = _POSITIVE[axis]
            found += letter if share > 0 else OPPOSITE[letter]
    return found


def _stated(tags: Tags) -> tuple[Orientation | None, tuple[str, ...]]:
    values = [value.strip().upper() for value in tags.text("PatientOrientation").split("\\")]
    if not any(values):
        is_spoilt = "PatientOrientation" in tags.spoilt
        return None, (_UNUSABLE,) if is_spoilt else ()
    if tags.text("AnatomicalOrientationType").upper() == "QUADRUPED":
        return None, (_ANIMAL,)
    if len(values) != 2 or not all(_is_direction(value) for value in values):
        return None, (_UNUSABLE,)
    row, column = values
    if column[0] in (row[0], OPPOSITE[row[0]]):
        return None, (_UNUSABLE,)
    return Orientation(row, column), ()


def _is_direction(value: str) -> bool:
    """One to three letters, none twice and none with its opposite."""
    axes = {frozenset((letter, OPPOSITE.get(letter, ""))) for letter in value}
    return 1 <= len(value) == len(axes) <= 3 and all(letter in OPPOSITE for letter in value)


def _agree(stated: Orientation, plane: Orientation) -> bool:
    """Whether each direction that one names first is not the opposite of the other's."""
    pairs = ((stated.row, plane.row), (stated.column, plane.column))
    return all(one[0] in other or other[0] in one for one, other in pairs)


def _cosines(tags: Tags) -> tuple[float, ...]:
    return tags.numbers("ImageOrientationPatient")


def _is_position_possible(tags: Tags) -> bool:
    position = tags.numbers("ImagePositionPatient")
    if not position:
        return "ImagePositionPatient" not in tags.spoilt
    return len(position) == 3 and all(abs(mm) < _FARTHEST_MM for mm in position)


def _contradictions(tags: Tags, found: Orientation | None) -> tuple[str, ...]:
    """What else the file says that cannot be true together with its orientation."""
    sides = {tags.text(word).strip().upper() for word in ("Laterality", "ImageLaterality")}
    notes = (_TWO_SIDES,) if {"L", "R"} <= sides else ()
    is_chest = tags.text("BodyPartExamined").strip().upper() in ("CHEST", "THORAX")
    view = tags.text("ViewPosition").strip().upper()
    if found and is_chest and view in (*_FRONTAL, *_LATERAL):
        axes = {found.row[0], found.column[0]}
        across = {"A", "P"} if view in _FRONTAL else {"L", "R"}
        if axes & across:
            notes = (*notes, _VIEW)
    return notes
