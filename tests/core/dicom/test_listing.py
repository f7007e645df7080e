import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from afloc_desktop.core.dicom.listing import Arranger
from afloc_desktop.core.dicom.scan import find, scan
from afloc_desktop.core.errors import Cancelled

TINY = np.zeros((2, 3), np.uint8)
WARNED = {  # what the reader must be told about each hard series: a word of it
    "different_sizes": "image size",
    "different_spacing": "pixel spacing",
    "dup_position": "one position",
    "echoes": "one position",
    "gantry_tilt": "Tilted",
    "localizer_inside": "orientation",
    "missing_slices": "Gap",
    "mixed_orientation": "orientation",
    "no_ipp": "No positions",
    "one_pid_two_names": "Another name",
    "same_uid_same_name_diff_content": "other content",
    "two_frames_of_reference": "frame of reference",
    "two_patients_one_series": "Another patient",
    "uneven_spacing": "Uneven",
}
CALM = ("jitter_iop", "no_instance_number", "regular", "shuffled_names", "unicode_paths")


def notes(listing):
    studies = listing.studies
    return [n for s in studies for n in s.notes] + [
        n for s in studies for series in s.series for n in series.notes
    ]


def test_identical_copies_are_listed_once_and_counted(write_film, tmp_path):
    for name in ("a.dcm", "b.dcm", "c.dcm"):
        write_film(TINY, name)
    listing = scan([tmp_path])
    assert [ref.path.name for ref in listing.images] == ["a.dcm"]
    assert notes(listing) == ["2 identical copies not listed again."]


@pytest.mark.parametrize("other", [TINY + 1, np.zeros((2, 40), np.uint8)])
def test_one_uid_with_two_contents_is_told_and_both_are_listed(write_film, tmp_path, other):
    write_film(TINY, "a.dcm")
    write_film(other, "b.dcm")
    listing = scan([tmp_path])
    assert len(listing.images) == 2
    assert notes(listing) == ["Same instance UID, other content: each file is listed on its own."]


def test_both_eyes_of_one_series_are_listed_by_themselves(write_film, tmp_path):
    for side, name in (("L", "a.dcm"), ("R", "b.dcm"), ("R", "c.dcm"), ("", "d.dcm")):
        write_film(TINY + ord(name[0]), name, Modality="OP", ViewPosition="",
                   ImageLaterality=side, SOPInstanceUID=f"1.2.{ord(name[0])}")  # fmt: skip
    (study,) = scan([tmp_path]).studies
    seen = [(s.view_position, [i.path.name for i in s.images]) for s in study.series]
    assert seen == [("", ["d.dcm"]), ("OD", ["b.dcm", "c.dcm"]), ("OS", ["a.dcm"])]
    assert [series.part for series in study.series] == [1, 2, 3]


def test_files_without_an_instance_uid_are_no_copies_of_one_another(write_film, tmp_path):
    paths = [write_film(TINY, name) for name in ("a.dcm", "b.dcm")]
    for path in paths:
        path.write_bytes(path.read_bytes().replace(b"\x08\0\x18\0UI", b"\x08\0\x19\0UI"))
    assert len(scan([tmp_path]).images) == 2


def test_copies_are_compared_once(write_film, tmp_path, monkeypatch):
    for name in ("a.dcm", "b.dcm"):
        write_film(TINY, name)
    arranger, entries = Arranger(), list(find([tmp_path]))
    first = arranger.arrange(entries)
    monkeypatch.setattr("afloc_desktop.core.dicom.listing.open_source", None)
    assert arranger.arrange(entries) == first


def test_comparing_copies_can_be_stopped(write_film, tmp_path):
    for name in ("a.dcm", "b.dcm"):
        write_film(TINY, name)
    with pytest.raises(Cancelled):
        Arranger().arrange(find([tmp_path]), should_stop=lambda: True)


@pytest.mark.parametrize("name", ["Roe^Anna", "Doe^Janet"])
def test_two_names_under_one_patient_id_are_two_studies_with_a_word(write_film, tmp_path, name):
    write_film(TINY, "a.dcm")
    write_film(TINY, "b.dcm", PatientName=name, SOPInstanceUID="1.2.9")
    listing = scan([tmp_path])
    assert [study.patient_name for study in listing.studies] == ["Doe^Jane", name]
    assert all("Another name" in study.notes[0] for study in listing.studies)


def test_the_same_name_written_otherwise_is_the_same_patient(write_film, tmp_path):
    write_film(TINY, "a.dcm")
    write_film(TINY, "b.dcm", PatientName="DOE^JANE^^", SOPInstanceUID="1.2.9")
    (study,) = scan([tmp_path]).studies
    assert study.notes == ()


def test_names_alone_keep_patients_without_an_id_apart(write_film, tmp_path):
    write_film(TINY, "a.dcm", PatientID="")
    write_film(TINY, "b.dcm", PatientID="", PatientName="Roe^Anna", SOPInstanceUID="1.2.9")
    listing = scan([tmp_path])
    assert len(listing.studies) == 2
    assert all("Another patient" in study.notes[0] for study in listing.studies)


@pytest.fixture
def mixed(write_film, tmp_path):
    for n in range(6):
        write_film(
            TINY,
            f"{n}.dcm",
            SOPInstanceUID=f"1.2.{n % 5}",
            SeriesInstanceUID=f"1.1.{n % 2}",
            PatientID=f"P{n // 4}",
            ImageOrientationPatient=[1, 0, 0, 0, 1, 0],
            ImagePositionPatient=[0, 0, -n],
            Modality="CT",
        )
    return list(find([tmp_path]))


@given(order=st.permutations(range(6)))
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_any_order_of_the_files_gives_the_same_listing(mixed, order):
    assert Arranger().arrange(mixed[n] for n in order) == Arranger().arrange(mixed)


@pytest.mark.shared
@pytest.mark.parametrize("name", sorted(WARNED))
def test_hard_series_come_with_a_word(shared, name):
    listing = scan([shared / "corpus" / "series" / name])
    assert any(WARNED[name] in note for note in notes(listing))
    assert listing.skipped == ()


@pytest.mark.shared
@pytest.mark.parametrize("name", CALM)
def test_sound_series_are_one_stack_in_order_without_a_word(shared, name):
    listing = scan([shared / "corpus" / "series" / name])
    assert notes(listing) == []
    ((series,),) = [study.series for study in listing.studies]
    positions = [ref.position_mm for ref in series.images]
    assert positions == sorted(positions)
    assert len(series.images) in (2, 8)


def test_arranging_again_gives_what_arranging_anew_gives(mixed):
    """As entries come and go, a few at a time."""
    arranger = Arranger()
    for count in (1, 3, len(mixed), 2, len(mixed)):
        assert arranger.arrange(mixed[:count]) == Arranger().arrange(mixed[:count])
