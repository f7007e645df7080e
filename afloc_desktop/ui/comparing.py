"""A window for the present film and an earlier one: side by side or blinking, and what changed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from afloc_desktop.core.domain import Prompt
from afloc_desktop.state.comparison import change, prior_film
from afloc_desktop.state.store import State
from afloc_desktop.ui import dialogs, strings
from afloc_desktop.ui.canvas import FilmCanvas
from afloc_desktop.ui.qt import (
    QCheckBox,
    QComboBox,
    QDialog,
    QHBoxLayout,
    QKeyEvent,
    QObject,
    Qt,
    QTimer,
    QToolButton,
    QWidget,
    button,
    column,
    label,
    row,
)

if TYPE_CHECKING:
    from afloc_desktop.state.store import Store
    from afloc_desktop.state.workspace import Workspace

_BLINK_MS = 700
_SHARE = 0.9  # of the window it belongs to


class ComparisonWindow(QDialog):
    """Shows what the store compares; closing it ends the comparison."""

    def __init__(self, parent: QWidget, workspace: Workspace) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(strings.COMPARE_TITLE)
        self._workspace = workspace
        self.present, self.earlier = FilmCanvas(), FilmCanvas()
        self.present.viewed.connect(self._follow_present)
        self.earlier.viewed.connect(self._follow_earlier)
        self._is_following = False
        self._which = [label(strings.PRESENT_FILM, role="title"), label("", role="title")]
        self._sides = (QWidget(), QWidget())
        self._blink = QToolButton()
        self._blink.setText(strings.BLINK)
        self._blink.setCheckable(True)
        self._blink.toggled.connect(self._set_blinking)
        self._align = QCheckBox(strings.ALIGN)
        self._align.toggled.connect(workspace.comparing.align)
        self._quality = label(role="quiet")
        self._finding = QComboBox()
        self._finding.setAccessibleName(strings.FINDINGS)
        self._finding.activated.connect(self._choose)
        self._prompts: list[Prompt] = []
        self._change = label(role="note", wraps=True)
        self._beat = QTimer(self)
        self._beat.setInterval(_BLINK_MS)
        self._beat.timeout.connect(self._turn)
        self._lay_out()
        self.resize(parent.size() * _SHARE)

    def _lay_out(self) -> None:
        close = button(strings.CLOSE)
        close.clicked.connect(self.close)
        films = QHBoxLayout()
        films.setSpacing(2)
        for side, name, canvas in zip(
            self._sides, self._which, (self.present, self.earlier), strict=True
        ):
            inside = column(name, canvas)
            inside.setStretch(1, 1)
            side.setLayout(inside)
            films.addWidget(side, 1)
        bar = row(self._finding, self._blink, self._align, self._quality, None, close)
        bar.setSpacing(10)
        layout = column(margins=(10, 10, 10, 10))
        layout.addLayout(bar)
        layout.addLayout(films, 1)
        layout.addWidget(self._change)
        layout.setSpacing(8)
        self.setLayout(layout)

    def render_state(self, old: State, new: State) -> None:
        """Show both films with the chosen finding, or go where nothing is compared."""
        comparison = new.comparison
        if comparison is None:
            self.close()
            return
        self._fill(new)
        self._align.blockSignals(True)
        self._align.setChecked(comparison.is_aligned)
        self._align.blockSignals(False)
        alignment = comparison.alignment
        self._align.setEnabled(alignment is not None and alignment.is_trusted)
        if alignment is None:
            self._quality.setText("" if comparison.problem else strings.LAYING)
        else:
            self._quality.setText(strings.laid(alignment.quality, is_trusted=alignment.is_trusted))
        self._which[1].setText(strings.EARLIER_LAID if comparison.is_laid else strings.EARLIER_FILM)
        self.present.render_state(self.present.shown, replace(new, grid=State().grid, active=0))
        shown = comparison.shown(new)
        self.earlier.render_state(self.earlier.shown, replace(shown, grid=State().grid, active=0))
        self._follow_present()
        self._change.setText(self._words(new))

    def _fill(self, state: State) -> None:
        findings = () if state.model is None else state.model.findings
        wanted = [(Prompt(f.id, "preset"), strings.finding(f.label)) for f in findings]
        if state.prompt is not None and state.prompt not in [p for p, _ in wanted]:
            wanted.append((state.prompt, state.prompt.words))
        if [p for p, _ in wanted] != self._prompts:
            self._prompts = [prompt for prompt, _ in wanted]
            self._finding.clear()
            self._finding.addItems([text for _, text in wanted])
        known = state.prompt in self._prompts
        self._finding.setCurrentIndex(
            self._prompts.index(state.prompt) if known and state.prompt else -1
        )

    def _choose(self, number: int) -> None:
        prompt = self._prompts[number]
        if prompt.origin == "preset":
            self._workspace.select_finding(prompt.words)

    def _words(self, state: State) -> str:
        comparison = state.comparison
        if comparison is not None and comparison.problem is not None:
            return strings.problem(comparison.problem)
        found = None if state.prompt is None or state.is_hidden else change(state, state.prompt)
        return strings.CHOOSE_FINDING if found is None else strings.changed(found)

    # --- looking

    def _follow_present(self) -> None:
        self._follow(self.present, self.earlier)

    def _follow_earlier(self) -> None:
        self._follow(self.earlier, self.present)

    def _follow(self, one: FilmCanvas, other: FilmCanvas) -> None:
        if self._is_following or one.scene is None or other.scene is None:
            return
        self._is_following = True
        other.scene.follow(one.scene)
        other.update()
        self._is_following = False

    def _set_blinking(self, is_on: bool) -> None:
        self._sides[1].setVisible(not is_on)
        self._sides[0].show()
        if is_on:
            self._beat.start()
        else:
            self._beat.stop()

    def _turn(self) -> None:
        """Show the other film in the place of this one."""
        is_present = self._sides[0].isVisible()
        self._sides[1].setVisible(is_present)
        self._sides[0].setVisible(not is_present)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Space:
            self._workspace.drawn.hide_ai(True)
        else:
            super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Space and not event.isAutoRepeat():
            self._workspace.drawn.hide_ai(False)
        else:
            super().keyReleaseEvent(event)

    def done(self, result: int) -> None:
        """However the window goes, the comparison ends with it."""
        self._beat.stop()
        super().done(result)
        self._workspace.comparing.close()


class Comparing(QObject):
    """Opens the window when something is compared.

    Attributes:
        window: The open one; None where nothing is compared.
    """

    def __init__(self, parent: QWidget, store: Store, workspace: Workspace) -> None:
        super().__init__(parent)
        self._parent = parent
        self._store = store
        self._workspace = workspace
        self.window: ComparisonWindow | None = None

    def start(self) -> None:
        """Compare with the latest earlier film, or say that there is none."""
        if prior_film(self._store.state) is None:
            dialogs.tell(self._parent, strings.NO_PRIOR, strings.NO_PRIOR_HINT).open()
        else:
            self._workspace.comparing.start()

    def render_state(self, old: State, new: State) -> None:
        """Open, fill and close the window."""
        if new.comparison is not None and self.window is None:
            self.window = ComparisonWindow(self._parent, self._workspace)
            self.window.finished.connect(self._gone)
            self.window.show()
        if self.window is not None:
            self.window.render_state(old, new)

    def _gone(self) -> None:
        self.window = None
