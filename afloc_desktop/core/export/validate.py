"""Reading back what was written, before it gets its name."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from afloc_desktop.core.dicom.guard import foreign_code, quiet_pydicom
from afloc_desktop.core.errors import InvalidObject, UnreadableFile
from afloc_desktop.core.export.atomic import check_held
from afloc_desktop.core.export.record import get_record

if TYPE_CHECKING:
    from pathlib import Path

    from pydicom.dataset import Dataset

_UIDS = ("SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID")
_REMEDY = "Nothing was written; try again, and report it if it stays so."


def check_written(path: Path, data: bytes) -> None:
    """Compare a file on the disk with what was meant to be written, and read it as DICOM.

    Args:
        path: The file, still under its temporary name.
        data: What was written.

    Raises:
        InvalidObject: The disk holds something else, or the object contradicts itself.
    """
    check_held(path, data)
    check_object(data)


def check_object(data: bytes) -> Dataset:
    """Read an object of ours and check what its readers rely on.

    Raises:
        InvalidObject: It contradicts itself.
    """
    from pydicom import dcmread

    try:
        with quiet_pydicom(), foreign_code("It is no DICOM file"):
            dataset = dcmread(io.BytesIO(data))
            problems = [*_problems(dataset)]
        if get_record(dataset) is None:
            problems.append("its record is missing")
    except UnreadableFile as error:
        raise _invalid(error.reason) from None
    if problems:
        raise _invalid(problems[0])
    return dataset


def _problems(dataset: Dataset) -> list[str]:
    found = [f"{name} is missing" for name in _UIDS if not dataset.get(name)]
    if found:
        return found
    meta = dataset.file_meta
    if meta.MediaStorageSOPInstanceUID != dataset.SOPInstanceUID:
        found.append("its two instance UIDs differ")
    if not all(dataset[name].value.is_valid for name in ("SOPInstanceUID", "SeriesInstanceUID")):
        found.append("one of its UIDs is not valid")
    if "SegmentSequence" in dataset:
        found += _segment_problems(dataset)
    if "PixelData" in dataset and not meta.TransferSyntaxUID.is_compressed:
        bits = dataset.Rows * dataset.Columns * dataset.SamplesPerPixel * dataset.BitsAllocated
        size = -(-bits * int(dataset.get("NumberOfFrames", 1)) // 8)
        if len(dataset.PixelData) != size + size % 2:
            found.append("it holds more or fewer pixels than it describes")
    return found


def _segment_problems(dataset: Dataset) -> list[str]:
    numbers = [int(item.SegmentNumber) for item in dataset.SegmentSequence]
    frames = [
        int(item.SegmentIdentificationSequence[0].ReferencedSegmentNumber)
        for item in dataset.PerFrameFunctionalGroupsSequence
    ]
    # On a slide a segment has as many frames as there are tiles that hold part of it.
    in_order = list(dict.fromkeys(frames))
    is_tiled = "TotalPixelMatrixColumns" in dataset
    if numbers != list(range(1, len(numbers) + 1)) or in_order != numbers:
        return ["its frames and segments do not match"]
    if not is_tiled and len(frames) > len(numbers):
        return ["it has more frames than segments"]
    return [] if len(frames) == dataset.NumberOfFrames else ["it has frames without a segment"]


def _invalid(what: str) -> InvalidObject:
    return InvalidObject(f"The result did not pass its check: {what}.", remedy=_REMEDY)
