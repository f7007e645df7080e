import os
import random
import zipfile
from functools import partial

import numpy as np
import pytest
from pydicom.dataset import Dataset

from afloc_desktop.core.dicom import recognise
from afloc_desktop.core.dicom.archive import open_source
from afloc_desktop.core.dicom.entry import Entry, Source
from afloc_desktop.core.dicom.recognise import Recogniser
from afloc_desktop.core.errors import Cancelled

TINY = np.arange(6, dtype=np.uint8).reshape(2, 3)
PLAIN = ("charset", "geom", "laterality", "multiframe", "nest", "series", "ts", "vr")


def look(path):
    (found,) = Recogniser().files([str(path)])
    return found


def by_walk(recogniser, path, data):
    source = Source(str(path), len(data), path.stat().st_mtime_ns)
    reopen = partial(open_source, path)
    return source, reopen, recogniser._walked(source, "", data[:4096], len(data), reopen)


def test_an_image_is_recognised_with_its_labels_and_place(write_film):
    entry = look(
        write_film(
            TINY,
            SeriesNumber=3,
            InstanceNumber=4,
            PatientName="Müller^Änne",
            SpecificCharacterSet="ISO_IR 100",
            ImageOrientationPatient=[1, 0, 0, 0, 1, 0],
            ImagePositionPatient=[0, 0, 2.5],
            EchoTime=12,
        )
    )
    assert (entry.labels.patient_name, entry.labels.number) == ("Müller^Änne", 3)
    assert (entry.instance_number, entry.rows, entry.columns, entry.frames) == (4, 2, 3, 1)
    assert (entry.position, entry.phase) == ((0, 0, 2.5), (0, 12))
    assert entry.place.orientation == (1, 0, 0, 0, 1, 0)


@pytest.mark.parametrize("name", ["Doe^Jane=", "A\\B", " Lead", "Doe^Jane^^", "x\x1by", "Ö^Ö"])
def test_names_are_read_as_the_full_parse_reads_them(write_film, name):
    path = write_film(TINY, PatientName="PLACEHOLDER", SpecificCharacterSet="ISO_IR 100")
    raw = name.encode("latin-1").ljust(11)
    data = path.read_bytes().replace(b"PLACEHOLDER ", raw.ljust(12))
    path.write_bytes(data)
    source, reopen, entry = by_walk(Recogniser(), path, data)
    assert entry is not None
    assert entry == recognise._carefully(source, "", reopen)


def test_objects_without_an_image_are_named_by_their_kind(save_dataset):
    report = Dataset()
    report.SOPClassUID, report.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.88.33", "1.2.9"
    report.Modality, report.PatientID = "SR", "A1"
    entry = look(save_dataset(report))
    assert (entry.kind, entry.frames, entry.reason) == ("Comprehensive SR", 0, "")
    assert (entry.labels.modality, entry.sop_instance_uid) == ("SR", "1.2.9")


def test_fewer_pixels_than_described_are_refused(write_film):
    path = write_film(TINY)
    path.write_bytes(path.read_bytes()[:-3])
    assert "fewer pixels" in look(path).reason


def test_what_the_system_refuses_may_work_the_next_time(tmp_path):
    entry = look(tmp_path / "gone")
    assert entry.reason
    assert not entry.is_lasting
    (tmp_path / "text").write_text("x" * 200, encoding="ascii")
    assert look(tmp_path / "text").is_lasting


def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    assert "regular" in look(tmp_path / "pipe").reason


def members(path, should_stop=lambda: False):
    recogniser = Recogniser()
    (source,) = recogniser.files([str(path)])
    assert isinstance(source, Source)
    return list(recogniser.members(source, should_stop))


@pytest.fixture
def zipped(tmp_path):
    def write(**members):
        with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as made:
            for name, data in members.items():
                made.writestr(name, data)
        return tmp_path / "a.zip"

    return write


def test_members_of_an_archive_are_listed_where_they_are(write_film, zipped):
    film = write_film(TINY).read_bytes()
    path = zipped(readme=b"hello", one=film, inner=b"PK\x03\x04" + bytes(200), empty=b"")
    found = {entry.member: entry for entry in members(path)}
    assert found["one"].frames == 1
    assert found["one"].path == str(path)
    assert "archive inside" in found["inner"].reason
    assert "not a DICOM file" in found["readme"].reason
    assert "empty" in found["empty"].reason
    with open_source(path, "one") as (file, _):
        assert file.read() == film


def test_an_archive_of_something_else_is_one_line(zipped):
    (entry,) = members(zipped(a=b"x" * 200, b=b"y" * 200))
    assert (entry.member, "no DICOM file" in entry.reason) == ("", True)


def test_an_archive_can_be_left(write_film, zipped):
    path = zipped(one=write_film(TINY).read_bytes())
    with pytest.raises(Cancelled):
        members(path, lambda: True)


def test_a_header_longer_than_the_first_read_is_walked_too(write_film):
    path = write_film(TINY, ImageComments="x" * 5000)
    source, _, entry = by_walk(Recogniser(), path, path.read_bytes())
    assert isinstance(entry, Entry)
    assert entry.size == source.size


@pytest.mark.shared
def test_the_walk_never_differs_from_the_full_parse(shared):
    recogniser, walked = Recogniser(), 0
    skip = {"refs", "refs_oracle", "bundles", "tools"}
    for path in sorted((shared / "corpus").rglob("*")):
        if path.is_file() and path.relative_to(shared / "corpus").parts[0] not in skip:
            data = path.read_bytes()
            source, reopen, entry = (
                by_walk(recogniser, path, data) if data[128:132] == b"DICM" else (None,) * 3
            )
            if entry is not None:
                walked += 1
                assert entry == recognise._carefully(source, "", reopen), path.name
    assert walked > 500


@pytest.mark.shared
def test_the_walk_never_differs_on_damaged_headers(shared, tmp_path):
    chance, recogniser, walked = random.Random(5), Recogniser(), 0
    folders = [shared / "corpus" / name for name in PLAIN]
    seeds = [p.read_bytes() for f in folders for p in sorted(f.rglob("*.dcm"))[:12]]
    path = tmp_path / "damaged"
    for _ in range(1500):
        data = bytearray(chance.choice(seeds))
        for _ in range(chance.choice((1, 1, 3))):
            at = chance.randrange(128, min(len(data), 2000))
            change = chance.randrange(4)
            if change == 0:
                data[at] ^= 1 << chance.randrange(8)
            elif change == 1:
                del data[at : at + 2]
            elif change == 2:
                data[at:at] = chance.randbytes(2)
            else:
                data[at : at + 8] = data[at - 8 : at]
        if data[128:132] != b"DICM":
            continue
        path.write_bytes(data)
        source, reopen, entry = by_walk(recogniser, path, bytes(data))
        if entry is not None:
            walked += 1
            assert entry == recognise._carefully(source, "", reopen)
    assert walked > 300
