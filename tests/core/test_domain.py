import dataclasses
import inspect
from pathlib import Path

import numpy as np
import pytest

from afloc_desktop.core import domain
from afloc_desktop.core.domain import (
    ImageRef,
    Listing,
    Orientation,
    Series,
    SlideSize,
    Study,
    read_only,
)


def ref(name: str) -> ImageRef:
    return ImageRef(Path(name), 1, "1.2", 3, 4, None)


def test_a_listing_gives_its_images_in_order():
    series = [
        Series("s", 1, "DX", "", "", "", (ref("a"), ref("b"))),
        Series("t", 2, "DX", "", "", "", (ref("c"),)),
    ]
    listing = Listing((Study("u", "", "", "", "", "", tuple(series)),), ())
    assert [image.path.name for image in listing.images] == ["a", "b", "c"]


def test_a_slide_is_known_without_opening_it():
    film = Series("s", 1, "DX", "", "", "", (ref("a"),))
    slide = dataclasses.replace(film, slide=SlideSize(5, 4, None, 1))
    assert [film.is_slide, slide.is_slide] == [False, True]


def test_masks_over_films_are_no_films():
    refs = [ImageRef(Path(name), 1, name, 2, 2, None) for name in "ab"]
    series = tuple(
        Series(ref.sop_instance_uid, None, kind, "", "", "", (ref,))
        for ref, kind in zip(refs, ("SEG", "DX"), strict=True)
    )
    listing = Listing((Study("u", "", "", "", "", "", series),), ())
    assert [one.is_result for one in series] == [True, False]
    assert (listing.films, listing.images) == ((refs[1],), tuple(refs))


def test_an_image_knows_its_size(make_image):
    image = make_image(np.zeros((3, 5)))
    assert (image.rows, image.columns) == (3, 5)


@pytest.mark.parametrize("kind", [k for k in vars(domain).values() if dataclasses.is_dataclass(k)])
def test_values_are_frozen_slotted_and_described(kind):
    assert kind.__dataclass_params__.frozen
    assert "__slots__" in vars(kind)
    assert inspect.getdoc(kind)


def test_values_that_hold_arrays_compare_by_identity(make_image):
    pixels = np.zeros((2, 2))
    assert make_image(pixels) != make_image(pixels)


def test_read_only_arrays_refuse_writes():
    with pytest.raises(ValueError, match="read-only"):
        read_only(np.zeros(2))[0] = 1


@pytest.mark.parametrize(
    ("orientation", "expected"),
    [
        (Orientation("L", "F"), "L"),
        (Orientation("RP", "F"), "R"),
        (Orientation("P", "F"), None),
        (Orientation("", "F"), None),
        (None, None),
    ],
)
def test_the_row_direction_is_a_side_of_the_patient_or_unknown(make_image, orientation, expected):
    film = make_image(np.zeros((2, 3), np.float32), orientation=orientation)
    assert film.row_direction == expected
