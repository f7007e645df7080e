import ast
from pathlib import Path

import pytest

import afloc_desktop.ui
from afloc_desktop.ui.qt import (
    Qt,
    QTreeWidgetItem,
    QWidget,
    children,
    column,
    label,
    plain_tip,
    row,
)

UI = Path(afloc_desktop.ui.__file__).parent
SOURCES = [path for path in UI.rglob("*.py") if path.name != "qt.py"]
MARKUP = "<b>Doe</b><img src=x>&amp;"


def test_a_label_shows_markup_literally(qtbot):
    made = label(MARKUP, role="title")
    qtbot.addWidget(made)
    assert made.textFormat() == Qt.TextFormat.PlainText
    assert made.text() == MARKUP
    assert made.property("role") == "title"


def test_a_tip_shows_markup_literally():
    assert plain_tip("<b>A & B</b>") == "<span>&lt;b&gt;A &amp; B&lt;/b&gt;</span>"
    assert plain_tip("") == ""


def test_no_label_is_made_without_the_helper():
    for path in SOURCES:
        calls = [n for n in ast.walk(ast.parse(path.read_text())) if isinstance(n, ast.Call)]
        names = {c.func.id for c in calls if isinstance(c.func, ast.Name)}
        assert "QLabel" not in names, path


def test_tool_tips_with_text_from_elsewhere_are_escaped():
    """Every tip is either one of our own strings or passes through `plain_tip`."""
    for path in SOURCES:
        for call in ast.walk(ast.parse(path.read_text())):
            if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute)):
                continue
            if call.func.attr == "setToolTip":
                text = ast.unparse(call.args[-1])
                assert "plain_tip(" in text or "strings." in text or text == "''", (path, text)


def test_qt_comes_through_one_door():
    opening = {path for path in SOURCES if path.name == "opening.py"}
    assert len(opening) == 1  # the first thing on the screen waits for no other module
    for path in set(SOURCES) - opening:
        for node in ast.walk(ast.parse(path.read_text())):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not any(n.split(".")[0] in ("PySide6", "pyqtgraph") for n in names), path


@pytest.mark.parametrize("lay_out", [row, column])
def test_rows_and_columns_hold_their_parts_in_order(qtbot, lay_out):
    host, parts = QWidget(), [label("1"), label("2")]
    qtbot.addWidget(host)
    host.setLayout(lay_out(*parts))
    assert [host.layout().itemAt(i).widget() for i in range(2)] == parts


def test_a_row_may_stretch_between_its_parts(qtbot):
    host, end = QWidget(), label("end")
    qtbot.addWidget(host)
    host.setLayout(row(None, end))
    host.resize(500, 30)
    host.show()
    assert end.geometry().right() == 499


def test_children_are_in_order():
    item = QTreeWidgetItem(["group"])
    item.addChildren([QTreeWidgetItem([name]) for name in "abc"])
    assert [child.text(0) for child in children(item)] == ["a", "b", "c"]
