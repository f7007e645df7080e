"""What is open: patients, studies, series and films, and the files that were skipped."""

from __future__ import annotations

from typing import TYPE_CHECKING

from afloc_desktop.ui import strings
from afloc_desktop.ui.labels import day, one_line, person
from afloc_desktop.ui.qt import (
    QAction,
    QHeaderView,
    QProgressBar,
    Qt,
    QToolButton,
    QTreeWidgetItem,
    QWidget,
    Tree,
    button,
    children,
    column,
    label,
    plain_tip,
    row,
)

if TYPE_CHECKING:
    from afloc_desktop.core.domain import ImageRef, Listing, Series, Skipped, Study
    from afloc_desktop.state.store import State
    from afloc_desktop.state.workspace import Workspace

_REF = Qt.ItemDataRole.UserRole


class Browser(QWidget):
    """The tree on the left; choosing a film in it shows the film."""

    def __init__(self, workspace: Workspace, open_files: QAction, open_folder: QAction) -> None:
        super().__init__()
        self._workspace = workspace
        self._tree = _tree(strings.STUDIES)
        self._tree.currentItemChanged.connect(self._choose)
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
        self._skipped = _tree(strings.SKIPPED)
        self._skipped.setMaximumHeight(220)
        self._lay_out(open_files, open_folder)

    def _lay_out(self, open_files: QAction, open_folder: QAction) -> None:
        files, folder = button(strings.FILES_BUTTON), button(strings.FOLDER_BUTTON)
        files.clicked.connect(open_files.trigger)
        folder.clicked.connect(open_folder.trigger)
        files.setToolTip(strings.OPEN_FILES_TITLE)
        folder.setToolTip(strings.OPEN_FOLDER_TITLE)
        layout = column(
            self._listing_row,
            self._progress,
            self._hint,
            self._tree,
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
            self._fill(new.listing)
        if old.listing is not new.listing or old.image_ref != new.image_ref:
            self._mark(new.image_ref)
        is_listing = "scan" in new.busy
        self._listing_row.setVisible(is_listing)
        self._progress.setVisible(is_listing)
        self._count.setText(strings.scanned(new.scanned) if new.scanned else strings.LISTING)
        self._hint.setVisible(not new.listing.studies and not is_listing)

    def _fill(self, listing: Listing) -> None:
        self._tree.blockSignals(True)
        self._tree.clear()
        patients: dict[tuple[str, str], QTreeWidgetItem] = {}
        for study in listing.studies:
            key = (study.patient_name, study.patient_id)
            if key not in patients:
                patients[key] = _patient(study)
                self._tree.addTopLevelItem(patients[key])
            patients[key].addChild(_study(study))
        self._tree.expandAll()
        self._tree.blockSignals(False)
        self._skipped.clear()
        self._skipped.addTopLevelItems([_skip(skip) for skip in listing.skipped])
        self._skipped_title.setText(strings.skipped(len(listing.skipped)))
        self._skipped_title.setVisible(bool(listing.skipped))
        self._unfold(bool(listing.skipped) and self._skipped_title.isChecked())

    def _mark(self, ref: ImageRef | None) -> None:
        self._tree.blockSignals(True)
        chosen = next((i for i in _descendants(self._tree) if i.data(0, _REF) == ref), None)
        self._tree.setCurrentItem(chosen if ref is not None else None)  # type: ignore[arg-type]
        self._tree.blockSignals(False)

    def _choose(self, item: QTreeWidgetItem | None, before: QTreeWidgetItem | None) -> None:
        ref = None if item is None else item.data(0, _REF)
        if ref is not None:
            self._workspace.select_image(ref)

    def _unfold(self, is_open: bool) -> None:
        arrow = Qt.ArrowType.DownArrow if is_open else Qt.ArrowType.RightArrow
        self._skipped_title.setArrowType(arrow)
        self._skipped.setVisible(is_open)


def _tree(name: str) -> Tree:
    tree = Tree(name)
    tree.setIndentation(14)
    tree.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
    return tree


def _patient(study: Study) -> QTreeWidgetItem:
    text = _spaced(person(study.patient_name), study.patient_id)
    item = QTreeWidgetItem([text])
    item.setFlags(Qt.ItemFlag.ItemIsEnabled)
    item.setToolTip(0, plain_tip(text))
    font = item.font(0)
    font.setBold(True)
    item.setFont(0, font)
    return item


def _study(study: Study) -> QTreeWidgetItem:
    text = _spaced(day(study.date), study.description or strings.UNKNOWN_STUDY)
    item = QTreeWidgetItem([text])
    item.setFlags(Qt.ItemFlag.ItemIsEnabled)
    item.setToolTip(0, plain_tip(item.text(0)))
    for series in study.series:
        item.addChild(_series(series))
    return item


def _series(series: Series) -> QTreeWidgetItem:
    """A series of one film is that film; a longer one unfolds."""
    what = series.description or series.body_part
    text = _spaced(series.modality, what, series.view_position) or strings.UNKNOWN_SERIES
    item = QTreeWidgetItem([text])
    if len(series.images) == 1:
        item.setData(0, _REF, series.images[0])
    else:
        item.setText(0, f"{text}   ({strings.images(len(series.images))})")
        item.setFlags(Qt.ItemFlag.ItemIsEnabled)
        for number, ref in enumerate(series.images, start=1):
            item.addChild(_film(ref, number))
    item.setToolTip(0, plain_tip(item.text(0)))
    return item


def _film(ref: ImageRef, number: int) -> QTreeWidgetItem:
    has_frames = ref.frame > 1
    item = QTreeWidgetItem([strings.frame(ref.frame) if has_frames else strings.film(number)])
    item.setData(0, _REF, ref)
    item.setToolTip(0, plain_tip(ref.path.name))
    return item


def _skip(skipped: Skipped) -> QTreeWidgetItem:
    item = QTreeWidgetItem([one_line(f"{skipped.path.name}: {skipped.reason}")])
    item.setToolTip(0, plain_tip(f"{skipped.path}: {skipped.reason} {skipped.remedy}"))
    item.setFlags(Qt.ItemFlag.ItemIsEnabled)
    return item


def _spaced(*words: str) -> str:
    return "   ".join(shown for shown in map(one_line, words) if shown)


def _descendants(tree: Tree) -> list[QTreeWidgetItem]:
    found, waiting = [], [tree.invisibleRootItem()]
    while waiting:
        below = children(waiting.pop())
        found += below
        waiting += below
    return found
