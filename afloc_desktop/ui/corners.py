"""Text around the film: whose it is, how it is shown, which side is which, what was answered."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import ceil, floor, log10
from typing import TYPE_CHECKING

from afloc_desktop.core.dicom.orientation import opposite, turned
from afloc_desktop.state.store import SINGLE
from afloc_desktop.ui import strings, theme
from afloc_desktop.ui.labels import day, one_line, person
from afloc_desktop.ui.lettering import INK, corner_of, word, write
from afloc_desktop.ui.phrases import GAP
from afloc_desktop.ui.presets import name_of
from afloc_desktop.ui.qt import (
    QColor,
    QFont,
    QFontMetrics,
    QImage,
    QPainter,
    QPainterPath,
    QPen,
    QPointF,
    QRect,
    QRectF,
    Qt,
)
from afloc_desktop.ui.scene import is_rejected
from afloc_desktop.ui.windowing import as_window

if TYPE_CHECKING:
    from afloc_desktop.core.domain import Spacing
    from afloc_desktop.state.store import Answer, Home, State
    from afloc_desktop.ui.scene import Scene

_MARGIN = 12
_QUIET = QColor(148, 155, 164)
_ALERT = QColor(theme.DARK.warning)
_LARGE, _SMALL = 1.6, 1.15  # of a marker, to the other text
_FLAG = Qt.AlignmentFlag
_SCALE_SHARE, _SCALE_LEAST, _SCALE_MOST = 0.25, 24.0, 220.0  # screen points across
_NARROW = 700  # screen points: the caption stands above the corners instead of between them
_TOP_MIDDLE = _FLAG.AlignHCenter | _FLAG.AlignTop
_ROUND = 14  # screen points, corners of the caption
_HINT_TOP = 26  # below the marker


def paint_corners(painter: QPainter, area: QRect, state: State, scene: Scene) -> None:
    """Who, when, what, and through which window."""
    image = scene.film.image
    home = scene.home(state.listing)
    inside = area.adjusted(_MARGIN, _MARGIN - 2, -_MARGIN, -_MARGIN + 2)
    if home is not None:
        study, series = home.study, home.series
        whose = [person(study.patient_name), one_line(study.patient_id)]
        view = one_line(f"{series.modality} {series.view_position}")
        what = [day(study.date), one_line(series.description or study.description), view]
        write_lines(painter, inside, _FLAG.AlignLeft | _FLAG.AlignTop, whose)
        write_lines(painter, inside, _FLAG.AlignRight | _FLAG.AlignTop, what)
    which = [] if home is None else which_of(home)
    write_lines(painter, inside, _FLAG.AlignLeft | _FLAG.AlignBottom, [*which, *how_shown(scene)])
    spacing = state.spacing(image)
    size = [strings.spacing(spacing), strings.zoom(scene.view.zoom * 100)]
    write_lines(painter, inside, _FLAG.AlignRight | _FLAG.AlignBottom, size)
    if spacing is not None:
        _paint_scale(painter, inside, scene, spacing)
    paint_turn(painter, area, scene)


def paint_turn(painter: QPainter, area: QRect, scene: Scene) -> None:
    """That the reader turned or flipped the film: said even where no other text is."""
    inside = area.adjusted(_MARGIN, _MARGIN - 2, -_MARGIN, -_MARGIN + 2)
    hint = strings.turned(scene.view.turn.quarters, scene.view.turn.is_mirrored)
    if not hint:
        return
    painter.save()
    font = QFont(painter.font())
    font.setBold(True)
    painter.setFont(font)
    write_lines(painter, inside.adjusted(0, _HINT_TOP, 0, 0), _TOP_MIDDLE, [hint], _ALERT)
    painter.restore()


def scale_size(mm_across: float) -> float:
    """The longest of 1, 2, 5, 10 … mm that fits into so many; 0 where not even a hair does."""
    if not mm_across > 1e-3:
        return 0.0
    decade = 10.0 ** floor(log10(mm_across))
    return decade * max(step for step in (1, 2, 5) if step * decade <= mm_across * (1 + 1e-9))


def _paint_scale(painter: QPainter, inside: QRect, scene: Scene, spacing: Spacing) -> None:
    """A bar of a round length above the lower right corner, and where that length is true."""
    # Along the screen's x: a film that was turned sideways shows its rows across.
    across, down = scene.view.scale
    per_mm = down / spacing.row_mm if scene.view.turn.is_sideways else across / spacing.column_mm
    per_mm /= painter.device().devicePixelRatio()
    size = scale_size(min(inside.width() * _SCALE_SHARE, _SCALE_MOST) / per_mm)
    long = size * per_mm
    if long >= _SCALE_LEAST:
        paint_bar(painter, inside, long, strings.scale_bar(size, spacing.basis))


def paint_bar(painter: QPainter, inside: QRect, long: float, words: str) -> None:
    """A bar so many screen points long above the lower right corner, and what is said of it."""
    right, bottom = inside.right(), inside.bottom() - 3 * painter.fontMetrics().lineSpacing()
    bar = QPainterPath()
    bar.moveTo(right - long, bottom - 5)
    bar.lineTo(right - long, bottom)
    bar.lineTo(right, bottom)
    bar.lineTo(right, bottom - 5)
    for pen in (QPen(QColor(0, 0, 0, 190), 4), QPen(INK, 1.6)):
        painter.strokePath(bar, pen)
    label = inside.adjusted(0, 0, 0, -2 * painter.fontMetrics().lineSpacing())
    write_lines(painter, label, _FLAG.AlignRight | _FLAG.AlignBottom, [words])


def which_of(home: Home) -> list[str]:
    """Which of several images this is, and where it lies in the patient."""
    images = home.series.images
    if len(images) < 2:
        return []
    return [strings.place(home.place + 1, len(images), images[home.place].position_mm)]


def how_shown(scene: Scene) -> list[str]:
    """What a reader must know of how the film came to its greys and sides."""
    image = scene.film.image
    lines = [] if image.eye is None else strings.eye(image.eye)
    if image.orientation is None and not (image.eye and image.eye.laterality):
        lines.append(strings.SIDE_UNKNOWN)
    if image.colour is not None:
        return [*lines, name_of(scene.choice, 1)]
    window = as_window(image, scene.film.fixed(scene.choice))
    return [*lines, strings.window(window.centre, window.width)]


def paint_markers(painter: QPainter, area: QRect, scene: Scene) -> None:
    """The patient's sides at the edges, where the file says them; they turn with the film."""
    if scene.film.image.orientation is None:
        return
    shown = turned(scene.film.image.orientation, scene.view.turn)
    places = (
        (_FLAG.AlignRight | _FLAG.AlignVCenter, shown.row),
        (_FLAG.AlignLeft | _FLAG.AlignVCenter, opposite(shown.row)),
        (_FLAG.AlignHCenter | _FLAG.AlignBottom, shown.column),
        (_FLAG.AlignHCenter | _FLAG.AlignTop, opposite(shown.column)),
    )
    # Room for the caption at the bottom.
    room = 36 if area.width() >= _NARROW else 104
    inside = area.adjusted(_MARGIN, _MARGIN - 2, -_MARGIN, -_MARGIN - room)
    font, ratio = painter.font().toString(), painter.device().devicePixelRatio()
    for where, letters in places:
        painter.drawImage(*_marker(letters, font, ratio).placed(inside, where))


