import io
import json
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import exported
import numpy as np
import pydicom
import pytest
from phantom_files import dot_film

from afloc_desktop.core.errors import ExportError, PluginError
from afloc_desktop.core.export.exporter import DICOM, DicomExporter, by_id, exporters
from afloc_desktop.core.export.pseudonyms import Pseudonyms
from afloc_desktop.core.export.selection import FilmResults, Selection

OBJECTS = [e.id for e in exporters().values() if e.media == DICOM]
needs_dciodvfy = pytest.mark.skipif(not exported.HAS_DCIODVFY, reason="needs dicom3tools")


def both(image, **changes):
    """A listed finding and typed words, both with a region."""
    return FilmResults(
        image,
        (
            exported.statement(image, **changes),
            exported.statement(
                image,
                "=kite é 日本",
                finding_id="text",
                origin="typed",
                regions=(exported.KITE,),
                **changes,
            ),
        ),
    )


@needs_dciodvfy
@pytest.mark.parametrize("kind", exported.FILMS)
@pytest.mark.parametrize("reader", ["", "Reader^Ann"])
def test_every_object_of_every_film_is_valid_dicom(tmp_path, kind, reader):
    image = exported.film(tmp_path / "source", **exported.FILMS[kind])
    selection = Selection(
        (both(image, author=reader, status="accepted" if reader else "proposed"),)
    )
    for id_ in OBJECTS:
        (path,) = exporters()[id_].write(selection, tmp_path / "out")
        assert exported.verified(path) == [], id_


@needs_dciodvfy
def test_a_frame_of_many_is_referred_to_as_that_frame(tmp_path):
    frames = np.stack([dot_film()] * 3)
    image = exported.film(
        tmp_path / "source",
        SOPClassUID="1.2.840.10008.5.1.4.1.1.7.3",
        NumberOfFrames=3,
        PixelData=frames.tobytes(),
    )
    image = replace(image, ref=replace(image.ref, frame=2))
    for id_ in OBJECTS:
        (path,) = exporters()[id_].write(Selection((both(image),)), tmp_path / "out")
        assert exported.verified(path) == [], id_
        text = str(pydicom.dcmread(path))
        assert "Referenced Frame Number             IS: '2'" in text, id_


# SOP class, modality and what such an object says beside its pixels.
PHOTOGRAPHS = {
    "secondary capture": ("7", "OT", {}),
    "ophthalmic": ("77.1.5.1", "OP", {"ImageLaterality": "R", "PatientEyeMovementCommanded": "NO"}),
    "ophthalmic, both eyes": ("77.1.5.1", "OP", {"ImageLaterality": "B", "PatientOrientation": []}),
    "photographic": ("77.1.4", "XC", {"PatientOrientation": ["L", "F"]}),
    "lossy": (
        "77.1.5.1",
        "OP",
        {
            "LossyImageCompression": "01",
            "LossyImageCompressionRatio": 10,
            "LossyImageCompressionMethod": "ISO_10918_1",
        },
    ),
}


