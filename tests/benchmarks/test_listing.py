"""Listing ten thousand files: against pydicom's header parse, into the index, into the window."""

import itertools
import os
import statistics
import time
from dataclasses import replace
from functools import partial

import numpy as np
import pydicom
import pytest
from bars import hold, hold_within
from phantom_files import write_film

from afloc_desktop.core.dicom.scan import collector_paused, find, scan
from afloc_desktop.core.errors import BundleMissing
from afloc_desktop.state.index import Query, StudyIndex
from afloc_desktop.state.paths import Paths
from afloc_desktop.state.shelf import Shelf
from afloc_desktop.state.workspace import engine
from afloc_desktop.ui.app import Station

FILES = 10_000
SAMPLE = 1000  # files that pydicom parses per round; the time is per file
ROUNDS = 5
# Times faster than pydicom's stop_before_pixels: arranged into studies; with rows in the index
# instead; both, and shown in parts meanwhile, as in the window.
BARS = {"listed": 15, "indexed": 12, "opened": 9}
FIRST_STUDY_S, CANCEL_S = 0.5, 1.0


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Ten thousand slices in twenty series, written by patching the bytes of one."""
    path = tmp_path_factory.mktemp("many")
    template = write_film(
        path / "template",
        np.zeros((24, 32), np.uint16),
        Modality="CT",
        SeriesDescription="Thorax",
        StudyInstanceUID="1.2.3.4",
        SeriesInstanceUID="1.2.33.5555",
        SOPInstanceUID="1.2.44.77777",
        InstanceNumber=66666,
        ImagePositionPatient=[0, 0, 8888.5],
        ImageOrientationPatient=[1, 0, 0, 0, 1, 0],
        PixelSpacing=[0.5, 0.5],
        FrameOfReferenceUID="1.2.3.9",
        StudyDate="20240229",
        StudyTime="101112",
        ContentDate="20240229",
        Manufacturer="Phantom",
        InstitutionName="Nowhere",
        StudyDescription="Thorax without contrast",
        ManufacturerModelName="One",
        PatientBirthDate="19500101",
        PatientSex="O",
        SliceThickness=1,
        KVP=120,
        SoftwareVersions="1.0",
        PatientPosition="HFS",
        AccessionNumber="A1",
        WindowCenter=40,
        WindowWidth=400,
        RescaleIntercept=-1024,
        RescaleSlope=1,
    )
    data = template.read_bytes()
    template.unlink()
    for n in range(FILES):
        series = f"1.2.33.{5000 + n // 500}"
        changed = (
            data.replace(b"1.2.33.5555", series.encode())
            .replace(b"1.2.44.77777", b"1.2.44.%05d" % n)
            .replace(b"66666", b"%05d" % n)
            .replace(b"8888.5", b"%04d.5" % (n % 500))
        )
        (path / f"{n:05}").write_bytes(changed)
    return path


def seconds(work):
    """Of this process alone: what else the machine does is no part of the ratio."""
    started = time.process_time()
    work()
    return time.process_time() - started


def parse(folder):
    for name in sorted(os.listdir(folder))[:SAMPLE]:
        pydicom.dcmread(folder / name, stop_before_pixels=True)


@pytest.mark.bench
@pytest.mark.slow
def test_listing_is_many_times_faster_than_parsing(folder, tmp_path, capsys):
    def indexed(number):
        """From files to rows."""
        index = StudyIndex(tmp_path / f"{number}.sqlite")
        with collector_paused():
            entries = list(find([folder], known=index.known))
            for first in range(0, FILES, 1000):
                index.remember(entries[first : first + 1000])
        return index

    def opened(number):
        """As the window opens a folder: found, shown in parts, arranged and remembered."""
        index = StudyIndex(tmp_path / f"opened{number}.sqlite")
        Shelf(index).scan(
            [folder],
            on_progress=lambda count: None,
            on_partial=lambda found: None,
            should_stop=lambda: False,
        )

    listing = scan([folder])
    assert (len(listing.images), listing.skipped) == (FILES, ())
    assert len(listing.studies[0].series) == FILES // 500
    last = indexed("last")
    assert last.search(Query())[0].images == FILES
    names, works = itertools.count(), {"listed": lambda: scan([folder])}
    works["indexed"] = lambda: indexed(next(names))
    works["opened"] = lambda: opened(next(names))

    def times_faster(work):
        ratios = []
        for _ in range(ROUNDS):
            theirs, ours = seconds(lambda: parse(folder)) / SAMPLE, seconds(work) / FILES
            ratios.append(theirs / ours)
        print(f"\npydicom {theirs * 1e6:.0f} µs a file, ours {ours * 1e6:.1f}", end="")
        return statistics.median(ratios)

    with capsys.disabled():
        for name, bar in BARS.items():
            hold(f"{name}, times faster", partial(times_faster, works[name]), bar)


@pytest.fixture
def station(qtbot):
    def no_model(*_):
        raise BundleMissing("There is no model.", remedy="Install one.")

    home = Paths.default()
    made = Station(home, replace(engine(home), open_model=no_model))
    made.show((), demo=False)
    yield made
    made.close()
    made.window.close()
    made.window.deleteLater()


@pytest.mark.bench
@pytest.mark.slow
def test_the_first_study_is_there_at_once_and_listing_can_be_left(folder, station, qtbot, capsys):
    store = station.store
    # Whatever is loaded on the first opening is loaded before.
    first = folder / "00000"
    station.workspace.open_paths([first])
    qtbot.waitUntil(lambda: bool(store.state.listing.studies))
    station.workspace.close_all()
    gaps, last = [0.0], [time.perf_counter()]

    def beat():
        now = time.perf_counter()
        gaps.append(now - last[0])
        last[0] = now
        return bool(store.state.listing.studies)

    started = last[0] = time.perf_counter()
    station.workspace.open_paths([folder])
    qtbot.waitUntil(beat)
    shown = time.perf_counter() - started
    qtbot.waitUntil(lambda: beat() and "scan" not in store.state.busy)
    whole = time.perf_counter() - started
    station.workspace.close_all()
    index = engine(Paths.default())  # the folder is known now; another home has to list it anew
    assert index.search("thorax")
    station.workspace.open_paths([folder])
    time.sleep(0.05)
    started = time.perf_counter()
    station.workspace.stop_listing()
    assert station.tasks.close(timeout_s=5)
    left = time.perf_counter() - started
    with capsys.disabled():
        print(f"\nall {whole:.2f} s, longest gap {max(gaps):.2f} s", end="")
        hold_within("first study, s", lambda: shown, FIRST_STUDY_S, tries=1)
        hold_within("listing left, s", lambda: left, CANCEL_S, tries=1)
