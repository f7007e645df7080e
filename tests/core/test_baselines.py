import numpy as np
import pytest

from afloc_desktop.core.baselines import MeanRegions, RandomWeights, centre_prior, region_mask
from afloc_desktop.core.geometry import Frame
from afloc_desktop.core.preprocess import PreprocessSpec
from afloc_desktop.core.regions import RegionCase

SPEC = PreprocessSpec(1, 64, "letterbox", "area-linear", 0.0, 100.0, "grey", 1, 0.0, 1.0, 0.0)


def case(patient, x, label="Mass"):
    return RegionCase(f"{patient}.png", patient, label, ((x, 0.0, 0.25, 1.0),), ())


def test_the_centre_prior_is_highest_in_the_middle_and_equal_on_both_sides():
    prior = centre_prior(Frame.letterbox(224, 112, 224))
    assert prior.shape == (224, 112)
    assert prior[112, 56] == prior.max()
    assert prior == pytest.approx(prior[::-1, ::-1])


def test_the_mean_region_is_that_of_all_other_patients():
    mean = MeanRegions([case("a", 0.0), case("b", 0.5), case("c", 0.5), case("a", 0.5)])
    seen_by_a = mean.map("Mass", "a")
    assert seen_by_a[100, 20] == 0
    assert seen_by_a[100, 130] == 1
    seen_by_b = mean.map("Mass", "b")
    assert seen_by_b[100, [20, 130]] == pytest.approx([1 / 3, 2 / 3])


def test_a_finding_of_one_patient_has_no_mean_region():
    assert MeanRegions([case("a", 0.0), case("b", 0.0, "Nodule")]).map("Mass", "a") is None


def test_a_box_always_covers_a_pixel():
    speck = RegionCase("a.png", "a", "Mass", ((0.5, 0.5, 0.0, 0.0),), ())
    assert region_mask(speck, 10, 10).sum() == 1


def test_random_weights_see_the_film_and_tell_labels_apart(make_image):
    film = make_image(np.random.default_rng(0).random((90, 60), np.float32))
    other = make_image(np.random.default_rng(1).random((90, 60), np.float32))
    maps = RandomWeights(SPEC).maps(film, ["Mass", "Nodule"])
    assert maps["Mass"].shape == (90, 60)
    assert abs(maps["Mass"]).max() <= 1
    assert not np.allclose(maps["Mass"], maps["Nodule"])
    assert not np.allclose(maps["Mass"], RandomWeights(SPEC).maps(other, ["Mass"])["Mass"])
    again = RandomWeights(SPEC).maps(film, ["Mass"])
    assert np.array_equal(maps["Mass"], again["Mass"])
