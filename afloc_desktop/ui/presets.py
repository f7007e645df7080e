"""Which windows a film offers: its own, those of its modality, and ours; some have a number key."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from afloc_desktop.core.dicom.display import AUTO, AsColour, Channel, MinMax, choices
from afloc_desktop.core.domain import VoiLut
from afloc_desktop.state.presets import MOST
from afloc_desktop.ui import strings
from afloc_desktop.ui.windowing import own_window

if TYPE_CHECKING:
    from afloc_desktop.core.dicom.display import Choice
    from afloc_desktop.core.domain import Image
    from afloc_desktop.state.presets import Preset

_HOUNSFIELD = "HU"


@dataclass(frozen=True, slots=True, eq=False)
class Offered:
    """Windows in the order of the list.

    Attributes:
        names: As they are shown.
        choices: As many.
        first_key: Place of the one on the key 1; those after it have the keys after it.
    """

    names: tuple[str, ...] = ()
    choices: tuple[Choice, ...] = ()
    first_key: int = 0

    def on_key(self, number: int) -> int | None:
        """Place of the window on a number key, from 1; None where the key has none."""
        place = self.first_key + number - 1
        return place if 1 <= number <= MOST and place < len(self.choices) else None


def offered(image: Image, presets: tuple[Preset, ...]) -> Offered:
    """The file's own windows, ours, and the presets of CT where values are Hounsfield units.

    The presets have the number keys of a CT, a film's own windows those of any other.
    """
    own = choices(image)
    names = tuple(name_of(choice, number) for number, choice in enumerate(own, start=1))
    if image.unit != _HOUNSFIELD or image.is_as_stored or image.colour is not None:
        return Offered(names, own)
    windows = tuple(own_window(preset.centre, preset.width) for preset in presets)
    return Offered((*names, *(p.name for p in presets)), (*own, *windows), len(own))


def name_of(choice: Choice, number: int) -> str:
    """How a window or table is called in the list."""
    if isinstance(choice, AsColour):
        return strings.COLOUR
    if isinstance(choice, Channel):
        return strings.CHANNELS[choice.name]
    if isinstance(choice, MinMax):
        return strings.MIN_MAX
    if isinstance(choice, VoiLut):
        return choice.explanation or strings.table(number)
    if choice.explanation == AUTO:
        return strings.AUTO_WINDOW
    return choice.explanation or strings.window(choice.centre, choice.width)
