"""The licences and the bill of materials of one build, from what was collected for it."""

from __future__ import annotations

import json
import platform
import re
import sys
import sysconfig
from dataclasses import replace
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from afloc_desktop.state.licences import OWN, Part, is_copyleft, part, sbom, third_party

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_GCC = "GPL-3.0-or-later WITH GCC-exception-3.1"
# Libraries of the build machine that PyInstaller brings, by the beginning of their names.
SYSTEM = {
    "libX": "MIT", "libxcb": "MIT", "libxkbcommon": "MIT", "libwayland": "MIT",
    "libfontconfig": "MIT", "libfreetype": "FTL", "libharfbuzz": "MIT", "libgraphite2": "MPL-2.0",
    "libexpat": "MIT", "libpng": "libpng-2.0", "libz.": "Zlib", "libbz2": "bzip2-1.0.6",
    "liblzma": "0BSD", "liblz4": "BSD-2-Clause", "libzstd": "BSD-3-Clause", "libbrotli": "MIT",
    "libbsd": "BSD-3-Clause", "libmd.": "BSD-3-Clause", "libffi": "MIT", "libcrypto": "Apache-2.0",
    "libssl": "Apache-2.0", "libsqlite3": "blessing", "libuuid": "BSD-3-Clause",
    "libglib": "LGPL-2.1-or-later", "libgthread": "LGPL-2.1-or-later", "libpcre2": "BSD-3-Clause",
    "libdbus": "AFL-2.1 OR GPL-2.0-or-later", "libsystemd": "LGPL-2.1-or-later",
    "libgcrypt": "LGPL-2.1-or-later", "libgpg-error": "LGPL-2.1-or-later",
    "libcap.": "BSD-3-Clause OR GPL-2.0-only", "libgcc_s": _GCC, "libstdc++": _GCC,
    "libgomp": _GCC, "libatomic": _GCC, "libpython": "PSF-2.0", "Python": "PSF-2.0",
    "python3": "PSF-2.0", "vcruntime": "Microsoft Visual C++ Redistributable",
    "msvcp": "Microsoft Visual C++ Redistributable", "ucrtbase": "Windows SDK",
    "api-ms": "Windows SDK",
}  # fmt: skip
# Its wheel has the licences of 60 libraries; five are taken along.
_CODEC_TEXTS = re.compile(
    r"/(LICENSE|LICENSE-(jpeg|libjpeg|libjpeg-turbo|mozjpeg|jpg_0xc3|openjpeg|charls|lcms2)"
    r"|LICENSE_openjph)$"
)


def written_papers(work: Path, viewer: Any, trainer: Any | None) -> list[tuple[str, str, str]]:
    """Write the papers of a build, and give the rows that bring them into it.

    Args:
        work: Folder for what is made.
        viewer, trainer: Analyses of PyInstaller; None for a build without the trainer.

    Raises:
        SystemExit: Something under the GPL would be shipped, or something nobody knows.
    """
    analyses = [viewer] if trainer is None else [viewer, trainer]
    rows = [r for a in analyses for t in (a.pure, a.binaries, a.datas) for r in t]
    parts = collected_parts(rows)
    refuse_copyleft(parts)
    folder = work / "papers"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "THIRD_PARTY.md").write_text(third_party(parts), encoding="utf-8")
    bill = json.dumps(sbom(parts), indent=1)
    (folder / "sbom.cdx.json").write_text(bill, encoding="utf-8")
    names = (f"afloc_resources/licences/{name}" for name in ("THIRD_PARTY.md", "sbom.cdx.json"))
    return [(name, str(folder / Path(name).name), "DATA") for name in names]


def collected_parts(rows: Iterable[tuple[str, str, str]]) -> tuple[Part, ...]:
    """Whom the rows of all tables belong to.

    Raises:
        SystemExit: A library of the build machine is not among those whose licence is known.
    """
    owners = metadata.packages_distributions()
    names = {"pyinstaller"}
    libraries = set()
    for name, _, kind in rows:
        top = name.replace("\\", "/").split("/")[0].split(".")[0]
        names.update(owners.get(top, ()))
        if kind == "BINARY" and "/" not in name.replace("\\", "/"):
            libraries.add(name)
    names -= {OWN}
    packages = [one for one in map(part, names) if one is not None]
    parts = [*map(_with_own_texts, packages), _python(), *_of_system(libraries, packages)]
    return tuple(sorted(parts, key=lambda one: one.name.lower()))


def refuse_copyleft(parts: Sequence[Part]) -> None:
    """Stop a build.

    Raises:
        SystemExit: A part is under the GPL or AGPL and nothing else.
    """
    found = [f"{one.name} ({one.licence})" for one in parts if is_copyleft(one.licence)]
    if found:
        sys.exit(f"These parts must not be shipped: {', '.join(found)}")


def _with_own_texts(one: Part) -> Part:
    if one.name != "imagecodecs":
        return one
    kept = tuple(text for text in one.texts if _CODEC_TEXTS.search(text[0]))
    return replace(one, texts=kept)


def _python() -> Part:
    text = Path(sysconfig.get_path("stdlib")) / "LICENSE.txt"
    texts = ((text.name, text.read_text(encoding="utf-8")),) if text.is_file() else ()
    return Part("Python", platform.python_version(), "PSF-2.0", True, texts, "generic")


def _of_system(names: Iterable[str], packages: Sequence[Part]) -> list[Part]:
    of_wheels = {
        Path(str(file)).name
        for one in packages
        for file in metadata.distribution(one.name).files or ()
    }
    found, unknown = {}, []
    for name in sorted(set(names) - of_wheels):
        beginning = next((b for b in SYSTEM if name.startswith(b)), None)
        if beginning is None:
            unknown.append(name)
        elif not name.startswith(("libpython", "Python", "python3")):
            plain = re.split(r"\.so|\.dylib|\.dll", name)[0]
            found[plain] = Part(plain, "of the build machine", SYSTEM[beginning], source="generic")
    if unknown:
        sys.exit(f"Name the licences of these libraries in {__file__}: {', '.join(unknown)}")
    return list(found.values())
