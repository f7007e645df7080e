"""A model of usual size on a slide of 100,000 x 100,000 pixels: twenty windows, cancelled, resumed.

Run as a program with the slide's folder, this file prints what it measured as JSON.
"""

import json
import sys
import tempfile
import threading
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from bars import allowed, measured_apart

from afloc_desktop.core.dicom.scan import scan
from afloc_desktop.core.domain import Prompt
from afloc_desktop.core.errors import Cancelled
from afloc_desktop.core.geometry import Box
from afloc_desktop.core.localize import Localizer
from afloc_desktop.core.model.bundle import open_bundle
from afloc_desktop.core.model.session import Sessions
from afloc_desktop.core.slides.opening import open_slide
from afloc_desktop.core.slides.pictures import seen_from_above
from afloc_desktop.core.slides.runs import SlideRun

CANCEL_S = 1.0
MEMORY_MB = 600  # of the process that reads, encodes and answers
WINDOWS = 20


def localizer() -> Localizer:
    """The shipped chest model, taken for one of slides: what it says here means nothing."""
    bundle = open_bundle(Path("resources/bundles/afloc-cxr-base").resolve())
    bundle = replace(bundle, manifest=replace(bundle.manifest, modality="histo"))
    return Localizer(bundle, Sessions(bundle, "cpu"))


def peak_mb() -> float:
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def cancelled_after(run: SlideRun, windows: int, later_s: float) -> float:
    """Seconds from asking a run to stop, in the middle of a window, to its having stopped."""
    asked: list[float] = []
    stop = threading.Event()

    def ask() -> None:
        asked.append(time.perf_counter())
        stop.set()

    def check() -> None:
        if stop.is_set():
            raise Cancelled

    try:
        while True:
            if run.done == windows and not asked:
                threading.Timer(later_s, ask).start()
            run.step(check=check)
    except Cancelled:
        return time.perf_counter() - asked[0]


def measure(folder: Path) -> dict[str, float]:
    model = localizer()
    (series,) = scan([folder]).studies[0].series
    prompt = [Prompt(model.manifest.findings[0].id, "preset")]
    with tempfile.TemporaryDirectory() as kept:
        store = Path(kept)
        slide = open_slide(series.images)
        whole = SlideRun(slide, model, store)
        side = whole.plan.tiling.side
        whole.close()
        region = Box(40_000 // side * side, 40_000 // side * side, 0, 0)
        region = region._replace(x1=region.x0 + 5 * side, y1=region.y0 + 4 * side)
        run = SlideRun(slide, model, store, region=region)
        cancel = [cancelled_after(run, after, 0.01 * after) for after in (3, 7, 11)]
        run.close()
        resumed = SlideRun(slide, model, store, region=region)
        found = resumed.done
        started, first = time.perf_counter(), resumed.done
        while not resumed.is_finished:
            resumed.step()
        each = (time.perf_counter() - started) / (resumed.total - first)
        (answer,) = resumed.ask(prompt)
        resumed.close()
        fresh = SlideRun(slide, model, store / "other", region=region)
        while not fresh.is_finished:
            fresh.step()
        (other,) = fresh.ask(prompt)
        fresh.close()
        started = time.perf_counter()
        whole = SlideRun(slide, model, store)
        planned = time.perf_counter() - started
        (all_of_it,) = whole.ask(prompt)
        seen_from_above(slide, whole.plan)
        whole.close()
        slide.close()
    return {
        "cancel_s": max(cancel),
        "total": resumed.total,
        "resumed_from": found,
        "window_s": each,
        "is_same": float(np.array_equal(answer.map.similarity, other.map.similarity)),
        "whole_windows": whole.total,
        "whole_plan_s": planned,
        "whole_looked": all_of_it.evidence.looked,
        "peak_mb": peak_mb(),
    }


@pytest.mark.bench
@pytest.mark.skipif(sys.platform != "linux", reason="memory is read from /proc")
def test_twenty_windows_of_a_huge_slide_are_cancelled_and_resumed(huge_slide):
    found = measured_apart(__file__, huge_slide)
    print(json.dumps(found, indent=1))
    assert found["total"] == WINDOWS
    assert 11 <= found["resumed_from"] < WINDOWS
    assert found["is_same"]
    assert found["whole_looked"] == WINDOWS
    assert found["cancel_s"] <= allowed(CANCEL_S)
    # Not a matter of a busy machine: what is not let go of grows with every window.
    assert found["peak_mb"] <= MEMORY_MB


if __name__ == "__main__":
    print(json.dumps(measure(Path(sys.argv[1]))))
