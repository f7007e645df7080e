import pytest

from afloc_desktop.core.dicom.guard import quiet_pydicom
from afloc_desktop.core.dicom.read import read
from afloc_desktop.core.dicom.spacing import PROJECTIONS, find_aspect, find_spacing, is_projection
from afloc_desktop.core.domain import Spacing

DX = "1.2.840.10008.5.1.4.1.1.1.1"
CT = "1.2.840.10008.5.1.4.1.1.2"


def find(tags, *, is_patient_space=False):
    with quiet_pydicom():
        return find_spacing(tags, is_patient_space=is_patient_space)


def is_close(spacing, row_mm, column_mm, basis):
    sizes = (spacing.row_mm, spacing.column_mm)
    return sizes == pytest.approx((row_mm, column_mm)) and spacing.basis == basis


def test_there_are_twelve_kinds_of_projection(make_tags):
    assert len(PROJECTIONS) == 12
    assert is_projection(make_tags(SOPClassUID=DX))
    assert not is_projection(make_tags(SOPClassUID=CT))


@pytest.mark.parametrize(
    ("given", "expected", "said"),
    [
        ({}, None, "no pixel spacing"),
        ({"PixelSpacing": [0.2, 0.1]}, (0.2, 0.1, "unknown"), "does not say"),
        ({"ImagerPixelSpacing": [0.2, 0.1]}, (0.2, 0.1, "detector"), "at the detector"),
        ({"NominalScannedPixelSpacing": [0.2, 0.1]}, (0.2, 0.1, "detector"), "scanned"),
        (
            {"PixelSpacing": [0.2, 0.1], "PixelSpacingCalibrationType": "GEOMETRY"},
            (0.2, 0.1, "corrected"),
            None,
        ),
        (
            {
                "PixelSpacing": [0.17, 0.17],
                "ImagerPixelSpacing": [0.2, 0.2],
                "PixelSpacingCalibrationType": "FIDUCIAL",
            },
            (0.17, 0.17, "calibrated"),
            "two pixel spacings",
        ),
        (
            {
                "PixelSpacing": [0.2, 0.2],
                "ImagerPixelSpacing": [0.2, 0.2],
                "PixelSpacingCalibrationType": "GEOMETRY",
            },
            (0.2, 0.2, "detector"),
            "that of the detector",
        ),
        # Untyped, but smaller than on the detector: someone corrected it.
        (
            {"PixelSpacing": [0.1, 0.1], "ImagerPixelSpacing": [0.2, 0.2]},
            (0.1, 0.1, "corrected"),
            "two pixel spacings",
        ),
        (
            {"PixelSpacing": [0.2, 0.2], "ImagerPixelSpacing": [0.2, 0.2]},
            (0.2, 0.2, "detector"),
            "at the detector",
        ),
        (
            {"ImagerPixelSpacing": [0.2, 0.1], "EstimatedRadiographicMagnificationFactor": 2},
            (0.1, 0.05, "estimated"),
            "estimated",
        ),
        # 1800 mm to the detector, 1500 to the patient: 1.2 times larger than life.
        (
            {
                "ImagerPixelSpacing": [0.24, 0.12],
                "DistanceSourceToDetector": 1800,
                "DistanceSourceToPatient": 1500,
            },
            (0.2, 0.1, "estimated"),
            "estimated",
        ),
        (
            {
                "ImagerPixelSpacing": [0.2, 0.2],
                "DistanceSourceToDetector": 1500,
                "DistanceSourceToPatient": 1800,
            },
            (0.2, 0.2, "detector"),
            "at the detector",
        ),
    ],
)
def test_on_a_radiograph_a_length_is_never_more_than_the_file_says(
    make_tags, given, expected, said
):
    spacing, notes = find(make_tags(SOPClassUID=DX, **given))
    assert spacing is None if expected is None else is_close(spacing, *expected)
    assert notes == () if said is None else said in notes[0]


