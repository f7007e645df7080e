import dataclasses

import numpy as np
import onnx
import pytest
import tiny_bundle as tiny
from onnx import TensorProto, helper, numpy_helper

from afloc_desktop.core.domain import Orientation, Prompt
from afloc_desktop.core.errors import Cancelled
from afloc_desktop.core.findings import peak
from afloc_desktop.core.localize import Localizer
from afloc_desktop.core.model.runtime import CPU, onnxruntime


@pytest.fixture
def localizer(tiny_bundle):
    return Localizer.open(tiny_bundle, provider="cpu")


def film_with_dot(shape, x, y, *, bright=1.0, ground=0.0):
    """One square dot of some 4 % of the film around the pixel (x, y)."""
    film = np.full(shape, ground, np.float32)
    half = max(1, max(shape) // 48)
    film[max(0, y - half) : y + half + 1, max(0, x - half) : x + half + 1] = bright
    return film


def sizes_and_dots():
    random = np.random.default_rng(3)
    for rows, columns in [(96, 96), (301, 257), (120, 480), (480, 120), (997, 1024), (97, 61)]:
        for _ in range(8):
            yield rows, columns, int(random.integers(columns)), int(random.integers(rows))


@pytest.mark.parametrize(("rows", "columns", "x", "y"), list(sizes_and_dots()))
def test_the_peak_is_where_the_dot_is(localizer, make_image, rows, columns, x, y):
    image = make_image(film_with_dot((rows, columns), x, y))
    point, _ = peak(localizer.localize(image, Prompt("bright", "typed")))
    # A cell of the grid is all the network can tell apart; smoothing pulls towards an edge.
    reach = 1.5 * max(rows, columns) / tiny.GRID
    assert abs(point.x - x) <= reach
    assert abs(point.y - y) <= reach


def test_a_flipped_film_gives_the_flipped_map(localizer, make_image):
    film = np.random.default_rng(0).random((96, 96), np.float32)
    straight = localizer.localize(make_image(film), Prompt("bright", "typed"))
    mirrored = localizer.localize(make_image(film[:, ::-1]), Prompt("bright", "typed"))
    assert mirrored.similarity[:, ::-1] == pytest.approx(straight.similarity, abs=1e-5)


def test_an_inverted_twin_gives_the_same_map(localizer, make_image):
    stored = np.random.default_rng(0).integers(0, 4096, (120, 100)).astype(np.float32)
    one = localizer.localize(make_image(stored), Prompt("bright", "typed"))
    twin = make_image(-(4095 - stored), is_inverted=True)
    other = localizer.localize(twin, Prompt("bright", "typed"))
    assert other.similarity == pytest.approx(one.similarity, abs=1e-4)


def two_dots(make_image, **changes):
    film = film_with_dot((96, 96), 20, 48) + film_with_dot((96, 96), 76, 48)
    return make_image(film, **changes)


@pytest.mark.parametrize(
    ("words", "row_direction", "x"),
    [
        ("right bright spot", "L", 20),
        ("left bright spot", "L", 76),
        ("right bright spot", None, 20),
        ("right bright spot", "R", 76),
        ("bright spot on the left side", "R", 20),
    ],
)
def test_a_named_side_is_the_patients_side(localizer, make_image, words, row_direction, x):
    image = two_dots(
        make_image, orientation=Orientation(row_direction, "F") if row_direction else None
    )
    point, _ = peak(localizer.localize(image, Prompt(words, "typed")))
    assert point.x == pytest.approx(x, abs=5)


def test_an_assumed_side_is_told(localizer, make_image):
    words = Prompt("right bright spot", "typed")
    assert "assumed" in localizer.localize(two_dots(make_image, orientation=None), words).notes[-1]
    assert localizer.localize(two_dots(make_image), words).notes[1:] == ("side: right",)


@pytest.mark.parametrize(("row", "column"), [("F", "L"), ("P", "F")])
def test_a_side_is_not_used_where_no_half_of_the_film_is_one(localizer, make_image, row, column):
    film = two_dots(make_image, orientation=Orientation(row, column))
    plain = localizer.localize(film, Prompt("bright spot", "typed"))
    named = localizer.localize(film, Prompt("right bright spot", "typed"))
    assert np.array_equal(named.similarity, plain.similarity)
    assert "not used" in named.notes[-1]


def test_other_words_beside_a_finding_are_answered_half_with_it(localizer):
    finding, words, both = localizer.words_vectors(
        [Prompt(text, "typed") for text in ("bright", "dark tree", "bright spot, dark tree")]
    )[1]
    assert both @ finding > words @ finding
    assert both @ both == pytest.approx(1, abs=1e-5)


def test_both_sides_stay_lit_when_both_are_meant(localizer, make_image):
    image = two_dots(make_image)
    both = localizer.localize(image, Prompt("bilateral bright spots", "typed")).similarity
    none = localizer.localize(image, Prompt("bright spot", "typed")).similarity
    assert np.array_equal(both, none)


def test_a_blank_film_is_answered_with_finite_numbers(localizer, make_image):
    heatmap = localizer.localize(make_image(np.full((50, 40), 7.0)), Prompt("bright", "typed"))
    assert np.isfinite(heatmap.similarity).all()


def test_an_answer_carries_what_it_belongs_to(localizer, make_image):
    image = make_image(np.eye(96))
    heatmap = localizer.localize(image, Prompt("dark", "typed"))
    assert heatmap.key == localizer.key(image, Prompt("dark", "typed"))
    assert heatmap.key != localizer.key(image, Prompt("bright", "typed"))
    assert heatmap.key.pixel_sha256 == image.pixel_sha256
    assert heatmap.key.bundle_sha256 == localizer.bundle_sha256


def test_other_pixels_under_the_same_uid_are_another_film(localizer, make_image):
    one, other = make_image(np.eye(96)), make_image(np.eye(96)[::-1])
    first = localizer.localize(one, Prompt("bright", "typed")).similarity
    second = localizer.localize(other, Prompt("bright", "typed")).similarity
    assert not np.array_equal(first, second)


def test_all_findings_are_answered_by_id(localizer, make_image):
    film = make_image(film_with_dot((96, 96), 48, 48))
    maps = localizer.localize_all(film, ["bright_spot", "dark_spot"])
    assert maps["bright_spot"].similarity[48, 48] > maps["bright_spot"].similarity[5, 5]
    assert maps["dark_spot"].similarity[48, 48] < maps["dark_spot"].similarity[5, 5]


def test_a_cancelled_question_is_not_answered(localizer, make_image):
    def check():
        raise Cancelled

    with pytest.raises(Cancelled):
        localizer.localize(make_image(np.eye(96)), Prompt("bright", "typed"), check=check)


def test_a_film_is_encoded_once_for_many_questions(localizer, make_image, monkeypatch):
    image = make_image(np.eye(96))
    localizer.localize(image, Prompt("bright", "typed"))

    def refuse(tensor, **options):
        raise AssertionError("encoded again")

    monkeypatch.setattr(localizer._sessions, "encode_patches", refuse)
    localizer.localize(image, Prompt("dark", "typed"))


def test_an_answer_does_not_depend_on_what_was_asked_along_with_it(localizer, make_image):
    image = make_image(np.random.default_rng(0).random((96, 80)))
    prompts = [Prompt(w, "typed") for w in ("bright", "right dark spot", "there is bright")]
    together = localizer.localize_many(image, prompts)
    for prompt, heatmap in zip(prompts, together, strict=True):
        alone = localizer.localize(image, prompt)
        assert np.array_equal(heatmap.similarity, alone.similarity)
        assert (heatmap.key, heatmap.notes) == (alone.key, alone.notes)


def test_provenance_names_what_computed_the_answer(localizer):
    provenance = localizer.provenance()
    assert provenance.provider == "CPUExecutionProvider"
    assert dataclasses.asdict(provenance).keys() >= {"bundle_sha256", "app_version", "created"}


@pytest.fixture
def literal(tiny_bundle):
    """The tiny bundle in the manner of AFLoc's authors: raw products, words as they are."""
    spec = tiny.manifest()
    tiny.sign(
        tiny_bundle,
        tiny.manifest(
            heatmap=dataclasses.replace(
                spec.heatmap, similarity="dot", extent="input", side_penalty=0.0
            ),
            text=dataclasses.replace(spec.text, cleaning="afloc", sentence=""),
        ),
    )
    return Localizer.open(tiny_bundle, provider="cpu")


def test_typed_words_are_read_literally_and_presets_have_their_own_vector(literal, make_image):
    film = make_image(film_with_dot((96, 96), 48, 48))
    preset = literal.localize(film, Prompt("Bright spot", "preset")).similarity
    typed = literal.localize(film, Prompt("there bright", "typed")).similarity
    empty = literal.localize(film, Prompt("bright", "typed")).similarity
    assert preset == pytest.approx(typed, abs=1e-2)
    assert np.abs(empty - preset).max() > 0.1


def test_a_map_of_the_input_has_a_pixel_for_every_pixel_of_the_film_in_it(literal, make_image):
    heatmap = literal.localize(make_image(np.eye(60, 120)), Prompt("there bright", "typed"))
    assert heatmap.similarity.shape == (48, 96)
    assert heatmap.scale == (1.25, 1.25)


def scoring(side: int) -> bytes:
    """An ONNX graph from words and places to maps: product, Gaussian of one cell, bilinear."""
    bell = np.exp(-0.5 * np.arange(-4, 5) ** 2)
    kernel = np.outer(bell, bell)[None, None] / bell.sum() ** 2
    mirrored = np.pad(np.arange(tiny.GRID), 4, mode="symmetric")
    constants = {
        "flat": np.array([tiny.DEPTH, -1]),
        "square": np.array([-1, 1, tiny.GRID, tiny.GRID]),
        "mirrored": mirrored,
        "kernel": kernel.astype(np.float32),
        "size": np.array([2, 1, side, side]),
    }
    nodes = [
        helper.make_node("Reshape", ["places", "flat"], ["columns"]),
        helper.make_node("MatMul", ["words", "columns"], ["products"]),
        helper.make_node("Reshape", ["products", "square"], ["grids"]),
        helper.make_node("Gather", ["grids", "mirrored"], ["taller"], axis=2),
        helper.make_node("Gather", ["taller", "mirrored"], ["larger"], axis=3),
        helper.make_node("Conv", ["larger", "kernel"], ["smooth"]),
        helper.make_node("Resize", ["smooth", "", "", "size"], ["maps"], mode="linear"),
    ]
    shapes = {"words": [2, tiny.DEPTH], "places": [tiny.DEPTH, tiny.GRID, tiny.GRID]}
    inputs = [helper.make_tensor_value_info(n, TensorProto.FLOAT, s) for n, s in shapes.items()]
    outputs = [helper.make_tensor_value_info("maps", TensorProto.FLOAT, [2, 1, side, side])]
    weights = [numpy_helper.from_array(value, name) for name, value in constants.items()]
    graph = helper.make_graph(nodes, "scoring", inputs, outputs, weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.checker.check_model(model)
    return model.SerializeToString()


@pytest.mark.parametrize("mode", ["calibrated", "official"])
def test_answers_equal_an_onnx_graph_of_the_scoring(request, tiny_bundle, make_image, mode):
    if mode == "calibrated":
        spec = tiny.manifest().heatmap
        tiny.sign(tiny_bundle, tiny.manifest(heatmap=dataclasses.replace(spec, mean_map=0.5)))
    opened = request.getfixturevalue({"calibrated": "localizer", "official": "literal"}[mode])
    film = make_image(np.random.default_rng(0).random((tiny.SIDE, tiny.SIDE)))
    prompts = [Prompt("Bright spot", "preset"), Prompt("Dark spot", "preset")]
    ours = [heatmap.similarity for heatmap in opened.localize_many(film, prompts)]
    feeds = {"words": opened.words_vectors(prompts)[1], "places": opened.patches(film)}
    twin = onnxruntime().InferenceSession(scoring(tiny.SIDE), providers=[CPU])
    theirs = twin.run(["maps"], {name: value.astype(np.float32) for name, value in feeds.items()})
    assert np.abs(np.stack(ours) - theirs[0][:, 0]).max() <= 1e-5
