"""`afloc self-test`: does this installation compute what it should?

Every bundle on every provider against its maker's numbers, every decoder in a process of its own,
and one film of the sample from file to answer.
"""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any

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
from afloc_desktop.core.errors import AflocError, BundleMissing, InputError

if TYPE_CHECKING:
    import argparse

    from afloc_desktop.state.models import Installed

_SAMPLE = ("effusion.dcm", "pleural effusion")
_PLACES = ("bundle", "provider", "reason", "remedy")


def add_verbs(verbs: Verbs) -> None:
    """Register the verb of this module."""
    test = add_verb(
        verbs, "self-test", "does this installation compute what it should?", "afloc self-test"
    )
    add_one_provider(test, "all there are")
    add_json(test)
    test.set_defaults(run=_self_test)


def _self_test(chosen: argparse.Namespace) -> int:
    passed, failed = _bundles(chosen.provider)
    decoders = _decoders(failed)
    sample = _sample(chosen.provider, failed)
    figures = {"peak_memory_mb": _peak_memory_mb()}
    if chosen.json:
        parts = {"passed": passed, "failed": failed, "decoders": decoders, "sample": sample}
        answer_json({**parts, "figures": figures})
    else:
        _tell(passed, decoders, sample, figures)
    for entry in failed:
        say("failed " + " ".join(filter(None, (entry[name] for name in _PLACES))))
    if not passed:
        return NOTHING_DONE
    return SOME_FAILED if failed else DONE


def _bundles(provider: str | None) -> tuple[list[Any], list[dict[str, str]]]:
    from afloc_desktop.core.model.selftest import self_test
    from afloc_desktop.core.model.session import Sessions, available_providers
    from afloc_desktop.state.models import installed
    from afloc_desktop.state.paths import Paths

    passed: list[Any] = []
    failed: list[dict[str, str]] = []
    entries = installed(Paths.default())
    if not entries:
        missing = BundleMissing(
            "There is no model bundle installed.", remedy="Install the application again."
        )
        failed.append(_failure("", "", missing))
    for entry in entries:
        if entry.bundle is None:
            failed.append(_failure(entry.folder.name, "", _error_of(entry)))
            continue
        for each in [provider] if provider else available_providers():
            try:
                passed.append(self_test(entry.bundle, Sessions(entry.bundle, each)))
            except AflocError as error:
                failed.append(_failure(entry.bundle.manifest.id, each, error))
    return passed, failed


def _decoders(failed: list[dict[str, str]]) -> list[str]:
    """Names of those that work; the others are added to what failed."""
    from afloc_desktop.core.dicom.trial import try_decoders

    working = []
    for trial in try_decoders():
        if trial.error is None:
            working.append(trial.name)
        else:
            failed.append(_failure(trial.name, "", trial.error))
    return working


def _sample(provider: str | None, failed: list[dict[str, str]]) -> dict[str, Any] | None:
    """One film of the sample, from its file to where the answer is strongest."""
    from afloc_desktop.core.dicom.read import read
    from afloc_desktop.core.dicom.scan import scan
    from afloc_desktop.core.domain import Prompt
    from afloc_desktop.core.export.results import answer_prompt
    from afloc_desktop.state.models import open_default, sample_study
    from afloc_desktop.state.paths import Paths

    name, words = _SAMPLE
    try:
        films = scan([sample_study() / name]).images
        if not films:
            raise InputError(
                "The sample study is not there.", remedy="Install the application again."
            )
        localizer = open_default(Paths.default(), provider=provider, kind="cxr")
        started = time.perf_counter()
        finding = answer_prompt(localizer, read(films[0]), Prompt(words, "typed")).finding
    except AflocError as error:
        failed.append(_failure("sample study", provider or "", error))
        return None
    seconds = time.perf_counter() - started
    return {
        "film": name,
        "words": words,
        "similarity": finding.similarity,
        "is_present": finding.is_present,
        "regions": len(finding.regions),
        "milliseconds": round(1000 * seconds),
    }


def _tell(
    passed: list[Any], decoders: list[str], sample: dict[str, Any] | None, figures: dict[str, Any]
) -> None:
    for report in passed:
        differences = f"maps {report.map_difference:.1e}, words {report.word_difference:.1e}"
        answer(f"passed {report.bundle_id} on {report.provider}: largest differences {differences}")
    if decoders:
        answer(f"passed decoders: {', '.join(decoders)}")
    if sample:
        found = f"similarity {sample['similarity']:.2f}, {sample['milliseconds']} ms"
        answer(f"passed sample study: {sample['words']}, {found}")
    if figures["peak_memory_mb"]:
        answer(f"memory at most {figures['peak_memory_mb']} MB")


def _peak_memory_mb() -> int | None:
    """Of this process; None where the system does not tell (Windows)."""
    if sys.platform == "win32":
        return None
    import resource

    unit = 1 << 20 if sys.platform == "darwin" else 1 << 10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // unit


def _error_of(entry: Installed) -> AflocError:
    assert entry.error is not None
    return entry.error


def _failure(what: str, provider: str, error: AflocError) -> dict[str, str]:
    return dict(zip(_PLACES, (what, provider, error.reason, error.remedy), strict=True))
