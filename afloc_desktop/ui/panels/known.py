"""Studies that were listed before and fit what is searched for; choosing one opens it again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from afloc_desktop.ui import strings
from afloc_desktop.ui.labels import day, one_line, person
from afloc_desktop.ui.qt import (
    QHeaderView,
    QSizePolicy,
    QTreeWidgetItem,
    QWidget,
    Signal,
    Tree,
    column,
    label,
    plain_tip,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from afloc_desktop.state.index import KnownStudy

_MAX_HEIGHT = 240


class KnownStudies(QWidget):
    """A title and a list; hidden while there is nothing to show."""

    opened = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self._tree = Tree(strings.KNOWN_STUDIES)
        self._tree.setIndentation(4)
        self._tree.setRootIsDecorated(False)
        self._tree.setMaximumHeight(_MAX_HEIGHT)
        self._tree.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self._tree.itemClicked.connect(self._open)
        self._tree.itemActivated.connect(self._open)
        self._studies: list[KnownStudy] = []
        layout = column(label(strings.KNOWN_STUDIES, role="quiet"), self._tree)
        layout.setSpacing(4)
        self.setLayout(layout)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        self.hide()

    def show_studies(self, studies: Iterable[KnownStudy]) -> None:
        """Show these instead."""
        self._studies = list(studies)
        self._tree.clear()
        self._tree.addTopLevelItems([_row(study) for study in self._studies])
        self.setVisible(bool(self._studies))

    def _open(self, item: QTreeWidgetItem, column: int) -> None:
        # A double click is two clicks and an activation; the first of them empties the list.
        study = self._studies[self._tree.indexOfTopLevelItem(item)]
        self.show_studies(())
        self.opened.emit(study)


def _row(study: KnownStudy) -> QTreeWidgetItem:
    words = (
        person(study.patient_name),
        study.patient_id,
        day(study.date),
        study.modalities,
        study.description,
    )
    text = "   ".join(shown for shown in map(one_line, words) if shown)
    item = QTreeWidgetItem([text])
    place = ", ".join(map(str, study.paths))
    item.setToolTip(0, plain_tip(f"{text}   ({strings.images(study.images)})   {place}"))
    return item
