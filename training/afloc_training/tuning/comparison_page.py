"""A comparison as one HTML page that needs nothing else: tables, plots, pictures of cases."""

from __future__ import annotations

import base64
import html
from typing import TYPE_CHECKING

from afloc_training.site.fault_tables import page
from afloc_training.tuning.comparison_text import signed

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from afloc_desktop.core.metrics import Interval
    from afloc_training.tuning.comparison import (
        Comparison,
        LocalizationRow,
        Pair,
        PresenceRow,
        Reliability,
        RetrievalRow,
        Shortcut,
    )
    from afloc_training.tuning.pictures import DrawnCase

_TITLE = "A bundle beside its base"
_PLOT = 190
_STYLE = """<style>figure{display:inline-block;margin:.4rem .8rem .8rem 0;vertical-align:top}
figcaption{font-size:.85em;color:#4a5866}.case img{width:210px;margin-right:4px}
.gain{color:#1d6b2f;font-weight:600}.loss{color:#a3201d;font-weight:600}</style>"""
_HOW = (
    "Both bundles answered the same {image}s. Figures: the base, the bundle, and the difference "
    "with the 95 % interval of 1,000 bootstrap samples of patients; <span class=gain>green</span> "
    "and <span class=loss>red</span> differences exclude 0. Localization by AFLoc's protocol: IoU "
    "and Dice averaged over thresholds .1 to .5 of the stretched map, signed CNR, pointing game."
)
_HELD_OUT = (
    "A finding is there where the report says so and not there where the report denies it or calls "
    "the {image} normal; {image}s whose reports do not mention it are left out, and so are "
    "findings with fewer than eight {image}s either way."
)
_TOO_FEW = "Of no finding are there eight {image}s that have it and eight that have it not."
_SHORTCUTS = "A model that reads the {image} does not care about its border or how it was taken."
_BLANKED = (
    " <b>Blanked</b>: how far scores move, in standard deviations over {image}s, when border and "
    "corners (markers, names, margins) are painted over; 0 is best."
)
_PAINTED = (
    " <b>Painted</b>: how far they move when a tube or a venous line is painted into the same "
    "{image}, without any other change; a score that follows tubes takes a well-kept patient for a "
    "sick one."
)
_APART = (
    " <b>Told apart</b>: how well a finding's score tells two groups of {image}s <i>without any "
    "finding</i> apart; 0.50 is best, 1.00 means the score follows the group."
)
_PICTURES = (
    "The region in blue; the upper half of each map in colour. From the left: {image}, base, "
    "bundle. These are {image}s of patients: keep this page where the {image}s may be kept."
)


def comparison_page(
    found: Comparison, pictures: Sequence[tuple[str, Sequence[DrawnCase]]]
) -> bytes:
    """The whole page; it names bundles, labels and groups, and no film."""
    image = found.image
    body = [_STYLE, f"<h1>{_TITLE}</h1>", "<p><b>Research use only.</b></p>", _bundles(found)]
    body.append(f"<p>{_HOW.format(image=image)}</p>")
    if found.regions:
        body += ["<h2>Localization</h2>", _localization(found.regions, "label", image)]
    if found.presence:
        body += ["<h2>Is it there (AUROC)</h2>", _presence(found.presence, image)]
    if found.site or found.retrieval:
        body += [f"<h2>The site's held-out {image}s, by their reports</h2>"]
        body += [f"<p>{_HELD_OUT.format(image=image)}</p>"]
        few = f"<p>{_TOO_FEW.format(image=image)}</p>"
        body += [_presence(found.site, image) if found.site else few]
        body += [_retrieval(found.retrieval, image)] if found.retrieval else []
    if found.groups:
        body += ["<h2>By group, all regions</h2>", _localization(found.groups, "group", image)]
    if found.blanked or found.painted or found.acquisition:
        body += ["<h2>Shortcuts</h2>", _shortcuts(found)]
    body += ["<h2>Are probabilities right</h2>", _reliability(found.reliability, image)]
    if pictures:
        body.append(f"<h2>Cases</h2><p>{_PICTURES.format(image=image)}</p>")
        body += [_cases(title, cases) for title, cases in pictures]
    if found.not_asked:
        names = html.escape(", ".join(found.not_asked))
        body.append(f"<p>Labels that one of the two bundles does not know: {names}.</p>")
    return page(_TITLE, "".join(body))


def _bundles(found: Comparison) -> str:
    rows = [("Base", found.base), ("Bundle", found.bundle)]
    return _table(
        ("", "id", "SHA-256"),
        [
            [what, html.escape(name), f"<code>{digest[:16]}…</code>"]
            for what, (name, digest) in rows
        ],
    )


