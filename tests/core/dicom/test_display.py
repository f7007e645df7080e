import time
from functools import partial

import numpy as np
import pytest
from bars import hold_within

from afloc_desktop.core.dicom.display import (
    AUTO,
    CHANNELS,
    AsColour,
    MinMax,
    WindowTable,
    auto_window,
    choices,
    draw_overlays,
    first_choice,
    modality_value,
    render,
)
from afloc_desktop.core.domain import Overlay, VoiLut, VoiWindow


def linear(centre, width):
    return VoiWindow(centre, width, "LINEAR", "")


def exact(centre, width):
    return VoiWindow(centre, width, "LINEAR_EXACT", "")


def sigmoid(centre, width):
    return VoiWindow(centre, width, "SIGMOID", "")


def lut(first, values, bits):
    return VoiLut(first, np.array(values, np.uint16), bits, "")


def grey(make_image, values, choice, **changes):
    return render(make_image([values], **changes), choice)[0].tolist()


def test_a_linear_window_is_that_of_the_standard(make_image):
    # C.11.2.1.2.1 with c = 2048, w = 4096: below 0 black, above 4095 white, x / 4095 between.
    values = [-1, 0, 1, 2047, 4094, 4095, 5000]
    expected = [0, 0, 0, int(2047 / 4095 * 255), int(4094 / 4095 * 255), 255, 255]
    assert grey(make_image, values, linear(2048, 4096)) == expected


def test_a_linear_window_of_width_one_is_a_threshold(make_image):
    # Black up to and including c - 0.5.
    assert grey(make_image, [9, 9.5, 9.6, 10], linear(10, 1)) == [0, 0, 255, 255]


def test_an_exact_window_reaches_half_its_width_to_both_sides(make_image):
    # c = 0, w = 2: -1 black, 0 in the middle (127.5), 1 white.
    assert grey(make_image, [-1.5, -1, -0.5, 0, 0.5, 1, 2], exact(0, 2)) == [
        0, 0, 63, 127, 191, 255, 255,
    ]  # fmt: skip


def test_a_sigmoid_is_steepest_at_its_centre(make_image):
    # 255 / (1 + exp(-4 (x - c) / w)): 1/2 at c; x - c = w gives 1 / (1 + e^-4) = .98201.
    assert grey(make_image, [100, 140, 60, 1e6, -1e6], sigmoid(100, 40)) == [127, 250, 4, 255, 0]


def test_a_table_holds_its_ends(make_image):
    table = lut(10, [0, 1023, 512], 10)
    assert grey(make_image, [-5, 10, 11, 12, 99], table) == [0, 0, 255, 127, 127]


def test_min_max_takes_darkest_and_brightest(make_image):
    assert grey(make_image, [-10, 0, 10, 30], MinMax()) == [0, 63, 127, 255]


@pytest.mark.parametrize(
    "choice",
    [
        linear(40, 81),
        linear(10, 1),
        exact(30, 50),
        sigmoid(40, 60),
        lut(5, range(100), 7),
        MinMax(),
    ],
    ids=str,
)
def test_an_inverted_film_is_the_negative_of_its_twin(make_image, choice):
    stored = np.arange(100, dtype=np.float32).reshape(10, 10)
    plain = render(make_image(stored), choice).astype(int)
    inverted = render(make_image(-stored, is_inverted=True), choice).astype(int)
    # Grey is cut to whole levels, from below in one and from above in the other.
    assert np.abs(255 - plain - inverted).max() <= 1
    assert inverted[0, 0] > inverted[-1, -1]


@pytest.mark.parametrize("choice", [sigmoid(40, 60), lut(5, range(100), 7)], ids=["curve", "table"])
def test_integers_and_fractions_take_different_ways_to_the_same_grey(make_image, choice):
    whole = np.arange(-20, 80, dtype=np.float32).reshape(10, 10)
    mixed = np.vstack([whole, np.full((1, 10), 0.25, np.float32)])
    np.testing.assert_array_equal(
        render(make_image(whole), choice), render(make_image(mixed), choice)[:-1]
    )


def test_a_film_opens_with_its_own_table_then_its_own_window_then_auto(make_image):
    window, table = linear(1, 2), lut(0, [0, 255], 8)
    assert first_choice(make_image([[1, 2]], voi=(window, table))) is table
    assert first_choice(make_image([[1, 2]], voi=(window,))) is window
    assert first_choice(make_image([[1, 2]])).explanation == AUTO


def test_the_reader_may_choose_auto_and_min_max_besides_what_the_file_offers(make_image):
    image = make_image([[1, 2]], voi=(linear(1, 2),))
    assert choices(image) == (linear(1, 2), auto_window(image), MinMax())


