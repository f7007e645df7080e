"""Training: a step in bfloat16 beside float32, and loading from the store beside a step.

The losses are measured beside their test.

`pytest -s -m bench tests/benchmarks/test_training.py` prints the figures.
"""

from __future__ import annotations

import time

import imagecodecs
import numpy as np
import pytest
import torch
from afloc_stores import phantom_store, recipe
from afloc_training.afloc.config import PRESETS
from afloc_training.films import network_input
from afloc_training.fitting import learner as learning
from afloc_training.fitting.lessons import Lessons
from afloc_training.fitting.pieces import build_pieces
from afloc_training.fitting.processes import Processes, has_fast_bfloat16
from afloc_training.fitting.settings import parse_fit_recipe
from afloc_training.fitting.start import build_network
from afloc_training.fitting.texts import Reader
from afloc_training.site.store import Store
from bars import hold
from phantom_files import write_film
from pydicom import dcmread
from pydicom.encaps import encapsulate
from pydicom.uid import JPEGLosslessSV1

from afloc_desktop.core.dicom.read import read
from afloc_desktop.core.dicom.scan import scan
from afloc_desktop.core.text import TextSpec

BATCH = 8
HAS_BFLOAT16 = has_fast_bfloat16(torch.device("cpu"))


@pytest.fixture(scope="module")
def lessons(tmp_path_factory):
    """Phantoms of the side that sites' films are stored in."""
    folder = phantom_store(tmp_path_factory.mktemp("phantoms"), films=BATCH, dev=0, side=384)
    return lessons_of(folder), folder


def lessons_of(folder, **changes):
    reader = Reader(build_pieces([], 4096), TextSpec("wordpiece", True, 97, "none", "{}"))
    return Lessons(Store(folder), reader, parse_fit_recipe(recipe(batch=BATCH, **changes)), 1)


def a_learner(*, is_half, trunk="trained", preset="tiny"):
    network = build_network(PRESETS[preset], None, 0)
    settings = parse_fit_recipe(recipe(batch=BATCH, trunk=trunk)).fit
    return learning.Learner(network, settings, 100, Processes(), is_half=is_half)


def seconds(work):
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def processor_seconds(work):
    """Of one core: what others take of it has no part in it."""
    started = time.process_time()
    work()
    return time.process_time() - started


@pytest.fixture
def one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.mark.bench
@pytest.mark.slow
@pytest.mark.timeout(300)
def test_loading_starves_no_step(lessons):
    """Films from a prepared store, against the tiny network's step on as many."""
    drawn, folder = lessons
    store, learner = Store(folder), a_learner(is_half=HAS_BFLOAT16)
    learner.step(drawn, 0)  # whatever is done once

    def times_faster():
        loading = min(seconds(lambda: store.batch(range(BATCH))) for _ in range(5))
        stepping = seconds(lambda: learner.step(drawn, 1))
        print(f"\n{BATCH / loading:.0f} films/s loaded, {BATCH / stepping:.1f} trained", end="")
        return stepping / loading

    hold("loading from the store beside a step, times faster", times_faster, 10)


@pytest.mark.bench
@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_step_with_a_frozen_trunk_is_many_times_quicker(lessons, one_thread):
    """As in an epoch after the first, which computes what is kept; preset `small`, 8 films."""
    drawn, folder = lessons
    kept = lessons_of(folder, trunk="frozen")
    whole = a_learner(is_half=False, preset="small")
    frozen = a_learner(is_half=False, preset="small", trunk="frozen")
    whole.step(drawn, 0)
    frozen.step(kept, 0)

    def times_faster():
        slow = processor_seconds(lambda: whole.step(drawn, 1))
        return slow / min(processor_seconds(lambda: frozen.step(kept, 1)) for _ in range(3))

    hold("frozen trunk beside the whole network, times faster", times_faster, 10)


def lossless_film(folder):
    """A noisy film of 2,500 x 2,048, 12 bits, as JPEG lossless DICOM."""
    rng = np.random.default_rng(0)
    pixels = np.clip(rng.normal(2000, 30, (2500, 2048)), 0, 4095).astype(np.uint16)
    path = write_film(folder / "film.dcm", pixels, BitsStored=12, HighBit=11)
    data = dcmread(path)
    stream = imagecodecs.jpeg8_encode(pixels, lossless=True, bitspersample=12)
    data.PixelData = encapsulate([stream])
    data["PixelData"].VR = "OB"
    data.file_meta.TransferSyntaxUID = JPEGLosslessSV1
    data.save_as(path)
    (study,) = scan([folder]).studies
    return study.series[0].images[0]


@pytest.mark.bench
@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_film_of_the_store_is_there_sooner_than_a_decoded_one(lessons, tmp_path):
    _, folder = lessons
    store, ref = Store(folder), lossless_film(tmp_path)
    spec = store.info.preprocess
    network_input(read(ref), spec)  # whatever is started once

    def times_faster():
        decoding = min(seconds(lambda: network_input(read(ref), spec)) for _ in range(2))
        loading = min(seconds(lambda: store.batch(range(BATCH))) for _ in range(9)) / BATCH
        print(f"\n{1 / decoding:.1f} films/s decoded, {1 / loading:.0f} loaded", end="")
        return decoding / loading

    hold("loading from the store beside decoding JPEG lossless, times faster", times_faster, 200)


@pytest.mark.bench
@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.skipif(not HAS_BFLOAT16, reason="this processor does not compute bfloat16")
def test_a_step_is_quicker_in_bfloat16_and_learns_the_same(lessons, monkeypatch):
    drawn, _ = lessons
    half = a_learner(is_half=True)
    monkeypatch.setattr(learning, "_FEWEST_CHANNELS", 10**6)  # nothing is laid out channels last
    eager = a_learner(is_half=False)
    totals = [[one.step(drawn, n)["total"] for n in range(3)] for one in (eager, half)]
    assert np.allclose(totals[0], totals[1], rtol=0.05)
    hold(
        "bfloat16, channels last, beside float32, times faster",
        lambda: seconds(lambda: eager.step(drawn, 3)) / seconds(lambda: half.step(drawn, 3)),
        1.6,
    )
