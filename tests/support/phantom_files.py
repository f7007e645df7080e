"""DICOM files with answers worked out by hand."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

if TYPE_CHECKING:
    from pathlib import Path

DX = "1.2.840.10008.5.1.4.1.1.1.1"


def write_film(path: Path, pixels: np.ndarray, **attributes) -> Path:
    """A monochrome DX object holding `pixels` (uint8, uint16 or int16); attributes win."""
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.SOPClassUID = DX
    number = sum(os.fsencode(path.name)) + 1
    ds.StudyInstanceUID, ds.SeriesInstanceUID = "1.2.3.1", "1.2.3.1.1"
    ds.SOPInstanceUID = f"1.2.3.1.1.{number}"
    ds.PatientName, ds.PatientID, ds.StudyDate = "Phantom^Film", "P-1", "20260102"
    ds.Modality, ds.BodyPartExamined, ds.ViewPosition = "DX", "CHEST", "PA"
    ds.PatientOrientation = ["L", "F"]
    bits = pixels.dtype.itemsize * 8
    ds.Rows, ds.Columns = pixels.shape
    ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
    ds.BitsAllocated, ds.BitsStored, ds.HighBit = bits, bits, bits - 1
    ds.PixelRepresentation = int(pixels.dtype.kind == "i")
    ds.PixelData = pixels.astype(pixels.dtype.newbyteorder("<")).tobytes()
    for name, value in attributes.items():
        setattr(ds, name, value)
    ds.file_meta.MediaStorageSOPClassUID = ds.SOPClassUID
    ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID
    path.parent.mkdir(parents=True, exist_ok=True)
    ds.save_as(path, enforce_file_format=True)
    return path


def dot_film(rows: int = 120, columns: int = 100, *, x: int = 30, y: int = 40) -> np.ndarray:
    """A dark 12-bit film with one bright square around the pixel (x, y)."""
    film = np.full((rows, columns), 200, np.uint16)
    film[y - 12 : y + 13, x - 12 : x + 13] = 4000
    return film
