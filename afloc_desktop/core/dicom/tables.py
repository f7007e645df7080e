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
    values = _entries(item, entries, bits, is_little_endian)
    if values is None or int(values.max()) >> bits:
        return None
    if may_be_negative and first > 32_767:
        first -= 65_536
    return VoiLut(first, read_only(values), bits, item.text("LUTExplanation"))


def _entries(
    item: Tags, entries: int, bits: int, is_little_endian: bool
) -> npt.NDArray[np.uint16] | None:
    data = item.raw("LUTData")
    if isinstance(data, bytes):
        # Some writers pack 8-bit entries, one a byte, an odd count padded.
        is_packed = bits <= 8 and len(data) - entries in (0, 1) and entries > 1
        kind = "u1" if is_packed else "<u2" if is_little_endian else ">u2"
        if len(data) < entries * np.dtype(kind).itemsize:
            return None
        return np.frombuffer(data, kind, entries).astype(np.uint16)
    try:
        values = np.atleast_1d(np.asarray(data, np.int64))
    except (TypeError, ValueError, OverflowError):
        return None
    return (values[:entries] & 0xFFFF).astype(np.uint16) if values.size >= entries else None
