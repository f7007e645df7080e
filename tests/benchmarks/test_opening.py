"""Opening a CT of 500 slices and a multi-frame file of a gigabyte, beside what others take."""

import gc
import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from statistics import median

import numpy as np
import pytest
from bars import hold, hold_within, measured_apart
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

from afloc_desktop.core.dicom.read import read
from afloc_desktop.core.dicom.stack import open_stack
from afloc_desktop.core.domain import ImageRef
from afloc_desktop.core.errors import Cancelled

SLICES, SIDE, ROUNDS = 500, 512, 3
CT = "1.2.840.10008.5.1.4.1.1.2"


def slice_of(number: int, pixels: np.ndarray) -> Dataset:
    data = Dataset()
    data.file_meta = FileMetaDataset()
    data.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    data.SOPClassUID, data.SOPInstanceUID = CT, f"1.2.3.4.{number + 1}"
    data.file_meta.MediaStorageSOPClassUID = CT
    data.file_meta.MediaStorageSOPInstanceUID = data.SOPInstanceUID
    data.StudyInstanceUID, data.SeriesInstanceUID = "1.2.3.1", "1.2.3.2"
    data.FrameOfReferenceUID = "1.2.3.3"
    data.PatientID, data.PatientName, data.Modality = "P", "Phantom", "CT"
    data.StudyDate, data.SeriesNumber, data.InstanceNumber = "20260101", 1, number + 1
    data.ImagePositionPatient = [-180.0, -180.0, float(number)]
    data.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    data.PixelSpacing, data.SliceThickness = [0.7, 0.7], 1.0
    data.Rows = data.Columns = SIDE
    data.SamplesPerPixel, data.PhotometricInterpretation = 1, "MONOCHROME2"
    data.BitsAllocated, data.BitsStored, data.HighBit = 16, 16, 15
    data.PixelRepresentation = 1
    data.RescaleSlope, data.RescaleIntercept = 1, -1024
    data.WindowCenter, data.WindowWidth = 40, 400
    data.PixelData = pixels.tobytes()
    data["PixelData"].VR = "OW"
    return data


@pytest.fixture(scope="module")
def ct(tmp_path_factory) -> list[Path]:
    folder = tmp_path_factory.mktemp("ct")
    noise = np.random.default_rng(1).integers(-1000, 2000, (SIDE, SIDE)).astype(np.int16)
    paths = []
    for number in range(SLICES):
        path = folder / f"{number:04}.dcm"
        slice_of(number, np.roll(noise, number)).save_as(path, enforce_file_format=True)
        paths.append(path)
    return paths


def seconds(call) -> float:
    started = time.perf_counter()
    kept = call()
    took = time.perf_counter() - started
    del kept
    return took


def read_bytes(paths) -> np.ndarray:
    """All bytes of the files, one after the other in memory: nothing opens a series sooner."""
    out = np.empty(sum(path.stat().st_size for path in paths), np.uint8)
    here = 0
    for path in paths:
        with open(path, "rb", buffering=0) as file:
            here += file.readinto(memoryview(out)[here:])
    assert here == out.size
    return out


@pytest.mark.bench
@pytest.mark.slow
def test_a_ct_opens_eight_times_faster_than_the_usual_reader(ct, capsys):
    sitk = pytest.importorskip("SimpleITK")
    refs = [ImageRef(path, 1, "", SIDE, SIDE, n) for n, path in enumerate(ct)]

    def usual():
        reader = sitk.ImageSeriesReader()
        reader.SetFileNames([str(path) for path in ct])
        return reader.Execute()

    stack = open_stack(refs)
    hounsfield = sitk.GetArrayFromImage(usual())
    assert not stack.missing
    np.testing.assert_array_equal(stack.values.astype(np.int32) - 1024, hounsfield)
    del stack, hounsfield

    def share():
        took = measured_apart(__file__, ct[0].parent)
        ms = {name: median(values) * 1e3 for name, values in took.items()}
        print(f"\nCT of {SLICES}: " + ", ".join(f"{n} {t:.1f} ms" for n, t in ms.items()))
        opening, first = ms["SimpleITK"] / ms["stack"], ms["SimpleITK"] / ms["first slice"]
        floor = ms["stack"] / ms["bytes"]
        print(f"opens {opening:.1f}x (bar 8), {floor:.2f} of reading (bar 2), first {first:.0f}x")
        return min(opening / 8, 2 / floor, first / 20)

    with capsys.disabled():
        hold("opening, of its bars", share, 1, air=0.4)


