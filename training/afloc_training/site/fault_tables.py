"""Faults as a table: on the screen, as CSV and as an HTML page."""

from __future__ import annotations

import csv
import html
import io
from collections import defaultdict
from typing import TYPE_CHECKING

from afloc_training.site.faults import KINDS, Fault, count_kinds

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

_ON_SCREEN = 5  # examples of a kind
_ON_PAGE = 50
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
STYLE = """
body{font:15px/1.45 system-ui,sans-serif;margin:2rem auto;max-width:70rem;padding:0 1rem;
color:#1c2733;background:#fff}
h1{font-size:1.5rem}h2{font-size:1.1rem;margin:2rem 0 .3rem}
table{border-collapse:collapse;width:100%}
th,td{text-align:left;vertical-align:top;padding:.35rem .6rem;border-bottom:1px solid #dde3ea}
th{font-weight:600;background:#f3f6f9}td.n{text-align:right;font-variant-numeric:tabular-nums}
.error{color:#a3201d}.warning{color:#7a5200}.ok{color:#1d6b2f}
p.remedy{margin:.1rem 0 .6rem}code{font-size:.92em}
"""


def as_text(faults: Sequence[Fault], counts: Mapping[str, int], name: Callable[[str], str]) -> str:
    """What the screen shows: every kind with its number, remedy and first examples.

    Args:
        faults: Everything that is wrong.
        counts: What was read, by what it is: films, reports, usable films.
        name: Shows a path.
    """
    lines = ["  ".join(f"{what}: {number}" for what, number in counts.items())]
    grouped = _grouped(faults)
    for kind, number in count_kinds(faults).items():
        known = KINDS[kind]
        lines += ["", f"{known.severity.upper()}  {known.title}: {number}"]
        for found in grouped[kind][:_ON_SCREEN]:
            place = place_of(found, name)
            lines.append(f"  {place}: {found.reason}" if place else f"  {found.reason}")
        if number > _ON_SCREEN:
            lines.append(f"  … and {number - _ON_SCREEN} more; --csv FILE lists all")
        lines += [f"  -> {remedy}" for remedy in _remedies(grouped[kind])]
    if not faults:
        lines += ["", "Nothing is wrong."]
    return "\n".join(lines)


def as_csv(faults: Sequence[Fault], name: Callable[[str], str]) -> bytes:
    """One row a fault; UTF-8 with a mark, so that spreadsheets read it right."""
    stream = io.StringIO(newline="")
    writer = csv.writer(stream)
    writer.writerow(("severity", "kind", "file", "row", "reason", "remedy"))
    for f in faults:
        row = (f.severity, f.kind, name(f.file), f.row or "", f.reason, f.remedy)
        writer.writerow([_cell(str(value)) for value in row])
    return stream.getvalue().encode("utf-8-sig", "backslashreplace")


def as_html(
    faults: Sequence[Fault], counts: Mapping[str, int], name: Callable[[str], str]
) -> bytes:
    """A page that needs nothing else: counts, then examples and remedy of every kind."""
    numbers = "".join(
        f"<tr><td>{html.escape(what)}</td><td class=n>{number}</td></tr>"
        for what, number in counts.items()
    )
    kinds = "".join(
        f'<tr><td class="{KINDS[kind].severity}">{KINDS[kind].severity}</td>'
        f'<td><a href="#{kind}">{html.escape(KINDS[kind].title)}</a></td>'
        f"<td class=n>{number}</td></tr>"
        for kind, number in count_kinds(faults).items()
    )
    grouped = _grouped(faults)
    details = "".join(_details(kind, grouped[kind], name) for kind in count_kinds(faults))
    verdict = "" if faults else '<p class="ok">Nothing is wrong.</p>'
    body = (
        f"<h1>Check of the data</h1><table>{numbers}</table>{verdict}"
        f"<h2>What is wrong</h2><p>An error keeps its image or report out of the training; a "
        f"warning does not. Parts of file names that may name somebody are shown as …; the row "
        f"says where they stand.</p><table><tr><th>Severity</th><th>Kind</th><th>Count</th></tr>"
        f"{kinds}</table>{details}"
    )
    return page("Check of the data", body)


def page(title: str, body: str) -> bytes:
    """A whole HTML page around a body that is already escaped."""
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{html.escape(title)}'
        f"</title><style>{STYLE}</style></head><body>{body}</body></html>"
    ).encode("utf-8", "backslashreplace")


def place_of(found: Fault, name: Callable[[str], str]) -> str:
    """Where a fault is, for a reader."""
    if not found.file:
        return ""
    row = f", row {found.row}" if found.row is not None else ""
    return f"{printable(name(found.file))}{row}"


def printable(text: str) -> str:
    """Text of a file with control and direction characters as escapes."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def _details(kind: str, faults: Sequence[Fault], name: Callable[[str], str]) -> str:
    rows = "".join(
        f"<tr><td>{html.escape(printable(name(f.file))) or 'all'}</td>"
        f"<td class=n>{'' if f.row is None else f.row}</td><td>{html.escape(f.reason)}</td></tr>"
        for f in faults[:_ON_PAGE]
    )
    more = (
        f"<p>… and {len(faults) - _ON_PAGE} more; --csv FILE lists all.</p>"
        if len(faults) > _ON_PAGE
        else ""
    )
    remedies = " ".join(html.escape(remedy) for remedy in _remedies(faults))
    known = KINDS[kind]
    return (
        f'<h2 id="{kind}"><span class="{known.severity}">{known.severity}</span> '
        f'{html.escape(known.title)} ({len(faults)})</h2><p class="remedy">{remedies}</p>'
        f"<table><tr><th>File</th><th>Row</th><th>Reason</th></tr>{rows}</table>{more}"
    )


def _remedies(faults: Sequence[Fault]) -> list[str]:
    """The different remedies of one kind, most files share one."""
    return list(dict.fromkeys(f.remedy for f in faults))[:3]


def _grouped(faults: Sequence[Fault]) -> dict[str, list[Fault]]:
    grouped: dict[str, list[Fault]] = defaultdict(list)
    for found in sorted(faults, key=lambda f: (f.file, f.row or 0)):
        grouped[found.kind].append(found)
    return grouped


def _cell(text: str) -> str:
    """A cell no spreadsheet takes for a formula."""
    shown = printable(text)
    return f"'{shown}" if shown.startswith(_FORMULA_STARTS) else shown
