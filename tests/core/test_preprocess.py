import dataclasses

import numpy as np
import pytest

from afloc_desktop.core.preprocess import PreprocessSpec, prepare, resize, stretch

SPEC = PreprocessSpec(1, 64, "letterbox", "area-linear", 0.0, 100.0, "grey", 1, 0.0, 1.0, 0.0)


def test_shrinking_by_two_averages_blocks_of_four():
    values = np.arange(16, dtype=np.float32).reshape(4, 4)
    assert resize(values, 2, 2).tolist() == [[2.5, 4.5], [10.5, 12.5]]


def test_shrinking_by_a_fraction_shares_the_pixel_between():
    # Three pixels into two: each takes one and a half.
    values = np.array([[0, 3, 6]], np.float32)
    assert resize(values, 1, 2) == pytest.approx(np.array([[1.0, 5.0]]))


def test_enlarging_interpolates_and_holds_at_the_ends():
    values = np.array([[0, 4]], np.float32)
    assert resize(values, 1, 4).tolist() == [[0, 1, 3, 4]]


@pytest.mark.parametrize("shape", [(37, 53), (1, 9), (301, 1), (64, 64), (500, 400)])
def test_resizing_keeps_a_constant_film_constant(shape):
    film = resize(np.full(shape, 7.25, np.float32), 32, 48)
    assert film.shape == (32, 48)
    assert film == pytest.approx(7.25)


def test_shrinking_keeps_the_mean():
    values = np.random.default_rng(0).random((97, 131), np.float32)
    assert resize(values, 20, 30).mean() == pytest.approx(values.mean(), rel=1e-5)


def test_equal_bounds_stretch_to_zero():
    assert not stretch(np.full((3, 3), 5, np.float32), 5, 5).any()


def test_a_blank_film_is_all_zeros():
    assert not prepare(np.full((80, 60), 1000, np.float32), SPEC, padding=None).tensor.any()


def test_the_stretch_reaches_zero_and_one_inside_the_film_and_pads_around_it():
    film = np.tile(np.linspace(-500, 3000, 64, dtype=np.float32), (32, 1))
    tensor = prepare(film, dataclasses.replace(SPEC, pad=0.25), padding=None).tensor[0, 0]
    assert tensor[:16].min() == tensor[:16].max() == 0.25
    assert (tensor[16:48].min(), tensor[16:48].max()) == (0, 1)


def test_percentiles_ignore_a_few_extreme_pixels():
    film = np.full((64, 64), 100, np.float32)
    film[:, :32] = 50
    film[0, 0] = 1e6
    spec = dataclasses.replace(SPEC, low_percentile=1.0, high_percentile=99.0)
    tensor = prepare(film, spec, padding=None).tensor[0, 0]
    assert tensor[5, 5] == 0
    assert tensor[5, 60] == 1


@pytest.mark.parametrize("squeeze", [1, 2])
def test_a_disc_is_round_whatever_the_shape_of_the_pixels(squeeze):
    y, x = np.mgrid[:120, :120]
    disc = ((y - 60) ** 2 + (x - 60) ** 2 < 40**2).astype(np.float32)[::squeeze]
    tensor = prepare(disc, SPEC, padding=None, pixel_aspect=squeeze).tensor[0, 0]
    tall, wide = ((tensor > 0.5).any(axis=axis).sum() for axis in (1, 0))
    assert tall == pytest.approx(wide, abs=1)
    assert tall == pytest.approx(80 / 120 * SPEC.side, abs=2)


def test_an_inverted_twin_gives_the_same_input():
    stored = np.random.default_rng(1).integers(0, 4096, (90, 70)).astype(np.float32)
    twin = -(4095 - stored)  # MONOCHROME1: stored the other way round, negated on reading
    spec = dataclasses.replace(SPEC, low_percentile=1.0, high_percentile=99.0)
    one, other = (prepare(p, spec, padding=None).tensor for p in (stored, twin))
    assert one == pytest.approx(other, abs=1e-5)


def test_padding_is_dark_and_does_not_stretch_the_film():
    film = np.tile(np.linspace(100, 200, 64, dtype=np.float32), (64, 1))
    padding = np.zeros((64, 64), bool)
    padding[:20] = True
    padded = film.copy()
    padded[:20] = -2000
    tensor = prepare(padded, SPEC, padding=padding).tensor[0, 0]
    assert not tensor[:20].any()
    assert tensor[30:] == pytest.approx(prepare(film, SPEC, padding=None).tensor[0, 0, 30:])


def test_a_film_of_padding_alone_is_blank():
    tensor = prepare(np.ones((9, 9), np.float32), SPEC, padding=np.ones((9, 9), bool)).tensor
    assert not tensor.any()


