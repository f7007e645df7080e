"""A slide of 100,000 x 100,000 pixels: opened, and 2,000 of its tiles read at random.

Run as a program with the slide's folder, this file prints what it measured as JSON. An ordinary
run reads fewer tiles; ``AFLOC_BARS=full`` all of them.
"""

import json
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from bars import ONCE, hold_within, is_full, measured_apart

from afloc_desktop.core.dicom.scan import scan
from afloc_desktop.core.dicom.workers import workers
from afloc_desktop.core.slides.opening import open_slide

SCREEN = 1000  # pixels
MEMORY_MB = 250  # of the process that reads, with all libraries


def resident_mb() -> float:
    """What this process has had at most."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def measure(folder: Path) -> dict[str, float]:
    workers().start()
    time.sleep(1)  # until both decoders have loaded their libraries, as in an open window
    started = time.perf_counter()
    (series,) = scan([folder]).studies[0].series
    listed = time.perf_counter()
    slide = open_slide(series.images)
    opened = time.perf_counter()
    slide.thumbnail(SCREEN)
    shown = time.perf_counter()
    before = resident_mb()
    count = 2000 if is_full() else 400
    random, level = np.random.default_rng(7), slide.levels[0]
    times = []
    for column, row in random.integers(0, (level.across, level.down), (count, 2)).tolist():
        start = time.perf_counter()
        slide.tile(0, column, row)
        times.append(time.perf_counter() - start)
    warnings = len(slide.warnings)
    slide.close()
    return {
        "listed_s": listed - started,
        "opened_s": opened - listed,
        "shown_s": shown - listed,
        "tile_ms": float(np.median(times)) * 1000,
        "tile_p95_ms": float(np.quantile(times, 0.95)) * 1000,
        "before_mb": before,
        "after_mb": resident_mb(),
        "tiles": count,
        "warnings": warnings,
    }


@pytest.mark.bench
@pytest.mark.skipif(sys.platform != "linux", reason="memory is read from /proc")
def test_a_huge_slide_opens_at_once_and_its_tiles_take_no_room(huge_slide):
    found: list[dict[str, float]] = []

    def seconds() -> float:
        found.append(measured_apart(__file__, huge_slide))
        return found[-1]["listed_s"] + found[-1]["shown_s"]

    hold_within("to list, open and show 100,000 x 100,000 pixels [s]", seconds, 1.0, patience=ONCE)
    print(json.dumps(found[-1], indent=1))
    assert found[-1]["warnings"] == 0
    # Not a matter of a busy machine: what is not let go of grows with every tile.
    assert found[-1]["after_mb"] <= MEMORY_MB


if __name__ == "__main__":
    print(json.dumps(measure(Path(sys.argv[1]))))
