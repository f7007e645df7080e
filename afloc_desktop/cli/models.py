"""`afloc findings` and `bundles`: what the models are."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from afloc_desktop.cli.bundles import add_actions
from afloc_desktop.cli.common import (
    DONE,
    NOTHING_DONE,
    SOME_FAILED,
    Verbs,
    add_json,
    add_one_provider,
    add_verb,
    answer,
    answer_json,
    say,
)

if TYPE_CHECKING:
    import argparse

    from afloc_desktop.core.model.bundle import Bundle
    from afloc_desktop.state.models import Installed


def add_verbs(verbs: Verbs) -> None:
    """Register the verbs of this module."""
    findings = add_verb(verbs, "findings", "findings the bundle knows", "afloc findings --json")
    findings.add_argument("--bundle", metavar="ID")
    add_json(findings)
    findings.set_defaults(run=_findings)
    bundles = add_verb(verbs, "bundles", "model management", "afloc bundles list")
    actions = bundles.add_subparsers(metavar="ACTION", required=True)
    listing = add_verb(actions, "list", "installed bundles", "afloc bundles list --json")
    add_json(listing)
    listing.set_defaults(run=_list)
    for name, summary, run in (
        ("info", "all that a bundle says of itself", _info),
        ("verify", "check every file of a bundle, and run its self-test", _verify),
    ):
        action = add_verb(actions, name, summary, f"afloc bundles {name} afloc-cxr-base")
        action.add_argument("bundle", metavar="ID|FOLDER", nargs="?")
        if name == "verify":
            add_one_provider(action, "cpu")
        add_json(action)
        action.set_defaults(run=run)
    add_actions(actions)


def _findings(chosen: argparse.Namespace) -> int:
    from afloc_desktop.state.models import find
    from afloc_desktop.state.paths import Paths

    bundle = find(Paths.default(), chosen.bundle)
    if chosen.json:
        answer_json({"bundle": _identity(bundle), "findings": bundle.manifest.findings})
        return DONE
    for finding in bundle.manifest.findings:
        answer(f"{finding.id:24} {finding.label:28} from similarity {finding.threshold:.2f}")
        answer(f"{'':24} {' '.join(finding.prompts)}")
    return DONE


def _list(chosen: argparse.Namespace) -> int:
    entries = _installed()
    if chosen.json:
        answer_json({"bundles": [_entry(entry) for entry in entries]})
    for entry in entries:
        if entry.error is not None:
            say(f"{entry.folder.name}: {entry.error.reason} {entry.error.remedy}")
        elif not chosen.json and entry.bundle is not None:
            manifest = entry.bundle.manifest
            answer(f"{manifest.id:24} {manifest.version:8} {manifest.modality:8} {manifest.title}")
    if not any(entry.bundle for entry in entries):
        return NOTHING_DONE
    return SOME_FAILED if any(entry.error for entry in entries) else DONE


def _info(chosen: argparse.Namespace) -> int:
    bundle = _chosen_bundle(chosen.bundle)
    if chosen.json:
        answer_json({**_identity(bundle), "manifest": bundle.manifest})
    else:
        answer(bundle.read("MODEL_CARD.md").decode("utf-8", "replace"))
    return DONE


def _verify(chosen: argparse.Namespace) -> int:
    from afloc_desktop.core.model.selftest import self_test
    from afloc_desktop.core.model.session import Sessions

    bundle = _chosen_bundle(chosen.bundle)
    report = self_test(bundle, Sessions(bundle, chosen.provider or "cpu"))
    if chosen.json:
        answer_json({**_identity(bundle), "files": len(bundle.manifest.files), "self_test": report})
    else:
        answer(f"{bundle.manifest.id}: {len(bundle.manifest.files)} files and self-test are right")
    return DONE


def _chosen_bundle(name: str | None) -> Bundle:
    from afloc_desktop.core.model.bundle import load_bundle
    from afloc_desktop.state.models import find
    from afloc_desktop.state.paths import Paths

    if name is not None and Path(name).is_dir():
        return load_bundle(Path(name))
    return find(Paths.default(), name)


def _installed() -> tuple[Installed, ...]:
    from afloc_desktop.state.models import installed
    from afloc_desktop.state.paths import Paths

    return installed(Paths.default())


def _identity(bundle: Bundle) -> dict[str, str]:
    return {"id": bundle.manifest.id, "version": bundle.manifest.version, "sha256": bundle.sha256}


def _entry(entry: Installed) -> dict[str, Any]:
    where = {"folder": str(entry.folder), "shipped": entry.is_shipped}
    if entry.bundle is None:
        return {**where, **_failure(entry.folder.name, "", entry.error)}
    manifest = entry.bundle.manifest
    return {
        **where,
        **_identity(entry.bundle),
        "title": manifest.title,
        "modality": manifest.modality,
        "licence": manifest.licence,
    }


def _failure(bundle: str, provider: str, error: Any) -> dict[str, str]:
    return {
        "bundle": bundle,
        "provider": provider,
        "reason": error.reason,
        "remedy": error.remedy,
    }
