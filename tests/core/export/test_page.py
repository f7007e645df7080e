import exported
import numpy as np
import pytest

from afloc_desktop.core.export.page import LONGEST, draw_statements
from afloc_desktop.core.export.selection import FilmResults

ORANGE, BLUE, YELLOW = (230, 159, 0), (86, 180, 233), (255, 214, 102)


def drawn(image, *statements):
    return np.asarray(draw_statements(FilmResults(image, statements)))


def has(picture, colour, rows=slice(None)):
    return bool((picture[rows] == colour).all(axis=2).any())


def test_an_outline_lies_where_its_finding_is(make_image):
    image = make_image(np.zeros((1000, 1000)))
    outline = tuple(p._replace(x=p.x * 10, y=p.y * 10) for p in exported.SQUARE)
    picture = drawn(image, exported.statement(image, regions=(outline,)))
    assert tuple(picture[350, 200]) == ORANGE
    assert tuple(picture[350, 400]) == ORANGE
    assert tuple(picture[400, 300]) == ORANGE
    assert not (picture[310:390, 220:390] == ORANGE).all(axis=2).any()


def test_each_finding_has_a_colour_and_a_line_and_the_disclaimer_is_last(make_image):
    image = make_image(np.zeros((800, 800)))
    two = [exported.statement(image), exported.statement(image, "Nodule")]
    picture = drawn(image, *two)
    legend = slice(800, None)
    assert has(picture, ORANGE, legend)
    assert has(picture, BLUE, legend)
    assert has(picture, YELLOW, slice(-40, None))


def test_findings_below_their_thresholds_share_one_plain_line(make_image):
    image = make_image(np.zeros((800, 800)))
    absent = [exported.statement(image, name, regions=()) for name in ("A", "B", "C")]
    assert drawn(image, *absent).shape == drawn(image, absent[0]).shape
    assert not has(drawn(image, *absent), ORANGE)


def test_a_number_that_rounds_to_zero_has_no_minus(make_image):
    image = make_image(np.zeros((800, 800)))
    plain, minus = (exported.statement(image, similarity=n) for n in (0.0, -0.004))
    assert np.array_equal(drawn(image, plain), drawn(image, minus))


@pytest.mark.parametrize(("rows", "columns"), [(3000, 2500), (40, 30), (1, 300), (300, 1)])
def test_a_film_of_any_size_is_drawn_readably(make_image, rows, columns):
    image = make_image(np.zeros((rows, columns)))
    picture = drawn(image, exported.statement(image))
    assert picture.shape[1] >= 720
    assert max(picture.shape[:2]) <= LONGEST + 300
    assert has(picture, YELLOW)


def test_tall_pixels_are_drawn_square(make_image):
    image = make_image(np.zeros((700, 800)), pixel_aspect=2.0)
    wide = make_image(np.zeros((1400, 800)))
    statement = exported.statement(image, regions=())
    assert drawn(image, statement).shape == drawn(wide, statement).shape


def test_letters_that_cannot_be_drawn_do_not_become_boxes(make_image):
    image = make_image(np.zeros((800, 800)))
    plain = drawn(image, exported.statement(image, "Epanchement ?"))
    odd = drawn(image, exported.statement(image, "Épanchement 日"))
    assert np.array_equal(plain, odd)


def test_a_rejected_finding_is_not_drawn(make_image):
    image = make_image(np.zeros((800, 800)))
    picture = drawn(image, exported.statement(image, status="rejected", author="A"))
    assert not has(picture, ORANGE)
