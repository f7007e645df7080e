"""Imported bundles against AFLoc written down a second time in `afloc_reference`."""

import dataclasses
import json
import time

import afloc_reference as reference
import numpy as np
import pytest
import torch
from afloc_sites import PAPER, PROMPTS, SMALL, trained, vocabulary
from afloc_training.afloc.importing import ImportPlan, import_checkpoint
from bars import hold_within
from safetensors.torch import save_file

from afloc_desktop.cli import main
from afloc_desktop.core.domain import Prompt
from afloc_desktop.core.errors import Cancelled, CheckpointError, WouldOverwrite
from afloc_desktop.core.findings import propose
from afloc_desktop.core.localize import Localizer
from afloc_desktop.core.model.bundle import load_bundle, load_finding_vectors
from afloc_desktop.core.model.session import Sessions
from afloc_desktop.core.model.tokenizer import load_tokenizer
from afloc_desktop.core.text import as_sentence
from afloc_desktop.state.models import find
from afloc_desktop.state.paths import Paths

MODES = ("afloc", "afloc-words")


def bring(folder, config, state):
    """Write a site's checkpoint and vocabulary."""
    torch.save({"state_dict": state, "epoch": 4}, folder / "site.ckpt")
    text = "\n".join(vocabulary(config.text.vocabulary))
    (folder / "vocab.txt").write_text(text, encoding="utf-8")
    return ImportPlan(folder / "site.ckpt", folder / "vocab.txt", "cxr")


@pytest.fixture(scope="module")
def state():
    return trained(SMALL)


@pytest.fixture(scope="module")
def site(tmp_path_factory, state):
    return bring(tmp_path_factory.mktemp("site"), SMALL, state)


@pytest.fixture(scope="module", params=MODES)
def imported(request, site, tmp_path_factory):
    """An imported chest bundle in each way of cleaning words."""
    output = tmp_path_factory.mktemp("bundles") / "imported"
    plan = dataclasses.replace(site, cleaning=request.param)
    return request.param, output, import_checkpoint(plan, output, SMALL)


def films(count):
    """Smooth films of 256 levels, of six sizes."""
    shapes = [(300, 250), (227, 401), (224, 224), (521, 509), (997, 641), (233, 991)]
    for n in range(count):
        rows, columns = shapes[n % len(shapes)]
        random = np.random.default_rng(n)
        y, x = np.mgrid[:rows, :columns] / max(rows, columns)
        film = sum(
            random.uniform(20, 60) * np.sin(random.uniform(2, 25, 2) @ (y.ravel(), x.ravel()))
            for _ in range(6)
        ).reshape(rows, columns)
        yield np.rint(np.clip(film + 120 + random.normal(0, 3, film.shape), 0, 255))


def expected_text(mode, authors, ours):
    return ours if mode == "afloc-words" and ours is not None else authors


def exact(state):
    """The weights under their own names in double precision, so that rounding is ours alone."""
    return {name.removeprefix("afloc."): tensor.double() for name, tensor in state.items()}


def text_vectors(plain, config, mode):
    """By words as typed, from the second writing."""
    pieces = vocabulary(config.text.vocabulary)
    index = {piece: number for number, piece in enumerate(pieces)}
    vectors = {}
    for words, authors, ours in PROMPTS:
        assert reference.clean(words) == authors
        cut = reference.word_pieces(expected_text(mode, authors, ours), index)
        ids = torch.tensor([index[piece] for piece in cut])
        vectors[words] = reference.text_vector(plain, ids, cut, config.text.heads)
    return vectors


def largest_share(localizer, plain, vectors, pictures, make_image):
    """Largest difference of any map from the second writing, as a share of that map's range."""
    worst = 0.0
    for film in pictures:
        canvas, (top, left, height, width) = reference.letterbox(film.astype(np.uint8))
        planes = reference.normalised(canvas).double()
        deep, *_ = reference.image_vectors(plain, planes, SMALL.vision.net_side)
        for words, vector in vectors.items():
            whole = reference.heat(deep, vector)
            wanted = whole[top : top + height, left : left + width]
            found = localizer.localize(make_image(film), Prompt(words, "typed"))
            assert found.similarity.shape == wanted.shape
            share = np.abs(found.similarity - wanted).max() / np.ptp(whole)
            worst = max(worst, float(share))
    return worst


