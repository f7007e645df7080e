"""What de-identification did, side by side: left what was said, right what the store holds.

Without being asked for the originals, both sides show cleaned text: the page may then be kept.
"""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING

from afloc_training.site.deidentify import LABELS
from afloc_training.site.fault_tables import page, printable

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Sequence

    from afloc_training.site.cleaning import CleanReport, CleanSentence
    from afloc_training.site.deidentify import Replaced

_MOST_REPORTS = 500
_MARK = re.compile(r"\[(name|date|number|place|contact|age|listed|word)\]")
_STYLE = """<style>td{width:50%}mark{background:#ffe08a;border-radius:3px;padding:0 .15em}
del{color:#8a94a0}.out{color:#8a94a0}.banner{background:#a3201d;color:#fff;padding:.6rem 1rem}
tr.head td{background:#f3f6f9;font-weight:600}</style>"""
_WARNING = (
    '<p class="banner">This page shows reports as they were written. It names patients: keep it '
    "where the reports are kept, and delete it after the review.</p>"
)


def review_page(
    reports: Sequence[CleanReport], replaced: Counter[Replaced], *, shows_originals: bool
) -> bytes:
    """The page.

    Args:
        reports: Each text once, those with most replacements first; at most 500 are shown.
        replaced: What was taken out of all reports.
        shows_originals: The left side shows what was written, and not what is left of it.
    """
    once = {report.report.text: report for report in reports}.values()
    order = sorted(once, key=lambda report: -report.replaced.total())
    counts = "".join(
        f"<tr><td>{html.escape(label)}</td><td class=n>{replaced[kind]}</td></tr>"
        for kind, label in LABELS.items()
    )
    rows = "".join(
        _report(number, report, shows_originals)
        for number, report in enumerate(order[:_MOST_REPORTS], 1)
    )
    left = "As written" if shows_originals else "The report, identifiers hidden"
    body = (
        f"{_STYLE}<h1>Review of the de-identification</h1>{_WARNING if shows_originals else ''}"
        f"<p>{len(reports)} reports, {sum(replaced.values())} replacements. Read the right side: "
        f"whatever still names somebody there goes into the list for <code>--remove</code>; a "
        f"word that was taken out wrongly into the one for <code>--keep</code>.</p>"
        f"<table>{counts}</table><h2>Reports, those with most replacements first</h2>"
        f"<table><tr><th>{left}</th><th>What the store holds</th></tr>{rows}</table>"
    )
    return page("Review of the de-identification", body)


def _report(number: int, report: CleanReport, shows_originals: bool) -> str:
    left = " ".join(_said(s, shows_originals) for s in report.sentences)
    right = "<br>".join(_marked(s.cleaned.text) for s in report.kept) or "<i>nothing</i>"
    kinds = ", ".join(f"{html.escape(LABELS[k])} {n}" for k, n in report.replaced.items())
    return (
        f'<tr class="head"><td colspan=2>Report {number}: {kinds or "nothing replaced"}</td></tr>'
        f"<tr><td>{left}</td><td>{right}</td></tr>"
    )


def _said(sentence: CleanSentence, shows_originals: bool) -> str:
    text = _original(sentence) if shows_originals else _marked(sentence.cleaned.text)
    return text if sentence.is_kept else f"<del>{text}</del>"


def _original(sentence: CleanSentence) -> str:
    parts: list[str] = []
    end = 0
    for start, stop, kind in sentence.cleaned.spans:
        parts.append(html.escape(printable(sentence.written[end:start])))
        taken = html.escape(printable(sentence.written[start:stop]))
        parts.append(f'<mark title="{kind}">{taken}</mark>')
        end = stop
    return "".join([*parts, html.escape(printable(sentence.written[end:]))])


def _marked(text: str) -> str:
    return _MARK.sub(r"<mark>[\1]</mark>", html.escape(printable(text)))
