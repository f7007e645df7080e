import subprocess
import sys
from contextlib import suppress
from dataclasses import replace

import exported
import numpy as np
import pydicom
import pytest
from phantom_files import dot_film, write_film

from afloc_desktop.core.errors import InputError, UnreadableFile
from afloc_desktop.core.export.exporter import exporters
from afloc_desktop.core.export.found import Target
from afloc_desktop.core.export.raster import fill
from afloc_desktop.core.export.reading import read_result
from afloc_desktop.core.export.selection import FilmResults, Selection

KINDS = {"seg": "SEG", "sr": "SR", "sc": "SC", "gsps": "GSPS", "fractional-seg": "SEG"}


@pytest.fixture
def export(image, tmp_path):
    """Write one kind of object; gives back its path."""
    film = FilmResults(
        image,
        (
            exported.statement(image, author="Zoë^Ann", status="edited", probability=0.5),
            exported.statement(
                image, "日本 kite", finding_id="text", origin="typed", regions=(exported.KITE,)
            ),
            exported.statement(image, "Nodule", finding_id="nodule", regions=()),
        ),
    )

    def write(id_):
        (path,) = exporters()[id_].write(Selection((film,)), tmp_path / "out")
        return path, film

    return write


@pytest.mark.parametrize("id_", KINDS)
def test_every_field_of_a_finding_survives(export, id_):
    path, film = export(id_)
    reading = read_result(path)
    assert reading.kind == KINDS[id_]
    assert reading.title == "AFLoc: 3 findings, image-text similarity, research use"
    assert Target(film.image.ref.sop_instance_uid) in reading.targets
    assert len(reading.statements) == 3
    for read, meant in zip(reading.statements, film.statements, strict=True):
        assert read.label == meant.label
        assert replace(read.finding, regions=()) == replace(meant.finding, regions=())


@pytest.mark.parametrize("id_", ["sr", "gsps"])
def test_outlines_survive_to_a_thousandth_of_a_pixel(export, id_):
    path, film = export(id_)
    for read, meant in zip(read_result(path).statements, film.statements, strict=True):
        for back, region in zip(read.regions, meant.regions, strict=True):
            assert np.allclose(back.outline, region.outline, atol=1e-3)
            assert back.similarity == region.similarity


def test_masks_survive_exactly_and_their_outlines_to_half_a_pixel(export):
    path, film = export("seg")
    reading = read_result(path)
    outlines = (exported.SQUARE, exported.KITE)
    for mask, outline in zip(reading.masks, outlines, strict=True):
        assert (mask.pixels == fill(outline, 120, 100)).all()
        assert mask.target == Target(film.image.ref.sop_instance_uid)
    box = reading.statements[0].regions[0].box
    assert np.allclose(box, (20, 30, 40, 40), atol=0.5)


def test_masks_of_other_films_are_not_decoded(export):
    path, film = export("seg")
    assert len(read_result(path, wanted=film.image.ref.sop_instance_uid).masks) == 2
    assert read_result(path, wanted="1.2.3.99").masks == ()


def test_a_fractional_segmentation_says_that_it_is_no_region(export):
    path, _ = export("fractional-seg")
    reading = read_result(path)
    assert reading.masks == ()
    assert "fractions" in reading.notes[0]


def test_a_second_process_reads_the_same(export):
    path, film = export("sr")
    code = (
        "import sys; from pathlib import Path;"
        "from afloc_desktop.core.export.reading import read_result;"
        "r = read_result(Path(sys.argv[1]));"
        "print([tuple(p) for s in r.shapes for p in s.points], r.targets[0].sop_instance_uid)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(path)], capture_output=True, text=True, timeout=120
    )
    points = [tuple(map(float, p)) for p in (*exported.SQUARE, *exported.KITE)]
    assert done.stdout.strip() == f"{points} {film.image.ref.sop_instance_uid}"


def strip_ours(path):
    """The object as another maker would have written it."""
    dataset = pydicom.dcmread(path)
    dataset.remove_private_tags()
    dataset.save_as(path)
    return path


@pytest.mark.parametrize("id_", ["seg", "sr", "gsps"])
def test_objects_of_others_give_their_graphics_and_no_statements(export, id_):
    reading = read_result(strip_ours(export(id_)[0]))
    assert reading.statements == ()
    assert len(reading.shapes) + len(reading.masks) == 2
    label = (*reading.shapes, *reading.masks)[0].label
    assert label.startswith("Pleural effusion")