def test_channels_mean_and_deviation_come_from_the_spec():
    spec = dataclasses.replace(SPEC, channels=3, mean=0.5, std=0.5)
    tensor = prepare(np.eye(64, dtype=np.float32), spec, padding=None).tensor
    assert tensor.shape == (1, 3, 64, 64)
    assert (tensor.min(), tensor.max()) == (-1, 1)
    assert np.array_equal(tensor[:, 0], tensor[:, 2])


def test_an_input_cannot_be_changed_by_who_receives_it():
    with pytest.raises(ValueError, match="read-only"):
        prepare(np.eye(4, dtype=np.float32), SPEC, padding=None).tensor[0, 0, 0, 0] = 1


def test_the_fingerprint_follows_every_field():
    prints = {SPEC.fingerprint}
    for field in dataclasses.fields(SPEC):
        if isinstance(getattr(SPEC, field.name), int | float):
            changed = dataclasses.replace(SPEC, **{field.name: getattr(SPEC, field.name) + 1})
            prints.add(changed.fingerprint)
    assert len(prints) == 1 + 8


def test_no_field_of_the_spec_has_a_default():
    for field in dataclasses.fields(PreprocessSpec):
        assert field.default is dataclasses.MISSING


AUTHORS = PreprocessSpec(
    1, 224, "letterbox-truncated", "area-8bit", 0.0, 100.0, "grey", 3, 0.5, 0.5, 0.0
)


def test_the_authors_input_is_a_film_of_levels_in_three_planes_from_minus_one_to_one():
    film = np.random.default_rng(0).integers(0, 256, (200, 224)).astype(np.float32)
    prepared = prepare(film, AUTHORS, padding=None)
    assert prepared.tensor.shape == (1, 3, 224, 224)
    assert (prepared.frame.top, prepared.frame.height) == (12, 200)
    wanted = (film / np.float32(255) - np.float32(0.5)) / np.float32(0.5)
    for plane in prepared.tensor[0]:
        assert np.array_equal(plane[12:212], wanted)
        assert (plane[:12] == -1).all()


@pytest.mark.parametrize(("planes", "order"), [("rgb", [0, 1, 2]), ("bgr", [2, 1, 0])])
@pytest.mark.parametrize("fit", ["letterbox", "as-is"])
def test_colour_goes_in_in_the_order_of_the_spec(planes, order, fit):
    colour = np.random.default_rng(0).integers(0, 256, (224, 224, 3)).astype(np.uint8)
    spec = dataclasses.replace(AUTHORS, planes=planes, fit=fit)
    grey = np.zeros((224, 224), np.float32)
    tensor = prepare(grey, spec, padding=None, colour=colour).tensor[0]
    for plane, source in zip(tensor, order, strict=True):
        assert (plane + 1) * 127.5 == pytest.approx(colour[..., source].astype(float), abs=1e-4)


def test_a_grey_film_stands_in_for_every_colour():
    spec = dataclasses.replace(AUTHORS, planes="bgr")
    film = np.arange(224.0 * 224).reshape(224, 224).astype(np.float32)
    tensor = prepare(film, spec, padding=None).tensor[0]
    assert np.array_equal(tensor[0], tensor[2])


def test_a_colour_film_becomes_grey_where_the_model_knows_no_colour():
    colour = np.full((224, 224, 3), (255, 0, 0), np.uint8)
    tensor = prepare(np.zeros((224, 224), np.float32), AUTHORS, padding=None, colour=colour).tensor
    assert (tensor + 1) * 127.5 == pytest.approx(76, abs=1e-4)


def test_a_film_taken_as_it_is_keeps_its_size_and_is_squeezed_by_the_network():
    spec = dataclasses.replace(AUTHORS, fit="as-is")
    prepared = prepare(np.zeros((100, 300), np.float32), spec, padding=None)
    assert prepared.tensor.shape == (1, 3, 100, 300)
    assert (prepared.frame.height, prepared.frame.width) == (224, 224)


def test_padding_is_dark_in_levels_too():
    film = np.tile(np.linspace(1000, 2000, 224, dtype=np.float32), (224, 1))
    padding = np.zeros((224, 224), bool)
    padding[:20] = True
    padded = np.where(padding, np.float32(9e4), film)
    tensor = prepare(padded, AUTHORS, padding=padding).tensor[0, 0]
    assert (tensor[:20] == -1).all()
    assert tensor[100, 223] == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"resize": "area-linear"},
        {"resize": "area-linear", "fit": "letterbox", "planes": "rgb"},
        {"planes": "bgr", "channels": 1},
    ],
)
def test_choices_that_do_not_go_together_are_known(changes):
    assert AUTHORS.is_consistent
    assert SPEC.is_consistent
    assert not dataclasses.replace(AUTHORS, **changes).is_consistent
