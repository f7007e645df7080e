import numpy as np
import PIL.Image
import pytest

from afloc_desktop.core.errors import UnreadableFile
from afloc_desktop.core.picture import read_picture


def test_a_picture_becomes_a_grey_film(tmp_path):
    PIL.Image.fromarray(np.arange(12, dtype=np.uint8).reshape(3, 4)).save(tmp_path / "a.png")
    film = read_picture(tmp_path / "a.png")
    assert film.pixels.tolist() == np.arange(12).reshape(3, 4).tolist()
    assert (film.spacing, film.is_inverted, film.ref.sop_instance_uid) == (None, False, "")


@pytest.mark.parametrize("content", [None, b"", b"GIF89a", b"\x89PNG\r\n\x1a\n" + b"\0" * 99])
def test_what_is_no_picture_is_named(tmp_path, content):
    path = tmp_path / "film.png"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UnreadableFile, match=r"film\.png"):
        read_picture(path)


def test_a_picture_in_colour_keeps_it_and_has_a_hash_of_its_own(tmp_path):
    films = []
    for name, pixel in (("red.png", (254, 0, 0)), ("grey.png", (76, 76, 76))):  # one luminance
        PIL.Image.fromarray(np.full((4, 4, 3), pixel, np.uint8)).save(tmp_path / name)
        films.append(read_picture(tmp_path / name))
    assert films[0].colour[0, 0].tolist() == [254, 0, 0]
    assert np.array_equal(films[0].pixels, films[1].pixels)
    assert films[0].pixel_sha256 != films[1].pixel_sha256
    assert read_picture(tmp_path / "red.png").pixel_sha256 == films[0].pixel_sha256


def test_a_grey_picture_has_no_colour(tmp_path):
    PIL.Image.fromarray(np.eye(3, dtype=np.uint8)).save(tmp_path / "a.png")
    assert read_picture(tmp_path / "a.png").colour is None
