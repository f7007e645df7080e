"""Files in which no branch goes untested: what everything else stands on."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PERFECT = (
    "core/errors",
    "core/geometry",
    "core/domain",
    "core/preprocess",
    "core/text",
    "core/heatmap",
    "core/findings",
    "core/model/manifest",
    "core/model/bundle",
    "state/tasks",
    "state/store",
)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_perfect_files_stay_perfect(tmp_path):
    """Runs the tests of these files again, alone, and counts lines and branches."""
    tests = [ROOT / "tests" / Path(p).parent / f"test_{Path(p).name}.py" for p in PERFECT]
    report = tmp_path / "coverage.json"
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider"]
    command += [str(test) for test in tests if test.exists()]
    command += [f"--cov={ROOT / 'afloc_desktop'}", "--cov-branch", f"--cov-report=json:{report}"]
    environment = {**os.environ, "COVERAGE_FILE": str(tmp_path / "data")}
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=False, env=environment
    )
    assert done.returncode == 0, done.stdout[-2000:]
    files = json.loads(report.read_text(encoding="utf-8"))["files"]
    gaps = {}
    for name in PERFECT:
        entry = files[f"afloc_desktop/{name}.py"]
        if entry["missing_lines"] or entry["missing_branches"]:
            gaps[name] = (entry["missing_lines"], entry["missing_branches"])
    assert not gaps
