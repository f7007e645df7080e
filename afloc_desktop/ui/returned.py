"""Results from files: lines over their film, and their text in a window."""

from __future__ import annotations

from typing import TYPE_CHECKING

from afloc_desktop.state.returned import Result
from afloc_desktop.ui import dialogs, strings
from afloc_desktop.ui.marks import path_of
from afloc_desktop.ui.qt import (
    QColor,
    QDialog,
    QFont,
    QHeaderView,
    QMainWindow,
    QPainter,
    QPainterPath,
    QPen,
    QPointF,
    Qt,
    QTreeWidgetItem,
    QWidget,
    Tree,
    button,
    column,
    label,
    plain_tip,
    row,
)

if TYPE_CHECKING:
    from afloc_desktop.core.domain import Image
    from afloc_desktop.core.export.found import Node
    from afloc_desktop.core.slides.slide import Slide
    from afloc_desktop.state.returned import Line
    from afloc_desktop.state.store import State
    from afloc_desktop.state.workspace import Workspace
    from afloc_desktop.ui.viewport import Viewport

INK = "#dcc0ff"  # of no finding of this session
_UNDER = QColor(0, 0, 0, 160)
_LINE = 1.8  # screen points
_DOT = 3.0
_SIZE = (620, 560)
_MOST_NODES = 20_000


def paint(painter: QPainter, view: Viewport, image: Image | Slide, state: State) -> None:
    """Draw what opened results say of exactly the film or slide on screen.

    Args:
        painter: In device pixels.
        view: On it.
        image: What is on screen.
        state: Of this very moment.
    """
    if state.is_hidden or not state.is_overlay_on or not state.results:
        return
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    width = _LINE * painter.device().devicePixelRatio()
    for result in state.results:
        seen: set[str] = set()
        for line in result.lines:
            if line.is_on(image):
                name = "" if line.label in seen else _named(line, result.kind)
                _draw(painter, view, line, name, width)
                seen.add(line.label)
    painter.restore()


def _named(line: Line, kind: str) -> str:
    status = strings.RESULT_STATUSES.get(line.status, "")
    return strings.from_file(line.label, kind, strings.verdict(status, line.author, ""))


def _draw(painter: QPainter, view: Viewport, line: Line, name: str, width: float) -> None:
    path = _path(view, line, width)
    painter.strokePath(path, QPen(_UNDER, 2 * width))
    painter.strokePath(path, _pen(width))
    if not name:
        return
    font = QFont(painter.font())
    font.setPixelSize(round(6.5 * width))
    box, words = path.boundingRect(), QPainterPath()
    words.addText(QPointF(box.left(), box.bottom() + 7 * width), font, name)
    painter.strokePath(words, QPen(_UNDER, 1.6 * width))
    painter.fillPath(words, QColor(INK))


def _pen(width: float) -> QPen:
    """Long dashes: no line of this session looks like it."""
    made = QPen(QColor(INK), width)
    made.setDashPattern([6, 3])
    return made


def _path(view: Viewport, line: Line, width: float) -> QPainterPath:
    if line.is_closed:
        return path_of(view, line.points)
    path = QPainterPath()
    for number, point in enumerate(line.points):
        at = view.to_screen(point)
        (path.lineTo if number else path.moveTo)(at.x, at.y)
    if len(line.points) == 1:
        at = view.to_screen(line.points[0])
        path.addEllipse(QPointF(at.x, at.y), _DOT * width, _DOT * width)
    return path


class Returning:
    """Opens a window for the text of a result, or for why it cannot be read."""

    def __init__(self, window: QMainWindow, workspace: Workspace) -> None:
        self._window = window
        self._returned = workspace.returned

    def render_state(self, old: State, new: State) -> None:
        """Show what the state tells of a result."""
        told = new.result_told
        if told is None or told is old.result_told:
            return
        if isinstance(told, Result):
            dialog: QDialog = ResultDialog(self._window, told)
        else:
            dialog = dialogs.tell(
                self._window, strings.told(told.reason), strings.told(told.remedy)
            )
        dialog.finished.connect(self._closed)
        dialog.open()

    def _closed(self, result: int) -> None:
        self._returned.put_away()


class ResultDialog(QDialog):
    """A result object as a tree of plain text.

    Attributes:
        tree: What the object says.
    """

    def __init__(self, parent: QWidget, result: Result) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(strings.RESULT_TITLE)
        self.resize(*_SIZE)
        self.tree = Tree(strings.RESULT_TITLE)
        self.tree.setTextElideMode(Qt.TextElideMode.ElideNone)
        self.tree.header().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        self.tree.header().setStretchLastSection(False)
        self._left = _MOST_NODES
        top = self._item(result.tree)
        self.tree.addTopLevelItem(top)
        self.tree.expandToDepth(2)
        said = [strings.VERIFIED] if result.is_verified else []
        close = button(strings.CLOSE)
        close.clicked.connect(self.close)
        layout = column(
            label(result.title, role="title", wraps=True),
            label("   ".join([result.kind, *said]), role="quiet"),
            *(label(strings.told(note), role="warning", wraps=True) for note in result.notes),
            self.tree,
            margins=(18, 16, 18, 14),
        )
        layout.addLayout(row(None, close))
        layout.setStretchFactor(self.tree, 1)
        layout.setSpacing(8)
        self.setLayout(layout)

    def _item(self, node: Node) -> QTreeWidgetItem:
        self._left -= 1
        made = QTreeWidgetItem([node.text])
        made.setToolTip(0, plain_tip(node.text))
        for child in node.children:
            if self._left <= 0:
                break
            made.addChild(self._item(child))
        return made
