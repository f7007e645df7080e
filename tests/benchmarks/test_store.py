"""How fast a training loads films: from a prepared store, and from JPEG-lossless DICOM.

The store is loaded as a step of training loads it: shuffled, 32 films, float32, ready to use.
"""

from __future__ import annotations

import time

import imagecodecs
import numpy as np
import pytest
from afloc_training.site.planes import PLANES
from afloc_training.site.store import Store, StoredCase, StoredSentence, StoreInfo, write_store
from bars import hold
from phantom_files import dot_film
from pydicom import dcmread
from pydicom.encaps import encapsulate
from pydicom.uid import JPEGLosslessSV1

from afloc_desktop.core.dicom.read import read
from afloc_desktop.core.dicom.scan import scan
from afloc_desktop.core.preprocess import PreprocessSpec, prepare

SPEC = PreprocessSpec(
    1, 224, "letterbox", "area-linear", 1.0, 99.0, "grey", 1, 0.5, 0.25, 0.0
)  # the size the guide's figures were measured at
FILMS, BATCH, BAR = 512, 32, 200.0


@pytest.mark.bench
def test_a_store_loads_films_two_hundred_times_faster_than_dicom(tmp_path, capsys):
    ref = _dicom(tmp_path)
    store = _store(tmp_path / "store")
    order = np.random.default_rng(1).permutation(FILMS)
    store.batch(order.tolist())  # the first look brings the file into memory

    def times_faster():
        dicom_s = _seconds_per_dicom(ref)
        store_s = min(_seconds_per_film(store, order) for _ in range(3))
        print(f"\nDICOM {dicom_s * 1e3:.1f} ms a film, store {store_s * 1e6:.0f} us", end="")
        return dicom_s / store_s

    with capsys.disabled():
        hold("store, times faster", times_faster, BAR)


def _seconds_per_film(store: Store, order: np.ndarray) -> float:
    started = time.perf_counter()
    for start in range(0, FILMS, BATCH):
        store.batch(order[start : start + BATCH].tolist())
    return (time.perf_counter() - started) / FILMS


def _dicom(folder):
    """A whole film of a CR detector, with anatomy-like noise of 12 bit."""
    from phantom_files import write_film

    rng = np.random.default_rng(2)
    film = dot_film(2500, 2000) // 2 + rng.normal(400, 30, (2500, 2000)).astype(np.uint16)
    path = write_film(folder / "film.dcm", film, BitsStored=12, HighBit=11)
    dataset = dcmread(path)
    stream = imagecodecs.jpeg8_encode(film, lossless=True, bitspersample=12)
    dataset.PixelData = encapsulate([stream])
    dataset.file_meta.TransferSyntaxUID = JPEGLosslessSV1
    dataset.save_as(path)
    ref = scan([path]).images[0]
    read(ref)  # the decoder process starts
    return ref


def _seconds_per_dicom(ref) -> float:
    seconds = []
    for _ in range(3):
        started = time.perf_counter()
        image = read(ref)
        prepare(image.pixels, SPEC, padding=image.padding)
        seconds.append(time.perf_counter() - started)
    return min(seconds)


def _store(folder) -> Store:
    folder.mkdir()
    rng = np.random.default_rng(3)
    planes = rng.integers(0, 255, (FILMS, SPEC.side, SPEC.side), dtype=np.uint8)
    (folder / PLANES).write_bytes(planes.tobytes())
    info = StoreInfo("tiny", SPEC, "", FILMS, {}, {}, "0")
    cases = [
        StoredCase(n, (0, 0, SPEC.side, SPEC.side), "0" * 64, f"p{n}", f"s{n}", "train",
                   "frontal", "", "", "", False, (StoredSentence("Effusion.", "findings"),))
        for n in range(FILMS)
    ]  # fmt: skip
    write_store(folder, info, cases)
    return Store(folder)
