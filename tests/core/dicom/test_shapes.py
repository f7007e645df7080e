import numpy as np
import pytest
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian

from afloc_desktop.core.dicom.shapes import Shapes
from afloc_desktop.core.dicom.walker import walk

TINY = np.zeros((2, 3), np.uint8)
SYNTAXES = [ExplicitVRLittleEndian, ImplicitVRLittleEndian]


@pytest.fixture
def bytes_of(write_film):
    def make(number, syntax=ExplicitVRLittleEndian, **tags):
        own = {
            "SOPInstanceUID": f"1.2.{10**number}",
            "InstanceNumber": number,
            "ImagePositionPatient": [0, -1.5, 10.0**number],
        }
        return write_film(TINY, syntax=syntax, **(own | tags)).read_bytes()

    return make


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_files_written_alike_are_walked_alike(bytes_of, syntax):
    shapes = Shapes()
    for number in range(12):
        data = bytes_of(number, syntax)
        assert shapes.walk(data, len(data)) == walk(data, len(data))


def test_values_that_differ_in_content_alone_are_found(bytes_of):
    shapes = Shapes()
    for number, name in enumerate(("Doe^Jane", "Roe^Anna", "Doe^Jane")):
        data = bytes_of(number, PatientName=name)
        assert name.encode() in shapes.walk(data, len(data)).shared


def test_the_values_of_a_series_are_the_same_object(bytes_of):
    shapes = Shapes()
    found = [shapes.walk(data, len(data)) for data in map(bytes_of, range(1, 5))]
    assert found[1].shared is found[2].shared is found[3].shared
    assert found[1].own != found[2].own


def test_another_transfer_syntax_of_the_same_length_is_no_file_of_this_kind(bytes_of):
    shapes = Shapes()
    data = bytes_of(1)
    assert shapes.walk(data, len(data)) is not None
    big = data.replace(b"1.2.840.10008.1.2.1\0", b"1.2.840.10008.1.2.2\0")
    assert walk(big, len(big)) is None
    assert shapes.walk(big, len(big)) is None


def test_a_wrong_length_is_not_taken_for_a_value_that_fits(bytes_of):
    shapes = Shapes()
    data = bytes_of(1)
    shapes.walk(data, len(data))
    head = b"\x20\0\x13\0IS\2\0"
    assert head in data
    wrong = data.replace(head, b"\x20\0\x13\0IS\4\0")
    assert shapes.walk(wrong, len(wrong)) == walk(wrong, len(wrong))


def test_a_header_that_ends_early_fits_nothing(bytes_of):
    shapes = Shapes()
    data = bytes_of(1)
    end = shapes.walk(data, len(data)).offset
    assert all(shapes.walk(data[:n], len(data)) is None for n in range(0, end, 7))
