import numpy as np
import PIL.Image
import pytest

from afloc_desktop.core.dicom.pictures import NO_IDENTITY
from afloc_desktop.core.dicom.read import read
from afloc_desktop.core.dicom.scan import scan
from afloc_desktop.core.errors import UnreadableFile

ORANGE = np.full((6, 9, 3), (200, 110, 40), np.uint8)


@pytest.fixture
def eyes(tmp_path):
    folder = tmp_path / "eyes"
    folder.mkdir()
    for name in ("left.png", "RIGHT.JPG", "field.tiff"):
        PIL.Image.fromarray(ORANGE).save(folder / name)
    return folder


def test_pictures_are_listed_one_by_one_and_said_to_be_no_dicom(eyes):
    (study,) = scan([eyes]).studies
    assert study.description == "Pictures without a DICOM identity"
    names = [series.description for series in study.series]
    assert names == ["RIGHT.JPG", "field.tiff", "left.png"]
    assert {(s.images[0].rows, s.images[0].columns) for s in study.series} == {(6, 9)}
    assert {s.images[0].sop_instance_uid for s in study.series} == {""}


def test_a_picture_is_read_in_its_colours_with_a_warning(eyes):
    ref = scan([eyes / "left.png"]).images[0]
    image = read(ref)
    assert image.ref == ref
    assert image.colour.tolist() == ORANGE.tolist()
    assert image.warnings == (NO_IDENTITY,)
    assert image.spacing is None


def test_a_picture_is_listed_as_it_stands(tmp_path):
    exif = PIL.Image.Exif()
    exif[0x0112] = 6  # lies on its side in the file
    PIL.Image.fromarray(ORANGE).save(tmp_path / "eye.jpg", exif=exif)
    (ref,) = scan([tmp_path]).images
    assert (ref.rows, ref.columns) == (9, 6) == read(ref).pixels.shape


def test_a_picture_beside_films_is_not_one_of_them(eyes, write_film):
    write_film(np.zeros((2, 3), np.uint8), "eyes/film.dcm")
    listing = scan([eyes])
    assert [ref.path.name for ref in listing.images] == ["film.dcm"]
    assert len(listing.skipped) == 3
    assert all("beside DICOM" in skipped.reason for skipped in listing.skipped)


def test_a_picture_that_is_opened_itself_is_listed_whatever_lies_beside_it(eyes, write_film):
    film = write_film(np.zeros((2, 3), np.uint8), "eyes/film.dcm")
    listing = scan([film, eyes / "left.png"])
    assert sorted(ref.path.name for ref in listing.images) == ["film.dcm", "left.png"]


@pytest.mark.parametrize("name", ["film.dcm", "film"])
def test_a_picture_named_like_a_film_is_refused(tmp_path, name):
    PIL.Image.fromarray(ORANGE).save(tmp_path / name, "PNG")
    (skipped,) = scan([tmp_path]).skipped
    assert "a PNG picture, not a DICOM file" in skipped.reason


def test_a_damaged_picture_costs_itself(eyes):
    path = eyes / "left.png"
    path.write_bytes(path.read_bytes()[:20])
    listing = scan([eyes])
    assert len(listing.images) == 2
    assert [skipped.path.name for skipped in listing.skipped] == ["left.png"]
    (eyes / "RIGHT.JPG").write_bytes(b"\xff\xd8\xff")
    with pytest.raises(UnreadableFile):
        read(next(r for r in listing.images if r.path.name == "RIGHT.JPG"))
