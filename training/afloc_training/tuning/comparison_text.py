"""A comparison for the terminal and for programs."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from afloc_desktop.core.metrics import Interval
    from afloc_training.tuning.comparison import Comparison, Pair


def as_text(found: Comparison) -> str:
    """Tables: base, bundle, and the difference with its 95 % interval over patients."""
    lines = [f"base {found.base[0]}, bundle {found.bundle[0]}; difference [95 % of patients]"]
    images = f"{found.image}s"
    for row in (*found.regions, *found.groups):
        lines.append(f"{row.label} ({row.cases} {images})")
        for measure in ("pointing", "iou", "dice", "cnr"):
            lines.append(f"  {measure:9} {pair_text(getattr(row, measure))}")
    for area in found.presence:
        lines.append(f"{area.label:30} {area.positives:5}  AUROC {pair_text(area.auroc)}")
    if found.site:
        lines.append(f"held-out {images} of the site, by their reports")
    for area in found.site:
        lines.append(f"{area.label:30} {area.positives:5}  AUROC {pair_text(area.auroc)}")
    for row_ in found.retrieval:
        lines.append(f"{row_.measure} ({row_.films} {images}): {pair_text(row_.share)}")
    for shortcut in (*found.blanked, *found.painted, *found.acquisition):
        lines.append(
            f"{shortcut.name} ({shortcut.films} {images}): {shortcut.base:.2f} -> "
            f"{shortcut.bundle:.2f}, most for {shortcut.worst[0]} ({shortcut.worst[1]:.2f})"
        )
    if found.not_asked:
        lines.append(f"not known to both: {', '.join(found.not_asked)}")
    return "\n".join(lines)


def pair_text(pair: Pair) -> str:
    """`0.244 -> 0.350  +0.106 [+0.056, +0.156]`."""
    return f"{pair.base.value:.3f} -> {pair.bundle.value:.3f}  {signed(pair.difference)}"


def signed(difference: Interval) -> str:
    """With its sign and interval."""
    return f"{difference.value:+.3f} [{difference.low:+.3f}, {difference.high:+.3f}]"


def as_json(found: Comparison) -> dict[str, Any]:
    """Plain values; NaN, which JSON has not, as null."""
    plain: dict[str, Any] = _plain(asdict(found))
    return plain


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        named = getattr(value, "_asdict", None)
        return _plain(named()) if named else [_plain(part) for part in value]
    return None if isinstance(value, float) and math.isnan(value) else value
