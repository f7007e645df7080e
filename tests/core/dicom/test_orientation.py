import numpy as np
import pytest

from afloc_desktop.core.dicom.guard import quiet_pydicom
from afloc_desktop.core.dicom.orientation import (
    NOT_STATED,
    Turn,
    find_orientation,
    find_plane,
    opposite,
    turned,
)
from afloc_desktop.core.dicom.read import read
from afloc_desktop.core.domain import Orientation

DX = "1.2.840.10008.5.1.4.1.1.1.1"
CT = "1.2.840.10008.5.1.4.1.1.2"
TURNS = [Turn(quarters, is_mirrored) for quarters in range(4) for is_mirrored in (False, True)]


def find(tags):
    with quiet_pydicom():
        return find_orientation(tags)


@pytest.mark.parametrize("stated", [["L", "F"], ["R", "F"], ["P", "F"], ["F", "R"], ["LA", "FP"]])
def test_the_letters_of_a_radiograph_are_taken_as_they_are(make_tags, stated):
    found, notes = find(make_tags(SOPClassUID=DX, PatientOrientation=stated))
    assert found == Orientation(*stated)
    assert notes == ()


@pytest.mark.parametrize(
    "stated", [["X", "Q"], ["L"], ["L", ""], ["L", "R"], ["LR", "F"], ["LL", "F"], ["L", "LF"]]
)
def test_letters_that_make_no_sense_mark_nothing_and_are_told(make_tags, stated):
    found, notes = find(make_tags(SOPClassUID=DX, PatientOrientation=stated))
    assert found is None
    assert "not usable" in notes[0]


def test_letters_of_a_quadruped_are_not_those_of_a_person(make_tags):
    tags = make_tags(
        SOPClassUID=DX, PatientOrientation=["L", "V"], AnatomicalOrientationType="QUADRUPED"
    )
    found, notes = find(tags)
    assert found is None
    assert "quadruped" in notes[0]


@pytest.mark.parametrize("given", [{}, {"PatientOrientation": ""}])
def test_a_radiograph_without_sides_says_so(make_tags, given):
    assert find(make_tags(SOPClassUID=DX, **given)) == (None, (NOT_STATED,))
    assert find(make_tags(SOPClassUID="1.2.840.10008.5.1.4.1.1.7", **given)) == (None, ())


@pytest.mark.parametrize(
    ("cosines", "expected"),
    [
        ([1, 0, 0, 0, 1, 0], ("L", "P")),  # supine, head first
        ([-1, 0, 0, 0, 1, 0], ("R", "P")),  # supine, feet first
        ([-1, 0, 0, 0, -1, 0], ("R", "A")),  # prone
        ([0, 1, 0, 0, 0, -1], ("P", "F")),  # sagittal
        ([0.6, 0.8, 0, 0, 0, -1], ("PL", "F")),  # oblique: 0.8 to the back, 0.6 to the left
        ([0.995, 0.0998, 0, -0.0998, 0.995, 0], ("L", "P")),  # 6 degrees off are not named
    ],
)
def test_a_plane_in_the_patient_has_its_letters(make_tags, cosines, expected):
    found, notes = find(make_tags(SOPClassUID=CT, ImageOrientationPatient=cosines))
    assert (found, notes) == (Orientation(*expected), ())


@pytest.mark.parametrize(
    "cosines",
    [[0] * 6, [2, 0, 0, 0, 2, 0], [1, 0, 0, 0.7, 0.7, 0], [1, 0, 0, 0, 1],
     ["NaN", 0, 0, 0, 1, 0]],
)  # fmt: skip
def test_an_impossible_plane_is_told(make_tags, cosines):
    tags = make_tags(SOPClassUID=CT, ImageOrientationPatient=cosines)
    with quiet_pydicom():
        assert find_plane(tags) is None
    found, notes = find(tags)
    assert found is None
    assert "plane" in notes[0]


def test_an_impossible_position_is_told(make_tags):
    flat = {"ImageOrientationPatient": [1, 0, 0, 0, 1, 0]}
    found, notes = find(make_tags(ImagePositionPatient=["1e30", "0", "0"], **flat))
    assert found == Orientation("L", "P")
    assert "position" in notes[0]
    assert find(make_tags(ImagePositionPatient=["-125.5", "0", "800"], **flat))[1] == ()


