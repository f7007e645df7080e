"""What a reader must be told about a film: one line, which unfolds where there is more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from afloc_desktop.core.dicom import orientation, overlays, spacing
from afloc_desktop.ui import strings
from afloc_desktop.ui.qt import QFrame, QHBoxLayout, Qt, button, label

if TYPE_CHECKING:
    from collections.abc import Sequence

# What is true of many films and stands on the film, too: said in a quiet voice.
_CALM = spacing.EXPECTED | {overlays.SHOWN, orientation.NOT_STATED}


class Notes(QFrame):
    """The first warning, and all of them where the reader asks for more."""

    def __init__(self) -> None:
        super().__init__()
        self._notes: tuple[str, ...] = ()
        self._is_unfolded = False
        self._text = label(wraps=True)
        self._more = button("", role="link")
        self._more.clicked.connect(self._toggle)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(10, 4, 8, 4)
        layout.addWidget(self._text, 1)
        layout.addWidget(self._more, 0, Qt.AlignmentFlag.AlignTop)
        self.hide()

    def show_notes(self, notes: Sequence[str]) -> None:
        """Replace what is said; nothing is shown where there is nothing to say."""
        self._notes = tuple(sorted(dict.fromkeys(notes), key=_CALM.__contains__))
        self._is_unfolded = False
        self._render()

    def _toggle(self) -> None:
        self._is_unfolded = not self._is_unfolded
        self._render()

    def _render(self) -> None:
        self.setVisible(bool(self._notes))
        if not self._notes:
            return
        shown = self._notes if self._is_unfolded else self._notes[:1]
        self._text.setText("\n".join(map(strings.told, shown)))
        hidden = len(self._notes) - 1
        self._more.setText(strings.FEWER_NOTES if self._is_unfolded else strings.more_notes(hidden))
        self._more.setVisible(hidden > 0)
        role = "calm" if self._notes[0] in _CALM else "warning"
        if self.property("role") != role:
            self.setProperty("role", role)
            self.style().polish(self)
            self.style().polish(self._text)
