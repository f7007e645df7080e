"""How the heatmap is shown: what its colours mean, its threshold, its opacity."""

from __future__ import annotations

from math import ceil, floor
from typing import TYPE_CHECKING

import numpy as np

from afloc_desktop.core.colours import heat
from afloc_desktop.ui import strings, theme
from afloc_desktop.ui.overlay import colour_range
from afloc_desktop.ui.qt import (
    QColor,
    QImage,
    QPainter,
    QPaintEvent,
    QRect,
    QRectF,
    QSize,
    QSizePolicy,
    QSlider,
    Qt,
    QToolButton,
    QWidget,
    button,
    column,
    label,
    row,
)

if TYPE_CHECKING:
    from afloc_desktop.state.store import Answer, State
    from afloc_desktop.state.workspace import Workspace

_STEP = 0.005  # similarity per step of the threshold slider
_INSET = 6  # half a slider handle: the bar and the slider share one scale


class HeatmapPanel(QWidget):
    """Colour bar, threshold and opacity of the chosen finding."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__()
        self._workspace = workspace
        self.bar = ColourBar()
        self.threshold = _slider(strings.THRESHOLD)
        self.threshold.valueChanged.connect(self._set_threshold)
        self.opacity = _slider(strings.OPACITY)
        self.opacity.setRange(5, 100)
        self.opacity.valueChanged.connect(self._set_opacity)
        self._threshold_value = label(role="number")
        self._opacity_value = label(role="number")
        self._reset = button(strings.RESET, role="link")
        self._reset.clicked.connect(workspace.drawn.reset_threshold)
        policy = self._reset.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self._reset.setSizePolicy(policy)
        self._forms = {name: _form(name) for name in strings.FORMS}
        for name, call in (
            ("colours", self._as_colours),
            ("outline", self._as_outline),
            ("boxes", self._as_boxes),
        ):
            self._forms[name].clicked.connect(call)
        layout = column(self.bar, margins=(8, 4, 10, 10))
        layout.insertLayout(0, row(*self._forms.values(), None))
        above = row(label(strings.THRESHOLD), self._threshold_value, None, self._reset)
        layout.insertLayout(1, above)
        layout.addWidget(self.threshold)
        layout.addLayout(row(label(strings.OPACITY), self._opacity_value, self.opacity))
        layout.setSpacing(3)
        self.setLayout(layout)

    def render_state(self, old: State, new: State) -> None:
        """Show the scale of the chosen answer and where its threshold stands."""
        _set_quietly(self.opacity, round(new.opacity * 100))
        self.opacity.setEnabled(not new.is_contour and not new.has_boxes)
        form = "boxes" if new.has_boxes else "outline" if new.is_contour else "colours"
        for name, shown in self._forms.items():
            shown.setChecked(name == form)
        self._opacity_value.setText(strings.percent(new.opacity))
        answer = None if new.is_hidden else new.answer
        self.threshold.setEnabled(answer is not None)
        self._reset.setVisible(answer is not None and new.prompt in new.thresholds)
        if answer is None:
            self._threshold_value.setText("")
            self.bar.show_scale(None)
            return
        threshold = new.threshold(answer)
        low, high = scale_ends(answer)
        self.threshold.blockSignals(True)
        self.threshold.setRange(round(low / _STEP), round(high / _STEP))
        self.threshold.blockSignals(False)
        _set_quietly(self.threshold, round(threshold / _STEP))
        self._threshold_value.setText(strings.number(threshold))
        colours = colour_range(answer.floor, answer.similarity)
        self.bar.show_scale((low, high, new.level(answer), *colours))

    def _as_colours(self) -> None:
        self._workspace.drawn.set_contour(False)

    def _as_outline(self) -> None:
        self._workspace.drawn.set_contour(True)

    def _as_boxes(self) -> None:
        self._workspace.drawn.draw_boxes(True)

    def _set_threshold(self, steps: int) -> None:
        self._workspace.drawn.set_threshold(steps * _STEP)

    def _set_opacity(self, percent: int) -> None:
        self._workspace.drawn.set_opacity(percent / 100)


class ColourBar(QWidget):
    """Colours over similarity; where nothing is painted, they are dimmed."""

    def __init__(self) -> None:
        super().__init__()
        self._scale: tuple[float, float, float, float, float] | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(strings.SIMILARITY)

    def sizeHint(self) -> QSize:
        return QSize(200, self.fontMetrics().height() + 22)

    def show_scale(self, scale: tuple[float, float, float, float, float] | None) -> None:
        """Set ends of the scale, lowest painted, first and last colour, similarities; or none."""
        self._scale = scale
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            self._paint(painter)

    def _paint(self, painter: QPainter) -> None:
        line = self.fontMetrics().height()
        painter.setPen(QColor(theme.QUIET))
        bar = QRectF(_INSET, 4, self.width() - 2 * _INSET, 12)
        if self._scale is None:
            painter.fillRect(bar, QColor(theme.LINE))
            return
        low, high, level, first, last = self._scale
        strip = _strip(int(bar.width()), low, high, first, last)
        painter.drawImage(bar, strip)
        at = bar.left() + bar.width() * (min(max(level, low), high) - low) / (high - low)
        dimmed = QColor(theme.PANEL)
        dimmed.setAlpha(200)
        painter.fillRect(QRectF(bar.left(), bar.top(), at - bar.left(), bar.height()), dimmed)
        painter.fillRect(QRectF(at - 1, bar.top() - 3, 2, bar.height() + 6), QColor(theme.TEXT))
        below = QRect(_INSET, 20, self.width() - 2 * _INSET, line)
        painter.drawText(below, int(Qt.AlignmentFlag.AlignLeft), strings.number(low))
        painter.drawText(below, int(Qt.AlignmentFlag.AlignRight), strings.number(high))


def scale_ends(answer: Answer) -> tuple[float, float]:
    """The similarities a threshold may take on this map, on a grid of 0.05."""
    values = answer.heatmap.similarity
    seen = values[np.isfinite(values)]
    lowest = float(seen.min()) if seen.size else answer.floor
    first, last = colour_range(answer.floor, answer.similarity)
    return floor(min(lowest, first) * 20) / 20, ceil(last * 20) / 20


def _strip(width: int, low: float, high: float, first: float, last: float) -> QImage:
    at = np.linspace(low, high, max(1, width))
    index = np.clip((at - first) / max(last - first, 1e-6) * 255, 0, 255).astype(np.uint8)
    rgb = np.ascontiguousarray(heat()[index][None])
    kind = QImage.Format.Format_RGB888
    return QImage(rgb.data, rgb.shape[1], 1, rgb.shape[1] * 3, kind).copy()


def _form(name: str) -> QToolButton:
    made = QToolButton()
    made.setText(strings.FORMS[name])
    made.setCheckable(True)
    made.setAutoExclusive(True)
    made.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    return made


def _slider(name: str) -> QSlider:
    slider = QSlider(Qt.Orientation.Horizontal)
    slider.setAccessibleName(name)
    slider.setPageStep(10)
    return slider


def _set_quietly(slider: QSlider, value: int) -> None:
    slider.blockSignals(True)
    slider.setValue(value)
    slider.blockSignals(False)
