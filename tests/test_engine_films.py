import base64
import os

import numpy as np
import pytest
from phantom_files import dot_film, write_film

from afloc_desktop.core.domain import Orientation, Spacing
from afloc_desktop.core.errors import AflocError, InputError, UnsupportedImage
from afloc_desktop.core.preprocess import PreprocessSpec, prepare
from afloc_desktop.engine_films import read_film

SPEC = PreprocessSpec(1, 64, "letterbox", "area-linear", 0.5, 99.5, "grey", 3, 0.4, 0.2, 0.0)


def request(values: np.ndarray, **changes) -> dict:
    array = {
        "shape": list(values.shape),
        "dtype": values.dtype.name,
        "base64": base64.b64encode(values.tobytes()).decode(),
    }
    return {"array": {**array, **changes}}


def test_an_array_becomes_a_film_with_what_was_said_of_it():
    values = np.array([[1, 2, 3], [4, 5, 600]], "<u2")
    film = read_film(request(values, spacing=[0.2, 0.1], orientation=["L", "F"]))
    assert np.array_equal(film.pixels, values)
    assert film.pixels.dtype == np.float32
    assert film.spacing == Spacing(0.2, 0.1, "unknown")
    assert film.pixel_aspect == 2
    assert film.orientation == Orientation("L", "F")
    assert not film.is_inverted


def test_what_was_not_said_is_not_known():
    film = read_film(request(np.zeros((2, 2), "<f4")))
    assert (film.spacing, film.orientation, film.pixel_aspect) == (None, None, 1.0)


@pytest.mark.parametrize("kind", ["u1", "<u2", "<i2", "<f4"])
def test_a_raw_file_holds_the_same_as_base64(tmp_path, kind):
    values = np.arange(12).reshape(3, 4).astype(kind)
    (tmp_path / "film.raw").write_bytes(values.tobytes())
    raw = request(values, raw=str(tmp_path / "film.raw"))
    del raw["array"]["base64"]
    one, other = read_film(raw), read_film(request(values))
    assert np.array_equal(one.pixels, other.pixels)
    assert one.pixel_sha256 == other.pixel_sha256


@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
def test_an_array_gives_the_network_what_its_file_gives(tmp_path, photometric):
    path = write_film(tmp_path / "film.dcm", dot_film(), PhotometricInterpretation=photometric)
    from_file = read_film({"file": str(path)})
    from_array = read_film(request(dot_film(), is_inverted=photometric == "MONOCHROME1"))
    tensors = [prepare(f.pixels, SPEC, padding=None).tensor for f in (from_file, from_array)]
    assert np.array_equal(*tensors)


def test_other_pixels_have_another_identity():
    one, other = np.zeros((2, 3), "<u2"), np.zeros((3, 2), "<u2")
    assert read_film(request(one)).pixel_sha256 != read_film(request(other)).pixel_sha256


@pytest.mark.parametrize(
    "change",
    [
        {"shape": [2]},
        {"shape": [2, 0]},
        {"shape": [2, True]},
        {"shape": [1 << 20, 1 << 20]},
        {"shape": [3, 3]},
        {"dtype": "object"},
        {"dtype": None},
        {"base64": "&&&"},
        {"base64": "é"},
        {"base64": None},
        {"base64": None, "raw": "/nowhere"},
        {"base64": None, "raw": "a\0b"},
        {"spacing": [1]},
        {"spacing": [0, 1]},
        {"spacing": "1\\1"},
        {"orientation": ["L"]},
        {"orientation": ["L", "X"]},
        {"orientation": ["L", ""]},
        {"is_inverted": 1},
    ],
)
def test_an_array_that_cannot_be_used_is_refused(change):
    with pytest.raises(AflocError) as refused:
        read_film(request(np.zeros((2, 2), "<u2"), **change))
    assert "Arrays" in refused.value.remedy


def test_values_that_are_no_numbers_are_refused():
    with pytest.raises(InputError, match="finite"):
        read_film(request(np.array([[np.nan, 1]], "<f4")))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_pipe_in_place_of_a_raw_file_does_not_stop_the_engine(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(InputError):
        read_film({"array": {"shape": [1, 1], "dtype": "uint8", "raw": str(tmp_path / "pipe")}})


@pytest.mark.parametrize(
    "fields", [{}, {"file": "a", "array": {}}, {"file": 3}, {"file": ""}, {"array": [1]}]
)
def test_a_request_names_one_film(fields):
    with pytest.raises(InputError):
        read_film(fields)


def test_a_frame_that_is_not_there_is_named(study):
    with pytest.raises(UnsupportedImage, match="no frame 2"):
        read_film({"file": str(study / "a.dcm"), "frame": 2})
