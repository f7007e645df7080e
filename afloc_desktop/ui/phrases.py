"""Phrases of the window that are made of parts: numbers, names, places.

They are used as `strings.window(…)` and the like; what stands by itself is in `strings`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from afloc_desktop.core.domain import EyeView, Skipped, SlideSize, Spacing
    from afloc_desktop.core.measuring import Length, Ratio, Statistics
    from afloc_desktop.state.comparison import Change
    from afloc_desktop.state.store import Home, Problem


_WAYS = {"int8": "8-bit", "mirrored": "looked twice", "tiled": "looked in tiles"}


def told(text: str) -> str:
    """What the core says of a file, a film or a question."""
    return text


def finding(label: str) -> str:
    """A finding or a group of them, as a model's maker named it."""
    return label


def problem(found: Problem | Skipped) -> str:
    """What happened and what to do, in one line."""
    return f"{found.reason} {found.remedy}"


def film_named(number: int, home: Home | None) -> str:
    """A film as a reader knows it: whose, of when, and which."""
    if home is None:
        return film(number)
    study, series = home.study, home.series
    words = (
        study.patient_name.replace("^", " ").strip(),
        study.date,
        series.modality,
        series.view_position,
        series.description,
    )
    return f"{film(number)}   {'   '.join(filter(None, words))}"


def from_file(label: str, kind: str, decision: str = "") -> str:
    """What was drawn over a film by somebody else than this session."""
    source = f"{kind} in file: {decision}" if decision else f"{kind} in file"
    return f"{label} ({source})" if label else source


def film_numbers(numbers: Sequence[int]) -> str:
    return ", ".join(map(str, numbers)) if len(numbers) <= 4 else images(len(numbers))


def exported(files: int, problems: int, folder: str, *, is_stopped: bool) -> str:
    words = f"{'1 file' if files == 1 else f'{files} files'} written to {folder}."
    if problems:
        words += f" {'1 problem' if problems == 1 else f'{problems} problems'}: see the list."
    return f"Stopped. {words}" if is_stopped else words


def time_left(seconds: int) -> str:
    return f"{seconds // 60} min {seconds % 60:02} s left"


def promoted(now: str, before: str) -> str:
    return f"{now} answers from the next start on; {before} is kept."


def skipped(count: int) -> str:
    return f"Skipped files ({count})"


def more(count: int) -> str:
    return f"… and {count} more"


def part(number: int) -> str:
    return f"part {number}"


def images(count: int) -> str:
    return "1 film" if count == 1 else f"{count} films"


def percent(share: float) -> str:
    return f"{share * 100:.0f} %"


def scanned(count: int) -> str:
    return f"Looking through files… {count}"


def table(number: int) -> str:
    return f"Table {number}"


def film(number: int) -> str:
    return f"Film {number}"


def frame(number: int) -> str:
    return f"Frame {number}"


def window(centre: float, width: float) -> str:
    return f"W {width:.5g}   L {centre:.5g}"


def place(number: int, count: int, position_mm: float | None) -> str:
    image = f"Image {number} of {count}"
    return image if position_mm is None else f"{image}   at {position_mm:.1f} mm"


def zoom(percent: float) -> str:
    return f"Zoom {percent:.0f} %"


def probe(x: int, y: int, value: float, unit: str, *, is_as_stored: bool) -> str:
    """`unit` may be empty; a stored value has none, whatever the file says of it."""
    if is_as_stored:
        return f"x {x}  y {y}   stored value {value:.6g}"
    return f"x {x}  y {y}   value {value:.6g} {unit}".rstrip()


def probe_both(x: int, y: int, stored: int, value: float, unit: str) -> str:
    """`unit` of the modality value, may be empty."""
    return f"x {x}  y {y}   stored {stored}   value {value:.6g} {unit}".rstrip()


def probe_colour(x: int, y: int, red: int, green: int, blue: int) -> str:
    return f"x {x}  y {y}   red {red}  green {green}  blue {blue}"


