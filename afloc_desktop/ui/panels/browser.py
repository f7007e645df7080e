"""What is open: patients, studies, series and films, and the files that were skipped."""

from __future__ import annotations

from typing import TYPE_CHECKING

from afloc_desktop.ui import strings
from afloc_desktop.ui.labels import one_line
from afloc_desktop.ui.panels.known import KnownStudies
from afloc_desktop.ui.panels.strip import SeriesStrip
from afloc_desktop.ui.panels.studies import StudyTree
from afloc_desktop.ui.qt import (
    QAction,
    QHeaderView,
    QLineEdit,
    QProgressBar,
    Qt,
    QTimer,
    QToolButton,
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
    from afloc_desktop.core.domain import ImageRef, Listing, NonImage, Skipped
    from afloc_desktop.state.index import KnownStudy
    from afloc_desktop.state.store import State
    from afloc_desktop.state.workspace import Workspace

_TYPED_MS = 150
_MOST_SKIPPED = 1000  # rows; nobody reads more, and making them takes time


class Browser(QWidget):
    """The tree on the left; choosing a film in it shows the film.

    Attributes:
        box: Narrows the tree and finds studies that were listed before.
    """

    def __init__(self, workspace: Workspace, open_files: QAction, open_folder: QAction) -> None:
        super().__init__()
        self._workspace = workspace
        self.box = QLineEdit()
        self.box.setPlaceholderText(strings.SEARCH_HINT)
        self.box.setToolTip(plain_tip(strings.SEARCH_TIP))
        self.box.setAccessibleName(strings.SEARCH_HINT)
        self.box.setClearButtonEnabled(True)
        self.box.setMaxLength(200)
        self.box.textChanged.connect(self._typed)
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(_TYPED_MS)
        self._pause.timeout.connect(self._search)
        self._tree = StudyTree(strings.STUDIES)
        self._tree.chosen.connect(workspace.select_image)
        self._tree.result_chosen.connect(self._open_result)
        self._tree.result_asked.connect(self._tell_result)
        self._strip = SeriesStrip()
        self._strip.chosen.connect(workspace.select_image)
        self._known = KnownStudies()
        self._known.opened.connect(self._open_known)
        self._hint = label(strings.NO_STUDIES, role="quiet", wraps=True)
        self._progress = QProgressBar()
        self._progress.setRange(0, 0)
        self._progress.setTextVisible(False)
        self._count = label(role="quiet")
        self._stop = button(strings.STOP)
        self._stop.clicked.connect(workspace.stop_listing)
        self._listing_row = QWidget()
        self._listing_row.setLayout(row(self._count, None, self._stop))
        self._skipped_title = QToolButton()
        self._skipped_title.setCheckable(True)
        self._skipped_title.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._skipped_title.setArrowType(Qt.ArrowType.RightArrow)
        self._skipped_title.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._skipped_title.toggled.connect(self._unfold)
        self._skipped = _skipped_tree()
        self._lay_out(open_files, open_folder)

    def _lay_out(self, open_files: QAction, open_folder: QAction) -> None:
        files, folder = button(strings.FILES_BUTTON), button(strings.FOLDER_BUTTON)
        files.clicked.connect(open_files.trigger)
        folder.clicked.connect(open_folder.trigger)
        files.setToolTip(strings.OPEN_FILES_TITLE)
        folder.setToolTip(strings.OPEN_FOLDER_TITLE)
        layout = column(
            self.box,
            self._listing_row,
            self._progress,
            self._hint,
            self._tree,
            self._known,
            self._strip,
            self._skipped_title,
            self._skipped,
            margins=(10, 8, 4, 8),
        )
        layout.insertLayout(0, row(label(strings.STUDIES, role="title"), None, files, folder))
        layout.setSpacing(8)
        self.setLayout(layout)
        for part in (self._listing_row, self._progress, self._skipped_title, self._skipped):
            part.hide()

    def render_state(self, old: State, new: State) -> None:
        """Show the listing, the film that is chosen and a listing under way."""
        if old.listing is not new.listing:
            self._tree.show_listing(new.listing)
            self._show_skipped(new.listing)
        if old.results is not new.results:
            self._tree.mark_results(new.results)
        if old.listing is not new.listing or old.image_ref != new.image_ref:
            self._tree.mark(new.image_ref)
        if old.known is not new.known or old.listing is not new.listing:
            is_open = {(study.uid, study.patient_id) for study in new.listing.studies}
            # Those listed before are offered where nothing is open, or on request.
            is_wanted = bool(self.box.text().strip()) or not is_open
            known = new.known if is_wanted else ()
            closed = [s for s in known if (s.uid, s.patient_id) not in is_open]
            self._known.show_studies(closed)
        self._strip.render_state(old, new)
        is_listing = "scan" in new.busy
        self._listing_row.setVisible(is_listing)
        self._progress.setVisible(is_listing)
        self._count.setText(strings.scanned(new.scanned) if new.scanned else strings.LISTING)
        self._hint.setVisible(not new.listing.studies and not is_listing)

    def _open_result(self, result: NonImage | ImageRef) -> None:
        self._workspace.returned.open(result.path, result.member)

    def _tell_result(self, result: NonImage | ImageRef) -> None:
        self._workspace.returned.tell(result.path, result.member)

    def _typed(self, text: str) -> None:
        self._tree.narrow(text)
        self._pause.start()

    def _search(self) -> None:
        self._workspace.search_known(self.box.text())

    def _open_known(self, study: KnownStudy) -> None:
        self.box.clear()
        self._workspace.open_paths(study.paths)

    def _show_skipped(self, listing: Listing) -> None:
        skipped = listing.skipped
        self._skipped.clear()
        self._skipped.addTopLevelItems([_index(index) for index in listing.indexes])
        self._skipped.addTopLevelItems([_skip(skip) for skip in skipped[:_MOST_SKIPPED]])
        if len(skipped) > _MOST_SKIPPED:
            more = QTreeWidgetItem([strings.more(len(skipped) - _MOST_SKIPPED)])
            self._skipped.addTopLevelItem(more)
        count = len(skipped) + len(listing.indexes)
        self._skipped_title.setText(strings.skipped(count))
        self._skipped_title.setVisible(count > 0)
        self._unfold(count > 0 and self._skipped_title.isChecked())

    def _unfold(self, is_open: bool) -> None:
        arrow = Qt.ArrowType.DownArrow if is_open else Qt.ArrowType.RightArrow
        self._skipped_title.setArrowType(arrow)
        self._skipped.setVisible(is_open)


def _skipped_tree() -> Tree:
    tree = Tree(strings.SKIPPED)
    tree.setIndentation(14)
    tree.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
    tree.setMaximumHeight(220)
    return tree


def _skip(skipped: Skipped) -> QTreeWidgetItem:
    name = skipped.member or skipped.path.name or str(skipped.path)
    item = QTreeWidgetItem([one_line(f"{name}: {strings.told(skipped.reason)}")])
    place = f"{skipped.path} {skipped.member}".rstrip()
    item.setToolTip(0, plain_tip(f"{place}: {strings.problem(skipped)}"))
    item.setFlags(Qt.ItemFlag.ItemIsEnabled)
    return item


def _index(index: NonImage) -> QTreeWidgetItem:
    item = QTreeWidgetItem([one_line(f"{index.member or index.path.name}: {strings.INDEX}")])
    item.setToolTip(0, plain_tip(str(index.path)))
    item.setFlags(Qt.ItemFlag.ItemIsEnabled)
    return item