@dataclass(frozen=True, slots=True)
class _Marker:
    """Letters of a side, drawn, and how much room they take on the screen."""

    picture: QImage
    width: float
    height: float

    def placed(self, area: QRect, where: Qt.AlignmentFlag) -> tuple[QPointF, QImage]:
        """At an edge of an area, in the middle of it."""
        left, top = area.center().x() - self.width / 2, area.center().y() - self.height / 2
        if where & _FLAG.AlignLeft:
            left = area.left()
        elif where & _FLAG.AlignRight:
            left = area.right() - self.width
        elif where & _FLAG.AlignTop:
            top = area.top()
        else:
            top = area.bottom() - self.height
        return corner_of(left, top), self.picture


@lru_cache(maxsize=64)
def _marker(letters: str, font_name: str, ratio: float) -> _Marker:
    """Drawn once: setting a font four times takes longer than the window of a film."""
    font = QFont()
    font.fromString(font_name)
    is_side = letters[0] in (strings.RIGHT, strings.LEFT)
    font.setPointSizeF(font.pointSizeF() * (_LARGE if is_side else _SMALL))
    font.setBold(is_side)
    metrics = QFontMetrics(font)
    picture = word(letters, font.toString(), INK.rgba(), ratio)
    return _Marker(picture, metrics.horizontalAdvance(letters), metrics.lineSpacing())


def paint_caption(painter: QPainter, area: QRect, state: State, answer: Answer | None) -> None:
    """What the overlay is, or why there is none to see."""
    words = caption(state, answer)
    if not words:
        return
    metrics = painter.fontMetrics()
    is_narrow = area.width() < _NARROW
    share, lift = (0.9, 4.2 * metrics.lineSpacing()) if is_narrow else (0.5, 0.0)
    room = int(area.width() * share) - 28
    if metrics.horizontalAdvance(words) > room:  # the name above what is said of it
        name, _, said = words.partition(GAP)
        words = "\n".join(
            metrics.elidedText(line, Qt.TextElideMode.ElideRight, room)
            for line in (name, said.lstrip())
            if line
        )
    pill = _pill(words, painter.font().toString(), painter.device().devicePixelRatio())
    size = pill.deviceIndependentSize()
    left, top = area.center().x() - size.width() / 2, area.bottom() - size.height() - 10 - lift
    painter.drawImage(QPointF(round(left), round(top)), pill)