def _localization(rows: Sequence[LocalizationRow], what: str, image: str) -> str:
    return _table(
        (what, f"{image}s", "pointing", "IoU", "Dice", "CNR"),
        [
            [html.escape(row.label), str(row.cases), *map(_pair, (row.pointing, row.iou, row.dice,
                                                                  row.cnr))]
            for row in rows
        ],
    )  # fmt: skip


def _retrieval(rows: Sequence[RetrievalRow], image: str) -> str:
    return _table(
        (f"{image}s and reports find each other", f"{image}s", "share"),
        [[row.measure, str(row.films), _pair(row.share)] for row in rows],
    )


def _presence(rows: Sequence[PresenceRow], image: str) -> str:
    return _table(
        ("label", "positive", f"{image}s", "AUROC"),
        [
            [html.escape(row.label), str(row.positives), str(row.films), _pair(row.auroc)]
            for row in rows
        ],
    )


def _shortcuts(found: Comparison) -> str:
    def cells(kind: str, shortcut: Shortcut) -> list[str]:
        finding, highest = shortcut.worst
        return [
            kind,
            html.escape(shortcut.name),
            str(shortcut.films),
            f"{shortcut.base:.2f}",
            f"{shortcut.bundle:.2f}",
            f"{html.escape(finding)} ({highest:.2f})",
        ]

    rows = [cells("Blanked", shortcut) for shortcut in found.blanked]
    rows += [cells("Painted", shortcut) for shortcut in found.painted]
    rows += [cells("Told apart", shortcut) for shortcut in found.acquisition]
    said = ((True, _SHORTCUTS), (bool(found.blanked), _BLANKED),
            (bool(found.painted), _PAINTED), (bool(found.acquisition), _APART))  # fmt: skip
    how = "".join(words for is_told, words in said if is_told).format(image=found.image)
    heads = ("", "what", f"{found.image}s", "base", "bundle", "most")
    return f"<p>{how}</p>{_table(heads, rows)}"


def _reliability(found: Sequence[Reliability], image: str) -> str:
    if not found:
        return (
            "<p>The bundle states no probabilities for these labels: calibrate it with "
            "<code>afloc-train calibrate</code>, and compare again.</p>"
        )
    note = f"<p>Stated probability across, share of {image}s with the label upwards.</p>"
    return note + "".join(_plot(one) for one in found)


def _plot(found: Reliability) -> str:
    def place(x: float, y: float) -> str:
        return f"{10 + x * _PLOT:.1f},{10 + (1 - y) * _PLOT:.1f}"

    pairs = list(zip(found.stated, found.observed, strict=True))
    line = " ".join(place(x, y) for x, y in pairs)
    dots = "".join(
        f'<circle cx="{point.split(",")[0]}" cy="{point.split(",")[1]}" r="3" fill="#1f6fb2"/>'
        for point in line.split()
    )
    size = _PLOT + 20
    return (
        f'<figure><svg width="{size}" height="{size}" role="img">'
        f'<rect x="10" y="10" width="{_PLOT}" height="{_PLOT}" fill="none" stroke="#c3ccd6"/>'
        f'<polyline points="{place(0, 0)} {place(1, 1)}" stroke="#c3ccd6" fill="none"/>'
        f'<polyline points="{line}" stroke="#1f6fb2" fill="none"/>{dots}</svg>'
        f"<figcaption>{html.escape(found.label)}</figcaption></figure>"
    )


def _cases(title: str, cases: Sequence[DrawnCase]) -> str:
    figures = "".join(
        f'<figure class="case">{_image(case.film)}{_image(case.base)}{_image(case.bundle)}'
        f"<figcaption>{html.escape(case.label)}</figcaption></figure>"
        for case in cases
    )
    return f"<h3>{html.escape(title)}</h3>{figures}"


def _image(png: bytes) -> str:
    return f'<img alt="" src="data:image/png;base64,{base64.b64encode(png).decode()}">'


def _pair(pair: Pair) -> str:
    kind = _kind(pair.difference)
    return (
        f"{pair.base.value:.3f} → {pair.bundle.value:.3f}<br>"
        f'<span class="{kind}">{signed(pair.difference)}</span>'
    )


def _kind(difference: Interval) -> str:
    if difference.low > 0:
        return "gain"
    return "loss" if difference.high < 0 else ""


def _table(heads: Iterable[str], rows: Iterable[Sequence[str]]) -> str:
    top = "".join(f"<th>{head}</th>" for head in heads)
    lines = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
    return f"<table><tr>{top}</tr>{lines}</table>"
