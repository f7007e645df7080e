"""The way out: which accepted findings leave, as what and where to, and what became of it."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from afloc_desktop.core.export.formats import DICOM, FORMATS, PDF, of_slides
from afloc_desktop.state.exporting import Order
from afloc_desktop.state.store import home_of
from afloc_desktop.ui import strings
from afloc_desktop.ui.qt import (
    QCheckBox,
    QDialog,
    QFileDialog,
    QGridLayout,
    QHeaderView,
    QLineEdit,
    QMainWindow,
    QProgressBar,
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
    from collections.abc import Mapping, Sequence

    from afloc_desktop.core.export.exporter import Exporter
    from afloc_desktop.core.export.selection import Statement
    from afloc_desktop.state.exporting import Export, Outcome
    from afloc_desktop.state.store import State, Store
    from afloc_desktop.state.workspace import Workspace

_SIZE = (820, 700)
_USUAL = ("seg", "sr", "sc", "gsps", "pdf", "png", "csv", "json")
_CHOSEN_AT_FIRST = ("seg", "sr", "pdf")


def make_exporters(ids: Sequence[str]) -> Mapping[str, Exporter]:
    """Exporters by id, the PDF of this package among them; called on a worker thread.

    Raises:
        PluginError: A plugin is not installed or cannot be loaded.
    """
    from afloc_desktop.state.plugins import exporters_with
    from afloc_desktop.ui.summary import PdfExporter

    ours = {kind.id for kind in FORMATS}
    known = {**exporters_with([id_ for id_ in ids if id_ not in ours]), PDF.id: PdfExporter()}
    return {id_: known[id_] for id_ in ids}


class Exporting:
    """Opens the export window, and remembers where the last results went."""

    def __init__(self, window: QMainWindow, store: Store, workspace: Workspace) -> None:
        self._window = window
        self._store = store
        self._workspace = workspace
        self._folder = ""

    def start(self) -> None:
        """Let the reader choose what leaves and where to."""
        from afloc_desktop.state.plugins import installed_plugins

        plugins = [plugin.name for plugin in installed_plugins()]
        dialog = ExportDialog(self._window, self._store, self._workspace, self._folder, plugins)
        dialog.finished.connect(partial(self._remember, dialog))
        dialog.open()

    def _remember(self, dialog: ExportDialog, result: int) -> None:
        self._folder = dialog.folder.text()


class ExportDialog(QDialog):
    """Chooses and previews an export, then shows what became of it.

    Attributes:
        folder: Where to, as typed or chosen.
        hides: Leave out patient and reader.
        kinds: A box for each kind of file, by id.
        preview: What will be written, then what was.
        go: Starts.
    """

    def __init__(
        self,
        parent: QWidget,
        store: Store,
        workspace: Workspace,
        folder: str,
        plugins: Sequence[str] = (),
    ) -> None:
        super().__init__(parent)
        self._store = store
        self._exports = workspace.exports
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(strings.EXPORT_TITLE)
        self.resize(*_SIZE)
        self.kinds = {id_: QCheckBox(_name(id_)) for id_ in (*(k.id for k in FORMATS), *plugins)}
        self.hides = QCheckBox(strings.EXPORT_HIDE)
        self.hides.setToolTip(plain_tip(strings.EXPORT_HIDE_TIP))
        self.folder = QLineEdit(folder)
        self.folder.setAccessibleName(strings.EXPORT_FOLDER)
        self.folder.setPlaceholderText(strings.EXPORT_FOLDER_HINT)
        self._choose = button(strings.EXPORT_CHOOSE)
        self._films = Tree(strings.EXPORT_WHAT)
        self.preview = Tree(strings.EXPORT_PREVIEW)
        self._heading = label(role="title")
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._said = label(wraps=True)
        self.go, self._close = button(strings.EXPORT_GO), button(strings.CLOSE)
        self.go.setDefault(True)
        self._lay_out()
        self._connect()
        self._show_films()
        self._stop_listening = store.listen(self.render_state)
        self._exports.forget()
        self._show_plan()

    def _lay_out(self) -> None:
        for tree in (self._films, self.preview):
            tree.setRootIsDecorated(False)
            tree.setSelectionMode(Tree.SelectionMode.NoSelection)
        self._films.setMaximumHeight(150)
        where = row(label(strings.EXPORT_FOLDER), self.folder, self._choose)
        where.setStretch(1, 1)
        layout = column(
            label(strings.EXPORT_WHAT, role="title"),
            self._films,
            label(strings.EXPORT_AS, role="title"),
            margins=(20, 16, 20, 14),
        )
        layout.addLayout(self._boxes())
        layout.addWidget(self.hides)
        layout.addLayout(where)
        layout.addWidget(self._heading)
        layout.addWidget(self.preview, 1)
        layout.addWidget(self._bar)
        layout.addWidget(self._said)
        layout.addLayout(row(None, self.go, self._close))
        layout.setSpacing(8)
        self.setLayout(layout)

    def _boxes(self) -> QGridLayout:
        """Objects for an archive, what a person reads, and the rest, side by side."""
        grid = QGridLayout()
        grid.setHorizontalSpacing(24)
        media = {kind.id: kind.media for kind in FORMATS}
        rows = [0, 0, 0]
        for place, text in enumerate(strings.EXPORT_GROUPS):
            grid.addWidget(label(text, role="quiet"), 0, place)
        for id_, box in self.kinds.items():
            place = 2 if id_ not in _USUAL else 0 if media[id_] == DICOM else 1
            rows[place] += 1
            grid.addWidget(box, rows[place], place)
            fits = id_ in of_slides() or not self._exports.is_of_slides
            box.setChecked(fits and id_ in _CHOSEN_AT_FIRST)
            box.setEnabled(fits)
            box.setToolTip("" if fits else plain_tip(strings.EXPORT_NOT_OF_SLIDES))
        grid.setColumnStretch(3, 1)
        return grid

    def _connect(self) -> None:
        for box in (*self.kinds.values(), self.hides):
            box.toggled.connect(self._show_plan)
        self.folder.textChanged.connect(self._show_plan)
        self._choose.clicked.connect(self._choose_folder)
        self.go.clicked.connect(self._go)
        self._close.clicked.connect(self._leave)
        self.finished.connect(self._end)

    # --- before

    def _show_films(self) -> None:
        films = [film for study in self._exports.studies() for film in study]
        for number, (ref, statements) in enumerate(films, 1):
            home = home_of(self._store.state.listing, ref)
            item = QTreeWidgetItem([strings.film_named(number, home)])
            self._films.addTopLevelItem(item)
            item.addChildren([QTreeWidgetItem([_stated(s)]) for s in statements])
            item.setExpanded(True)
        if not films:
            self._films.addTopLevelItem(QTreeWidgetItem([strings.EXPORT_NOTHING]))

    def _chosen(self) -> tuple[str, ...]:
        return tuple(id_ for id_, box in self.kinds.items() if box.isChecked())

    def _show_plan(self) -> None:
        """What will be written, as far as it can be known before."""
        self.preview.clear()
        self.preview.setHeaderHidden(False)
        self.preview.setHeaderLabels(list(strings.EXPORT_PLAN_COLUMNS))
        names = self._exports.series(is_deidentified=self.hides.isChecked())
        files = 0
        for id_ in self._chosen():
            planned = self._exports.planned(id_)
            if planned is None:
                cells = [_name(id_), "?", strings.EXPORT_BY_PLUGIN, ""]
                files += 1
            else:
                series = "; ".join(dict.fromkeys(names)) if planned.series else ""
                name = planned.name if planned.count else "–"
                cells = [_name(id_), str(planned.count), name, series]
                files += planned.count
            self.preview.addTopLevelItem(_item(cells))
        _fit(self.preview)
        self._heading.setText(strings.EXPORT_PREVIEW)
        self._said.setText(strings.EXPORT_HIDE_NOTE if self.hides.isChecked() else "")
        self._bar.hide()
        self.go.setEnabled(bool(files and self.folder.text().strip() and names))

    def _choose_folder(self) -> None:
        title = strings.EXPORT_FOLDER_TITLE
        chosen = QFileDialog.getExistingDirectory(self, title, self.folder.text())
        if chosen:
            self.folder.setText(chosen)

    # --- during and after

    def _go(self) -> None:
        folder = Path(self.folder.text().strip()).expanduser()
        order = Order(self._chosen(), folder, self.hides.isChecked())
        for part in (*self.kinds.values(), self.hides, self.folder, self._choose, self.go):
            part.setEnabled(False)
        self.preview.clear()
        self.preview.setHeaderLabels(list(strings.EXPORT_RESULT_COLUMNS))
        self._heading.setText(strings.EXPORT_WRITTEN)
        self._bar.show()
        self._close.setText(strings.STOP)
        self._close.setFocus()
        self._exports.start(order, make_exporters)

    def render_state(self, old: State, new: State) -> None:
        """Show what was written since."""
        export = new.export
        if export is None or old.export is export:
            return
        known = 0 if old.export is None else len(old.export.outcomes)
        for outcome in export.outcomes[known:]:
            self.preview.addTopLevelItems(_lines(outcome))
        self.preview.scrollToBottom()
        _fit(self.preview)
        self._bar.setRange(0, max(1, export.total))
        self._bar.setValue(len(export.outcomes))
        if export.is_done:
            self._close.setText(strings.CLOSE)
            self._said.setText(_result(export))
            self._bar.hide()

    def _leave(self) -> None:
        """Stop where something is under way, and show what was written until then; else close."""
        export = self._store.state.export
        if export is not None and not export.is_done:
            self._exports.stop()
        else:
            self.close()

    def _end(self) -> None:
        self._stop_listening()
        self._exports.forget()


def _stated(statement: Statement) -> str:
    finding = statement.finding
    said = strings.verdict(strings.VERDICTS[finding.status], finding.author, "")
    return f"{statement.label} – {said}"


def _name(id_: str) -> str:
    return strings.EXPORT_KINDS.get(id_, id_)


def _lines(outcome: Outcome) -> list[QTreeWidgetItem]:
    """A line a file, and one for what went wrong."""
    films = strings.film_numbers(outcome.films)
    kind = _name(outcome.format)
    lines = [_item([path.name, kind, films, strings.EXPORT_OK]) for path in outcome.paths]
    problem = outcome.problem
    if problem is not None:
        lines.append(_item(["–", kind, films, strings.problem(problem)]))
    return lines


def _result(export: Export) -> str:
    files = sum(len(outcome.paths) for outcome in export.outcomes)
    problems = sum(outcome.problem is not None for outcome in export.outcomes)
    return strings.exported(files, problems, str(export.folder), is_stopped=export.is_stopped)


def _item(cells: list[str]) -> QTreeWidgetItem:
    made = QTreeWidgetItem(cells)
    for place, cell in enumerate(cells):
        made.setToolTip(place, plain_tip(cell))
    return made


def _fit(tree: Tree) -> None:
    header = tree.header()
    header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
    header.setStretchLastSection(True)
