import struct
from contextlib import suppress

import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from afloc_desktop.core.dicom.dicomdir import read_index
from afloc_desktop.core.dicom.guard import quiet_pydicom
from afloc_desktop.core.dicom.recognise import INDEX
from afloc_desktop.core.dicom.scan import scan
from afloc_desktop.core.errors import UnreadableFile

TINY = np.zeros((2, 3), np.uint8)
HEAD = struct.Struct("<HH2sH")


@pytest.fixture
def index(save_dataset):
    """Write a DICOMDIR of one record per file ID; `follow` changes where each leads."""

    def write(*ids, follow=None):
        data = Dataset()
        data.SOPClassUID, data.SOPInstanceUID = "1.2.840.10008.1.3.10", "1.2.3.4"
        data.OffsetOfTheFirstDirectoryRecordOfTheRootDirectoryEntity = 0
        with quiet_pydicom():  # it minds names that lead out
            data.DirectoryRecordSequence = Sequence([record(file_id) for file_id in ids])
            path = save_dataset(data, "DICOMDIR")
        raw = bytearray(path.read_bytes())
        items = [at for at in range(len(raw)) if raw[at : at + 4] == b"\xfe\xff\x00\xe0"]
        steps = [*items[1:], 0] if follow is None else [follow(n, items) for n in range(len(items))]
        put(raw, b"\x04\0\0\x12UL\4\0", items[:1])
        put(raw, b"\x04\0\0\x14UL\4\0", steps)
        path.write_bytes(raw)
        return path

    return write


def record(file_id):
    item = Dataset()
    item.OffsetOfTheNextDirectoryRecord = 0
    item.OffsetOfReferencedLowerLevelDirectoryEntity = 0
    item.DirectoryRecordType = "IMAGE"
    item.ReferencedFileID = file_id
    return item


def put(raw, head, values):
    at = -1
    for value in values:
        at = raw.index(head, at + 1)
        raw[at + 8 : at + 12] = struct.pack("<L", value)


def test_files_are_found_whatever_the_case_of_their_names(index, write_film, tmp_path):
    write_film(TINY, "images/film1")
    write_film(TINY, "images/FILM2")
    found = read_index(index(["IMAGES", "FILM1"], ["IMAGES", "FILM2"]))
    assert [path.rsplit("/", 1)[1] for path in found.files] == ["film1", "FILM2"]
    assert found.problems == ()


def test_missing_files_are_counted(index, write_film):
    write_film(TINY, "A")
    found = read_index(index(["A"], ["B"], ["C", "D"]))
    assert len(found.files) == 1
    assert found.problems == ("it names 2 files that are not there",)


@pytest.mark.parametrize(
    "file_id",
    [["..", "SECRET"], ["A", "..", "..", "SECRET"], "/etc/passwd", "C:", "file://X", "A\0B"],
)
def test_names_that_lead_out_are_never_followed(index, tmp_path, file_id):
    (tmp_path.parent / "SECRET").write_bytes(b"x")
    found = read_index(index(file_id))
    assert found.files == ()
    assert "outside" in found.problems[0]


def test_links_that_lead_out_are_not_followed(index, tmp_path):
    (tmp_path / "OUT").symlink_to("/etc/hostname")
    found = read_index(index(["OUT"]))
    assert found.files == ()
    assert "outside" in found.problems[0]


@pytest.mark.parametrize("target", [0, 1])
def test_circles_end(index, write_film, target):
    write_film(TINY, "A")
    found = read_index(index(["A"], ["A"], follow=lambda n, items: items[(n, 1)[target] - n]))
    assert "circle" in found.problems[0]
    assert len(found.files) == 1


def test_offsets_to_nowhere_end(index, write_film):
    write_film(TINY, "A")
    found = read_index(index(["A"], follow=lambda n, items: 4_000_000_000))
    assert "no record" in found.problems[0]
    assert len(found.files) == 1


def test_an_index_cut_short_is_damaged_or_empty(index):
    path = index(["A"])
    data = path.read_bytes()
    for end in range(140, len(data), 9):
        path.write_bytes(data[:end])
        with suppress(UnreadableFile):
            assert read_index(path).files == ()


def test_opening_an_index_lists_the_files_it_names(index, write_film, tmp_path):
    write_film(TINY, "A")
    write_film(TINY, "B", SOPInstanceUID="1.2.9")
    listing = scan([index(["A"])])
    assert [ref.path.name for ref in listing.images] == ["A"]
    assert [other.kind for other in listing.indexes] == [INDEX]
    assert listing.skipped == ()


def test_in_a_folder_an_index_is_no_image_and_no_failure(index, write_film, tmp_path):
    write_film(TINY, "A")
    write_film(TINY, "B", SOPInstanceUID="1.2.9")
    index(["A"])
    listing = scan([tmp_path])
    assert [ref.path.name for ref in listing.images] == ["A", "B"]
    assert (len(listing.indexes), listing.skipped) == (1, ())


@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "cause"),
    [
        ("escape_dotdot", "outside"),
        ("escape_abs", "outside"),
        ("escape_abs2", "outside"),
        ("escape_slash", "outside"),
        ("escape_drive", "outside"),
        ("escape_missing", "not there"),
        ("cycle_next", "circle"),
        ("cycle_self", "circle"),
        ("many", "1500 files"),
    ],
)
def test_hostile_indexes_name_their_fault(shared, name, cause):
    (skipped,) = scan([shared / "corpus" / "dicomdir" / name / "DICOMDIR"]).skipped
    assert cause in skipped.reason
