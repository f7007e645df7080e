"""Which bundles are here, and opening the one to use. Heavy: keep it off the main thread."""

from __future__ import annotations

import json
import platform
from contextlib import suppress
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from afloc_desktop.core.errors import (
    BundleError,
    BundleMissing,
    ExportError,
    InferenceError,
    SelfTestFailed,
    SettingsError,
)
from afloc_desktop.core.model.bundle import Bundle, load_bundle, open_bundle
from afloc_desktop.core.model.runtime import onnxruntime

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from afloc_desktop.core.localize import Localizer
    from afloc_desktop.core.model.patches import Resolution
    from afloc_desktop.core.model.session import Precision, Sessions
    from afloc_desktop.state.gate import Kind
    from afloc_desktop.state.paths import Paths
    from afloc_desktop.state.settings import Settings

_MISSING: Mapping[Kind, tuple[str, str]] = MappingProxyType(
    {
        "cxr": (
            "There is no model for chest films installed.",
            "`afloc bundles list` shows what is installed.",
        ),
        "fundus": (
            "There is no model for photographs of the retina installed.",
            "`afloc bundles list` shows what is installed.",
        ),
        "histo": (
            "There is no model for stained tissue installed: none comes with AFLoc, a site "
            "brings its own.",
            "`afloc bundles install` takes one in, and `afloc bundles import-checkpoint "
            "--modality histo` makes one of an official checkpoint; it is then used for tissue.",
        ),
    }
)


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


def installed(paths: Paths, look: Callable[[Path], Bundle] = load_bundle) -> tuple[Installed, ...]:
    """Every bundle folder, shipped ones first, looked at one by one: one bad folder costs itself.

    Args:
        paths: Of the application.
        look: `load_bundle` verifies every byte, `open_bundle` the manifest alone.
    """
    found = []
    for root, is_shipped in ((shipped("bundles"), True), (paths.bundles, False)):
        folders = sorted(p for p in root.iterdir() if p.is_dir()) if root.is_dir() else []
        folders = [folder for folder in folders if folder.name[0] not in "._"]
        found += [_look_at(folder, is_shipped, look) for folder in folders]
    return tuple(found)


def find(
    paths: Paths,
    bundle_id: str | None,
    look: Callable[[Path], Bundle] = load_bundle,
    kind: Kind | None = None,
) -> Bundle:
    """The bundle with an id; where that is None the chosen one, else the first usable one.

    Args:
        paths: Of the application.
        bundle_id: As in its manifest.
        look: As for `installed`.
        kind: Of the image to be looked at: where no bundle is named, only those made for it
            count. None where there is no image.

    Raises:
        BundleError: That bundle cannot be used; `BundleMissing` where there is none.
    """
    candidates = installed(paths, look)
    if bundle_id is None and kind is not None:
        return _find_made_for(kind, _settings(paths).bundles, candidates)
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


def _find_made_for(
    kind: Kind, chosen: tuple[str, ...], candidates: tuple[Installed, ...]
) -> Bundle:
    """The bundle chosen last for a kind of image, else the first one made for it.

    A chosen one that is broken is an error, and nothing else answers in its place.
    """
    made = [entry for entry in candidates if _modality(entry) in (kind, "")]
    names = {e.bundle.manifest.id if e.bundle else e.folder.name: e for e in reversed(made)}
    wanted = next((names[name] for name in chosen if name in names), None)
    usable = [entry for entry in made if entry.bundle]
    broken = [entry for entry in made if _modality(entry) == kind]
    entry = wanted or next(iter(usable or broken), None)
    if entry is None:
        reason, remedy = _MISSING[kind]
        raise BundleMissing(reason, remedy=remedy)
    if entry.bundle is None:
        assert entry.error is not None
        raise entry.error
    return entry.bundle


def _modality(entry: Installed) -> str:
    """What a bundle was made for; of a broken one, what its manifest says; empty where nothing."""
    try:
        bundle = entry.bundle or open_bundle(entry.folder)
    except BundleError:
        return ""
    return bundle.manifest.modality


def open_default(
    paths: Paths,
    *,
    provider: str | None = None,
    bundle_id: str | None = None,
    resolution: Resolution | None = "standard",
    kind: Kind | None = None,
) -> Localizer:
    """Load a bundle ready to answer, self-tested once on this machine and provider.

    Args:
        paths: Of the application.
        provider: One of `PROVIDER_CHOICES`. A named one is a demand: it runs there or not at all.
            `auto` tries what this installation offers, best first, and None what the settings
            name; where one fails, the CPU answers and `Localizer.fallback` says why.
        bundle_id: None for the chosen one.
        resolution: As for `Localizer`; None for that of the settings where the bundle can.
        kind: As for `find`.

    Raises:
        BundleError: The bundle cannot be used.
        InferenceError: The provider cannot be used.
    """
    from afloc_desktop.core.localize import Localizer

    bundle = find(paths, bundle_id, open_bundle, kind)
    try:
        found = bundle, *_running(paths, bundle, provider)
    except BundleError:
        sound = find(paths, bundle_id, kind=kind)
        if sound.folder == bundle.folder:
            raise
        found = sound, *_running(paths, sound, provider)
    bundle, sessions, fallback = found
    if resolution is None:
        resolution = _wished_resolution(paths, bundle, sessions)
    return Localizer(bundle, sessions, fallback=fallback, resolution=resolution)


