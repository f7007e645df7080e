"""Asking the model about a slide: which part, how far it is, and what its windows say together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from afloc_desktop.ui import strings
from afloc_desktop.ui.qt import (
    QIcon,
    QListWidget,
    QListWidgetItem,
    QPixmap,
    QProgressBar,
    QSize,
    Qt,
    QTimer,
    QToolButton,
    QWidget,
    Signal,
    button,
    column,
    label,
    lay_as_pictures,
    plain_tip,
    row,
)
from afloc_desktop.ui.slides.chart import Distribution
from afloc_desktop.ui.slides.mosaic import colour_picture

if TYPE_CHECKING:
    from afloc_desktop.core.slides.answers import Evidence, SlideAnswer
    from afloc_desktop.state.slide_runs import Run
    from afloc_desktop.state.store import State
    from afloc_desktop.state.workspace import Workspace

_PICTURE = 58  # screen points of a window in the list
_CELL = QSize(_PICTURE + 8, _PICTURE + 22)
_BOX = Qt.ItemDataRole.UserRole


class SlidePanel(QWidget):
    """Starts, stops and resumes a run; shows its distribution and its strongest windows."""

    choosing = Signal(bool)  # the next drag is to choose a region, or not any more
    shown = Signal(object)  # a window was clicked: its box

    def __init__(self, workspace: Workspace) -> None:
        super().__init__()
        self._workspace = workspace
        self._state: State | None = None
        self.choose = QToolButton()
        self.choose.setText(strings.SLIDE_CHOOSE)
        self.choose.setToolTip(plain_tip(strings.SLIDE_CHOOSE_TIP))
        self.choose.setCheckable(True)
        self.choose.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.choose.toggled.connect(self.choosing)
        self.region, self.whole = button(strings.SLIDE_REGION), button(strings.SLIDE_WHOLE)
        self.region.clicked.connect(self._start_region)
        self.whole.clicked.connect(self._start_whole)
        self.stop, self.go_on = button(strings.STOP), button(strings.SLIDE_GO_ON)
        self.stop.clicked.connect(workspace.slide_runs.cancel)
        self.go_on.clicked.connect(workspace.slide_runs.resume)
        self.progress = QProgressBar()
        self.progress.setTextVisible(False)
        self.told = label(role="quiet", wraps=True)
        self.problem = label(role="warning", wraps=True)
        self.distribution = Distribution()
        self.top = _window_list()
        self.top.itemClicked.connect(self._show_window)
        self.top.itemActivated.connect(self._show_window)
        self._evidence: Evidence | None = None
        self._asking = QTimer(self)
        self._asking.setSingleShot(True)
        self._asking.setInterval(0)
        self._asking.timeout.connect(self._ask_for_pictures)
        self._lay_out()

    def _lay_out(self) -> None:
        layout = column(
            self.progress,
            self.told,
            self.problem,
            self.distribution,
            self.top,
            margins=(8, 4, 10, 6),
        )
        layout.insertLayout(0, row(self.choose, self.region, None))
        layout.insertLayout(1, row(self.whole, self.stop, self.go_on, None))
        layout.setSpacing(5)
        self.setLayout(layout)

    def render_state(self, old: State, new: State) -> None:
        """Show how far the run is and what it says of the chosen question."""
        self._state = new
        run = None if new.slide is None else new.slide_runs.get(new.slide.slide.sha256)
        is_running = run is not None and run.is_running
        self.setVisible(new.slide is not None and fits_slides(new))
        self.region.setEnabled(new.region is not None and not is_running)
        self.whole.setEnabled(run is not None and not is_running)
        self._show_run(run)
        answer = None if run is None or new.prompt is None else run.answers.get(new.prompt)
        self._show_answer(new, None if new.is_hidden else answer)

    def show_tool(self, is_choosing: bool) -> None:
        """Show whether the next drag chooses a region."""
        self.choose.blockSignals(True)
        self.choose.setChecked(is_choosing)
        self.choose.blockSignals(False)

    def _show_run(self, run: Run | None) -> None:
        is_running = run is not None and run.is_running
        has_begun = run is not None and bool(run.total) and (is_running or bool(run.done))
        self.progress.setVisible(is_running)
        self.stop.setVisible(is_running)
        can_go_on = run is not None and has_begun and not (is_running or run.is_finished)
        self.go_on.setVisible(can_go_on)
        problem = None if run is None else run.problem
        self.problem.setText("" if problem is None else strings.problem(problem))
        self.problem.setVisible(problem is not None)
        if run is None or run.plan is None:
            self.progress.setRange(0, 0)
            self.told.setText(strings.SLIDE_PLANNING if is_running else strings.SLIDE_ASK)
            return
        self.progress.setRange(0, max(1, run.total))
        self.progress.setValue(run.done)
        words = strings.slide_progress(run.done, run.total, run.plan.empty)
        notes = (strings.told(note) for note in run.plan.notes)
        told = (words if has_begun else strings.SLIDE_ASK, *(n[:1].upper() + n[1:] for n in notes))
        self.told.setText("\n".join(told))

    def _show_answer(self, state: State, answer: SlideAnswer | None) -> None:
        evidence = None if answer is None or not answer.evidence.looked else answer.evidence
        self.distribution.setVisible(evidence is not None)
        self.top.setVisible(evidence is not None)
        if evidence is not None:
            shown = state.answer
            threshold = 0.0 if shown is None else state.threshold(shown)
            self.distribution.show_evidence(evidence, threshold)
        if evidence is not self._evidence:
            self._evidence = evidence
            self._fill(evidence)
            self._asking.start()
        for place in range(self.top.count()):
            item = self.top.item(place)
            picture = None if item is None else state.windows.get(item.data(_BOX))
            if item is not None and picture is not None and item.icon().isNull():
                item.setIcon(QIcon(QPixmap.fromImage(colour_picture(picture))))

    def _fill(self, evidence: Evidence | None) -> None:
        self.top.clear()
        for window in () if evidence is None else evidence.top:
            item = QListWidgetItem(strings.number(window.similarity))
            item.setData(_BOX, window.box)
            item.setToolTip(plain_tip(strings.SLIDE_TOP_TIP))
            item.setSizeHint(_CELL)
            self.top.addItem(item)

    def _ask_for_pictures(self) -> None:
        if self._evidence is not None:
            self._workspace.slides.picture(tuple(window.box for window in self._evidence.top))

    def _start_region(self) -> None:
        if self._state is not None and self._state.region is not None:
            self._workspace.slide_runs.start(self._state.region)

    def _start_whole(self) -> None:
        self._workspace.slide_runs.start(None)

    def _show_window(self, item: QListWidgetItem) -> None:
        self.shown.emit(item.data(_BOX))


def fits_slides(state: State) -> bool:
    """Whether the model in use was made for slides."""
    return state.model is not None and state.model.modality == "histo"


def _window_list() -> QListWidget:
    made = QListWidget()
    lay_as_pictures(made, strings.SLIDE_TOP, _PICTURE, _CELL)
    made.setMinimumHeight(_CELL.height() + 6)
    made.setMaximumHeight(2 * _CELL.height() + 6)
    return made
