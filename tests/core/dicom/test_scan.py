import gc
import os

import numpy as np
import pytest

from afloc_desktop.core.dicom.scan import find_frame, scan
from afloc_desktop.core.errors import Cancelled, UnreadableFile, UnsupportedImage

TINY = np.zeros((2, 3), np.uint8)


def names(listing):
    return [image.path.name for image in listing.images]


def test_files_become_studies_series_and_images(write_film, tmp_path):
    write_film(TINY, "a.dcm", SeriesNumber=2, SeriesInstanceUID="1.2", BodyPartExamined="CHEST")
    write_film(TINY, "b.dcm", SeriesNumber=1, SeriesInstanceUID="1.1", ViewPosition="PA")
    write_film(TINY, "c.dcm", StudyInstanceUID="1.9", StudyDescription="Thorax")
    listing = scan([tmp_path])
    first, second = listing.studies
    assert (first.uid, first.patient_name, first.patient_id) == ("1.2.3.2", "Doe^Jane", "A1")
    assert [series.number for series in first.series] == [1, 2]
    assert first.series[0].view_position == "PA"
    assert first.series[1].body_part == "CHEST"
    assert second.description == "Thorax"
    ref = second.series[0].images[0]
    assert (ref.frame, ref.sop_instance_uid, ref.rows, ref.columns) == (1, "1.2.3.1", 2, 3)
    assert listing.skipped == ()


def test_images_are_ordered_by_number_then_path_then_frame(write_film, tmp_path):
    write_film(TINY, "a.dcm", InstanceNumber=10)
    write_film(TINY, "b.dcm")
    write_film(TINY, "c.dcm", InstanceNumber=9)
    write_film(np.zeros((2, 2, 3), np.uint8), "d.dcm", InstanceNumber=9)
    listing = scan([tmp_path])
    assert [(i.path.name, i.frame) for i in listing.images] == [
        ("c.dcm", 1),
        ("d.dcm", 1),
        ("d.dcm", 2),
        ("a.dcm", 1),
        ("b.dcm", 1),
    ]


def test_two_patients_under_one_study_uid_stay_apart(write_film, tmp_path):
    write_film(TINY, "a.dcm", PatientID="A1")
    write_film(TINY, "b.dcm", PatientID="B2")
    assert [study.patient_id for study in scan([tmp_path]).studies] == ["A1", "B2"]


def test_files_without_uids_are_listed_each_on_its_own_and_stay_the_same(write_film, tmp_path):
    for uid in ("1.2.1", "1.2.2"):
        write_film(TINY, uid, StudyInstanceUID="", SeriesInstanceUID="", SOPInstanceUID=uid)
    once, again = scan([tmp_path]), scan([tmp_path])
    assert len(once.studies) == 2
    assert len({study.uid for study in once.studies}) == 2
    assert once == again
    assert all(study.uid.startswith("2.25.") for study in once.studies)


def test_what_is_no_image_is_skipped_with_a_reason(write_film, tmp_path):
    film = write_film(TINY, "film.dcm")
    (tmp_path / "empty.dcm").touch()
    (tmp_path / "notes.txt").write_text("Findings: none.", encoding="utf-8")
    (tmp_path / "study.zip").write_bytes(b"PK\x03\x04" + b"\0" * 200)
    (tmp_path / "cut.dcm").write_bytes(film.read_bytes()[:-3])
    (tmp_path / "cut_early.dcm").write_bytes(film.read_bytes()[:400])
    (tmp_path / "nothing").mkdir()
    listing = scan([tmp_path, tmp_path / "nothing", tmp_path / "none.dcm"])
    assert names(listing) == ["film.dcm"]
    reasons = {skipped.path.name: skipped.reason for skipped in listing.skipped}
    words = {
        "empty.dcm": "empty",
        "notes.txt": "not a DICOM file",
        "study.zip": "zip archive is damaged",
        "cut.dcm": "incomplete",
        "cut_early.dcm": "incomplete",
        "nothing": "folder is empty",
        "none.dcm": "does not exist",
    }
    assert reasons.keys() == words.keys()
    for name, word in words.items():
        assert word in reasons[name]
    assert all(skipped.remedy for skipped in listing.skipped)


def test_a_damaged_header_is_skipped_and_colour_is_listed(write_film, tmp_path):
    write_film(TINY, "wrong.dcm", BitsAllocated=24)
    write_film(TINY, "colour.dcm", Columns=1, SamplesPerPixel=3, PhotometricInterpretation="RGB")
    listing = scan([tmp_path])
    assert names(listing) == ["colour.dcm"]
    assert [skipped.path.name for skipped in listing.skipped] == ["wrong.dcm"]


def test_pipes_and_links_that_lead_away_are_never_opened(write_film, tmp_path):
    inside = tmp_path / "inside"
    outside = write_film(TINY, "outside.dcm")
    film = write_film(TINY, "inside/film.dcm")
    (inside / "loop").symlink_to(inside)
    (inside / "away.dcm").symlink_to(outside)
    (inside / "gone.dcm").symlink_to(tmp_path / "none")
    (inside / "twin.dcm").symlink_to(film)
    os.mkfifo(inside / "pipe.dcm")
    listing = scan([inside])
    assert names(listing) == ["film.dcm"]
    assert {s.path.name for s in listing.skipped} == {"loop", "away.dcm", "gone.dcm", "pipe.dcm"}


def test_a_file_given_twice_is_listed_once(write_film, tmp_path):
    path = write_film(TINY)
    assert len(scan([tmp_path, path, tmp_path]).images) == 1


def test_progress_counts_every_file_and_a_wish_to_stop_is_heard(write_film, tmp_path):
    for n in range(4):
        write_film(TINY, f"{n}.dcm", SOPInstanceUID=f"1.2.{n}")
    seen = []
    scan([tmp_path], on_progress=seen.append)
    assert seen == [1, 2, 3, 4]
    seen.clear()
    with pytest.raises(Cancelled):
        scan([tmp_path], on_progress=seen.append, should_stop=lambda: len(seen) == 1)
    assert len(seen) < 4


def test_no_paths_give_an_empty_listing():
    listing = scan([])
    assert (listing.studies, listing.skipped) == ((), ())


@pytest.mark.shared
def test_the_real_chest_films_are_all_listed(shared):
    listing = scan([shared / "data" / "dicom" / "cxr"])
    assert len(listing.images) == 5
    assert listing.skipped == ()
    assert {series.body_part for study in listing.studies for series in study.series} == {"CHEST"}


def test_a_frame_is_found_by_its_number_and_a_missing_one_is_told(study):
    assert find_frame(study / "a.dcm", 1).path == study / "a.dcm"
    with pytest.raises(UnsupportedImage, match="no frame 2"):
        find_frame(study / "a.dcm", 2)


def test_a_file_without_frames_gives_its_own_reason(tmp_path):
    with pytest.raises(UnreadableFile, match="does not exist"):
        find_frame(tmp_path / "nowhere", 1)


@pytest.mark.parametrize("was_enabled", [True, False])
def test_a_listing_leaves_the_collector_as_it_was(write_film, was_enabled):
    path = write_film(TINY)
    (gc.enable if was_enabled else gc.disable)()
    try:
        scan([path])
        assert gc.isenabled() == was_enabled
    finally:
        gc.enable()
