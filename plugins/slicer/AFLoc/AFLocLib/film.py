"""From a volume of the scene to the film that the engine is asked about.

Slicer inverts MONOCHROME1 while it loads it and knows only some of the pixel spacings, so the
engine reads the file behind the volume wherever there is one. Otherwise it gets the pixels.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import slicer
import vtk

from AFLocLib.client import EngineError

if TYPE_CHECKING:
    from slicer import vtkMRMLScalarVolumeNode

# Where the pixels come from, in the words of the panel.
FILE, SHOWN, WHITE_AIR = SOURCES = (
    "the file behind the volume",
    "the volume",
    "the volume, in which air is white",
)
INSTANCES = "DICOM.instanceUIDs"
_PLANE = "0020,0037"  # Image Orientation (Patient)
_AXES = ("RL", "AP", "HF")  # towards and against x, y, z of the patient, as DICOM letters
_KINDS = {"uint8": "u1", "uint16": "<u2", "int16": "<i2"}


def film_request(
    volume: vtkMRMLScalarVolumeNode, frame: int, folder: Path, source: str = FILE
) -> dict[str, Any]:
    """The fields of a request that say which film is meant.

    Args:
        volume: Of the scene.
        frame: 1-based.
        folder: Where pixels are laid down: a film is too long to be written to a pipe at once.
        source: One of `SOURCES`; a volume without a file gives its own pixels anyhow.

    Raises:
        EngineError: The volume has no such frame, or is empty.
    """
    if volume.GetImageData() is None:
        raise EngineError("The volume is empty.", "Load a film into it.")
    columns, rows, frames = volume.GetImageData().GetDimensions()
    if not 1 <= frame <= frames:
        raise EngineError(f"There is no frame {frame}; the volume has {frames}.", "Choose another.")
    path = dicom_file(volume, frame) if source == FILE else None
    if path is not None:
        return {"file": path, "frame": 1}
    values = slicer.util.arrayFromVolume(volume)[frame - 1]
    kind = _KINDS.get(values.dtype.name, "<f4")
    raw = folder / "film.raw"
    values.astype(kind).tofile(raw)
    array: dict[str, Any] = {
        "shape": [rows, columns],
        "dtype": np.dtype(kind).name,
        "raw": str(raw),
        "is_inverted": source == WHITE_AIR,
    }
    if has_plane(volume):
        across, down, _ = volume.GetSpacing()
        array |= {"spacing": [down, across], "orientation": orientation(volume)}
    return {"array": array}


def dicom_file(volume: vtkMRMLScalarVolumeNode, frame: int) -> str | None:
    """The DICOM file of one slice of a volume; None where the slices have none each.

    A file of several frames is none for a slice: Slicer may have reversed their order.
    """
    uid = instance_uid(volume, frame)
    storage = volume.GetStorageNode()
    if uid:
        database = getattr(slicer, "dicomDatabase", None)
        path = database.fileForInstance(uid) if database is not None else None
    elif volume.GetAttribute(INSTANCES) or volume.GetImageData().GetDimensions()[2] > 1:
        path = None
    elif storage is not None and not volume.GetModifiedSinceRead():
        path = storage.GetFileName()
    else:
        path = None
    return path if path and _is_dicom(path) else None


def instance_uid(volume: vtkMRMLScalarVolumeNode, frame: int) -> str:
    """Of the DICOM object that one slice is; empty where that is not known."""
    uids = (volume.GetAttribute(INSTANCES) or "").split()
    # Slicer lists them in the order of the slices.
    return uids[frame - 1] if len(uids) == volume.GetImageData().GetDimensions()[2] else ""


def has_plane(volume: vtkMRMLScalarVolumeNode) -> bool:
    """Whether the volume's directions and spacing are the patient's (CT, MR).

    Slicer gives radiographs made-up ones: the usual view, and often 1 mm.
    """
    uids = (volume.GetAttribute(INSTANCES) or "").split()
    database = getattr(slicer, "dicomDatabase", None)
    path = database.fileForInstance(uids[0]) if uids and database is not None else ""
    return bool(path and database.fileValue(path, _PLANE))


def orientation(volume: vtkMRMLScalarVolumeNode) -> list[str]:
    """The patient's sides towards increasing columns and rows, the strongest letter of each."""
    matrix = directions(volume)
    return [_letter(matrix[:, 0]), _letter(matrix[:, 1])]


def directions(volume: vtkMRMLScalarVolumeNode) -> np.ndarray:
    """Unit vectors of columns, rows and slices in RAS, as the columns of a 3 x 3 matrix."""
    matrix = vtk.vtkMatrix4x4()
    volume.GetIJKToRASDirectionMatrix(matrix)
    return slicer.util.arrayFromVTKMatrix(matrix)[:3, :3]


def _letter(direction: np.ndarray) -> str:
    axis = int(np.abs(direction).argmax())
    return _AXES[axis][0 if direction[axis] > 0 else 1]


def _is_dicom(path: str) -> bool:
    """A file of PS3.10: the letters DICM after a preamble."""
    try:
        if not Path(path).is_file():
            return False
        with open(path, "rb") as stream:
            return stream.read(132)[128:] == b"DICM"
    except OSError:
        return False
