"""The elements of a file in front of its pixels, as pydicom reads them."""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO

from afloc_desktop.core.dicom.files import find_body
from afloc_desktop.core.dicom.guard import foreign_code

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pydicom import Dataset
    from pydicom.tag import BaseTag

    from afloc_desktop.core.dicom.files import Body

PIXEL_TAGS = (0x7FE00008, 0x7FE00009, 0x7FE00010)


def read_header(file: BinaryIO, size: int, keywords: Sequence[str] = ()) -> Dataset:
    """Everything before the pixels of an open file, whatever object it holds.

    Call it inside `quiet_pydicom`.

    Args:
        file: Open, at its start.
        size: Of the file, bytes.
        keywords: Only these elements; all where empty.

    Raises:
        UnreadableFile: Not DICOM, or damaged before its header ends.
        UnsupportedImage: In an unknown transfer syntax.
    """
    from pydicom.tag import Tag

    return read_elements(find_body(file, size), _is_pixels, [Tag(keyword) for keyword in keywords])


def read_elements(
    body: Body,
    stop_when: Callable[[BaseTag, str | None, int], bool],
    wanted: list[BaseTag | int] | None = None,
) -> Dataset:
    """The elements of a data set up to the first for which `stop_when` holds.

    Args:
        body: Its file at the first element.
        stop_when: Told tag, value representation and length; pydicom asks it once more for the
            first element, before it reads.
        wanted: Only these; all where empty or None.

    Raises:
        UnreadableFile: Damaged before its header ends.
    """
    with foreign_code("The header is damaged"):
        from pydicom.filereader import read_dataset

        return read_dataset(
            body.file,
            body.syntax.is_implicit,
            body.syntax.is_little_endian,
            stop_when=stop_when,
            specific_tags=wanted or None,
        )


def _is_pixels(tag: BaseTag, _vr: str | None, _length: int) -> bool:
    return int(tag) in PIXEL_TAGS