def _wished_resolution(paths: Paths, bundle: Bundle, sessions: Sessions) -> Resolution:
    """How often the settings want images looked at, where that is possible."""
    from afloc_desktop.core.model.patches import RESOLUTIONS, check_resolution

    wished = _settings(paths).resolution
    found: Resolution | None = next((known for known in RESOLUTIONS if known == wished), None)
    if found is None or bundle.manifest.modality == "histo":  # a slide has tiles of its own
        return "standard"
    try:
        check_resolution(found, bundle.manifest, sessions)
    except InferenceError:
        return "standard"
    return found


def _running(paths: Paths, bundle: Bundle, provider: str | None) -> tuple[Sessions, str]:
    """Sessions that passed their self-test, and why they are not on the chosen provider."""
    from afloc_desktop.core.model.session import available_providers

    is_demanded = provider not in (None, "auto")
    wanted = provider or _settings(paths).provider
    candidates = available_providers() if wanted == "auto" else (wanted,)
    if candidates[-1] != "cpu" and not is_demanded:
        candidates += ("cpu",)
    reasons: list[str] = []
    for short in candidates[:-1]:
        try:
            return _tested(paths, bundle, short), " ".join(reasons)
        except (InferenceError, SelfTestFailed) as error:
            reasons.append(error.reason)
    return _tested(paths, bundle, candidates[-1]), " ".join(reasons)


def _tested(paths: Paths, bundle: Bundle, provider: str) -> Sessions:
    """Sessions that compute what the bundle's maker saw, in 8 bits where that is quicker here."""
    from afloc_desktop.core.model import processor
    from afloc_desktop.core.model.session import has_int8

    if provider == "cpu" and has_int8(bundle) and processor.has_int8(processor.processor_flags()):
        with suppress(InferenceError, BundleError):  # it costs speed, nothing else
            return _tested_in(paths, bundle, provider, "int8")
    return _tested_in(paths, bundle, provider, "float32")


def _tested_in(paths: Paths, bundle: Bundle, provider: str, precision: Precision) -> Sessions:
    from afloc_desktop.core.model.kept import KeptGraphs
    from afloc_desktop.core.model.session import Sessions

    kept = KeptGraphs(paths.cache / "graphs")
    sessions = Sessions(bundle, provider, precision=precision, kept=kept)
    verdicts = _Verdicts(paths.cache / "selftests.json")
    is_known = verdicts.has_passed(bundle.sha256, sessions.runs_on)
    if not is_known:
        from afloc_desktop.core.model.selftest import self_test

        self_test(bundle, sessions)
        verdicts.remember(bundle.sha256, sessions.runs_on)
    if is_known or sessions.is_large:  # a small one waits for a second start: there may be none
        with suppress(InferenceError, BundleError):  # as `_tested`
            sessions.keep()
    return sessions


def _chosen(paths: Paths, candidates: tuple[Installed, ...]) -> str | None:
    """The id in the settings, where such a bundle is there; unusable ones are known by folder."""
    known = {e.bundle.manifest.id if e.bundle else e.folder.name for e in candidates}
    return next((wanted for wanted in _settings(paths).bundles if wanted in known), None)


def _settings(paths: Paths) -> Settings:
    from afloc_desktop.state.settings import Settings, load_settings

    try:
        return load_settings(paths.settings_file)
    except SettingsError:
        return Settings()  # the window tells of it; a verb goes on with the shipped model


def _look_at(folder: Path, is_shipped: bool, look: Callable[[Path], Bundle]) -> Installed:
    try:
        return Installed(folder, is_shipped, look(folder), None)
    except BundleError as error:
        return Installed(folder, is_shipped, None, error)


class _Verdicts:
    """Which self-tests passed here. A cache: lost or damaged, the tests simply run again."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def has_passed(self, bundle_sha256: str, provider: str) -> bool:
        return self._key(bundle_sha256, provider) in self._read()

    def remember(self, bundle_sha256: str, provider: str) -> None:
        from afloc_desktop.core.export.atomic import make_folder, write_atomically

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
        runtime = onnxruntime().__version__
        return f"{bundle_sha256} {provider} {runtime} {platform.machine()} {platform.node()}"