@pytest.mark.parametrize(
    ("given", "is_patient_space", "expected"),
    [
        ({}, True, None),
        ({"PixelSpacing": [0.7, 0.6]}, True, (0.7, 0.6, "patient")),
        ({"PixelSpacing": [0.7, 0.6]}, False, (0.7, 0.6, "unknown")),
        (
            {"PixelSpacing": [0.7, 0.6], "PixelSpacingCalibrationType": "FIDUCIAL"},
            False,
            (0.7, 0.6, "calibrated"),
        ),
        ({"ImagerPixelSpacing": [0.7, 0.6]}, True, (0.7, 0.6, "detector")),
    ],
)
def test_elsewhere_a_plane_in_the_patient_makes_the_difference(
    make_tags, given, is_patient_space, expected
):
    spacing, _ = find(make_tags(SOPClassUID=CT, **given), is_patient_space=is_patient_space)
    assert spacing is None if expected is None else is_close(spacing, *expected)


def test_a_plain_slice_needs_no_note(make_tags):
    tags = make_tags(SOPClassUID=CT, PixelSpacing=[0.7, 0.7])
    assert find(tags, is_patient_space=True) == (Spacing(0.7, 0.7, "patient"), ())


@pytest.mark.parametrize(
    "pair", [[0, 0], [0.1, -0.1], ["NaN", "1"], [0.1], [0.1, 0.1, 0.1], ["1e-9", "1e-9"]]
)
def test_a_spacing_that_cannot_be_is_told_and_absent(make_tags, pair):
    spacing, notes = find(make_tags(SOPClassUID=CT, PixelSpacing=pair), is_patient_space=True)
    assert spacing is None
    assert "not usable" in notes[0]


def test_a_pixel_is_as_high_as_rows_are_apart(make_tags):
    assert find_aspect(make_tags(), Spacing(2.0, 0.5, "unknown")) == (4.0, ())


@pytest.mark.parametrize(
    ("ratio", "aspect"), [(["2", "1"], 2.0), (["11", "10"], 1.1), (["1", "4"], 0.25)]
)
def test_without_a_spacing_the_ratio_of_the_file_counts(make_tags, ratio, aspect):
    assert find_aspect(make_tags(PixelAspectRatio=ratio), None) == (pytest.approx(aspect), ())
    assert find_aspect(make_tags(PixelAspectRatio=ratio), Spacing(1, 1, "patient")) == (1.0, ())


@pytest.mark.parametrize("ratio", [["0", "1"], ["1"], ["1000", "1"], ["-1", "1"]])
def test_an_impossible_ratio_is_told_and_pixels_are_square(make_tags, ratio):
    aspect, notes = find_aspect(make_tags(PixelAspectRatio=ratio), None)
    assert aspect == 1.0
    assert "aspect" in notes[0]


def test_pixels_are_square_where_the_file_says_nothing(make_tags):
    assert find_aspect(make_tags(), None) == (1.0, ())


@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "expected", "said"),
    [
        ("spacing_imager", (0.143, 0.143, "detector"), "at the detector"),
        ("spacing_mag", (0.143 / 1.15, 0.143 / 1.15, "estimated"), "estimated"),
        ("spacing_conflict", (0.17, 0.17, "calibrated"), "two pixel spacings"),
        ("spacing_nominal", (0.175, 0.175, "detector"), "scanned"),
        ("spacing_none", None, "in pixels"),
        ("badgeom_ps0", None, "not usable"),
        ("badgeom_psneg", None, "not usable"),
        ("badgeom_ps1", None, "not usable"),
        ("badgeom_ps3", None, "not usable"),
        ("badgeom_psnan", None, "not usable"),
        ("badgeom_iop0", (0.7, 0.7, "unknown"), "plane"),
        ("badgeom_ipphuge", (0.7, 0.7, "patient"), "position"),
    ],
)
def test_scales_of_the_hard_files_say_where_they_are_true(shared, ref_of, name, expected, said):
    image = read(ref_of(shared / "corpus" / "geom" / f"{name}.dcm"))
    assert image.spacing is None if expected is None else is_close(image.spacing, *expected)
    assert any(said in note for note in image.warnings)


@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "aspect"),
    [
        ("aspect_ps_tall", 4.0),
        ("aspect_ps_wide", 0.4 / 1.3),
        ("aspect_par", 2.0),
        ("aspect_par_odd", 1.1),
    ],
)
def test_pixels_of_the_hard_files_have_their_true_shape(shared, ref_of, name, aspect):
    image = read(ref_of(shared / "corpus" / "geom" / f"{name}.dcm"))
    assert image.pixel_aspect == pytest.approx(aspect)
