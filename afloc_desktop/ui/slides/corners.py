"""Text around a slide: whose it is, how large it is, how near it is looked at, a bar in µm."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING

from afloc_desktop.ui import strings
from afloc_desktop.ui.corners import paint_bar, scale_size, write_lines
from afloc_desktop.ui.labels import day, one_line, person
from afloc_desktop.ui.qt import QPainter, QRect, Qt

if TYPE_CHECKING:
    from afloc_desktop.core.domain import Study
    from afloc_desktop.state.store import State
    from afloc_desktop.ui.slides.scene import SlideScene

_MARGIN = 12  # screen points
_FLAG = Qt.AlignmentFlag
_SHARE, _MOST = 0.25, 220.0  # of the scale bar, screen points


def paint_corners(painter: QPainter, area: QRect, state: State, scene: SlideScene) -> None:
    """Who, when, what, and from how near."""
    inside = area.adjusted(_MARGIN, _MARGIN - 2, -_MARGIN, -_MARGIN + 2)
    slide, study = scene.opened.slide, _study_of(state, scene)
    if study is not None:
        whose = [person(study.patient_name), one_line(study.patient_id)]
        write_lines(painter, inside, _FLAG.AlignLeft | _FLAG.AlignTop, whose)
    write_lines(painter, inside, _FLAG.AlignRight | _FLAG.AlignTop, what_of(state, scene))
    finest = slide.levels[0]
    size = [
        strings.slide_size(finest.columns, finest.rows),
        strings.slide_levels(scene.plan.level + 1, len(slide.levels)),
    ]
    write_lines(painter, inside, _FLAG.AlignLeft | _FLAG.AlignBottom, size)
    write_lines(painter, inside, _FLAG.AlignRight | _FLAG.AlignBottom, how_near(scene))
    um = scene.um_per_pixel
    if um is not None:
        _paint_scale(painter, inside, um * painter.device().devicePixelRatio())


def what_of(state: State, scene: SlideScene) -> list[str]:
    """The lines in the upper right corner."""
    series, study = scene.opened.series, _study_of(state, scene)
    date, title = ("", "") if study is None else (day(study.date), study.description)
    return [date, one_line(series.description or title), one_line(series.modality)]


def how_near(scene: SlideScene) -> list[str]:
    """The magnification, where it is known, and how many pixels of the slide become one."""
    times, um = scene.magnification, scene.um_per_pixel
    near = strings.zoom(scene.view.zoom * 100)
    if times is None or um is None:
        return [strings.SLIDE_NO_SCALE, near]
    return [strings.slide_magnification(times, um), near]


def paint_too_far(painter: QPainter, area: QRect) -> None:
    """Why so little of the slide is seen: it has no copy small enough."""
    inside = area.adjusted(_MARGIN, _MARGIN, -_MARGIN, -_MARGIN)
    write_lines(painter, inside, _FLAG.AlignHCenter | _FLAG.AlignTop, [strings.SLIDE_TOO_FAR])


def room_above(painter: QPainter, state: State, scene: SlideScene) -> int:
    """Screen points that the lines in the upper right corner take."""
    lines = sum(1 for line in what_of(state, scene) if line)
    return _MARGIN + ceil(painter.fontMetrics().lineSpacing() * lines)


def _study_of(state: State, scene: SlideScene) -> Study | None:
    series = scene.opened.series
    return next((study for study in state.listing.studies if series in study.series), None)


def _paint_scale(painter: QPainter, inside: QRect, um_per_point: float) -> None:
    """A bar of a round length above the lower right corner."""
    across_mm = min(inside.width() * _SHARE, _MOST) * um_per_point / 1000
    size_mm = scale_size(across_mm)
    if size_mm:
        long = size_mm * 1000 / um_per_point
        paint_bar(painter, inside, long, strings.slide_scale(size_mm * 1000))