@needs_dciodvfy
@pytest.mark.parametrize("kind", PHOTOGRAPHS)
def test_a_colour_photograph_leaves_as_every_object_and_all_are_valid(tmp_path, kind):
    rgb = np.repeat((dot_film() // 16).astype(np.uint8)[..., None], 3, axis=2)
    sop_class, modality, more = PHOTOGRAPHS[kind]
    image = exported.film(
        tmp_path / "source",
        SOPClassUID=f"1.2.840.10008.5.1.4.1.1.{sop_class}",
        Modality=modality,
        SamplesPerPixel=3,
        PhotometricInterpretation="RGB",
        PlanarConfiguration=0,
        BitsAllocated=8,
        BitsStored=8,
        HighBit=7,
        PixelData=rgb.tobytes(),
        **more,
    )
    for id_ in OBJECTS:
        (path,) = exporters()[id_].write(Selection((both(image),)), tmp_path / "out")
        assert exported.verified(path) == [], id_
    assert "ICCProfile" in pydicom.dcmread(next((tmp_path / "out").glob("*gsps*")))


@pytest.mark.parametrize("id_", OBJECTS)
def test_an_object_is_a_new_series_in_the_study_of_its_film(tmp_path, image, id_):
    (path,) = exporters()[id_].write(Selection((both(image),)), tmp_path / "out")
    written, source = pydicom.dcmread(path), pydicom.dcmread(image.ref.path)
    for name in ("StudyInstanceUID", "PatientName", "PatientID", "PatientBirthDate", "PatientSex"):
        assert written[name].value == source[name].value
    assert written.SeriesInstanceUID != source.SeriesInstanceUID
    assert written.SOPInstanceUID != source.SOPInstanceUID
    assert written.SeriesDescription == ("AFLoc: 2 findings, image-text similarity, research use")
    assert "probab" not in str(written).replace("neither occupancy nor probability", "").lower()


def test_the_names_of_files_say_nothing_of_the_patient(tmp_path, image):
    for id_ in OBJECTS:
        exporters()[id_].write(Selection((both(image),)), tmp_path / "out")
    for path in (tmp_path / "out").iterdir():
        assert path.name.startswith("AFLoc_")
        assert "Phantom" not in path.name
        assert "1.2.3" not in path.name


def dcmqi(program):
    """Beside Python, where pip puts it, or wherever the system has it."""
    beside = Path(sys.executable).with_name(program)
    return str(beside) if beside.exists() else shutil.which(program)


def read_by(program, *words):
    command = [dcmqi(program), *map(str, words)]
    done = subprocess.run(command, capture_output=True, timeout=120, check=False)
    return done.returncode == 0


@pytest.mark.skipif(dcmqi("tid1500reader") is None, reason="needs dcmqi")
def test_dcmqi_reads_the_report_and_the_segmentation_of_a_slice(tmp_path):
    image = exported.film(tmp_path / "source", **exported.SLICE)
    (report,) = exporters()["sr"].write(Selection((both(image),)), tmp_path / "out")
    (seg,) = exporters()["seg"].write(Selection((both(image),)), tmp_path / "out")
    found = tmp_path / "report.json"
    assert read_by("tid1500reader", "--inputDICOM", report, "--outputMetadata", found)
    one, _ = json.loads(found.read_text(encoding="utf-8"))["Measurements"]
    assert one["Finding"]["CodeMeaning"] == "Pleural effusion"
    assert one["TrackingUniqueIdentifier"] == str(
        pydicom.dcmread(seg).SegmentSequence[0].TrackingUID
    )
    (tmp_path / "itk").mkdir()
    assert read_by("segimage2itkimage", "--inputDICOM", seg, "--outputDirectory", tmp_path / "itk")
    assert len(list((tmp_path / "itk").glob("*.nrrd"))) == 2


def test_films_of_one_study_share_a_series(tmp_path, image):
    film = both(image)
    exporters()["sr"].write(Selection((film, film)), tmp_path / "out")
    read = [pydicom.dcmread(p) for p in (tmp_path / "out").iterdir()]
    assert len({ds.SeriesInstanceUID for ds in read}) == 1
    assert {int(ds.InstanceNumber) for ds in read} == {1, 2}
    assert len({ds.SOPInstanceUID for ds in read}) == 2


def test_words_beyond_the_characters_of_the_film_make_the_object_utf8(tmp_path):
    image = exported.film(
        tmp_path / "s", SpecificCharacterSet="ISO_IR 100", PatientName="Müller^Zoë"
    )
    plain = FilmResults(image, (exported.statement(image),))
    for film, expected in ((plain, "ISO_IR 100"), (both(image), "ISO_IR 192")):
        (path,) = exporters()["sr"].write(Selection((film,)), tmp_path / "out")
        written = pydicom.dcmread(path)
        assert written.SpecificCharacterSet == expected
        assert written.PatientName == "Müller^Zoë"


def test_a_rejected_finding_leaves_nothing(tmp_path, image):
    film = both(image, status="rejected", author="Ann")
    for id_ in OBJECTS:
        assert exporters()[id_].write(Selection((film,)), tmp_path / "out") == ()
    assert list((tmp_path / "out").iterdir()) == []


def test_a_finding_of_another_film_is_refused(tmp_path, image):
    (first, _) = both(image).statements
    other = replace(first.heatmap, key=replace(first.heatmap.key, pixel_sha256="0" * 64))
    film = FilmResults(image, (replace(first, heatmap=other),))
    for exporter in exporters().values():
        with pytest.raises(ExportError, match="another film"):
            exporter.write(Selection((film,)), tmp_path / "out")
    assert not list(tmp_path.glob("out/*"))


def test_a_film_that_was_exchanged_on_the_disk_is_refused(tmp_path, image):
    from phantom_files import write_film

    film = both(image)
    write_film(image.ref.path, dot_film(), SOPInstanceUID="1.2.3.99")
    with pytest.raises(ExportError, match="no longer"):
        exporters()["sr"].write(Selection((film,)), tmp_path / "out")


def test_an_object_that_contradicts_itself_never_gets_its_name(tmp_path, image):
    def spoilt(page):
        dataset = pydicom.dcmread(io.BytesIO(exporters()["seg"].build(page)))
        dataset.PixelData = dataset.PixelData[:-2]
        stream = io.BytesIO()
        dataset.save_as(stream)
        return stream.getvalue()

    with pytest.raises(ExportError, match="pixels"):
        DicomExporter("seg", "", spoilt).write(Selection((both(image),)), tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []


def test_two_exporters_of_one_name_are_refused():
    one = DicomExporter("seg", "One", lambda page: None)
    with pytest.raises(PluginError, match="seg"):
        by_id([one, one])


PLANTED = [
    "PatientName",
    "PatientID",
    "OtherPatientNames",
    "PatientAddress",
    "PatientComments",
    "InstitutionName",
    "InstitutionAddress",
    "ReferringPhysicianName",
    "PerformingPhysicianName",
    "OperatorsName",
    "StationName",
    "AccessionNumber",
    "StudyID",
    "StudyDescription",
    "SeriesDescription",
    "ProtocolName",
    "ImageComments",
    "AdditionalPatientHistory",
    "Occupation",
    "EthnicGroup",
    "RequestingPhysician",
    "PatientTelephoneNumbers",
    "MilitaryRank",
    "CountryOfResidence",
    "DeviceSerialNumber",
    "InstitutionalDepartmentName",
    "IssuerOfPatientID",
    "ClinicalTrialSubjectID",
    "ClinicalTrialSponsorName",
    "ClinicalTrialProtocolID",
    "BodyPartExamined",
    "AdmissionID",
    "CurrentPatientLocation",
    "RescaleType",
]
CANARIES = [f"CANARY{n:02d}" for n in range(40)]


@pytest.mark.parametrize("id_", [*exporters()])
def test_a_deidentified_export_holds_nothing_that_was_planted(tmp_path, id_):
    import base64

    planted = dict(zip(PLANTED, CANARIES, strict=False))
    planted["StudyDate"] = "19881224"
    image = exported.film(tmp_path / CANARIES[34], **planted)
    statement = exported.statement(
        image,
        CANARIES[35],
        finding_id="text",
        origin="report",
        author=CANARIES[36],
        status="accepted",
    )
    listed = exported.statement(image, author=CANARIES[37], status="edited")
    film = FilmResults(image, (statement, listed))
    folder = tmp_path / "out"
    paths = exporters()[id_].write(Selection((film,), Pseudonyms()), folder)
    assert paths
    original = pydicom.dcmread(image.ref.path)
    unwanted = [*CANARIES, "19881224", "1988-12-24"]
    unwanted += [str(original[n].value) for n in ("SOPInstanceUID", "StudyInstanceUID")]
    unwanted += [str(original.SeriesInstanceUID), image.pixel_sha256]
    held = b"".join(path.read_bytes() + path.name.encode() for path in paths)
    for text in unwanted:
        raw = text.encode()
        for form in (raw, text.encode("utf-16-le"), base64.b64encode(raw)[:-4]):
            assert form not in held, (text, form)


def test_what_is_not_deidentified_keeps_its_patient(tmp_path):
    image = exported.film(tmp_path / "source", PatientName=CANARIES[0])
    (path,) = exporters()["sr"].write(Selection((both(image),)), tmp_path / "out")
    assert CANARIES[0].encode() in path.read_bytes()


def test_deidentified_objects_of_one_export_still_belong_together(tmp_path, image):
    selection = Selection((both(image),), Pseudonyms())
    read = [
        pydicom.dcmread(path)
        for id_ in ("seg", "sr", "sc", "gsps")
        for path in exporters()[id_].write(selection, tmp_path / "out")
    ]
    assert len({ds.StudyInstanceUID for ds in read}) == 1
    assert len({str(ds.PatientID) for ds in read}) == 1
    assert all(ds.PatientIdentityRemoved == "YES" for ds in read)
    if exported.HAS_DCIODVFY:
        assert [exported.verified(p) for p in (tmp_path / "out").iterdir()] == [[]] * 4
