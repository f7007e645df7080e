"""The one-page summary of a study as PDF: drawn by Qt, on any thread, with or without a window.

Import it where it is used: it loads what reads DICOM.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from afloc_desktop.core.export.atomic import make_folder, write_free
from afloc_desktop.core.export.formats import PDF
from afloc_desktop.core.export.overlay import BANNER
from afloc_desktop.core.export.summary import COLUMNS, NOTES, TITLE, summaries
from afloc_desktop.ui import strings
from afloc_desktop.ui.qt import (
    QBuffer,
    QByteArray,
    QColor,
    QFont,
    QGuiApplication,
    QImage,
    QIODevice,
    QMarginsF,
    QPageSize,
    QPainter,
    QPdfWriter,
    QPen,
    QRectF,
    QSizeF,
    Qt,
    QTextBlockFormat,
    QTextCharFormat,
    QTextCursor,
    QTextDocument,
    QTextLength,
    QTextTableFormat,
)

if TYPE_CHECKING:
    from pathlib import Path

    from afloc_desktop.core.export.overlay import Picture
    from afloc_desktop.core.export.selection import Selection
    from afloc_desktop.core.export.summary import Row, Summary

_DPI = 200
_MARGIN_MM = 12.0
_PICTURES_MM = 110.0  # height of all pictures together
_GAP_MM = 3.0
_MOST_ROWS = 30
_INK, _QUIET, _WARNING, _RULE = "#1a1d21", "#5a626c", "#8a5a00", "#c4c9cf"
_WIDTHS = (6, 7, 27, 11, 11, 12, 26)  # of the table's columns, per cent


class PdfExporter:
    """`summary.pdf`, one page a study. See `core.export.exporter.Exporter`."""

    id, label, media = PDF.id, PDF.label, PDF.media

    def write(self, selection: Selection, folder: Path) -> tuple[Path, ...]:
        """Write a page for each study with a finding.

        Raises:
            ExportError: It could not be written, or a film is not the one that was asked.
            InputError: The header of a film cannot be read any more.
        """
        written = []
        make_folder(folder)
        for summary in summaries(selection):
            written.append(write_free(folder, "summary", ".pdf", draw(summary)))
        return tuple(written)


def draw(summary: Summary) -> bytes:
    """A summary as a PDF of one page; what does not fit is counted at the end of the table."""
    # Fonts need an application; without a window, one that shows nothing.
    application = QGuiApplication.instance() or QGuiApplication(
        [strings.APP, "-platform", "offscreen"]
    )
    assert application is not None
    data = QByteArray()
    buffer = QBuffer(data)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    writer = QPdfWriter(buffer)
    writer.setResolution(_DPI)
    writer.setPageSize(QPageSize(QPageSize.PageSizeId.A4))
    writer.setPageMargins(QMarginsF(*[_MARGIN_MM] * 4))
    writer.setTitle(TITLE)
    writer.setCreator(strings.APP)
    painter = QPainter(writer)
    try:
        _Sheet(writer, painter).draw(summary)
    finally:
        painter.end()
        buffer.close()
    return bytes(data.data())


class _Sheet:
    """One page being drawn, from the top down and from the bottom up."""

    def __init__(self, writer: QPdfWriter, painter: QPainter) -> None:
        self._writer = writer
        self._painter = painter
        self._width, self._height = writer.width(), writer.height()
        self._top = 0.0

    def draw(self, summary: Summary) -> None:
        """All of a summary."""
        foot = self._foot(summary)
        bottom = self._height - foot.size().height()
        head = self._head(summary)
        self._place(head, self._top)
        self._top += head.size().height() + _mm(_GAP_MM)
        self._pictures(summary)
        self._place(self._fitting_table(summary, bottom - self._top), self._top)
        self._painter.setPen(QPen(QColor(_RULE), 2))
        self._painter.drawLine(0, round(bottom), self._width, round(bottom))
        self._place(foot, bottom)

    def _document(self) -> QTextDocument:
        made = QTextDocument()
        made.setDocumentMargin(0)
        made.documentLayout().setPaintDevice(self._writer)
        font = QFont()
        font.setPointSizeF(9)
        made.setDefaultFont(font)
        made.setTextWidth(self._width)
        return made

    def _place(self, document: QTextDocument, top: float) -> None:
        self._painter.save()
        self._painter.translate(0, top)
        document.drawContents(self._painter)
        self._painter.restore()

    def _head(self, summary: Summary) -> QTextDocument:
        made = self._document()
        cursor = QTextCursor(made)
        cursor.insertText(TITLE, _ink(_INK, size=15, is_bold=True))
        cursor.insertBlock()
        cursor.insertText(BANNER, _ink(_WARNING, is_bold=True))
        cursor.insertBlock(_spaced())
        for heading, text in summary.about:
            cursor.insertText(f"{heading} ", _ink(_QUIET))
            cursor.insertText(f"{text}     ", _ink(_INK, is_bold=True))
        return made

    def _pictures(self, summary: Summary) -> None:
        """The films side by side, in two rows where there are more than three."""
        count, gap = len(summary.pictures), _mm(_GAP_MM)
        if not count:
            return
        across = count if count <= 3 else -(-count // 2)
        down = -(-count // across)
        wide = (self._width - gap * (across - 1)) / across
        high = (_mm(_PICTURES_MM) - gap * (down - 1)) / down
        for place, (number, picture) in enumerate(summary.pictures):
            row, column = divmod(place, across)
            cell = QRectF(column * (wide + gap), self._top + row * (high + gap), wide, high)
            self._picture(cell, number, picture)
        self._top += down * high + (down - 1) * gap + gap

    def _picture(self, cell: QRectF, number: int, picture: Picture) -> None:
        image = _image(picture)
        size = QSizeF(image.size()).scaled(cell.size(), Qt.AspectRatioMode.KeepAspectRatio)
        left = cell.left() + (cell.width() - size.width()) / 2
        frame = QRectF(left, cell.top(), size.width(), size.height())
        self._painter.drawImage(frame, image)
        font = QFont()
        font.setPointSizeF(9)
        self._painter.setFont(font)
        self._painter.setPen(QColor("white"))
        inside = frame.adjusted(_mm(1.5), _mm(1), 0, 0)
        self._painter.drawText(inside, int(Qt.AlignmentFlag.AlignLeft), f"Film {number}")

    def _fitting_table(self, summary: Summary, room: float) -> QTextDocument:
        shown = min(len(summary.rows), _MOST_ROWS)
        while (made := self._table(summary, shown)).size().height() > room and shown:
            shown -= 1
        return made

    def _table(self, summary: Summary, shown: int) -> QTextDocument:
        made = self._document()
        cursor = QTextCursor(made)
        kind = QTextTableFormat()
        kind.setBorder(0)
        kind.setCellPadding(_mm(0.5))
        kind.setCellSpacing(0)
        lengths = [QTextLength(QTextLength.Type.PercentageLength, share) for share in _WIDTHS]
        kind.setColumnWidthConstraints(lengths)
        cursor.beginEditBlock()  # else the page is laid out anew for every cell
        table = cursor.insertTable(shown + 1, len(_WIDTHS), kind)
        for column, text in enumerate(COLUMNS):
            table.cellAt(0, column).firstCursorPosition().insertText(text, _ink(_QUIET))
        for line, row in enumerate(summary.rows[:shown], 1):
            for column, (text, ink) in enumerate(_cells(row)):
                table.cellAt(line, column).firstCursorPosition().insertText(text, ink)
        cursor.movePosition(QTextCursor.MoveOperation.End)
        hidden = len(summary.rows) - shown
        if hidden:
            text = f"Findings that do not fit here but are in the other formats: {hidden}."
            cursor.insertText(text, _ink(_QUIET))
        if summary.films > len(summary.pictures):
            text = f" {len(summary.pictures)} of {summary.films} films are shown."
            cursor.insertText(text, _ink(_QUIET))
        cursor.endEditBlock()
        return made

    def _foot(self, summary: Summary) -> QTextDocument:
        made = self._document()
        cursor = QTextCursor(made)
        cursor.insertBlock(_spaced())
        for line in (*summary.models, *NOTES):
            cursor.insertText(line, _ink(_QUIET, size=7.5))
            cursor.insertBlock(QTextBlockFormat())
        return made


def _cells(row: Row) -> list[tuple[str, QTextCharFormat]]:
    plain, bold = _ink(_INK, size=8), _ink(_INK, size=8, is_bold=True)
    mark = _ink(_INK, size=8, is_bold=True)
    if row.colour is not None:
        mark.setBackground(QColor(*row.colour))
    return [
        (str(row.film), plain),
        (f" {row.mark} " if row.mark else "", mark),
        (row.finding, bold if row.mark else plain),
        (row.similarity, plain),
        (row.threshold, plain),
        (row.probability or "–", plain),
        (row.decision, plain),
    ]


def _ink(colour: str, *, size: float = 9, is_bold: bool = False) -> QTextCharFormat:
    made = QTextCharFormat()
    made.setForeground(QColor(colour))
    made.setFontPointSize(size)
    made.setFontWeight(QFont.Weight.DemiBold if is_bold else QFont.Weight.Normal)
    return made


def _spaced() -> QTextBlockFormat:
    made = QTextBlockFormat()
    made.setTopMargin(_mm(2))
    return made


def _image(picture: Picture) -> QImage:
    rgb = picture.convert("RGB")
    kind = QImage.Format.Format_RGB888
    return QImage(rgb.tobytes(), rgb.width, rgb.height, 3 * rgb.width, kind).copy()


def _mm(length: float) -> float:
    """Dots of the page."""
    return length * _DPI / 25.4
