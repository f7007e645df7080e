"""The Training page: from a site's images and reports to a model that answers, step by step."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from afloc_desktop.core.errors import AflocError
from afloc_desktop.state.training import STEPS, STOPPED, Plan
from afloc_desktop.ui import strings
from afloc_desktop.ui.curves import Curves
from afloc_desktop.ui.qt import (
    QCheckBox,
    QComboBox,
    QDesktopServices,
    QDialog,
    QFileDialog,
    QGridLayout,
    QLineEdit,
    QPlainTextEdit,
    QProgressBar,
    QUrl,
    QWidget,
    Signal,
    button,
    column,
    label,
    row,
)

if TYPE_CHECKING:
    from afloc_desktop.state.gate import Kind
    from afloc_desktop.state.promotions import Promotion
    from afloc_desktop.state.training import Ending, Schooling, Step

_SIZE = (900, 840)
_LONGEST_LOG = 2000  # lines
_FIELDS = ("data", "work", "regions", "images", "taught", "replay")
_FILE_FIELDS = ("regions", "taught")


class TrainingPage(QDialog):
    """Starts the steps, shows what they say, and puts the result in charge.

    Closing it hides it: a training goes on while films are read.

    Attributes:
        base: The model to begin with.
        fields: What the steps work on, by name.
        ends_early, is_half: How the model is taught.
        buttons: One a step.
        said: Beside each, how it ended.
        log: Everything the steps said.
        halt: Stops the step under way.
        promote, back: Which model answers.
    """

    promoted = Signal(object)

    def __init__(self, parent: QWidget, schooling: Schooling, kind: Kind) -> None:
        """Build the page; the model that answers for `kind` of image is offered first."""
        super().__init__(parent)
        self._schooling = schooling
        self._bases = schooling.bases(kind)
        self.base = QComboBox()
        self.base.addItems([strings.model_choice(base.title, base.id) for base in self._bases])
        self.base.setAccessibleName(strings.TRAINING_BASE)
        self.setWindowTitle(strings.TRAINING_TITLE)
        self.resize(*_SIZE)
        self.fields = {name: QLineEdit() for name in _FIELDS}
        self.ends_early = QCheckBox(strings.TRAINING_ENDS_EARLY)
        self.is_half = QCheckBox(strings.TRAINING_HALF)
        self.buttons = {step: button(strings.TRAINING_STEPS[step]) for step in STEPS}
        self.said = {step: label(role="quiet") for step in STEPS}
        self.curves = Curves(strings.TRAINING_CURVES)
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.left = label(role="quiet")
        self.log = QPlainTextEdit()
        self.log.setReadOnly(True)
        self.log.setMaximumBlockCount(_LONGEST_LOG)
        self.log.setAccessibleName(strings.TRAINING_LOG)
        self.halt, self.close_button = button(strings.STOP), button(strings.CLOSE)
        self.promote = button(strings.TRAINING_PROMOTE)
        self.back = button(strings.TRAINING_BACK)
        self.faults, self.page = button(strings.TRAINING_FAULTS), button(strings.TRAINING_PAGE)
        self._is_exchanging = False
        self._lay_out()
        self._connect()
        self._show_what_can_be_done()

    # --- build

    def _lay_out(self) -> None:
        note = label(strings.TRAINING_NOTE, role="quiet", wraps=True)
        layout = column(note, margins=(20, 16, 20, 14))
        layout.addLayout(self._form())
        layout.addLayout(row(self.ends_early, self.is_half, None))
        layout.addWidget(label(strings.TRAINING_STEPS_TITLE, role="title"))
        layout.addLayout(self._steps())
        progress = row(self.bar, self.left, self.halt)
        progress.setStretch(0, 1)
        layout.addLayout(progress)
        layout.addWidget(self.curves, 1)
        layout.addWidget(self.log, 2)
        layout.addLayout(
            row(self.faults, self.page, None, self.promote, self.back, self.close_button)
        )
        layout.setSpacing(8)
        self.setLayout(layout)

    def _form(self) -> QGridLayout:
        form = QGridLayout()
        form.setHorizontalSpacing(12)
        form.addWidget(label(strings.TRAINING_BASE), 0, 0)
        form.addWidget(self.base, 0, 1)
        for place, (name, field) in enumerate(self.fields.items(), 1):
            choose = button(strings.EXPORT_CHOOSE)
            choose.clicked.connect(partial(self._choose, name))
            field.setAccessibleName(strings.TRAINING_FIELDS[name])
            field.setPlaceholderText(strings.TRAINING_HINTS[name])
            form.addWidget(label(strings.TRAINING_FIELDS[name]), place, 0)
            form.addWidget(field, place, 1)
            form.addWidget(choose, place, 2)
        form.setColumnStretch(1, 1)
        return form

    def _steps(self) -> QGridLayout:
        """Buttons from left to right, below each how it ended."""
        grid = QGridLayout()
        grid.setHorizontalSpacing(10)
        for place, step in enumerate(STEPS):
            grid.addWidget(self.buttons[step], 0, place)
            grid.addWidget(self.said[step], 1, place)
            grid.setColumnStretch(place, 1)
        return grid

    def _connect(self) -> None:
        for field in self.fields.values():
            field.textChanged.connect(self._show_what_can_be_done)
        self.base.currentIndexChanged.connect(self._show_what_can_be_done)
        for step, press in self.buttons.items():
            press.clicked.connect(partial(self._start, step))
        self.halt.clicked.connect(self._schooling.trainer.stop)
        self.close_button.clicked.connect(self.hide)
        self.promote.clicked.connect(self._promote)
        self.back.clicked.connect(self._roll_back)
        self.faults.clicked.connect(self._open_faults)
        self.page.clicked.connect(self._open_page)

    # --- what is to be done

    def plan(self) -> Plan | None:
        """What the fields say; None where too little is said, or no model can be taught."""
        texts = {name: field.text().strip() for name, field in self.fields.items()}
        if not texts["data"] or not texts["work"] or not self._bases:
            return None
        paths = {name: Path(text) if text else None for name, text in texts.items()}
        return Plan(
            data=Path(texts["data"]),
            work=Path(texts["work"]),
            base=self._bases[self.base.currentIndex()].folder,
            regions=paths["regions"],
            images=paths["images"],
            replay=paths["replay"],
            taught=paths["taught"],
            ends_early=self.ends_early.isChecked(),
            is_half=self.is_half.isChecked(),
        )

    def _choose(self, name: str) -> None:
        title = strings.TRAINING_FIELDS[name]
        if name in _FILE_FIELDS:
            found, _ = QFileDialog.getOpenFileName(self, title, "", strings.ANY_TABLE)
        else:
            found = QFileDialog.getExistingDirectory(self, title)
        if found:
            self.fields[name].setText(found)

    def _show_what_can_be_done(self) -> None:
        plan, running = self.plan(), self._schooling.trainer.step
        is_free = running is None and not self._is_exchanging
        for step, press in self.buttons.items():
            press.setEnabled(is_free and plan is not None and plan.can(step))
        for field in self.fields.values():
            field.setEnabled(is_free)
        for box in (self.base, self.ends_early, self.is_half):
            box.setEnabled(is_free)
        self.halt.setEnabled(running is not None)
        self.promote.setEnabled(is_free and plan is not None and plan.has_bundle)
        self.back.setEnabled(is_free)
        self.faults.setEnabled(plan is not None and plan.checked.is_file())
        self.page.setEnabled(plan is not None and plan.compared.is_file())

    # --- steps

    def _start(self, step: Step) -> None:
        plan = self.plan()
        if plan is None:
            return
        if step == "fit":
            self.curves.clear()
        self.bar.setRange(0, 0)
        self.left.setText("")
        self.said[step].setText(strings.TRAINING_RUNNING)
        self._write(strings.TRAINING_STEPS[step])
        try:
            self._schooling.trainer.start(plan, step, self._hear, self._end)
        except AflocError as error:
            self.said[step].setText(strings.TRAINING_FAILED)
            self._idle()
            self._tell(error)
        self._show_what_can_be_done()

    def _hear(self, event: dict[str, Any]) -> None:
        kind = event["event"]
        done, total = event.get("done"), event.get("total")
        if kind == "progress" and isinstance(done, int) and isinstance(total, int):
            self.bar.setRange(0, max(1, total))
            self.bar.setValue(done)
            seconds = event.get("seconds_left")
            self.left.setText(strings.time_left(seconds) if isinstance(seconds, int) else "")
            losses = event.get("losses")
            if isinstance(losses, dict) and losses:
                self.curves.add(done, total, losses)
        elif kind not in ("progress", "stage_done"):
            self._write(_line(event))

    def _end(self, ending: Ending) -> None:
        words = {0: strings.TRAINING_DONE, 1: strings.TRAINING_HAS_FAULTS,
                 STOPPED: strings.TRAINING_STOPPED}  # fmt: skip
        self.said[ending.step].setText(words.get(ending.code, strings.TRAINING_FAILED))
        if ending.error is not None:
            self._tell(ending.error)
        self._idle()
        self._show_what_can_be_done()

    def _idle(self) -> None:
        self.bar.setRange(0, 1)
        self.bar.setValue(0)
        self.left.setText("")

    # --- which model answers

    def _promote(self) -> None:
        plan = self.plan()
        if plan is not None:
            self._exchange(True)
            self._schooling.promote(plan.bundle, self._exchanged, self._refused)

    def _roll_back(self) -> None:
        self._exchange(True)
        self._schooling.roll_back(self._exchanged, self._refused)

    def _exchange(self, is_under_way: bool) -> None:
        self._is_exchanging = is_under_way
        self.bar.setRange(0, 0 if is_under_way else 1)
        self._show_what_can_be_done()

    def _exchanged(self, done: Promotion) -> None:
        self._exchange(False)
        self._write(strings.promoted(done.bundle.manifest.id, done.before.manifest.id))
        self.promoted.emit(done)

    def _refused(self, error: AflocError) -> None:
        self._exchange(False)
        self._tell(error)

    # --- what was said

    def _tell(self, error: AflocError) -> None:
        self._write(f"{error.reason} {error.remedy}")

    def _write(self, text: str) -> None:
        self.log.appendPlainText(text)

    def _open_faults(self) -> None:
        plan = self.plan()
        if plan is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(plan.checked)))

    def _open_page(self) -> None:
        plan = self.plan()
        if plan is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(plan.compared)))


def _line(event: dict[str, Any]) -> str:
    """What fits into a line of the log; tables have pages of their own."""
    kind = event["event"]
    if kind == "stage":
        return str(event.get("name", ""))
    if kind == "fault":
        where = ":".join(str(event[n]) for n in ("file", "row") if event.get(n) not in ("", None))
        parts = (event.get("severity"), where, event.get("reason"))
        said = ": ".join(str(part) for part in parts if part)
        return f"{said} {event.get('remedy', '')}".strip()
    plain = {n: v for n, v in event.items() if n != "event" and not isinstance(v, dict | list)}
    words = (
        f"{name} {value:.3g}" if isinstance(value, float) else f"{name} {value}"
        for name, value in plain.items()
    )
    return f"{kind}: {', '.join(words)}"