def test_a_segmentation_of_highdicom_lies_on_its_film(image, tmp_path):
    import highdicom
    from pydicom.sr.codedict import codes

    source = pydicom.dcmread(image.ref.path)
    for name in ("StudyTime", "StudyID", "AccessionNumber", "ReferringPhysicianName"):
        setattr(source, name, "")
    source.PatientBirthDate = source.PatientSex = ""
    mask = np.zeros((1, 120, 100), np.uint8)
    mask[0, 5:9, 7:20] = 1
    segment = highdicom.seg.SegmentDescription(
        1,
        "Edge",
        codes.SCT.MorphologicallyAbnormalStructure,
        codes.SCT.PleuralEffusion,
        "MANUAL",
    )
    seg = highdicom.seg.Segmentation(
        [source], mask, "BINARY", [segment], "1.2.5", 1, "1.2.6", 1, "m", "n", "1", "s"
    )
    seg.save_as(tmp_path / "seg.dcm")
    (found,) = read_result(tmp_path / "seg.dcm").masks
    assert found.label == "Edge"
    assert np.array_equal(found.pixels, mask[0] > 0)
    assert found.target.matches(image.ref.sop_instance_uid, 1)


@pytest.mark.parametrize("count", [1, 2])
def test_a_frame_without_a_reference_is_certain_only_where_there_is_one_film(export, count):
    path, film = export("seg")
    dataset = pydicom.dcmread(path)
    for frame in dataset.PerFrameFunctionalGroupsSequence:
        del frame.DerivationImageSequence
    instances = dataset.ReferencedSeriesSequence[0].ReferencedInstanceSequence
    if count == 2:
        other = pydicom.Dataset()
        other.ReferencedSOPClassUID = instances[0].ReferencedSOPClassUID
        other.ReferencedSOPInstanceUID = "1.2.3.99"
        instances.append(other)
    dataset.save_as(path)
    masks = read_result(path).masks
    assert len(masks) == (2 if count == 1 else 0)
    assert {m.target for m in masks} <= {Target(film.image.ref.sop_instance_uid)}


def test_what_a_segment_shares_between_its_frames_is_found(export):
    path, _ = export("seg")
    dataset = pydicom.dcmread(path)
    shared = dataset.SharedFunctionalGroupsSequence[0]
    for frame in dataset.PerFrameFunctionalGroupsSequence:
        shared.DerivationImageSequence = frame.DerivationImageSequence
        del frame.DerivationImageSequence
    dataset.save_as(path)
    assert [m.label for m in read_result(path).masks] == ["Pleural effusion 1", "日本 kite 1"]


def test_what_a_state_of_others_does_beside_drawing_is_said(export):
    path, _ = export("gsps")
    assert read_result(path).notes == ()  # ours repeats the window of the film
    dataset = pydicom.dcmread(path)
    dataset.remove_private_tags()
    dataset.ImageRotation, dataset.ImageHorizontalFlip = 90, "N"
    dataset.save_as(path)
    reading = read_result(path)
    assert len(reading.shapes) == 2
    assert ["grey" in reading.notes[0], "turns" in reading.notes[1]] == [True, True]


def test_graphics_that_cannot_be_placed_are_named(export):
    path, _ = export("gsps")
    dataset = pydicom.dcmread(path)
    graphics = [a.GraphicObjectSequence[0] for a in dataset.GraphicAnnotationSequence]
    graphics[0].GraphicAnnotationUnits = "DISPLAY"
    graphics[1].GraphicType = "SPIRAL"
    dataset.save_as(path)
    reading = read_result(path)
    assert reading.shapes == ()
    assert len(reading.notes) == 1


def test_the_report_is_text_that_a_person_can_read(export):
    lines = read_result(export("sr")[0]).tree.lines()
    assert lines[0] == "Imaging Measurement Report"
    assert "      Finding: Pleural effusion" in lines
    assert "      Image-text similarity: 0.8125" in lines
    assert "      Decision of the reader: Edited by a reader" in lines


def test_anything_else_is_a_tree(tmp_path):
    path = write_film(tmp_path / "film.dcm", dot_film())
    reading = read_result(path)
    assert reading.kind == "other"
    assert "  Patient's Name: Phantom^Film" in reading.tree.lines()


def test_what_is_no_dicom_is_refused(tmp_path):
    (tmp_path / "x").write_bytes(b"nothing" * 99)
    with pytest.raises(UnreadableFile):
        read_result(tmp_path / "x")


def test_a_damaged_record_is_refused_in_plain_words(export):
    path, _ = export("sr")
    data = path.read_bytes()
    path.write_bytes(data.replace(b'"status": "edited"', b'"status": "eaten!"'))
    with pytest.raises(UnreadableFile, match="record"):
        read_result(path)


@pytest.mark.parametrize("id_", KINDS)
def test_a_damaged_object_is_an_error_or_a_reading_and_nothing_else(export, id_):
    path, _ = export(id_)
    data = path.read_bytes()
    random = np.random.default_rng(7)
    for _ in range(30):
        broken = bytearray(data)
        for place in random.integers(132, len(data), 8):
            broken[place] = random.integers(256)
        path.write_bytes(bytes(broken[: random.integers(len(data) // 2, len(data))]))
        with suppress(InputError):
            read_result(path)
