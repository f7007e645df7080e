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
