"""Which bundles are here, and opening the one to use. Heavy: keep it off the main thread."""

from __future__ import annotations

import json
import platform
from contextlib import suppress
from dataclasses import dataclass
from importlib import metadata, resources
from pathlib import Path
from typing import TYPE_CHECKING

from afloc_desktop.core.errors import BundleError, BundleMissing, ExportError, SettingsError
from afloc_desktop.core.export.atomic import make_folder, write_atomically
from afloc_desktop.core.model.bundle import Bundle, load_bundle
from afloc_desktop.state.settings import load_settings

if TYPE_CHECKING:
    from afloc_desktop.core.localize import Localizer
    from afloc_desktop.state.paths import Paths


@dataclass(frozen=True, slots=True)
class Installed:
    """A bundle folder that was looked at.

    Attributes:
        folder: Where it lies.
        is_shipped: It came with the application.
        bundle: None where it cannot be used.
        error: Why it cannot be used, else None.
    """

    folder: Path
    is_shipped: bool
    bundle: Bundle | None
    error: BundleError | None


def shipped(name: str) -> Path:
    """A folder of the resources the application ships: `bundles`, `sample`, `docs`."""
    return Path(str(resources.files("afloc_resources"))) / name


def sample_study() -> Path:
    """The sample study, a folder of DICOM."""
    return shipped("sample")


def installed(paths: Paths) -> tuple[Installed, ...]:
    """Every bundle folder, shipped ones first, verified one by one: one bad folder costs itself."""
    found = []
    for root, is_shipped in ((shipped("bundles"), True), (paths.bundles, False)):
        folders = sorted(p for p in root.iterdir() if p.is_dir()) if root.is_dir() else []
        found += [_look_at(folder, is_shipped) for folder in folders if folder.name[0] not in "._"]
    return tuple(found)


def find(paths: Paths, bundle_id: str | None) -> Bundle:
    """The bundle with an id; where that is None the chosen one, else the first usable one.

    Raises:
        BundleError: That bundle cannot be used; `BundleMissing` where there is none.
    """
    candidates = installed(paths)
    if bundle_id is None:
        bundle_id = _chosen(paths, candidates)
    for entry in candidates:
        if bundle_id is None and entry.bundle is not None:
            return entry.bundle
        if bundle_id is not None and entry.bundle and entry.bundle.manifest.id == bundle_id:
            return entry.bundle
    broken = [e for e in candidates if e.error and bundle_id in (None, e.folder.name)]
    if broken:
        assert broken[0].error is not None
        raise broken[0].error
    wanted = f"no model bundle {bundle_id!r}" if bundle_id else "no model bundle"
    raise BundleMissing(
        f"There is {wanted} installed.", remedy="`afloc bundles list` shows what is installed."
    )


def open_default(
    paths: Paths, *, provider: str = "auto", bundle_id: str | None = None
) -> Localizer:
    """Load a bundle ready to answer, self-tested once on this machine and provider.

    Raises:
        BundleError: The bundle cannot be used.
        InferenceError: The provider cannot be used.
    """
    from afloc_desktop.core.localize import Localizer
    from afloc_desktop.core.model.selftest import self_test
    from afloc_desktop.core.model.session import Sessions

    bundle = find(paths, bundle_id)
    sessions = Sessions(bundle, provider)
    verdicts = _Verdicts(paths.cache / "selftests.json")
    if not verdicts.has_passed(bundle.sha256, sessions.provider):
        self_test(bundle, sessions)
        verdicts.remember(bundle.sha256, sessions.provider)
    return Localizer(bundle, sessions)


def _chosen(paths: Paths, candidates: tuple[Installed, ...]) -> str | None:
    """The id in the settings, where such a bundle is there; unusable ones are known by folder."""
    try:
        wanted = load_settings(paths.settings_file).bundle
    except SettingsError:
        return None  # the window tells of it; a verb goes on with the shipped model
    known = {e.bundle.manifest.id if e.bundle else e.folder.name for e in candidates}
    return wanted if wanted in known else None


def _look_at(folder: Path, is_shipped: bool) -> Installed:
    try:
        return Installed(folder, is_shipped, load_bundle(folder), None)
    except BundleError as error:
        return Installed(folder, is_shipped, None, error)


class _Verdicts:
    """Which self-tests passed here. A cache: lost or damaged, the tests simply run again."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def has_passed(self, bundle_sha256: str, provider: str) -> bool:
        return self._key(bundle_sha256, provider) in self._read()

    def remember(self, bundle_sha256: str, provider: str) -> None:
        passed = sorted({*self._read(), self._key(bundle_sha256, provider)})
        # A read-only cache costs half a second at the next start, nothing else.
        with suppress(ExportError):
            make_folder(self._path.parent)
            write_atomically(self._path, json.dumps(passed).encode())

    def _read(self) -> list[str]:
        try:
            passed = json.loads(self._path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return []
        return passed if isinstance(passed, list) else []

    @staticmethod
    def _key(bundle_sha256: str, provider: str) -> str:
        # Another release of the runtime, or another processor, may compute other numbers.
        runtime = metadata.version("onnxruntime")
        return f"{bundle_sha256} {provider} {runtime} {platform.machine()} {platform.node()}"
