import pytest

from afloc_desktop.core.geometry import Box, Frame, Point


def test_a_portrait_film_is_centred_between_side_bars():
    frame = Frame.letterbox(3000, 2500, 384)
    assert (frame.height, frame.width, frame.top, frame.left) == (384, 320, 0, 32)


def test_a_landscape_film_is_centred_between_top_and_bottom_bars():
    frame = Frame.letterbox(100, 200, 64)
    assert (frame.height, frame.width, frame.top, frame.left) == (32, 64, 16, 0)


def test_a_film_of_one_row_keeps_one_row():
    assert Frame.letterbox(1, 4000, 384).height == 1


@pytest.mark.parametrize("shape", [(224, 224), (2500, 2048), (1, 4000), (3001, 17)])
def test_points_survive_the_round_trip(shape):
    frame = Frame.letterbox(*shape, 384)
    for point in (Point(0, 0), Point(shape[1], shape[0]), Point(shape[1] / 3, shape[0] / 7)):
        back = frame.to_source(frame.to_input(point))
        assert back == pytest.approx(point, abs=1e-9)


def test_the_corners_of_the_film_are_the_corners_of_its_place_in_the_input():
    frame = Frame.letterbox(100, 200, 64)
    assert frame.to_input(Point(0, 0)) == (0, 16)
    assert frame.to_input(Point(200, 100)) == (64, 48)


@pytest.mark.parametrize(
    ("pixel_aspect", "height", "width"), [(0.5, 32, 64), (1.0, 64, 64), (2.0, 64, 32)]
)
def test_pixels_that_are_not_square_keep_the_films_true_shape(pixel_aspect, height, width):
    frame = Frame.letterbox(100, 100, 64, pixel_aspect)
    assert (frame.height, frame.width) == (height, width)
    assert (frame.top, frame.left) == ((64 - height) // 2, (64 - width) // 2)
    assert frame.to_source(frame.to_input(Point(10, 20))) == pytest.approx((10, 20))


@pytest.mark.parametrize(("rows", "pixel_aspect"), [(0, 1.0), (10, 0.0), (10, float("nan"))])
def test_an_impossible_film_is_our_own_mistake(rows, pixel_aspect):
    with pytest.raises(ValueError, match="impossible"):
        Frame.letterbox(rows, 10, 64, pixel_aspect)


def test_the_centre_of_a_box_is_where_its_diagonals_cross():
    assert Box(0, 10, 4, 20).centre == (2, 15)


@pytest.mark.parametrize(
    ("rows", "columns", "height", "width"),
    [
        (2544, 3056, 186, 224),  # 186.47
        (3000, 2500, 224, 186),  # 186.67
        (224, 224, 224, 224),
        (55, 55, 224, 223),  # 55 * (224 / 55) is a hair below 224 in floats
        (5000, 3, 224, 1),
    ],
)
def test_a_truncated_film_drops_the_fraction_of_a_pixel(rows, columns, height, width):
    frame = Frame.truncated(rows, columns, 224)
    assert (frame.height, frame.width) == (height, width)
    assert (frame.top, frame.left) == ((224 - height) // 2, (224 - width) // 2)


def test_a_whole_film_fills_the_input_whatever_its_shape():
    frame = Frame.whole(100, 300, 224)
    assert frame.to_input(Point(300, 100)) == (224, 224)
    assert frame.to_source(Point(112, 112)) == (150, 50)
