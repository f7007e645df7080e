"""Installing, removing and choosing models: whole or not at all, and never an untested one."""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from afloc_desktop.core.errors import (
    BundleError,
    BundleMissing,
    SelfTestFailed,
    SettingsError,
)
from afloc_desktop.core.model.archive import unpack
from afloc_desktop.core.model.bundle import MANIFEST, Bundle, is_plain_name, load_bundle
from afloc_desktop.state.models import installed
from afloc_desktop.state.settings import Settings, load_settings, save_settings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from afloc_desktop.state.paths import Paths

_FORGOTTEN_S = 24 * 3600.0
_SELF_TEST_S = 300.0  # the published network needs some ten


@contextmanager
def staging(paths: Paths) -> Iterator[Path]:
    """An empty hidden folder beside the installed bundles, gone afterwards.

    Raises:
        BundleError: The folder of bundles cannot be written.
    """
    folder = paths.bundles / f".staging-{secrets.token_hex(8)}"
    try:
        folder.mkdir(parents=True)
        _sweep(paths.bundles)
    except OSError as error:
        raise _unwritable(error) from error
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def install(source: Path, paths: Paths, *, kept: frozenset[str] = frozenset()) -> Bundle:
    """Put a bundle among the installed ones; one with the same id there is replaced.

    Args:
        source: A bundle folder or `.aflocbundle` zip; it stays as it is.
        paths: Where bundles are installed.
        kept: Ids of bundles that must not be replaced.

    Returns:
        The bundle in its place.

    Raises:
        BundleError: It cannot be used, fails its self-test or cannot be written; nothing changed.
    """
    with staging(paths) as folder:
        if source.is_dir():
            _copy(load_bundle(source), folder)
        else:
            unpack(source, folder)
        return settle(folder, paths, kept=kept)


def settle(folder: Path, paths: Paths, *, kept: frozenset[str] = frozenset()) -> Bundle:
    """Check and test a bundle in a staging folder, then move it into its place.

    Args:
        folder: Where it is.
        paths, kept: As for `install`.

    Raises:
        BundleError: As `install`.
    """
    bundle = load_bundle(folder)
    name = bundle.manifest.id
    if not is_plain_name(name):
        raise BundleError(
            f"{name!r} is no name for a bundle.", remedy="Ask its maker for letters and digits."
        )
    if name in kept:
        raise BundleError(
            f"A bundle named {name} answers now, and has to stay to go back to.",
            remedy="Export the new one with another --id.",
        )
    if any(e.is_shipped and e.bundle and e.bundle.manifest.id == name for e in installed(paths)):
        raise BundleError(
            f"The application ships a bundle named {name} itself.",
            remedy="Ask its maker for another id.",
        )
    _test_apart(folder, name)
    _replace(folder, paths.bundles / name)
    return load_bundle(paths.bundles / name)


def remove(name: str, paths: Paths) -> None:
    """Delete an installed bundle, whether it can be used or not.

    Raises:
        BundleMissing: There is none of this name.
        BundleError: It came with the application, or cannot be deleted.
    """
    for entry in installed(paths):
        known = entry.bundle.manifest.id if entry.bundle else entry.folder.name
        if known != name:
            continue
        if entry.is_shipped:
            raise BundleError(
                f"{name} came with the application and stays.",
                remedy="`afloc bundles use ID` chooses another model.",
            )
        _delete(entry.folder)
        with suppress(SettingsError):
            settings = load_settings(paths.settings_file)
            if name in settings.bundles:
                save_settings(paths.settings_file, settings.forgetting(name))
        return
    raise BundleMissing(
        f"There is no model bundle {name!r} installed.",
        remedy="`afloc bundles list` shows what is installed.",
    )


def use(name: str, paths: Paths) -> Settings:
    """Make an installed bundle the one that answers where none is named.

    The images of another kind than its own keep the model that looks at them.

    Raises:
        BundleError: There is none of this name, or it cannot be used.
        SettingsError: The choice cannot be kept.
    """
    from afloc_desktop.state.models import find

    find(paths, name)
    settings = load_settings(paths.settings_file).choosing(name)
    save_settings(paths.settings_file, settings)
    return settings


def _sweep(root: Path) -> None:
    """Delete what a killed installation left, once it cannot be at work any more."""
    for folder in root.glob(".staging-*"):
        if time.time() - folder.stat().st_mtime > _FORGOTTEN_S:
            shutil.rmtree(folder, ignore_errors=True)


def _copy(bundle: Bundle, folder: Path) -> None:
    """Only what the manifest lists, each file checked again on its way."""
    try:
        for name in bundle.manifest.files:
            (folder / name).write_bytes(bundle.read(name))
        shutil.copyfile(bundle.folder / MANIFEST, folder / MANIFEST)
    except OSError as error:
        raise _unwritable(error) from error


def _test_apart(folder: Path, name: str) -> None:
    """Self-test in a process of its own: a graph may never end, or ask for all memory.

    Raises:
        SelfTestFailed: It does, or the answers differ.
    """
    is_frozen = getattr(sys, "frozen", False)
    own = [sys.executable] if is_frozen else [sys.executable, "-m", "afloc_desktop"]
    try:
        done = subprocess.run(
            [*own, "bundles", "verify", str(folder)],
            capture_output=True,
            timeout=_SELF_TEST_S,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise _failed(name, f"no answer in {_SELF_TEST_S:.0f} s") from error
    if done.returncode != 0:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise _failed(name, said[-1].removeprefix("afloc: ") if said else "the process died")


def _failed(name: str, why: str) -> SelfTestFailed:
    return SelfTestFailed(
        f"The bundle {name} fails its self-test: {why}",
        remedy="Nothing was installed; get the bundle again from its maker.",
    )


def _replace(folder: Path, place: Path) -> None:
    earlier = place.with_name(f".{place.name}.earlier-{secrets.token_hex(4)}")
    try:
        if place.exists():
            place.rename(earlier)
        try:
            folder.rename(place)
        except OSError:
            if earlier.exists():
                earlier.rename(place)
            raise
    except OSError as error:
        raise _unwritable(error) from error
    shutil.rmtree(earlier, ignore_errors=True)


def _delete(folder: Path) -> None:
    """Out of sight in one step, then gone: a crash leaves no half a bundle in the list."""
    hidden = folder.with_name(f".{folder.name}.removed-{secrets.token_hex(4)}")
    try:
        os.rename(folder, hidden)
    except OSError as error:
        raise _unwritable(error) from error
    shutil.rmtree(hidden, ignore_errors=True)


def _unwritable(error: OSError) -> BundleError:
    return BundleError(
        f"The folder of model bundles cannot be written: {error.strerror}.",
        remedy="Free some space, or check who may write there.",
    )
