import io
import shutil
from dataclasses import replace

import exported
import pydicom
import pytest
from phantom_files import dot_film, write_film

from afloc_desktop.core.dicom.read import read
from afloc_desktop.core.dicom.scan import scan
from afloc_desktop.core.errors import ExportError, UnreadableFile
from afloc_desktop.core.export.source import read_source
from afloc_desktop.core.export.sr import report


def test_patient_study_and_references_are_those_of_the_file(image):
    source = read_source(image)
    assert str(source.kept.PatientName) == "Phantom^Film"
    assert (source.study_uid, source.series_uid) == ("1.2.3.1", "1.2.3.1.1")
    assert source.sop_instance_uid == image.ref.sop_instance_uid
    assert source.frame is None
    assert "ReferencedFrameNumber" not in source.reference()


def test_a_film_in_an_archive_is_read_there(image, tmp_path):
    archive = shutil.make_archive(str(tmp_path / "a"), "zip", image.ref.path.parent)
    (ref,) = scan([tmp_path / "a.zip"]).images
    assert archive
    assert ref.member
    assert str(read_source(read(ref)).kept.PatientName) == "Phantom^Film"


@pytest.mark.parametrize("name", ["StudyInstanceUID", "SeriesInstanceUID"])
@pytest.mark.parametrize("uid", ["", "../../x/1.2"])
def test_a_film_that_does_not_say_where_it_belongs_gets_no_objects(tmp_path, name, uid):
    image = exported.film(tmp_path / "s", **{name: "1.22.33.444"})
    data = image.ref.path.read_bytes()
    image.ref.path.write_bytes(data.replace(b"1.22.33.444", uid.encode().ljust(11, b"\0")))
    with pytest.raises(ExportError, match="study and series"):
        read_source(image)


def test_a_film_that_is_gone_or_another_one_is_refused(image):
    other = replace(image, ref=replace(image.ref, sop_instance_uid="1.9"))
    with pytest.raises(ExportError, match="no longer"):
        read_source(other)
    image.ref.path.unlink()
    with pytest.raises(UnreadableFile):
        read_source(image)


def test_the_tags_are_those_of_the_frame(tmp_path):
    from pydicom.dataset import Dataset

    def frame(position):
        item, plane = Dataset(), Dataset()
        plane.ImagePositionPatient = [0, 0, position]
        item.PlanePositionSequence = [plane]
        return item

    pixels = dot_film().tobytes() * 2
    write_film(
        tmp_path / "s" / "m.dcm",
        dot_film(),
        NumberOfFrames=2,
        PixelData=pixels,
        PerFrameFunctionalGroupsSequence=[frame(10), frame(20)],
    )
    second = next(ref for ref in scan([tmp_path / "s"]).images if ref.frame == 2)
    source = read_source(read(second))
    assert source.tags.numbers("ImagePositionPatient") == (0, 0, 20)
    assert source.reference().ReferencedFrameNumber == 2
    assert "ReferencedFrameNumber" not in source.file_reference()


def test_a_value_against_the_rules_is_not_handed_on_and_stops_no_object(tmp_path):
    right = {"PatientAge": "062Y", "PatientSex": "F", "StudyTime": "102030", "PatientSize": "1.80"}
    image = exported.film(tmp_path / "s", **right, PatientWeight="71.5")
    data = image.ref.path.read_bytes()
    for legal, spoilt in ((b"062Y", b"62  "), (b"102030", b"10:20 "), (b"1.80", b"tall")):
        data = data.replace(legal, spoilt)
    image.ref.path.write_bytes(data)
    kept = read_source(image).kept
    assert [name for name in right if name in kept] == ["PatientSex"]
    assert (kept.PatientWeight, str(kept.PatientName)) == (71.5, "Phantom^Film")
    written = report(exported.page_of(image, exported.statement(image)))
    assert pydicom.dcmread(io.BytesIO(written)).StudyTime == ""
