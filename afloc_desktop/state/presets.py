"""Window presets of CT, on the number keys; a reader may change them."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite

from afloc_desktop.core.errors import SettingsError

MOST = 9  # number keys
_LONGEST = 40  # letters of a name


@dataclass(frozen=True, slots=True)
class Preset:
    """A named window in Hounsfield units.

    Attributes:
        name: Without commas and semicolons.
        centre, width: As in `core.domain.VoiWindow`; the width is at least 1.
    """

    name: str
    centre: float
    width: float


DEFAULT = (
    Preset("Lung", -600, 1500),
    Preset("Soft tissue", 40, 400),
    Preset("Bone", 500, 2000),
    Preset("Mediastinum", 50, 350),
    Preset("Brain", 40, 80),
)


def parse(text: str) -> tuple[Preset, ...]:
    """Read what `written` wrote; the defaults of nothing.

    Raises:
        SettingsError: It is no list of names, centres and widths, or a longer one than there
            are number keys.
    """
    if not text:
        return DEFAULT
    found = tuple(_preset(part) for part in text.split(";"))
    if len(found) > MOST:
        raise _unusable()
    return found


def written(presets: tuple[Preset, ...]) -> str:
    """One line; empty for the defaults."""
    if presets == DEFAULT:
        return ""
    return ";".join(f"{p.name},{p.centre:g},{p.width:g}" for p in presets)


def cleaned(name: str) -> str:
    """A name as it can be written down, with single spaces."""
    kept = "".join(" " if c in ",;" or not c.isprintable() else c for c in name)
    return " ".join(kept.split())[:_LONGEST]


def _preset(part: str) -> Preset:
    values = part.split(",")
    if len(values) != 3 or cleaned(values[0]) != values[0] or not values[0]:
        raise _unusable()
    try:
        centre, width = float(values[1]), float(values[2])
    except ValueError as error:
        raise _unusable() from error
    if not isfinite(centre) or not 1 <= width < float("inf"):
        raise _unusable()
    return Preset(values[0], centre, width)


def _unusable() -> SettingsError:
    return SettingsError(
        "The window presets in the settings cannot be read.",
        remedy="The application starts with its own; set them again under Window, Edit presets.",
    )
