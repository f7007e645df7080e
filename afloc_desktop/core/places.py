"""Parts of a picture that words name: "in the lower left", "superotemporal", "around the macula".

They are parts of a photograph of an eye, or of tissue as it is shown. A chest film has sides and
zones of its own, which `wording` reads.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeVar

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    from afloc_desktop.core.domain import FloatArray, Image
    from afloc_desktop.core.geometry import Frame

Across = Literal["left", "right", "temporal", "nasal"]
Down = Literal["upper", "lower"]
Landmark = Literal["disc", "macula"]
Eye = Literal["right", "left"]
_T = TypeVar("_T", bound=str)

DISC = "optic_disc"  # the finding that says where the disc is
_SOFT = 0.12  # of half a picture: nobody draws a line through its middle
# On photographs of 45 to 50 degrees, in widths of the picture: the disc lies some 15 degrees from
# the macula, and "near" ends about one diameter of the disc from its margin.
_DISC_TO_MACULA, _NEAR, _NEAR_SOFT = 0.31, 0.18, 0.03

_PRIVATE = 0xE000  # characters that no text has: they stand for names while places are read

_EYES: tuple[tuple[Eye, str], ...] = (
    ("right", r"right (?:eye|fundus|retina)|oculus dexter|od"),
    ("left", r"left (?:eye|fundus|retina)|oculus sinister|os"),
)
_QUADRANTS = r"(?P<down>super|infer)o[- ]?(?P<across>tempor|nas)al(?:ly)?"
_DOWN: tuple[tuple[Down, str], ...] = (
    ("upper", r"upper|superior(?:ly)?|top"),
    ("lower", r"lower|inferior(?:ly)?|bottom"),
)
_ACROSS: tuple[tuple[Across, str], ...] = (("left", "left"), ("right", "right"))
_OF_AN_EYE: tuple[tuple[Across, str], ...] = (
    ("temporal", r"temporal(?:ly)?"),
    ("nasal", r"nasal(?:ly)?"),
)
_NEAR_BY = (
    r"(?:near|around|at|by|beside|surrounding|next to|close to|adjacent to"
    r"|in the (?:area|region) of|within (?:one|1|two|2) disc diameters? of|in|on|over)"
)
_LANDMARKS: tuple[tuple[Landmark, str], ...] = (
    ("disc", rf"{_NEAR_BY} (?:the )?(?:optic (?:nerve )?)?dis[ck](?: margin)?|peripapillary"),
    (
        "macula",
        rf"{_NEAR_BY} (?:the )?(?:cent(?:er|re) of the )?(?:macula(?: cent(?:er|re))?|fovea)"
        r"(?!\w)|(?:peri|para)?(?:macular|foveal) (?:area|region)|(?:peri|para)(?:macular|foveal)",
    ),
)
# Places that are named in reports and routed nowhere: the reader is told.
_NOT_USED = (
    r"periphery|peripheral(?:ly)?|mid-?periphery|posterior pole|arcades?|cent(?:er|re|ral|rally)"
    r"|middle|edges?|margins?|corners?"
)
# A landmark that is a finding too: "near the optic disc" is a place all the same.
_BARE = re.compile(r"(?:optic (?:nerve )?)?(?:dis[ck]|nerve head)|macula|fovea", re.IGNORECASE)
# What goes with a place when it is taken out: "in the ... quadrant of the picture".
_BEFORE = r"(?:\b(?:in|on|at|of|along|within|towards?|near)\s+)?(?:\b(?:the|this)\s+)?"
_AFTER = (
    r"(?:\s+(?:quadrants?|halves|half|part|side|corner|area|region|aspect))?"
    r"(?:\s+of\s+(?:the\s+|this\s+)?(?:image|picture|photograph|photo|retina|fundus|slide|tissue"
    r"|region|field|tile))?"
)


@dataclass(frozen=True, slots=True)
class Part:
    """Where in a picture words say to look.

    Attributes:
        across, down: The half; None where not named. Upper is what is above on the picture, and
            in an eye superior.
        landmark: Near which it is; None where none is named.
        eye: That the words speak of; None where they name none.
        not_used: Words for places that nothing is done with.
    """

    across: Across | None = None
    down: Down | None = None
    landmark: Landmark | None = None
    eye: Eye | None = None
    not_used: tuple[str, ...] = ()

    @property
    def is_named(self) -> bool:
        """Whether it is a part at all, and not the whole picture."""
        return bool(self.across or self.down or self.landmark)

    @property
    def words(self) -> str:
        """The part in usual words: `lower left`; empty for the whole picture."""
        half = " ".join(filter(None, (self.down, self.across)))
        near = f"near the {self.landmark}" if self.landmark else ""
        return ", ".join(filter(None, (half, near)))


WHOLE = Part()


def parse_part(words: str, modality: str, names: tuple[str, ...]) -> tuple[Part, str]:
    """Find the part of a picture that a prompt names.

    Args:
        words: Of a prompt.
        modality: `fundus` or `histo`; any other kind of image has no such parts.
        names: Of findings, as they stand in the words; a place in them is part of a name, as in
            "new vessels at the disc".

    Returns:
        The part, and the words without it.
    """
    if modality not in ("fundus", "histo"):
        return WHOLE, words
    reader = _Reader(words, [name for name in names if not _BARE.fullmatch(name)])
    is_eye = modality == "fundus"
    eye = reader.only(_EYES) if is_eye else None
    landmark = reader.only(_LANDMARKS) if is_eye else None
    quadrant = reader.take(_QUADRANTS) if is_eye else None
    down = reader.only(_DOWN)
    across = reader.only((*_ACROSS, *(_OF_AN_EYE if is_eye else ())))
    if quadrant is not None:
        down = "upper" if quadrant["down"].lower() == "super" else "lower"
        across = "temporal" if quadrant["across"].lower() == "tempor" else "nasal"
    part = Part(across, down, landmark, eye, tuple(reader.take_all(_NOT_USED)))
    return part, reader.rest()


def away_from(
    part: Part, frame: Frame, grid: int, laterality: str, disc: tuple[float, float] | None
) -> FloatArray:
    """How far each place of a picture is from what the words name.

    Args:
        part: Of the words.
        frame: How the picture lies in the input.
        grid: Cells along the input.
        laterality: Of the eye, `R` or `L`; anything else leaves temporal and nasal out.
        disc: Where the optic disc is, x and y from 0 to 1 of the picture; None leaves landmarks
            out.

    Returns:
        0 where the words point and 1 elsewhere, soft between, shape (grid, grid).
    """
    cell = frame.side / grid
    centres = (np.arange(grid) + 0.5) * cell
    x, y = (centres - frame.left) / frame.width, (centres - frame.top) / frame.height
    near = _in_halves(part, laterality, x, y)
    if part.landmark is not None and disc is not None:
        at_x, at_y = disc
        if part.landmark == "macula":
            at_x += _DISC_TO_MACULA if at_x < 0.5 else -_DISC_TO_MACULA
        shape = frame.height / frame.width
        distance = np.hypot((x - at_x)[None, :], ((y - at_y) * shape)[:, None])
        near = near * _soft(_NEAR - distance, _NEAR_SOFT)
    away: FloatArray = (1 - near).astype(np.float32)
    return away


def away_from_halves(part: Part, rows: int, columns: int) -> FloatArray:
    """As `away_from`, of a map that covers all that is looked at and no more.

    Args:
        part: Of the words; landmarks are left out.
        rows, columns: Of the map.
    """
    x, y = ((np.arange(size) + 0.5) / size for size in (columns, rows))
    away: FloatArray = (1 - _in_halves(part, "", x, y)).astype(np.float32)
    return away


def _in_halves(
    part: Part, laterality: str, x: npt.NDArray[np.float64], y: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """1 in the halves that are named and 0 in the others, shape (len(y), len(x))."""
    near = np.ones((len(y), len(x)))
    side = on_picture(part.across, laterality)
    if side is not None:
        near *= _soft((2 * x - 1) * (1 if side == "right" else -1), _SOFT)[None, :]
    if part.down is not None:
        near *= _soft((2 * y - 1) * (1 if part.down == "lower" else -1), _SOFT)[:, None]
    return near


def on_picture(across: Across | None, laterality: str) -> Literal["left", "right"] | None:
    """Which half of a picture is meant; None for neither, or where the eye would have to be known.

    A retina is seen as from in front of the patient: the nose is to the right of a right eye.

    Args:
        across: As named.
        laterality: Of the eye, `R` or `L`; else not known.
    """
    if across in ("left", "right", None):
        return across
    if laterality not in ("R", "L"):
        return None
    return "right" if (across == "nasal") == (laterality == "R") else "left"


def laterality_of(part: Part, image: Image) -> str:
    """Which eye a picture shows, by its file and else by the words: `R`, `L`, empty where unknown.

    Args:
        part: Of the words.
        image: Any.
    """
    stated = "" if image.eye is None else image.eye.laterality
    return stated if stated in ("R", "L") else (part.eye or "")[:1].upper()


def remarks(part: Part, laterality: str, has_disc: bool) -> Iterator[str]:
    """What a reader must know of how a part was looked for on one picture.

    Args:
        part: Of the words.
        laterality: As for `away_from`.
        has_disc: Whether the optic disc was found.
    """
    is_known = laterality in ("R", "L")
    if part.across in ("temporal", "nasal") and not is_known:
        yield ("the file does not say which eye this is; temporal and nasal were not used")
    if part.eye is not None and part.eye[0].upper() != laterality:
        yield "the words speak of the other eye than the one in the picture"
    if part.landmark is not None and not has_disc:
        yield "the optic disc was not found on this picture; places near it were not used"
    elif part.landmark == "macula":
        yield "the macula is taken to lie where it usually does from the optic disc"


class _Reader:
    """Takes places out of words, and leaves the names of findings whole."""

    def __init__(self, words: str, names: list[str]) -> None:
        self._names = names
        self.words = words
        for number, name in enumerate(names):
            self.words = self.words.replace(name, chr(_PRIVATE + number), 1)

    def rest(self) -> str:
        """The words that are left."""
        words = self.words
        for number, name in enumerate(self._names):
            words = words.replace(chr(_PRIVATE + number), name)
        return re.sub(r"\s{2,}", " ", words).strip(" ,-")

    def take(self, pattern: str) -> re.Match[str] | None:
        """The first place of a pattern; all of it are taken out."""
        whole = re.compile(rf"{_BEFORE}\b(?:{pattern})\b{_AFTER}", re.IGNORECASE)
        found = whole.search(self.words)
        self.words = whole.sub(" ", self.words)
        return found

    def only(self, named: tuple[tuple[_T, str], ...]) -> _T | None:
        """The place that is named; None where none is, or several that contradict each other."""
        found = [name for name, pattern in named if self.take(pattern)]
        return found[0] if len(found) == 1 else None

    def take_all(self, pattern: str) -> Iterator[str]:
        """The words of every place of a pattern, taken out."""
        for found in re.findall(rf"\b(?:{pattern})\b", self.words, re.IGNORECASE):
            yield found.lower()
        self.take(pattern)


def _soft(inside: npt.NDArray[np.float64], width: float) -> npt.NDArray[np.float64]:
    """1 well inside, 0 well outside, a half on the line."""
    soft: npt.NDArray[np.float64] = 1 / (1 + np.exp(-np.clip(inside / width, -30, 30)))
    return soft
