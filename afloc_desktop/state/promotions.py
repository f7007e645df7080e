"""Which model answers, for its kind of image: promoted with a line in the audit trail.

The one before it is kept. Rolling back is one step, and undone by another.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, get_args

from afloc_desktop.core.errors import BundleError, BundleMissing, ExportError
from afloc_desktop.core.model.bundle import open_bundle
from afloc_desktop.state.audit import Audit
from afloc_desktop.state.bundles import install
from afloc_desktop.state.gate import Kind
from afloc_desktop.state.models import find
from afloc_desktop.state.settings import load_settings, save_settings

if TYPE_CHECKING:
    from pathlib import Path

    from afloc_desktop.core.model.bundle import Bundle
    from afloc_desktop.state.paths import Paths


@dataclass(frozen=True, slots=True)
class Promotion:
    """What answers now, and what did before; it stays installed."""

    bundle: Bundle
    before: Bundle


def promote(source: Path | str, paths: Paths) -> Promotion:
    """Make a bundle the one that answers, installed first where it is a file or a folder.

    Args:
        source: A bundle folder or `.aflocbundle` file, or the id of an installed bundle.
        paths: Of the application.

    Raises:
        BundleError: It cannot be used, fails its self-test, or is what answers already; nothing
            changed.
        SettingsError: The choice cannot be kept.
        ExportError: The audit trail cannot be written; nothing changed.
    """
    if isinstance(source, str):
        bundle = find(paths, source)
        before = _answering(bundle, paths)
        if bundle.sha256 == before.sha256:
            raise BundleError(f"{source} answers already.", remedy="There is nothing to do.")
    else:
        bundle = install(source, paths, kept=_in_charge(paths))
        before = _answering(bundle, paths)
        if bundle.sha256 == before.sha256:  # the first one of its kind here
            before = find(paths, None)
    return _exchange("promoted", bundle, before, paths)


def roll_back(paths: Paths) -> Promotion:
    """Let the bundle answer that did before the last promotion.

    Raises:
        BundleMissing: Nothing was promoted, or the one before is not installed any more.
        BundleError: It cannot be used.
        SettingsError: The choice cannot be kept.
        ExportError: The audit trail cannot be written; nothing changed.
    """
    earlier = load_settings(paths.settings_file).earlier_bundle
    if not earlier:
        raise BundleMissing(
            "No model was promoted: there is none to go back to.",
            remedy="`afloc bundles use ID` chooses among those installed.",
        )
    bundle = find(paths, earlier)
    return _exchange("rolled_back", bundle, _answering(bundle, paths), paths)


def _answering(bundle: Bundle, paths: Paths) -> Bundle:
    """What answers for the kind of image that a bundle was made for."""
    return find(paths, None, kind=bundle.manifest.modality)


def _in_charge(paths: Paths) -> frozenset[str]:
    """Ids of the bundles that answer for any kind of image."""
    ids = set()
    for kind in get_args(Kind):
        with suppress(BundleError):
            ids.add(find(paths, None, open_bundle, kind).manifest.id)
    return frozenset(ids)


def _exchange(
    action: Literal["promoted", "rolled_back"], bundle: Bundle, before: Bundle, paths: Paths
) -> Promotion:
    """Choose a bundle; without its line in the audit trail nothing is chosen."""
    settings = load_settings(paths.settings_file)
    chosen = replace(settings.choosing(bundle.manifest.id), earlier_bundle=before.manifest.id)
    save_settings(paths.settings_file, chosen)
    try:
        Audit(paths.audit).note_model(action, _named(bundle), _named(before))
    except ExportError:
        save_settings(paths.settings_file, settings)
        raise
    return Promotion(bundle, before)


def _named(bundle: Bundle) -> tuple[str, str]:
    return bundle.manifest.id, bundle.sha256