@pytest.mark.slow
def test_maps_equal_the_authors_inference(imported, state, make_image):
    mode, output, _ = imported
    localizer = Localizer.open(output, provider="cpu")
    with torch.inference_mode():
        plain = exact(state)
        vectors = text_vectors(plain, SMALL, mode)
        count = 50 if mode == "afloc" else 6  # the modes differ in their texts alone
        worst = largest_share(localizer, plain, vectors, films(count), make_image)
    print(f"\n{mode}: largest difference {worst:.1e} of a map's range, {count} films x 8 prompts")
    assert worst <= 1e-5


def test_words_the_authors_drop_are_the_empty_text_in_one_mode_and_words_in_the_other(
    imported, make_image
):
    mode, output, _ = imported
    localizer = Localizer.open(output, provider="cpu")
    (film,) = films(1)
    one, other = (
        localizer.localize(make_image(film), Prompt(words, "typed")).similarity
        for words in ("Pneumothorax", "edema")
    )
    assert np.array_equal(one, other) == (mode == "afloc")
    assert bool(localizer.understand("edema").warnings) == (mode == "afloc")


def test_a_finding_asked_with_the_library_is_the_mean_of_its_phrasings(site, state, tmp_path):
    plan = dataclasses.replace(site, phrasings="library")
    import_checkpoint(plan, tmp_path / "library", SMALL)
    bundle = load_bundle(tmp_path / "library")
    (mass,) = (f for f in bundle.manifest.findings if f.id == "mass")
    sessions, tokenizer = Sessions(bundle, "cpu"), load_tokenizer(bundle)
    texts = [as_sentence(prompt, bundle.manifest.text) for prompt in mass.prompts]
    each = [sessions.encode_text(*tokenizer.encode_all([text]))[0] for text in texts]
    assert len(each) > 4
    assert load_finding_vectors(bundle)["mass"] == pytest.approx(np.mean(each, axis=0), abs=1e-5)


@pytest.mark.parametrize("modality", ["fundus", "histo"])
def test_colour_pictures_go_in_as_they_are_blue_first(site, state, tmp_path, make_image, modality):
    plan = dataclasses.replace(site, modality=modality)
    import_checkpoint(plan, tmp_path / "colour", SMALL)
    localizer = Localizer.open(tmp_path / "colour", provider="cpu")
    plain = exact(state)
    words = "an example of gleason 4"
    with torch.inference_mode():
        vector = text_vectors(plain, SMALL, "afloc")[words]
        for shape in ((224, 224), (150, 260)):
            random = np.random.default_rng(0).integers(0, 256, (*shape, 3)).astype(np.uint8)
            blue_first = reference.normalised(np.ascontiguousarray(random[..., ::-1]))
            deep, *_ = reference.image_vectors(plain, blue_first.double(), 299)
            whole = reference.heat(deep, vector)
            image = make_image(random.mean(2), colour=random)
            found = localizer.localize(image, Prompt(words, "typed"))
            assert np.abs(found.similarity - whole).max() <= 1e-5 * np.ptp(whole)
            assert found.scale == (shape[1] / 224, shape[0] / 224)
    # Words about tissue are none about an eye.
    assert bool(localizer.understand(words).warnings) == (modality == "fundus")
    three, five = gleason_maps(localizer, image)
    assert not np.array_equal(three, five)


def gleason_maps(localizer, image):
    words = (f"prostate cancer, gleason pattern {n}." for n in (3, 5))
    return [localizer.localize(image, Prompt(text, "typed")).similarity for text in words]


def test_the_authors_cleaning_eats_what_tells_gleason_patterns_apart(site, tmp_path, make_image):
    plan = dataclasses.replace(site, modality="histo", cleaning="afloc")
    import_checkpoint(plan, tmp_path / "official", SMALL)
    localizer = Localizer.open(tmp_path / "official", provider="cpu")
    random = np.random.default_rng(0).integers(0, 256, (224, 224, 3)).astype(np.uint8)
    three, five = gleason_maps(localizer, make_image(random.mean(2), colour=random))
    assert np.array_equal(three, five)
    # The listed findings are worded so that nothing is lost in either cleaning.
    listed = localizer.manifest.findings
    prompts = {f.id: f.prompts[0] for f in listed if f.id.startswith("gleason")}
    assert prompts["gleason_pattern_3"] != prompts["gleason_pattern_5"]


def test_raw_products_of_any_size_are_proposed_and_outlined(imported, make_image):
    _, output, _ = imported
    localizer = Localizer.open(output, provider="cpu")
    (film,) = films(1)
    image = make_image(film)
    question = localizer.understand("pneumonia")
    heatmap = localizer.localize(image, Prompt("pneumonia", "preset"))
    threshold = float(heatmap.similarity.max()) - 0.1 * float(np.ptp(heatmap.similarity))
    finding = propose(
        heatmap, question, spacing=None, provenance=localizer.provenance(), threshold=threshold
    )
    assert finding.is_present
    assert finding.regions[0].similarity == finding.similarity