# In a process of its own: growth is of that process alone.
FIRST_FRAME = r"""
import re, sys, time
from pathlib import Path
from afloc_desktop.core.dicom.read import read
from afloc_desktop.core.dicom.scan import scan
def peak_mb():
    return int(re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text()).group(1)) / 1e3
before, started = peak_mb(), time.perf_counter()
listing = scan([Path(sys.argv[1])])
image = read(listing.images[0])
took = time.perf_counter() - started
middle = read(listing.images[len(listing.images) // 2])
assert image.pixels[0, 0] == 0 and middle.pixels[0, 0] == len(listing.images) // 2
print(took, peak_mb() - before)
"""


@pytest.mark.bench
@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_a_gigabyte_of_frames_shows_its_first_within_two_seconds(tmp_path, capsys):
    frames, side = 512, 1024
    data = slice_of(0, np.zeros((1, 1), np.int16))
    data.Rows, data.Columns, data.NumberOfFrames = side, side, frames
    data.PixelData = b""
    path = tmp_path / "large.dcm"
    data.save_as(path, enforce_file_format=True)
    with open(path, "r+b") as file:
        start = file.seek(0, os.SEEK_END)
        file.seek(start - 4)
        file.write((frames * side * side * 2).to_bytes(4, "little"))
        for number in range(frames):  # sparse: only the first value of a frame takes room
            file.seek(start + number * side * side * 2)
            file.write((number + 1024).to_bytes(2, "little"))
        file.truncate(start + frames * side * side * 2)
    done = subprocess.run(
        [sys.executable, "-c", FIRST_FRAME, str(path)],
        capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip
    took, growth = map(float, done.stdout.split())
    with capsys.disabled():
        print(f"\n1 GB multi-frame: {growth:.0f} MB", end="")
        hold_within("listed and first frame, s", lambda: took, 2, tries=1)
    assert growth <= 300


@pytest.mark.bench
def test_opening_a_series_is_given_up_within_a_second(ct, capsys):
    refs = [ImageRef(path, 1, "", SIDE, SIDE, n) for n, path in enumerate(ct)]
    asked = threading.Event()
    started = []

    def stop_after_ten(place: int) -> None:
        if place == 10:
            asked.set()
            started.append(time.perf_counter())

    with pytest.raises(Cancelled):
        open_stack(refs, should_stop=asked.is_set, on_slice=stop_after_ten)
    took = time.perf_counter() - started[0]
    with capsys.disabled():
        hold_within("given up after, s", lambda: took, 1, tries=1)


def times(ct: list[Path]) -> dict[str, list[float]]:
    import SimpleITK

    refs = [ImageRef(path, 1, "", SIDE, SIDE, n) for n, path in enumerate(ct)]

    def usual():
        reader = SimpleITK.ImageSeriesReader()
        reader.SetFileNames([str(path) for path in ct])
        return reader.Execute()

    calls = {
        "first slice": lambda: read(refs[SLICES // 2]),
        "stack": lambda: open_stack(refs),
        "bytes": lambda: read_bytes(ct),
        "SimpleITK": usual,
    }
    took = {name: [] for name in calls}
    for number in range(ROUNDS):
        names = list(calls) if number % 2 else list(calls)[::-1]
        for name in names:
            gc.collect()
            took[name].append(seconds(calls[name]))
    return took


if __name__ == "__main__":
    print(json.dumps(times(sorted(Path(sys.argv[1]).iterdir()))))