_BASIS = {
    "detector": "at detector",
    "calibrated": "calibrated",
    "corrected": "corrected",
    "estimated": "estimated",
    "patient": "in patient",
    "unknown": "uncertain",
    "reader": "calibrated by hand",
}


def spacing(size: Spacing | None) -> str:
    """How large a pixel is and where that is true; short, it shares a line with the caption."""
    if size is None:
        return "no scale"
    high, wide = f"{size.row_mm:.3g}", f"{size.column_mm:.3g}"
    return f"{high if high == wide else f'{high} × {wide}'} mm {_BASIS[size.basis]}"


_EYES = {"R": "Right eye (OD)", "L": "Left eye (OS)", "B": "Both eyes (OU)"}


def eye(seen: EyeView) -> list[str]:
    field = "" if seen.field_degrees is None else f"field {seen.field_degrees:.3g}°"
    lines = (_EYES.get(seen.laterality, ""), field), (seen.region, seen.channel)
    return ["   ".join(word for word in line if word) for line in lines if any(line)]


def window_key(number: int) -> str:
    return f"Window on key {number}"


def speed(images_per_s: int) -> str:
    return f"{images_per_s} / s"


def amount(value: float) -> str:
    """Three or four digits that count, never an exponent."""
    if value != value:
        return "–"
    text = f"{value:.0f}" if abs(value) >= 1000 else f"{value:.4g}"
    return text.replace("-", "−")


def length(measured: Length) -> str:
    """A distance and where it is true; pixels where the film has no scale."""
    if measured.basis is None:
        return f"{measured.value:.1f} px"
    return f"{measured.value:.1f} mm {_BASIS[measured.basis]}"


def area(measured: Length) -> str:
    """As `length`, of a shape; square centimetres where square millimetres are many."""
    if measured.basis is None:
        return f"{measured.value:.0f} px²"
    is_large = measured.value >= 1000
    size = f"{measured.value / 100:.1f} cm²" if is_large else f"{measured.value:.1f} mm²"
    return f"{size} {_BASIS[measured.basis]}"


def angle(degrees: float) -> str:
    return f"{degrees:.1f}°"


def statistics(found: Statistics, unit: str) -> list[str]:
    return [
        f"mean {amount(found.mean)} {unit}".rstrip() + f"   sd {amount(found.deviation)}",
        f"min {amount(found.least)}   max {amount(found.most)}",
        area(found.area),
    ]


def heart(measured: Length) -> str:
    return f"heart {length(measured)}"


def ratio(found: Ratio) -> list[str]:
    share = "–" if found.value != found.value else f"{found.value:.2f}"
    return [f"CTR {share}", heart(found.heart), f"chest {length(found.chest)}"]


def scale_bar(size_mm: float, basis: str) -> str:
    size = f"{size_mm / 10:g} cm" if size_mm >= 10 else f"{size_mm:g} mm"
    return f"{size} {_BASIS[basis]}"


def turned(quarters: int, is_mirrored: bool) -> str:
    """How the reader turned the film, clockwise quarters after the mirror; empty where not."""
    rotated = ("", "ROTATED RIGHT", "UPSIDE DOWN", "ROTATED LEFT")[quarters]
    if not is_mirrored:
        return rotated
    if quarters % 2:
        return f"FLIPPED, {rotated}"
    return "FLIPPED TOP TO BOTTOM" if quarters else "FLIPPED LEFT TO RIGHT"


def more_notes(count: int) -> str:
    return f"{count} more"


def model(identity: str, version: str) -> str:
    return f"Model {identity} {version}"


def model_choice(title: str, identity: str) -> str:
    return f"{title}  ({identity})"


def provider(name: str) -> str:
    """What runs the model, without the runtime's own suffix, and how where that is said."""
    device, _, how = name.partition(" ")
    shown = {"CPUExecutionProvider": "CPU", "CUDAExecutionProvider": "GPU (CUDA)"}.get(
        device, device.removesuffix("ExecutionProvider")
    )
    return ", ".join((shown, *(_WAYS.get(way, way) for way in how.split())))