def test_a_bundle_says_what_it_is_and_what_it_was_made_of(imported):
    mode, output, told = imported
    bundle = load_bundle(output)
    manifest = bundle.manifest
    assert (told.id, told.sha256) == (manifest.id, bundle.sha256)
    assert manifest.id.startswith("afloc-cxr-imported-")
    assert manifest.text.cleaning == mode
    assert manifest.heatmap.grid == 19
    assert "not redistributed" in manifest.licence
    assert len(manifest.findings) == 31
    card = bundle.read("MODEL_CARD.md").decode()
    assert "site.ckpt" in card
    assert "Missing: none" in card
    assert told.image_difference <= 1e-4
    assert told.text_difference <= 1e-4


def test_what_is_missing_unexpected_or_odd_is_told(site, state, tmp_path):
    counters = [name for name in state if name.endswith("num_batches_tracked")]
    changed = {n: t for n, t in state.items() if n not in counters} | {"loss.scale": torch.ones(1)}
    save_file(changed, tmp_path / "x.safetensors")
    plan = dataclasses.replace(site, checkpoint=tmp_path / "x.safetensors", bundle_id="own-name")
    told = import_checkpoint(plan, tmp_path / "out", SMALL)
    assert len(told.missing) == len(counters)
    assert told.unexpected == ("loss.scale",)
    assert told.id == "own-name"
    assert any("vocabulary" in warning for warning in told.warnings)


@pytest.mark.parametrize("fault", ["weights", "vocabulary", "graph"])
def test_a_failed_import_leaves_nothing_behind(site, state, tmp_path, monkeypatch, fault):
    plan, output = site, tmp_path / "out"
    if fault == "weights":
        broken = {**state, "afloc.img_encoder.local_embedder.weight": torch.ones(2)}
        torch.save({"state_dict": broken}, tmp_path / "broken.ckpt")
        plan = dataclasses.replace(site, checkpoint=tmp_path / "broken.ckpt")
    elif fault == "vocabulary":
        (tmp_path / "v.txt").write_text("[PAD]\n", encoding="utf-8")
        plan = dataclasses.replace(site, vocabulary=tmp_path / "v.txt")
    else:
        monkeypatch.setattr("afloc_training.afloc.graphs.TOLERANCE", -1.0)
    before = set(tmp_path.iterdir())
    with pytest.raises(CheckpointError):
        import_checkpoint(plan, output, SMALL)
    assert set(tmp_path.iterdir()) == before


def test_a_folder_that_is_no_bundle_is_not_replaced(site, tmp_path):
    (tmp_path / "letters").mkdir()
    with pytest.raises(WouldOverwrite):
        import_checkpoint(site, tmp_path / "letters", SMALL)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_maps_of_the_published_size_equal_the_authors_inference(tmp_path, make_image, capsysbinary):
    """By the desktop's own verb, which has the trainer convert and then installs the bundle."""
    plan = bring(tmp_path, PAPER, trained(PAPER))
    words = [str(plan.checkpoint), "--vocab", str(plan.vocabulary), "--modality", "cxr", "--json"]
    assert main(["bundles", "import-checkpoint", *words]) == 0
    told = json.loads(capsysbinary.readouterr().out)
    assert (told["missing"], told["unexpected"]) == ([], [])
    assert len(told["warnings"]) == 1  # a made-up vocabulary is not the published one
    bundle = find(Paths.default(), told["id"])
    assert bundle.sha256 == told["sha256"]
    localizer = Localizer.open(bundle.folder, provider="cpu")
    with torch.inference_mode():
        plain = exact(trained(PAPER))
        vectors = text_vectors(plain, PAPER, "afloc-words")
        worst = largest_share(localizer, plain, vectors, films(2), make_image)
    print(f"\npublished size: largest difference {worst:.1e} of a map's range, 2 films x 8 prompts")
    assert worst <= 1e-5
    (film,) = films(1)
    hold_within(
        "a running network stops, s",
        lambda: stopped_after(localizer, make_image(film)),
        0.1,
        patience=10,
    )


def stopped_after(localizer, image):
    """Seconds from the wish to stop, which comes while the network runs, to the end of it."""
    localizer._films.clear()
    wished_at = time.monotonic() + 0.03

    def check():
        if time.monotonic() >= wished_at:
            raise Cancelled

    with pytest.raises(Cancelled):
        localizer.localize(image, Prompt("pneumonia", "preset"), check=check)
    return time.monotonic() - wished_at
