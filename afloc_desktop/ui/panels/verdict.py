"""The reader's verdict on the chosen finding: accept, redraw, reject with a reason."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, get_args

from afloc_desktop.core.judging import Reason
from afloc_desktop.ui import strings
from afloc_desktop.ui.qt import (
    QMenu,
    QPushButton,
    QWidget,
    Signal,
    button,
    column,
    label,
    plain_tip,
    row,
)

if TYPE_CHECKING:
    from afloc_desktop.state.store import State
    from afloc_desktop.state.workspace import Workspace


class VerdictPanel(QWidget):
    """Three buttons and what was decided."""

    redraw = Signal()  # the reader wants to draw where the finding is
    nameless = Signal(object)  # nobody said who reads; the call to make when somebody does

    def __init__(self, workspace: Workspace) -> None:
        super().__init__()
        self._workspace = workspace
        self._reader = ""
        self._accept = _action(strings.ACCEPT, strings.ACCEPT_TIP)
        self._accept.clicked.connect(self.accept)
        self._redraw = _action(strings.REDRAW, strings.REDRAW_TIP)
        self._redraw.clicked.connect(self.draw)
        self._reject = _action(strings.REJECT, strings.REJECT_TIP)
        self.reasons = QMenu(self)
        for reason in get_args(Reason):
            if reason:
                choose = partial(self.reject, reason)
                self.reasons.addAction(strings.REASONS[reason]).triggered.connect(choose)
        self._reject.setMenu(self.reasons)
        self._said = label(role="quiet", wraps=True)
        self._withdraw = button(strings.WITHDRAW, role="link")
        self._withdraw.clicked.connect(workspace.judging.withdraw)
        self._problem = label(role="warning", wraps=True)
        layout = column(margins=(8, 2, 10, 8))
        layout.addLayout(row(self._accept, self._redraw, self._reject, None))
        said = row(self._said, self._withdraw)
        said.setStretch(0, 1)
        layout.addLayout(said)
        layout.addWidget(self._problem)
        layout.setSpacing(4)
        self.setLayout(layout)
        self._problem.hide()

    def render_state(self, old: State, new: State) -> None:
        """Show the verdict on the chosen answer and which verdicts can be given."""
        self._reader = new.reader
        answer = None if new.is_hidden else new.answer
        judgement = None if answer is None else new.judgement(answer)
        for part in (self._accept, self._reject):
            part.setEnabled(answer is not None)
        self._redraw.setEnabled(answer is not None and new.slide is None)
        said = strings.NO_VERDICT if answer is not None else ""
        if judgement is not None:
            finding = judgement.statement.finding
            reason = strings.REASONS.get(judgement.reason, "")
            said = strings.verdict(strings.VERDICTS[finding.status], finding.author, reason)
        self._said.setText(said)
        self._withdraw.setVisible(judgement is not None)
        problem = new.judgement_problem
        self._problem.setText("" if problem is None else strings.problem(problem))
        self._problem.setVisible(problem is not None)

    def accept(self) -> None:
        """Accept the chosen finding as it is shown."""
        self._in_the_name_of(partial(self._workspace.judging.judge, "accepted"))

    def reject(self, reason: Reason, is_checked: bool = False) -> None:
        """Reject the chosen finding."""
        self._in_the_name_of(partial(self._workspace.judging.judge, "rejected", reason))

    def choose_reason(self) -> None:
        """Open the list of reasons, as a click on the button does."""
        if self._reject.isEnabled():
            self._reject.showMenu()

    def draw(self) -> None:
        """Draw where the finding is."""
        self._in_the_name_of(self.redraw.emit)

    def _in_the_name_of(self, call: object) -> None:
        if self._reader and callable(call):
            call()
        else:
            self.nameless.emit(call)


def _action(text: str, tip: str) -> QPushButton:
    made = button(text)
    made.setToolTip(plain_tip(tip))
    return made
