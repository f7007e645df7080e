import pytest

from afloc_desktop.core.dicom.guard import quiet_pydicom
from afloc_desktop.core.dicom.spacing import find_spacing
from afloc_desktop.core.domain import Spacing

FLAT = [1, 0, 0, 0, 1, 0]


def find(tags):
    with quiet_pydicom():
        return find_spacing(tags)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, None),
        ({"PixelSpacing": [0.2, 0.1]}, Spacing(0.2, 0.1, "unknown")),
        ({"NominalScannedPixelSpacing": [0.2, 0.1]}, Spacing(0.2, 0.1, "unknown")),
        ({"ImagerPixelSpacing": [0.2, 0.1]}, Spacing(0.2, 0.1, "detector")),
        (
            {"PixelSpacing": [0.2, 0.1], "ImageOrientationPatient": FLAT},
            Spacing(0.2, 0.1, "patient"),
        ),
        (
            {"PixelSpacing": [0.2, 0.1], "PixelSpacingCalibrationType": "GEOMETRY"},
            Spacing(0.2, 0.1, "corrected"),
        ),
        (
            {
                "PixelSpacing": [0.2, 0.1],
                "ImagerPixelSpacing": [0.2, 0.2],
                "PixelSpacingCalibrationType": "FIDUCIAL",
            },
            Spacing(0.2, 0.1, "calibrated"),
        ),
        # Untyped, but smaller than on the detector: someone corrected it.
        (
            {"PixelSpacing": [0.1, 0.1], "ImagerPixelSpacing": [0.2, 0.2]},
            Spacing(0.1, 0.1, "corrected"),
        ),
        (
            {"PixelSpacing": [0.2, 0.2], "ImagerPixelSpacing": [0.2, 0.2]},
            Spacing(0.2, 0.2, "detector"),
        ),
        (
            {"ImagerPixelSpacing": [0.2, 0.1], "EstimatedRadiographicMagnificationFactor": 2},
            Spacing(0.1, 0.05, "estimated"),
        ),
        # 1800 mm to the detector, 1500 to the patient: 1.2 times larger than life.
        (
            {
                "ImagerPixelSpacing": [0.24, 0.12],
                "DistanceSourceToDetector": 1800,
                "DistanceSourceToPatient": 1500,
            },
            Spacing(0.2, 0.1, "estimated"),
        ),
        (
            {
                "ImagerPixelSpacing": [0.2, 0.2],
                "DistanceSourceToDetector": 1500,
                "DistanceSourceToPatient": 1800,
            },
            Spacing(0.2, 0.2, "detector"),
        ),
    ],
)
def test_the_basis_says_where_a_length_is_true(make_tags, given, expected):
    spacing, warnings = find(make_tags(**given))
    assert warnings == ()
    if expected is None:
        assert spacing is None
    else:
        assert spacing.basis == expected.basis
        assert (spacing.row_mm, spacing.column_mm) == pytest.approx(
            (expected.row_mm, expected.column_mm)
        )


@pytest.mark.parametrize("pair", [[0, 0], [0.1, -0.1], ["NaN", "1"], [0.1], [0.1, 0.1, 0.1]])
def test_a_spacing_that_cannot_be_is_told_and_absent(make_tags, pair):
    spacing, warnings = find(make_tags(PixelSpacing=pair))
    assert spacing is None
    assert "not usable" in warnings[0]
