import pytest
from phantom_files import dot_film, write_film

from afloc_desktop.core.dicom.dataset import read_header
from afloc_desktop.core.dicom.files import open_regular
from afloc_desktop.core.dicom.guard import quiet_pydicom
from afloc_desktop.core.errors import UnreadableFile


def header_of(path, *keywords):
    with open_regular(path) as (file, size), quiet_pydicom():
        return read_header(file, size, keywords)


def test_a_header_ends_where_the_pixels_begin(tmp_path):
    path = write_film(tmp_path / "film.dcm", dot_film(), PatientID="P1")
    header = header_of(path)
    assert (header.PatientID, header.Rows) == ("P1", dot_film().shape[0])
    assert "PixelData" not in header


def test_only_what_is_asked_for_is_read(tmp_path):
    path = write_film(tmp_path / "film.dcm", dot_film(), PatientID="P1")
    assert set(header_of(path, "PatientID", "StationName").dir()) == {"PatientID"}


def test_a_header_that_breaks_off_is_refused(tmp_path):
    path = write_film(tmp_path / "film.dcm", dot_film())
    path.write_bytes(path.read_bytes()[:300])
    with pytest.raises(UnreadableFile):
        header_of(path)
