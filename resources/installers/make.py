"""Build the programs, pack them, and print what came of it: times, sizes, start, memory.

python resources/installers/make.py --output dist             # build, pack, measure
python resources/installers/make.py --output dist --measure    # measure what is there
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "resources" / "installers"))

from contents import TRAINER_FILES, flavour, models  # noqa: E402

from afloc_desktop import __version__  # noqa: E402

FOLDER = "AFLoc"
FIGURES = "figures.json"  # beside the folder: what a build cost and what its archives weigh
_XZ_PRESET = 6  # more takes minutes and saves three per cent
_START_S = 60.0
_POLL_S = 0.01
_SETTLE_S = 8.0  # the model is loaded behind the window


def main() -> int:
    """Build, pack and measure as asked."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--output", type=Path, default=ROOT / "dist")
    parser.add_argument("--measure", action="store_true", help="build nothing, pack nothing")
    parser.add_argument("--split", action="store_true", help="build nothing, copy the parts apart")
    parser.add_argument("--without-trainer", action="store_true")
    chosen = parser.parse_args()
    output = chosen.output.absolute()
    if chosen.split:
        _split(output / FOLDER)
        return 0
    if not chosen.measure:
        build(output, has_trainer=not chosen.without_trainer)
        _remember(output, pack(output / FOLDER))
        _pack_models(output)
    print(json.dumps(measured(output), indent=1))
    return 0


def measured(output: Path) -> dict[str, object]:
    """Times of the build, sizes, start and memory of a built folder and its archives.

    What was measured while it was built comes from `FIGURES`; the rest is measured now.
    """
    figures: dict[str, object] = {"version": __version__, "platform": sys.platform}
    figures |= _remembered(output)
    return figures | sizes(output / FOLDER) | started(output / FOLDER)


def _remembered(output: Path) -> dict[str, object]:
    known = output / FIGURES
    return json.loads(known.read_text(encoding="utf-8")) if known.is_file() else {}


def _remember(output: Path, figures: dict[str, object]) -> None:
    words = json.dumps(_remembered(output) | figures, indent=1)
    (output / FIGURES).write_text(f"{words}\n", encoding="utf-8")


def build(output: Path, *, has_trainer: bool) -> None:
    """Make the folder `AFLoc` in `output`, and keep what that cost."""
    begun, used = time.monotonic(), _children_s()
    command = [sys.executable, "-m", "PyInstaller", "--noconfirm", "--log-level", "WARN"]
    command += ["--distpath", str(output), "--workpath", str(output / "work"), "afloc.spec"]
    environment = {**os.environ, "AFLOC_TRAINER": str(int(has_trainer))}
    subprocess.run(command, cwd=ROOT, env=environment, check=True)
    (output / FIGURES).unlink(missing_ok=True)  # of the build before
    costs = {"build_s": time.monotonic() - begun, "build_processor_s": _children_s() - used}
    _remember(output, {"onnxruntime": flavour(), **{k: round(v) for k, v in costs.items()}})


def _children_s() -> float:
    """Seconds of processors that programs started from here have used; 0 on Windows."""
    times = os.times()
    return times.children_user + times.children_system


def sizes(folder: Path) -> dict[str, float]:
    """Unpacked, in MiB: the radiologist's part, and what the trainer adds."""
    alone = _trainer_files(folder)
    parts = {False: 0, True: 0}
    seen = set()
    for path in folder.rglob("*"):
        status = path.lstat()
        if path.is_file() and not path.is_symlink() and status.st_ino not in seen:
            seen.add(status.st_ino)  # a second name of a file takes no room
            parts[path.relative_to(folder).as_posix() in alone] += status.st_size
    return {
        "viewer_mib": round(parts[False] / (1 << 20), 1),
        "trainer_mib": round(parts[True] / (1 << 20), 1),
    }


def _trainer_files(folder: Path) -> set[str]:
    return set((folder / TRAINER_FILES).read_text(encoding="utf-8").split("\n")) - {""}


