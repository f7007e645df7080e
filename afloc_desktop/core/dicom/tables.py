"""Look-up tables of a header, checked (PS3.3 C.11.1.1 and C.11.2.1.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from afloc_desktop.core.domain import VoiLut, read_only

if TYPE_CHECKING:
    import numpy.typing as npt

    from afloc_desktop.core.dicom.tags import Tags


def read_table(item: Tags, *, may_be_negative: bool, is_little_endian: bool) -> VoiLut | None:
    """A table as the header gives it, None where it is not usable.

    Args:
        item: Of a Modality or VOI LUT sequence.
        may_be_negative: Whether the values that go in can be; a first entry above 32,767 is
            then a negative one that was written unsigned.
        is_little_endian: Of the data set.
    """
    descriptor = item.numbers("LUTDescriptor")
    if len(descriptor) != 3:
        return None
    entries, first, bits = (int(number) for number in descriptor)
    entries = entries & 0xFFFF or 65_536  # 0 stands for 65,536, and SS writers make it negative
    if not 1 <= bits <= 16:
        return None
    values = _entries(item, entries, is_little_endian)
    if values is None or int(values.max()) >> bits:
        return None
    if may_be_negative and first > 32_767:
        first -= 65_536
    return VoiLut(first, read_only(values), bits, item.text("LUTExplanation"))


def _entries(item: Tags, entries: int, is_little_endian: bool) -> npt.NDArray[np.uint16] | None:
    data = item.raw("LUTData")
    if isinstance(data, bytes):
        # Words. Half as many bytes may be 8-bit entries or half a table: no way to tell.
        if len(data) < entries * 2:
            return None
        words = np.frombuffer(data, "<u2" if is_little_endian else ">u2", entries)
        return words.astype(np.uint16)
    try:
        values = np.atleast_1d(np.asarray(data, np.int64))
    except (TypeError, ValueError, OverflowError):
        return None
    return (values[:entries] & 0xFFFF).astype(np.uint16) if values.size >= entries else None