def answered_in(seconds: float) -> str:
    if seconds < 0.001:
        return "answered in < 1 ms"
    return f"answered in {seconds * 1000:.0f} ms" if seconds < 1 else f"answered in {seconds:.1f} s"


def understood(notes: Sequence[str]) -> str:
    return "Understood – " + ", ".join(notes)


def report_says(sentence: str) -> str:
    return f"Report: “{sentence}”"


def laid(quality: float, *, is_trusted: bool) -> str:
    words = f"agreement {number(quality)}"
    return words if is_trusted else f"{words}: too little to lay the films over each other"


def changed(found: Change) -> str:
    """What became of a finding between two films."""
    now, then = number(found.similarity), number(found.earlier_similarity)
    words = f"Similarity {now}, before {then}."
    if found.extent is None or found.earlier_extent is None:
        return f"{words} Extents cannot be compared: the films have no common scale."
    if found.unit == "%":
        extents = f"{found.extent:.1%} of the film, before {found.earlier_extent:.1%}"
    else:
        extents = f"{found.extent / 100:.1f} cm², before {found.earlier_extent / 100:.1f} cm²"
    growth = found.growth
    share = "" if growth is None else f" ({'+' if growth >= 0 else '−'}{abs(growth):.0%})"
    return f"{words} Extent at the same similarity {extents}{share}."


def verdict(status: str, author: str, reason: str) -> str:
    words = f"{status} by {author}" if author else status
    return f"{words}: {reason[0].lower()}{reason[1:]}" if reason else words


def probability(share: float) -> str:
    return f"Calibrated probability {share * 100:.0f} %"


def number(similarity: float) -> str:
    """Two decimals, a true minus sign, and a dash for "not known"."""
    return "–" if similarity != similarity else f"{similarity:.2f}".replace("-", "−")


GAP = "   "  # between the name of a finding and what is said of it


def caption_found(name: str, similarity: float, threshold: float) -> str:
    return f"{name}{GAP}similarity {number(similarity)}   (threshold {number(threshold)})"


def caption_below(name: str, similarity: float, threshold: float) -> str:
    return f"{name}{GAP}nothing at or above {number(threshold)}   (highest {number(similarity)})"


def caption_rejected(name: str) -> str:
    return f"{name}{GAP}rejected"


def caption_waiting(name: str) -> str:
    return f"{name}{GAP}comparing…"


def other_modality(modality: str, accepted: str) -> str:
    return f"This is {modality}; the model was made for {accepted}. Its answers mean little here."


def key_conflict(key: str, names: Sequence[str]) -> str:
    return f"{key} stands for: {', '.join(names)}"


def about(version: str) -> str:
    return f"AFLoc Desktop {version}"


def slide_size(columns: int, rows: int) -> str:
    return f"{columns:,} × {rows:,}"


def slide_summary(slide: SlideSize) -> str:
    um = "" if slide.um_per_pixel is None else f", {slide.um_per_pixel[0]:.3g} µm/px"
    levels = "1 level" if slide.levels == 1 else f"{slide.levels} levels"
    return f"slide, {slide_size(slide.columns, slide.rows)}{um}, {levels}"


def slide_levels(level: int, levels: int) -> str:
    return f"Level {level} of {levels}"


def slide_magnification(times: float, um_per_pixel: float) -> str:
    """As of a microscope, and what a pixel of the screen is."""
    return f"{times:.3g}×   {um_per_pixel:.3g} µm/px"


def slide_scale(size_um: float) -> str:
    return f"{size_um / 1000:g} mm" if size_um >= 1000 else f"{size_um:g} µm"


def slide_place(x: int, y: int, place_mm: tuple[float, float] | None) -> str:
    words = f"x {x:,}  y {y:,}"
    return words if place_mm is None else f"{words}   {place_mm[0]:.3f} × {place_mm[1]:.3f} mm"


def slide_objective(times: float) -> str:
    return f"{times:g}×"


def slide_progress(done: int, total: int, empty: int) -> str:
    """`empty` windows hold no tissue and are left out."""
    return f"{done:,} of {total:,} windows looked at; {empty:,} without tissue left out"