def test_two_answers_that_exclude_each_other_mark_nothing(make_tags):
    flat = {"ImageOrientationPatient": [1, 0, 0, 0, 1, 0]}
    found, notes = find(make_tags(PatientOrientation=["R", "P"], **flat))
    assert found is None
    assert "contradicts itself" in notes[0]
    assert find(make_tags(PatientOrientation=["L", "P"], **flat)) == (Orientation("L", "P"), ())


def test_a_left_side_that_is_the_right_one_is_told(make_tags):
    tags = make_tags(PatientOrientation=["L", "F"], Laterality="R", ImageLaterality="L")
    found, notes = find(tags)
    assert found == Orientation("L", "F")
    assert "side of the body" in notes[0]


@pytest.mark.parametrize(
    ("view", "stated", "is_told"),
    [("PA", ["P", "F"], True), ("LL", ["L", "F"], True), ("PA", ["F", "R"], False),
     ("LL", ["A", "F"], False), ("OBL", ["P", "F"], False)],
)  # fmt: skip
def test_a_chest_seen_from_elsewhere_than_its_view_is_told(make_tags, view, stated, is_told):
    _, notes = find(
        make_tags(PatientOrientation=stated, ViewPosition=view, BodyPartExamined="CHEST")
    )
    assert bool(notes) == is_told


def test_opposite_directions():
    assert opposite("FLA") == "HRP"
    assert opposite("") == ""


def test_letters_follow_a_film_that_is_turned():
    # A frontal film: the patient's left on the right of the screen, feet below.
    frontal = Orientation("L", "F")
    assert turned(frontal, Turn()) == frontal
    assert turned(frontal, Turn().flipped_across()) == Orientation("R", "F")
    assert turned(frontal, Turn().flipped_down()) == Orientation("L", "H")
    # Clockwise: the head goes to the right, the patient's left to the bottom.
    assert turned(frontal, Turn().rotated(1)) == Orientation("H", "L")
    assert turned(frontal, Turn().rotated(-1)) == Orientation("F", "R")
    assert turned(frontal, Turn().rotated(2)) == Orientation("R", "H")
    assert turned(frontal, Turn().flipped_across().rotated(1)) == Orientation("H", "R")


@pytest.mark.parametrize("turn", TURNS, ids=str)
def test_pixels_go_where_the_matrix_says(turn):
    pixels = np.arange(6).reshape(2, 3)
    seen = turn.apply(pixels)
    a, b, c, d = turn.matrix
    for row, column in np.ndindex(2, 3):
        # From the middle of the film to the middle of the screen.
        x, y = column - 1, row - 0.5
        across, down = a * x + b * y, c * x + d * y
        at = round(down + (seen.shape[0] - 1) / 2), round(across + (seen.shape[1] - 1) / 2)
        assert seen[at] == pixels[row, column]


def test_turning_back_ends_where_it_began():
    for turn in TURNS:
        assert turn.flipped_across().flipped_across() == turn
        assert turn.flipped_down().flipped_down() == turn
        assert turn.rotated(1).rotated(-1) == turn
        assert turn.flipped_across().flipped_down() == turn.rotated(2)
        flipped = np.flip(turn.apply(np.arange(6).reshape(2, 3)), 1)
        again = turn.flipped_across().apply(np.arange(6).reshape(2, 3))
        np.testing.assert_array_equal(flipped, again)


@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "sides", "said"),
    [
        ("lat_LF", "L F", ""),
        ("lat_RF", "R F", ""),
        ("lat_PF_lat", "P F", ""),
        ("lat_rot90", "F R", ""),
        ("lat_missing", None, "does not say which side"),
        ("lat_empty", None, "does not say which side"),
        ("lat_bad", None, "not usable"),
        ("lat_one", None, "not usable"),
        ("lat_conflict", "L F", "contradicts itself about the side"),
        ("lat_ct_HFS", "L P", ""),
        ("lat_ct_FFS", "R P", ""),
        ("lat_ct_HFP", "R A", ""),
        ("lat_ct_FFDR", "P L", ""),
    ],
)
def test_sides_of_the_hard_files_are_right_or_not_shown(shared, ref_of, name, sides, said):
    image = read(ref_of(shared / "corpus" / "laterality" / f"{name}.dcm"))
    assert image.orientation == (Orientation(*sides.split()) if sides else None)
    notes = [note for note in image.warnings if "side" in note or "orientation" in note]
    assert said in notes[0] if said else notes == []
