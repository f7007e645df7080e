"""A full disk, a file that grows too large, a killed process: at every call that writes.

An ordinary run meets a few of the calls; with `AFLOC_BARS=full` it meets all of them.
"""

import csv
import io
import json
import os
import pickle
import re
import shutil
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path

import exported
import PIL.Image
import pytest
from bars import is_full
from fault_run import AUDIT, REFUSED, TRAIL, WRITTEN, formats
from injecting import can_inject

from afloc_desktop.core.export.atomic import sweep
from afloc_desktop.core.export.selection import FilmResults, Selection
from afloc_desktop.core.export.validate import check_object
from afloc_desktop.state.audit import check_audit

RUN = Path(__file__).parents[1] / "support" / "fault_run.py"
CALLS = "write,pwrite64,fsync,fdatasync,ftruncate,link,linkat,rename,renameat,renameat2"
FAULTS = ("error=ENOSPC", "error=EFBIG", "signal=KILL")
ORDINARY = [("write", 1, "error=ENOSPC"), ("linkat", 1, "signal=KILL")]


@pytest.fixture(autouse=True)
def given(tmp_path):
    """Two findings on a film."""
    image = exported.film(tmp_path / "film")
    stated = exported.statement(image, status="accepted", author="Ann")
    film = FilmResults(image, (stated, replace(stated, label="Again")))
    (tmp_path / "given").write_bytes(pickle.dumps(Selection((film,))))


def run(folder, *words, before=()):
    """How each format ended, by its id."""
    outcomes, given = folder.parent / "outcomes", folder.parent / "given"
    # No calls but those under test: what Python would write of its own is not theirs.
    quiet = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": str(RUN.parent)}
    command = [*before, sys.executable, str(RUN), str(given), str(folder), str(outcomes), *words]
    done = subprocess.run(command, capture_output=True, timeout=120, check=False, env=quiet)
    assert done.returncode == 0, done.stderr.decode()
    return {id_: int(code) for id_, code in map(str.split, outcomes.read_text().splitlines())}


def check(path):
    """Fail unless a file under its final name is whole."""
    data = path.read_bytes()
    if path.suffix == ".dcm":
        check_object(data)
    elif path.suffix == ".png":
        PIL.Image.open(io.BytesIO(data)).load()
    elif path.suffix == ".pdf":
        assert data.startswith(b"%PDF-")
        assert data.rstrip().endswith(b"%%EOF")
    elif path.suffix == ".csv":
        assert len(list(csv.DictReader(io.StringIO(data.decode())))) == 2
    elif path.suffix == ".json":
        assert len(json.loads(data)["images"][0]["findings"]) == 2
    else:
        assert path.name in (TRAIL, "audit.key")


def files_of(folder, id_):
    """Those of a format by their names, each of them whole."""
    found = sorted((folder / id_).iterdir())
    for path in found:
        check(path)
    if id_ == AUDIT:
        trail = check_audit(folder / AUDIT / TRAIL)
        assert trail.broken == ()
        return ["line"] * trail.lines
    return [path.name for path in found]


def hold_promise(folder, outcomes):
    """Whatever became of each format: its name is absent or whole, nothing else is there."""
    for id_, code in outcomes.items():
        sweep(folder / id_)
        found = files_of(folder, id_)
        assert len(found) == 1 if code == WRITTEN else len(found) <= 1, (id_, code, found)
    again = run(folder)
    assert set(again.values()) == {WRITTEN}
    for id_, code in outcomes.items():
        assert len(files_of(folder, id_)) >= (2 if code == WRITTEN else 1), id_


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="no such limit")
def test_a_disk_that_takes_only_a_part_of_each_file_leaves_none_of_it(tmp_path):
    folder = tmp_path / "all"
    outcomes = run(folder, "100")
    assert outcomes == dict.fromkeys(formats(), REFUSED)
    assert [p for id_ in formats() if id_ != AUDIT for p in (folder / id_).iterdir()] == []
    hold_promise(folder, outcomes)


def calls_made(tmp_path):
    """How often a child makes each call at most, and by which format that is done."""
    log = tmp_path / "calls"
    run(tmp_path / "count", before=["strace", "-f", "-qq", "-o", str(log), "-e", f"trace={CALLS}"])
    made = Counter()
    for line in log.read_text().splitlines():
        found = re.match(r"(\d+) +(\w+)\(", line)
        if found:
            made[found.groups()] += 1
    first = min(int(process) for process, _ in made)
    children = [(call, count) for (process, call), count in made.items() if int(process) != first]
    return {call: max(n for c, n in children if c == call) for call, _ in children}


def faults(tmp_path):
    if not is_full():
        return ORDINARY
    return [
        (call, number + 1, fault)
        for call, count in sorted(calls_made(tmp_path).items())
        for number in range(count)
        for fault in FAULTS
    ]


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.skipif(not can_inject(), reason="needs strace and the right to use it")
def test_whatever_call_fails_every_format_is_absent_or_whole_and_can_be_written_again(
    tmp_path, capsys
):
    met = Counter()
    for place, (call, number, fault) in enumerate(faults(tmp_path)):
        folder = tmp_path / str(place)
        inject = f"inject={call}:{fault}:when={number}"
        outcomes = run(
            folder,
            before=["strace", "-f", "-qq", "-o", os.devnull, "-e", f"trace={call}", "-e", inject],
        )
        assert set(outcomes.values()) <= {WRITTEN, REFUSED, -9}, (call, number, fault, outcomes)
        met[fault] += sum(code != WRITTEN for code in outcomes.values())
        hold_promise(folder, outcomes)
        shutil.rmtree(folder)
    with capsys.disabled():
        print(f"\nfaults met: {dict(met)}", end="")
    assert all(met.values())
    assert sum(met.values()) >= len(formats())
