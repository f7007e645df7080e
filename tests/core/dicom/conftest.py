"""DICOM files made by hand for tests."""

from pathlib import Path

import numpy as np
import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

from afloc_desktop.core.dicom.files import open_regular
from afloc_desktop.core.dicom.guard import quiet_pydicom
from afloc_desktop.core.dicom.header import parse
from afloc_desktop.core.dicom.tags import Tags
from afloc_desktop.core.domain import ImageRef

CR = "1.2.840.10008.5.1.4.1.1.1"


def film(pixels, **tags) -> Dataset:
    """A data set of a grey film; `pixels` is 2-D, or 3-D with frames first."""
    pixels = np.asarray(pixels)
    bits = pixels.dtype.itemsize * 8
    data = Dataset()
    data.SOPClassUID, data.SOPInstanceUID = CR, "1.2.3.1"
    data.StudyInstanceUID, data.SeriesInstanceUID = "1.2.3.2", "1.2.3.3"
    data.PatientID, data.PatientName, data.Modality = "A1", "Doe^Jane", "CR"
    data.SamplesPerPixel, data.PhotometricInterpretation = 1, "MONOCHROME2"
    data.Rows, data.Columns = pixels.shape[-2:]
    if pixels.ndim == 3:
        data.NumberOfFrames = pixels.shape[0]
    data.BitsAllocated, data.BitsStored, data.HighBit = bits, bits, bits - 1
    data.PixelRepresentation = int(pixels.dtype.kind == "i")
    raw = pixels.tobytes()
    data.PixelData = raw + b"\0" * (len(raw) % 2)
    data["PixelData"].VR = "OW" if bits > 8 else "OB"
    for keyword, value in tags.items():
        setattr(data, keyword, value)
    return data


def save(data: Dataset, path: Path, syntax: str = ExplicitVRLittleEndian) -> Path:
    data.file_meta = FileMetaDataset()
    data.file_meta.TransferSyntaxUID = syntax
    data.file_meta.MediaStorageSOPClassUID = data.get("SOPClassUID", CR)
    data.file_meta.MediaStorageSOPInstanceUID = data.get("SOPInstanceUID", "1.2.3.1")
    data.save_as(path, enforce_file_format=True)
    return path


@pytest.fixture
def write_film(tmp_path):
    """Write a film with changed tags; returns its path."""

    def write(pixels, name="film.dcm", syntax=ExplicitVRLittleEndian, **tags) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        return save(film(pixels, **tags), path, syntax)

    return write


@pytest.fixture
def save_dataset(tmp_path):
    """Write any data set; returns its path."""

    def write(data: Dataset, name="file.dcm", syntax=ExplicitVRLittleEndian) -> Path:
        return save(data, tmp_path / name, syntax)

    return write


@pytest.fixture
def make_film():
    """The data set of a film, to be changed before it is written."""
    return film


@pytest.fixture
def ref_of():
    """A reference to one frame of a file."""

    def ref(path: Path, frame: int = 1) -> ImageRef:
        return ImageRef(path, frame, "", 0, 0, None)

    return ref


@pytest.fixture
def header_of():
    """The checked header of a file."""

    def header(path: Path):
        with open_regular(path) as (file, size), quiet_pydicom():
            return parse(file, size).header

    return header


@pytest.fixture
def make_tags():
    """Tags from keywords."""

    def tags(**values) -> Tags:
        data = Dataset()
        with quiet_pydicom():
            for keyword, value in values.items():
                setattr(data, keyword, value)
        return Tags(data)

    return tags