@lru_cache(maxsize=8)
def _pill(words: str, font_name: str, ratio: float) -> QImage:
    """The caption, drawn once: it stays while a window is dragged."""
    font = QFont()
    font.fromString(font_name)
    metrics = QFontMetrics(font)
    lines = words.split("\n")
    width = max(metrics.horizontalAdvance(line) for line in lines) + 28
    height = metrics.lineSpacing() * len(lines) + 12
    kind = QImage.Format.Format_ARGB32_Premultiplied
    pill = QImage(ceil(width * ratio), ceil(height * ratio), kind)
    pill.setDevicePixelRatio(ratio)
    pill.fill(0)
    box = QRectF(0, 0, width, height)
    with QPainter(pill) as painter:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(20, 22, 25, 215))
        painter.drawRoundedRect(box, _ROUND, _ROUND)
        painter.setFont(font)
        painter.setPen(INK)
        painter.drawText(box, int(_FLAG.AlignCenter), words)
    return pill


def caption(state: State, answer: Answer | None) -> str:
    """One line about the chosen question; empty where nothing is chosen or AI is hidden."""
    if state.prompt is None or state.is_hidden or not state.is_overlay_on:
        return ""
    if answer is None:
        if is_rejected(state):
            return strings.caption_rejected(_name(state))
        is_coming = bool(state.busy & {"answer", "survey", "model"})
        return strings.caption_waiting(_name(state)) if is_coming else ""
    shown = (strings.finding(answer.question.label), answer.similarity, state.threshold(answer))
    if state.is_present(answer):
        return strings.caption_found(*shown)
    return strings.caption_below(*shown)


def _name(state: State) -> str:
    if state.prompt is None:
        return ""
    findings = () if state.model is None else state.model.findings
    labels = (
        {f.id: strings.finding(f.label) for f in findings}
        if state.prompt.origin == "preset"
        else {}
    )
    return labels.get(state.prompt.words, state.prompt.words)


def paint_message(painter: QPainter, area: QRect, state: State) -> None:
    """What to do where there is no film, or why it is not shown."""
    first, second = strings.DROP_HERE, strings.DROP_HINT
    if state.grid != SINGLE and state.image_ref is None:
        first, second = strings.EMPTY_CELL, ""
    if state.image_problem is not None:
        first, second = state.image_problem.reason, state.image_problem.remedy
    elif "scan" in state.busy:
        first, second = strings.LISTING, ""
    elif "image" in state.busy:
        first, second = strings.READING, ""
    elif state.notice is not None:
        first, second = state.notice.reason, state.notice.remedy
    first, second = strings.told(first), strings.told(second)
    inside = area.adjusted(40, 0, -40, 0)
    above = QRect(inside.left(), inside.top(), inside.width(), inside.height() // 2 - 4)
    below = QRect(inside.left(), above.bottom() + 8, inside.width(), inside.height() // 2)
    font = QFont(painter.font())
    font.setPointSizeF(font.pointSizeF() * 1.35)
    painter.setPen(INK)
    painter.save()
    painter.setFont(font)
    wrap = int(Qt.TextFlag.TextWordWrap)
    painter.drawText(above, int(_FLAG.AlignHCenter | _FLAG.AlignBottom) | wrap, first)
    painter.restore()
    painter.setPen(_QUIET)
    painter.drawText(below, int(_FLAG.AlignHCenter | _FLAG.AlignTop) | wrap, second)


def write_lines(
    painter: QPainter,
    area: QRect,
    where: Qt.AlignmentFlag,
    lines: list[str],
    ink: QColor = INK,
) -> None:
    """Lines of literal text in a corner or at an edge of an area."""
    shown = [line for line in lines if line]
    metrics = painter.fontMetrics()
    height = metrics.lineSpacing()
    top = float(area.top())
    if where & _FLAG.AlignBottom:
        top = area.bottom() - height * len(shown)
    elif where & _FLAG.AlignVCenter:
        top = area.center().y() - height * len(shown) / 2
    places = []
    for number, line in enumerate(shown):
        left = float(area.left())
        if where & _FLAG.AlignRight:
            left = area.right() - metrics.horizontalAdvance(line)
        elif where & _FLAG.AlignHCenter:
            left = area.center().x() - metrics.horizontalAdvance(line) / 2
        places.append((left, top + number * height, line))
    write(painter, places, ink)
