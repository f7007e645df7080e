import numpy as np
import PIL.Image
import PIL.ImageCms
import pytest

from afloc_desktop.core import icc
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


def test_grey_of_16_bits_is_not_cut_to_8(tmp_path):
    deep = np.array([[0, 300], [40_000, 65_535]], np.uint16)
    PIL.Image.fromarray(deep).save(tmp_path / "a.png")
    assert read_picture(tmp_path / "a.png").pixels.tolist() == deep.tolist()


def test_colours_of_another_profile_than_srgb_are_converted_or_said_to_be_as_they_are(tmp_path):
    picture = PIL.Image.new("RGB", (4, 3), (200, 110, 40))
    srgb = PIL.ImageCms.ImageCmsProfile(PIL.ImageCms.createProfile("sRGB")).tobytes()
    unnamed = srgb.replace(b"s\0R\0G\0B", b"W\0I\0D\0E")
    swapped = srgb.replace(b"rXYZ", b"xXYZ").replace(b"gXYZ", b"rXYZ").replace(b"xXYZ", b"gXYZ")
    found = {}
    for name, profile in {"srgb": srgb, "swapped": swapped, "other": unnamed[:200]}.items():
        picture.save(tmp_path / "a.png", icc_profile=profile)
        read = read_picture(tmp_path / "a.png")
        found[name] = (read.colour[0, 0].tolist(), read.warnings)
    assert found == {
        "srgb": ([200, 110, 40], ()),
        "swapped": ([110, 200, 40], (icc._CONVERTED,)),
        "other": ([200, 110, 40], (icc._OTHER_PROFILE,)),
    }


def test_a_file_of_several_pictures_says_that_the_first_is_shown(tmp_path):
    pages = [PIL.Image.new("L", (4, 3), level) for level in (10, 20, 30)]
    pages[0].save(tmp_path / "a.tif", save_all=True, append_images=pages[1:])
    film = read_picture(tmp_path / "a.tif")
    assert film.warnings == ("The file holds 3 pictures; the first is shown.",)
    assert film.pixels[0, 0] == 10


def test_a_picture_stands_as_the_camera_says(tmp_path):
    exif = PIL.Image.Exif()
    exif[0x0112] = 6  # turned a quarter to the left when it was taken
    lying = PIL.Image.fromarray(np.array([[10, 20, 30]], np.uint8))
    lying.save(tmp_path / "a.png", exif=exif)
    assert read_picture(tmp_path / "a.png").pixels.tolist() == [[10], [20], [30]]
    lying.save(tmp_path / "a.tif", exif=exif)
    with pytest.raises(UnreadableFile):
        read_picture(tmp_path / "a.tif")
