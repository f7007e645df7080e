import numpy as np
import pytest
from phantom_files import write_film
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from afloc_desktop.core.dicom.read import read
from afloc_desktop.core.dicom.scan import find_frame
from afloc_desktop.core.domain import EyeView

PIXELS = np.arange(64, dtype=np.uint16).reshape(8, 8)


def code(meaning: str) -> Sequence:
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = "1", "99X", meaning
    return Sequence([item])


def eye_of(path, **elements) -> EyeView | None:
    return read(find_frame(write_film(path / "eye.dcm", PIXELS, **elements), 1)).eye


def test_a_photograph_of_an_eye_says_which_how_wide_what_and_in_which_light(tmp_path):
    found = eye_of(
        tmp_path,
        Modality="OP",
        ImageLaterality="R",
        HorizontalFieldOfView=45.0,
        AnatomicRegionSequence=code("Retina"),
        ChannelDescriptionCodeSequence=code("Red free filter"),
    )
    assert found == EyeView("R", 45.0, "Retina", "Red free filter")


@pytest.mark.parametrize(
    ("elements", "expected"),
    [
        ({"Modality": "OP", "Laterality": "L"}, EyeView("L", None, "", "")),
        ({"Modality": "OP", "ImageLaterality": "U", "HorizontalFieldOfView": -3.0},
         EyeView("", None, "", "")),
        ({"Modality": "DX", "ImageLaterality": "R"}, None),
    ],
)  # fmt: skip
def test_what_is_not_said_or_cannot_be_is_left_out(tmp_path, elements, expected):
    assert eye_of(tmp_path, **elements) == expected
