"""Guides and licences in a window of their own: local files, shown without the network."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from afloc_desktop.core.errors import AflocError
from afloc_desktop.ui import strings
from afloc_desktop.ui.qt import (
    QDialog,
    QHBoxLayout,
    QImage,
    QListWidget,
    QPlainTextEdit,
    Qt,
    QTextBrowser,
    QTextDocument,
    QUrl,
    QWidget,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from afloc_desktop.state.papers import Paper

_SIZE = (1080, 760)
_LIST_WIDTH = 270
_MARGIN = 16
_MARKDOWN = (
    QTextDocument.MarkdownFeature.MarkdownDialectGitHub
    | QTextDocument.MarkdownFeature.MarkdownNoHTML
)


class PapersDialog(QDialog):
    """A list of papers on the left, and the chosen one on the right."""

    def __init__(self, parent: QWidget, title: str, papers: Sequence[Paper]) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(title)
        self.resize(*_SIZE)
        self._papers = papers
        self._list = QListWidget()
        self._list.addItems([paper.title for paper in papers])
        self._list.setFixedWidth(_LIST_WIDTH)
        self._list.setWordWrap(True)
        self._list.setAccessibleName(title)
        self._page = _Page()
        self._page.anchorClicked.connect(self._follow)
        self._plain = QPlainTextEdit()  # a megabyte of licences at once, which the page is slow at
        self._plain.setReadOnly(True)
        layout = QHBoxLayout(self)
        layout.addWidget(self._list)
        for view in (self._page, self._plain):
            view.setAccessibleName(strings.PAPER)
            layout.addWidget(view, 1)
        self._list.currentRowChanged.connect(self._show)
        self._list.setCurrentRow(0)

    def _show(self, row: int) -> None:
        paper = self._papers[row]
        try:
            text = paper.text()
        except AflocError as error:
            text = f"{error.reason} {error.remedy}"
        is_page = paper.path is not None and paper.path.suffix == ".md"
        if is_page and paper.path is not None:
            self._page.document().setBaseUrl(QUrl.fromLocalFile(f"{paper.path.parent}/"))
            self._page.document().setMarkdown(text, _MARKDOWN)
        else:
            self._plain.setPlainText(text)
        self._page.setVisible(is_page)
        self._plain.setVisible(not is_page)

    def _follow(self, target: QUrl) -> None:
        """Another of the papers is shown; addresses of the network are left to the reader."""
        if not target.isRelative() and not target.isLocalFile():
            return
        name = Path(target.path()).name
        for row, paper in enumerate(self._papers):
            if paper.path is not None and paper.path.name == name:
                self._list.setCurrentRow(row)


class _Page(QTextBrowser):
    """Shows what it is given and opens nothing by itself; pictures come from beside a paper."""

    def __init__(self) -> None:
        super().__init__()
        self.setOpenLinks(False)
        self.setOpenExternalLinks(False)
        self.document().setDocumentMargin(_MARGIN)

    def loadResource(self, kind: int, name: QUrl | str) -> object:
        """Local pictures, not wider than the page; nothing else is ever loaded."""
        if kind != QTextDocument.ResourceType.ImageResource.value:
            return None
        picture = QImage(self.document().baseUrl().resolved(QUrl(name)).toLocalFile())
        width = self.viewport().width() - 3 * _MARGIN
        if picture.width() <= width:
            return picture
        return picture.scaledToWidth(width, Qt.TransformationMode.SmoothTransformation)
