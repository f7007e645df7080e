"""Where the engine is: chosen once and remembered, found, or installed into Slicer's Python."""

from __future__ import annotations

import importlib.util
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

PROGRAM = "afloc-engine.exe" if os.name == "nt" else "afloc-engine"
_MODULE = "afloc_desktop"


@dataclass(frozen=True)
class Engine:
    """How the engine is started.

    Attributes:
        command: Program and arguments.
        is_in_slicer: It runs on Slicer's own Python, and needs Slicer's environment.
    """

    command: tuple[str, ...]
    is_in_slicer: bool


def find_engine(chosen: str, environment: Mapping[str, str]) -> Engine | None:
    """The engine to start; None where there is none.

    Args:
        chosen: What the user chose, empty for whatever is found.
        environment: Variables, without those that Slicer added for itself.
    """
    if chosen:
        return Engine((chosen,), False) if Path(chosen).is_file() else None
    named = environment.get("AFLOC_ENGINE", "")
    on_path = shutil.which(PROGRAM, path=environment.get("PATH", ""))
    for path in (named, on_path, *(str(folder / PROGRAM) for folder in _folders(environment))):
        if path and Path(path).is_file():
            return Engine((path,), False)
    python = shutil.which("PythonSlicer")
    if python and importlib.util.find_spec(_MODULE):
        return Engine((python, "-m", f"{_MODULE}.engine"), True)
    return None


def install_into_slicer(requirements: str, package: str) -> None:
    """Install the engine into Slicer's Python: no torch, no Qt, nothing that Slicer brings.

    Only ever called because somebody pressed the button for it.

    Args:
        requirements: Path of the list of what the engine needs.
        package: AFLoc's own package, a wheel or a source folder.
    """
    import slicer

    try:
        from slicer.packaging import load_requirements, pip_ensure
    except ImportError:  # Slicer 5.10 and older
        slicer.util.pip_install(["-r", requirements])
    else:
        pip_ensure(load_requirements(requirements), requester="AFLoc")
    # Without what it declares: the window's Qt has no place in Slicer.
    slicer.util.pip_install(["--no-deps", package])
    importlib.invalidate_caches()


def _folders(environment: Mapping[str, str]) -> list[Path]:
    """Where the application is usually installed."""
    if os.name == "nt":
        roots = [environment.get("LOCALAPPDATA", ""), environment.get("PROGRAMFILES", "")]
        return [Path(root) / sub / "AFLoc" for root in roots if root for sub in ("Programs", ".")]
    home = environment.get("HOME", "")
    own = [Path(home) / ".local/bin", Path(home) / "Applications"] if home else []
    return [*own, Path("/usr/local/bin"), Path("/opt/AFLoc"), Path("/Applications/AFLoc")]
