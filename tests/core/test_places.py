from dataclasses import replace

import numpy as np
import pytest
import tiny_bundle as tiny

from afloc_desktop.core.domain import EyeView, Prompt
from afloc_desktop.core.findings import peak
from afloc_desktop.core.localize import Localizer
from afloc_desktop.core.picture import read_picture
from afloc_desktop.core.places import WHOLE, Part, on_picture, parse_part
from afloc_desktop.state.models import shipped

RIGHT, LEFT = (EyeView(side, None, "", "") for side in "RL")
NOT_KNOWN = "the file does not say which eye this is; temporal and nasal were not used"


@pytest.mark.parametrize(
    ("words", "part", "rest"),
    [
        ("haemorrhage in the lower left", Part("left", "lower"), "haemorrhage"),
        ("exudates at the upper right of the picture", Part("right", "upper"), "exudates"),
        ("superior temporal quadrant: drusen", Part("temporal", "upper"), ": drusen"),
        ("inferonasal drusen", Part("nasal", "lower"), "drusen"),
        ("drusen around the macula", Part(landmark="macula"), "drusen"),
        ("drusen within one disc diameter of the macula centre", Part(landmark="macula"), "drusen"),
        ("drusen near the optic disc", Part(landmark="disc"), "drusen"),
        ("peripapillary drusen", Part(landmark="disc"), "drusen"),
        ("drusen in the left eye, nasal", Part("nasal", eye="left"), "drusen"),
        ("drusen OD superiorly", Part(None, "upper", eye="right"), "drusen"),
        ("drusen in the periphery", Part(not_used=("periphery",)), "drusen"),
        ("drusen left and right", WHOLE, "drusen and"),
        ("new vessels at the disc", WHOLE, "new vessels at the disc"),
        ("swelling of the macula", WHOLE, "swelling of the macula"),
        ("optic disc", WHOLE, "optic disc"),
        ("drusen", WHOLE, "drusen"),
    ],
)
def test_the_part_that_words_name_is_taken_out_of_them(words, part, rest):
    known = ("new vessels at the disc", "swelling of the macula", "optic disc", "drusen")
    names = tuple(name for name in known if name in words)
    assert parse_part(words, "fundus", names) == (part, rest)


def test_tissue_has_no_nose_and_a_chest_none_of_these_parts():
    words = "nasal nuclei in the lower left"
    assert parse_part(words, "histo", ()) == (Part("left", "lower"), "nasal nuclei")
    assert parse_part(words, "cxr", ()) == (WHOLE, words)


def test_the_nose_is_to_the_right_of_a_right_eye():
    assert [on_picture(side, "R") for side in ("nasal", "temporal")] == ["right", "left"]
    assert [on_picture(side, "L") for side in ("nasal", "temporal")] == ["left", "right"]
    assert [on_picture(side, "") for side in ("nasal", "left", None)] == [None, "left", None]


@pytest.fixture
def eyes(tiny_bundle):
    """The tiny bundle as a model of eyes, whose optic disc is dark."""
    tiny.write_vectors(tiny_bundle, ("bright_spot", "optic_disc"))
    bright, dark = tiny.manifest().findings
    findings = (bright, replace(dark, id="optic_disc", label="Optic disc"))
    tiny.sign(tiny_bundle, tiny.manifest(modality="fundus", findings=findings))
    return Localizer.open(tiny_bundle, provider="cpu")


@pytest.fixture
def retina(make_image):
    """Equal bright dots in the four quarters, one near the dark disc in the middle of the right."""
    pixels = np.full((96, 96), 0.5, np.float32)
    for x, y in ((20, 20), (76, 20), (20, 76), (76, 76), (84, 60)):
        pixels[y - 3 : y + 4, x - 3 : x + 4] = 1
    pixels[44:52, 80:88] = 0
    return lambda eye=None: make_image(pixels, eye=eye)


@pytest.mark.parametrize(
    ("words", "eye", "x", "y"),
    [
        ("bright spot in the upper left", None, 20, 20),
        ("bright spot in the lower left", None, 20, 76),
        ("bright spot in the upper right", None, 76, 20),
        ("superotemporal bright spot", RIGHT, 20, 20),
        ("superonasal bright spot", RIGHT, 76, 20),
        ("superotemporal bright spot", LEFT, 76, 20),
        ("inferotemporal bright spot of the right eye", None, 20, 76),
        ("bright spot near the disc", None, 84, 60),
    ],
)
def test_a_map_points_to_the_part_that_is_named(eyes, retina, words, eye, x, y):
    found = eyes.localize(retina(eye), Prompt(words, "typed"))
    point, _ = peak(found)
    assert (point.x, point.y) == (pytest.approx(x, abs=5), pytest.approx(y, abs=5))
    assert eyes.understand(words).finding_id == "bright_spot"


def test_temporal_is_not_used_where_the_eye_is_not_known_and_it_is_said(eyes, retina):
    plain = eyes.localize(retina(), Prompt("bright spot", "typed"))
    named = eyes.localize(retina(), Prompt("temporal bright spot", "typed"))
    assert np.array_equal(named.similarity, plain.similarity)
    assert NOT_KNOWN in named.notes


def test_the_reader_is_told_what_was_understood_and_what_was_not(eyes, retina):
    asked = eyes.understand("bright spot in the upper left, in the periphery")
    assert "part of the picture: upper left" in asked.notes
    assert asked.warnings == ("A place that is not told apart was ignored: periphery.",)
    other = eyes.localize(retina(RIGHT), Prompt("bright spot in the left eye", "typed"))
    assert "the words speak of the other eye than the one in the picture" in other.notes
    macula = eyes.localize(retina(RIGHT), Prompt("bright spot around the macula", "typed"))
    assert "the macula is taken to lie where it usually does from the optic disc" in macula.notes


def test_a_model_that_tells_no_places_apart_says_so(eyes, tiny_bundle):
    spec = replace(eyes.manifest.heatmap, side_penalty=0.0)
    tiny.sign(tiny_bundle, replace(eyes.manifest, heatmap=spec, files={}))
    other = Localizer.open(tiny_bundle, provider="cpu")
    (warning,) = other.understand("bright spot in the upper left").warnings
    assert warning == "This model does not tell places apart: upper left was ignored."


@pytest.mark.shared
def test_the_shipped_model_looks_for_haemorrhages_where_the_words_say(shared):
    picture = read_picture(shared / "data" / "fundus" / "images" / "IDRiD_01.jpg")
    localizer = Localizer.open(shipped("bundles") / "afloc-fundus-base", provider="cpu")
    for down in ("upper", "lower"):
        for across in ("left", "right"):
            words = Prompt(f"haemorrhage in the {down} {across}", "typed")
            point, _ = peak(localizer.localize(picture, words))
            assert (point.y > picture.rows / 2) == (down == "lower")
            assert (point.x > picture.columns / 2) == (across == "right")