def _split(folder: Path) -> None:
    alone = _trainer_files(folder)
    for path in folder.rglob("*"):
        inside = path.relative_to(folder)
        part = "trainer" if inside.as_posix() in alone else "viewer"
        if path.is_file():
            target = folder.parent / part / inside
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, target)


def pack(folder: Path, parts: Sequence[str] = ("viewer", "trainer")) -> dict[str, object]:
    """Two archives that unpack into one folder: the second adds the trainer to the first."""
    alone = _trainer_files(folder)
    system = f"{sys.platform}-{platform.machine()}"
    if flavour() != "cpu":
        system += f"-{flavour()}"
    made: dict[str, object] = {}
    for name in parts:
        wants = name == "trainer"
        if wants and not alone:
            continue
        archive = folder.parent / f"afloc-{name}-{__version__}-{system}.tar.xz"
        begun = time.monotonic()
        with tarfile.open(archive, "w:xz", preset=_XZ_PRESET) as tar:
            for path in sorted(folder.rglob("*")):
                inside = path.relative_to(folder).as_posix()
                if (path.is_file() or path.is_symlink()) and (inside in alone) == wants:
                    tar.add(path, f"{FOLDER}/{inside}", recursive=False, filter=_nobody)
        made[f"{name}_tar_xz_mib"] = round(archive.stat().st_size / (1 << 20), 1)
        made[f"{name}_pack_s"] = round(time.monotonic() - begun, 1)
        digest = hashlib.sha256(archive.read_bytes()).hexdigest()
        archive.with_name(f"{archive.name}.sha256").write_text(f"{digest}  {archive.name}\n")
    return made


def _pack_models(output: Path) -> None:
    """Each model that is not embedded, as one file for `afloc bundles install`."""
    for bundle in sorted((ROOT / "resources" / "bundles").iterdir()):
        if bundle.is_dir() and bundle.name not in models():
            target = output / f"{bundle.name}-{__version__}.aflocbundle"
            with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as packed:
                for path in sorted(bundle.iterdir()):
                    packed.write(path, path.name)


def _nobody(member: tarfile.TarInfo) -> tarfile.TarInfo:
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    return member


def started(folder: Path, tries: int = 3) -> dict[str, object]:
    """From the start of the program to its window on an X server, best of some; and its memory."""
    if not shutil.which("xwininfo") or not os.environ.get("DISPLAY"):
        return {"start": "not measured: run it on an X server (xvfb-run), with xwininfo there"}
    times, used, memory = [], [], 0
    for number in range(tries):
        with tempfile.TemporaryDirectory() as home:
            begun = time.monotonic()
            environment = {**os.environ, "AFLOC_HOME": home}
            window = subprocess.Popen([folder / "afloc"], env=environment)
            try:
                while not _is_shown():
                    if window.poll() is not None or time.monotonic() - begun > _START_S:
                        return {"start": "no window came"}
                    time.sleep(_POLL_S)
                times.append(time.monotonic() - begun)
                used.append(processor_s(window.pid))
                if number == tries - 1:
                    time.sleep(_SETTLE_S)
                    memory = _peak_kib(window.pid)
            finally:
                window.terminate()
                window.wait()
    return {
        "window_s": round(min(times), 2),
        "window_processor_s": round(min(used), 2),
        "memory_mib": memory // 1024,
    }


def processor_s(process: int) -> float:
    """Seconds of processors that a process has used, all its threads together."""
    fields = Path(f"/proc/{process}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _is_shown() -> bool:
    listed = subprocess.run(
        ["xwininfo", "-root", "-tree"], capture_output=True, text=True, check=False
    )
    return "research use only" in listed.stdout  # the window, not what is shown until it comes


def _peak_kib(process: int) -> int:
    status = Path(f"/proc/{process}/status").read_text(encoding="ascii")
    line = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1])


if __name__ == "__main__":
    sys.exit(main())
