"""What an ophthalmic photograph says of itself: which eye, how wide, what of it, which light."""

from __future__ import annotations

from typing import TYPE_CHECKING

from afloc_desktop.core.dicom.meaning import EYE
from afloc_desktop.core.domain import EyeView

if TYPE_CHECKING:
    from afloc_desktop.core.dicom.tags import Tags

_WIDEST = 360.0  # degrees
_LONGEST = 64  # characters of a code's meaning, as DICOM allows


def find_eye(tags: Tags) -> EyeView | None:
    """From the header of one frame; None of anything but an ophthalmic photograph.

    PS3.3 C.8.17.2 and C.8.17.5. Values that cannot be are left out.
    """
    if tags.text("Modality").strip().upper() != EYE:
        return None
    side = (tags.text("ImageLaterality") or tags.text("Laterality")).strip().upper()
    field = tags.number("HorizontalFieldOfView")
    return EyeView(
        laterality=side if side in ("R", "L", "B") else "",
        field_degrees=field if field is not None and 0 < field <= _WIDEST else None,
        region=_meaning(tags, "AnatomicRegionSequence"),
        channel=_meaning(tags, "ChannelDescriptionCodeSequence"),
    )


def _meaning(tags: Tags, sequence: str) -> str:
    item = next(iter(tags.items(sequence)), None)
    words = "" if item is None else item.text("CodeMeaning").strip()
    return words if len(words) <= _LONGEST and words.isprintable() else ""
