"""Widgets for the panel of a scripted module: PySide6 in place of Slicer's own binding.

What Slicer's widgets do beyond Qt is left out, except for the signals and setters that the panel
and its parameters use.
"""

import sys
import types

from PySide6 import QtCore, QtGui, QtWidgets
from PySide6.QtUiTools import QUiLoader


class Settings:
    """The settings of the application, forgotten with the test."""

    values: dict = {}  # noqa: RUF012  -- one store for all, as in the application

    def value(self, key):
        return self.values[key]

    def setValue(self, key, value):
        self.values[key] = value

    def contains(self, key):
        return key in self.values


class NodeBox(QtWidgets.QComboBox):
    """qMRMLNodeComboBox."""

    currentNodeChanged = QtCore.Signal(object)

    def __init__(self, parent=None):
        super().__init__(parent)
        self.node, self.attributes = None, []

    def addAttribute(self, *attribute):
        self.attributes.append(attribute)

    def currentNode(self):
        return self.node

    def setCurrentNode(self, node):
        if node is not self.node:
            self.node = node
            self.clear()
            self.addItem(node.GetName() if node else "None")
            self.currentNodeChanged.emit(node)


class PathEdit(QtWidgets.QLineEdit):
    """ctkPathLineEdit."""

    currentPathChanged = QtCore.Signal(str)

    def __init__(self, parent=None):
        super().__init__(parent)
        self.textChanged.connect(self.currentPathChanged)

    def setCurrentPath(self, path):
        self.setText(path)


class Slider(QtWidgets.QDoubleSpinBox):
    """ctkSliderWidget."""


class TableView(QtWidgets.QTableWidget):
    """qMRMLTableView."""

    table = None

    def setMRMLTableNode(self, table):
        self.table = table
        self.setRowCount(table.GetNumberOfRows())
        self.setColumnCount(table.GetNumberOfColumns())
        names = [table.GetColumnName(i) for i in range(table.GetNumberOfColumns())]
        self.setHorizontalHeaderLabels(names)
        for row in range(table.GetNumberOfRows()):
            for column in range(len(names)):
                cell = QtWidgets.QTableWidgetItem(table.GetCellText(row, column))
                self.setItem(row, column, cell)
        self.resizeColumnsToContents()


def _keeping(kind, *names):
    """A widget whose setters stay there where PySide6 shows its properties as attributes."""

    def method(plain):
        return lambda self, *values: plain(self, *values)

    return type(kind.__name__, (kind,), {name: method(getattr(kind, name)) for name in names})


class Collapsible(QtWidgets.QGroupBox):
    """ctkCollapsibleButton."""

    text = QtCore.Property(str, QtWidgets.QGroupBox.title, QtWidgets.QGroupBox.setTitle)


class Panel(QtWidgets.QWidget):
    """qMRMLWidget."""

    mrmlSceneChanged = QtCore.Signal(object)
    scene = None

    def setMRMLScene(self, scene):
        self.scene = scene


KINDS = {
    "QLabel": _keeping(QtWidgets.QLabel, "setText", "text"),
    "QSpinBox": _keeping(QtWidgets.QSpinBox, "setMinimum", "setMaximum", "setRange"),
    "QTextEdit": _keeping(QtWidgets.QTextEdit, "setPlainText", "toPlainText"),
    "qMRMLWidget": Panel,
    "qMRMLNodeComboBox": NodeBox,
    "qMRMLTableView": TableView,
    "ctkCollapsibleButton": Collapsible,
    "ctkPathLineEdit": PathEdit,
    "ctkSliderWidget": Slider,
}


class Loader(QUiLoader):
    def createWidget(self, kind, parent=None, name=""):
        if kind not in KINDS:
            return super().createWidget(kind, parent, name)
        widget = KINDS[kind](parent)
        widget.setObjectName(name)
        return widget


def install(slicer):
    """Fill the module `qt`, and give `slicer.util` what it takes from the application."""
    name_widgets(slicer)
    Settings.values.clear()
    slicer.util.loadUI = load
    slicer.util.childWidgetVariables = children


def name_widgets(slicer):
    """Fill `qt` and `ctk`, and give `slicer` its own widgets."""
    qt, ctk = sys.modules["qt"], sys.modules["ctk"]
    for module in (QtCore, QtGui, QtWidgets):
        for name in dir(module):
            if name.startswith("Q"):
                setattr(qt, name, getattr(module, name))
    qt.QSettings = Settings
    for name, kind in KINDS.items():
        owner = qt if name.startswith("Q") else ctk if name.startswith("ctk") else slicer
        setattr(owner, name, kind)


def load(path):
    file = QtCore.QFile(path)
    assert file.open(QtCore.QIODevice.OpenModeFlag.ReadOnly)
    return Loader().load(file)


def children(panel):
    named = {w.objectName(): w for w in panel.findChildren(QtWidgets.QWidget) if w.objectName()}
    return types.SimpleNamespace(**named)


def bind(parameters, ui):
    """Connect each widget with the parameter it names, both ways; gives back how to undo it."""
    import vtk

    bound = []
    for widget in vars(ui).values():
        name = isinstance(widget, QtWidgets.QWidget) and widget.property("SlicerParameterName")
        if name:
            bound.append((name, *_ends(widget, parameters, name)))

    def show(*_):
        for name, put, _signal, _slot in bound:
            put(getattr(parameters, name))

    for _name, _put, signal, slot in bound:
        signal.connect(slot)
    show()
    tag = parameters.AddObserver(vtk.vtkCommand.ModifiedEvent, show)

    def unbind():
        parameters.RemoveObserver(tag)
        for _name, _put, signal, slot in bound:
            signal.disconnect(slot)

    return unbind


def _ends(widget, parameters, name):
    """How to show a parameter in a widget, its signal, and what the signal does."""

    def take(value=None):
        value = widget.toPlainText() if isinstance(widget, QtWidgets.QTextEdit) else value
        if getattr(parameters, name) != value:
            setattr(parameters, name, value)

    if isinstance(widget, NodeBox):
        return widget.setCurrentNode, widget.currentNodeChanged, take
    if isinstance(widget, QtWidgets.QCheckBox):
        return widget.setChecked, widget.toggled, take
    if isinstance(widget, QtWidgets.QTextEdit):
        return widget.setPlainText, widget.textChanged, take  # the cursor goes to the start
    if isinstance(widget, QtWidgets.QComboBox):
        (choice,) = parameters.hints[name].__metadata__
        widget.addItems(choice.choices)
        return widget.setCurrentText, widget.currentTextChanged, take
    return widget.setValue, widget.valueChanged, take