@pytest.mark.parametrize("is_inverted", [False, True])
def test_auto_spans_the_percentiles_of_what_is_not_padding(make_image, is_inverted):
    # 0 to 100 in equal steps: the 1st percentile is 1, the 99th is 99.
    stored = np.append(np.arange(101, dtype=np.float32), [-9999] * 19).reshape(12, 10)
    pixels = -stored if is_inverted else stored
    image = make_image(pixels, padding=stored == -9999, is_inverted=is_inverted)
    window = auto_window(image)
    assert (window.centre, window.width) == pytest.approx((50, 98))


@pytest.mark.parametrize("value", [0, 7, -3])
def test_a_blank_film_renders(make_image, value):
    image = make_image(np.full((3, 3), value))
    for choice in choices(image):
        assert len(np.unique(render(image, choice))) == 1


def test_a_film_of_padding_alone_renders(make_image):
    image = make_image(np.zeros((2, 2)), padding=np.ones((2, 2), bool))
    assert render(image).shape == (2, 2)


def test_a_probe_shows_the_value_in_the_polarity_of_the_file(make_image):
    assert modality_value(make_image([[1, 2]]), 0, 1) == 2
    assert modality_value(make_image([[-1, -2]], is_inverted=True), 0, 1) == 2


def test_windows_at_the_ends_of_the_number_range_render(make_image):
    image = make_image([[-3e38, 0, 3e38]])
    for choice in (linear(0, 1e300), exact(3e38, 1e-300), exact(-1e300, 1e-3), MinMax()):
        assert render(image, choice).shape == (1, 3)


@pytest.mark.parametrize("rows", [1, 63, 64, 65, 129])
def test_every_row_is_rendered(make_image, rows):
    stored = np.arange(rows * 3, dtype=np.float32).reshape(rows, 3)
    rendered = render(make_image(stored), linear(0, 1))
    np.testing.assert_array_equal(rendered, np.full((rows, 3), 255))


@pytest.mark.bench
def test_dragging_a_window_keeps_up_with_the_hand(make_image):
    film = np.random.default_rng(0).integers(0, 16384, (2500, 3000)).astype(np.float32)
    table = WindowTable(make_image(film))
    table.render(sigmoid(8000, 9000))
    for choice in (linear(8000, 9000), sigmoid(8000, 9000)):
        hold_within(f"{choice.function} of 3000 x 2500, s", partial(_seconds, table, choice), 0.03)


def _seconds(table, choice):
    seconds = []
    for _ in range(5):
        start = time.perf_counter()
        table.render(choice)
        seconds.append(time.perf_counter() - start)
    return min(seconds)


def test_a_colour_image_is_painted_in_its_colours_and_offers_its_channels(make_image):
    colour = np.array([[[255, 0, 0], [1, 2, 3]]], np.uint8)
    image = make_image([[76, 2]], colour=colour)
    assert choices(image) == (AsColour(), *CHANNELS)
    assert first_choice(image) == AsColour()
    np.testing.assert_array_equal(render(image), colour)
    shown = [render(image, channel).tolist() for channel in CHANNELS]
    assert shown == [[[0, 2]], [[255, 1]], [[0, 3]]]  # green, red, blue
    # Of its luminance: (76 + 0.5) / 100 and (2 + 0.5) / 100 of white.
    assert render(image, linear(50, 101)).tolist() == [[195, 6]]


def test_a_grey_image_has_no_colours(make_image):
    with pytest.raises(ValueError, match="no colours"):
        render(make_image([[1, 2]]), AsColour())


def test_a_window_narrower_than_allowed_is_a_threshold_and_not_the_first_choice(make_image):
    # C.11.2.1.2.1 to the letter: black up to c - 0.5 - (w - 1) / 2 = c - w / 2, white above.
    narrow = linear(2e-6, 4e-6)
    image = make_image([[0, 1e-9, 4e-6]], voi=(narrow,))
    assert render(image, narrow).tolist() == [[0, 255, 255]]
    assert first_choice(image).explanation == AUTO


def test_graphics_are_drawn_in_white_over_grey_and_colour(make_image):
    mask = np.array([[False, True]])
    overlays = (Overlay(mask, "G", ""),)
    image = make_image([[1, 2]], overlays=overlays)
    assert draw_overlays(image, np.array([[7, 8]], np.uint8)).tolist() == [[7, 255]]
    colour = np.zeros((1, 2, 3), np.uint8)
    assert draw_overlays(image, colour).tolist() == [[[0, 0, 0], [255, 255, 255]]]
    assert not colour.any()
    plain = np.array([[7, 8]], np.uint8)
    assert draw_overlays(make_image([[1, 2]]), plain) is plain
