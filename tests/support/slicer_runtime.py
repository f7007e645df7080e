"""3D Slicer without its application: real MRML nodes, and small stand-ins for what is not there.

`slicer-core` brings the nodes and most of `slicer.util`. The application, its module widgets, the
base classes of scripted modules and the parameter node wrapper exist only inside Slicer; what
stands in for them here is written for these tests and does no more than they need.
"""

import atexit
import os
import shutil
import sys
import tempfile
import types
import typing
import unittest
from functools import cache
from pathlib import Path

import slicer_source

PLUGIN = Path(__file__).resolve().parents[2] / "plugins/slicer"


@cache
def start():
    """The module `slicer`, with a scene and what a scripted module expects around it."""
    import slicer
    import vtk

    verbosity = vtk.vtkLogger.GetCurrentVerbosityCutoff()
    vtk.vtkLogger.SetStderrVerbosity(vtk.vtkLogger.VERBOSITY_OFF)  # no colour files, no terms
    application = slicer.vtkSlicerApplicationLogic()
    scene = slicer.vtkMRMLScene()
    application.SetMRMLScene(scene)
    slicer.mrmlScene = scene
    _unpack_into(scene, Path(tempfile.mkdtemp(prefix="slicer-scene-")))
    logics = {
        "terminologies": slicer.vtkSlicerTerminologiesModuleLogic,
        "colors": slicer.vtkSlicerColorLogic,
        "volumes": slicer.vtkSlicerVolumesLogic,
        "segmentations": slicer.vtkSlicerSegmentationsModuleLogic,
        "markups": slicer.vtkSlicerMarkupsLogic,
    }
    slicer.modules = types.SimpleNamespace(dicomPlugins={})
    for name in ("AFLoc", "AFLocDICOMPlugin"):
        found = types.SimpleNamespace(path=str(PLUGIN / name / f"{name}.py"))
        setattr(slicer.modules, name.lower(), found)
    for name, kind in logics.items():
        logic = kind()
        logic.SetMRMLApplicationLogic(application)
        logic.SetMRMLScene(scene)
        application.SetModuleLogic(name.capitalize(), logic)
        setattr(slicer.modules, name, _Module(logic))
    vtk.vtkLogger.SetStderrVerbosity(verbosity)
    slicer.app = _Application(application)
    slicer.dicomDatabase = Database()
    for name in ("qt", "ctk"):
        sys.modules[name] = types.ModuleType(name)  # `slicer_widgets` fills them
    if slicer_source.folder():
        slicer_source.load(slicer_source.folder(), slicer)
    else:
        for module in (_i18n(), _scripted(), _parameters(), _dicom_lib()):
            sys.modules[module.__name__] = module
    sys.path[:0] = [str(PLUGIN / "AFLoc"), str(PLUGIN / "AFLocDICOMPlugin")]
    return slicer


def _unpack_into(scene, folder):
    """Where the scene unpacks what it loads from one file; removed with the process."""
    import slicer

    cache, files = slicer.vtkCacheManager(), slicer.vtkDataIOManager()
    cache.SetRemoteCacheDirectory(str(folder))
    files.SetCacheManager(cache)
    scene.SetCacheManager(cache)
    scene.SetDataIOManager(files)
    atexit.register(shutil.rmtree, folder, ignore_errors=True)


class Database:
    """Which file holds an instance, as the DICOM database of the application knows."""

    def __init__(self):
        self.files: dict[str, str] = {}

    def fileForInstance(self, uid):
        return self.files.get(uid, "")

    def fileValue(self, path, tag):
        import pydicom

        if not Path(path).is_file():
            return ""
        group, element = (int(part, 16) for part in tag.split(","))
        found = pydicom.dcmread(path, stop_before_pixels=True).get((group, element))
        return "" if found is None else str(found.value)


class _Module:
    def __init__(self, logic):
        self._logic = logic

    def logic(self):
        return self._logic


class _Application:
    applicationName = "Slicer"

    def __init__(self, logic):
        self._logic = logic
        self._waiting = []

    def connect(self, signal, call):
        assert signal == "startupCompleted()"
        self._waiting.append(call)

    def start_up(self):
        """Tell whoever waits for the application to be ready."""
        waiting, self._waiting = self._waiting, []
        for call in waiting:
            call()

    def applicationLogic(self):
        return self._logic

    def moduleManager(self):
        """Which tells a panel that its module is unloaded; here, none is."""
        return types.SimpleNamespace(connect=lambda *_: None, disconnect=lambda *_: None)

    def processEvents(self):
        pass

    def translate(self, context, text):
        return text

    def testingEnabled(self):
        return True

    def startupEnvironment(self):
        class Environment(dict):
            value = dict.get

        return Environment(os.environ)

    def layoutManager(self):
        return None

    def setOverrideCursor(self, cursor):
        pass

    def restoreOverrideCursor(self):
        pass


def _module(name, **names):
    module = types.ModuleType(name)
    vars(module).update(names)
    return module


def _i18n():
    return _module("slicer.i18n", tr=lambda text: text, translate=lambda context, text: text)


def _scripted():
    import slicer

    class ScriptedLoadableModule:
        def __init__(self, parent):
            self.parent = parent

    class ScriptedLoadableModuleWidget:
        def __init__(self, parent=None):
            self.parent = parent
            self.layout = parent.layout() if parent is not None else None

        def setup(self):
            pass

        def resourcePath(self, name):
            return str(PLUGIN / "AFLoc/Resources" / name)

    class ScriptedLoadableModuleLogic:
        def __init__(self, parent=None):
            self._node = None

        def getParameterNode(self):
            if self._node is None or self._node.GetScene() is None:
                self._node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScriptedModuleNode")
            return self._node

    class ScriptedLoadableModuleTest(unittest.TestCase):
        def delayDisplay(self, message, msec=0):
            pass

    return _module(
        "slicer.ScriptedLoadableModule",
        ScriptedLoadableModule=ScriptedLoadableModule,
        ScriptedLoadableModuleWidget=ScriptedLoadableModuleWidget,
        ScriptedLoadableModuleLogic=ScriptedLoadableModuleLogic,
        ScriptedLoadableModuleTest=ScriptedLoadableModuleTest,
    )


def _parameters():
    """Typed parameters of a scripted module's node, kept in the node as Slicer keeps them."""

    class Choice:
        def __init__(self, choices):
            self.choices = tuple(choices)

        def allows(self, value):
            return value in self.choices

    class WithinRange:
        def __init__(self, minimum, maximum):
            self.minimum, self.maximum = minimum, maximum

        def allows(self, value):
            return self.minimum <= value <= self.maximum

    class Minimum(WithinRange):
        def __init__(self, minimum):
            super().__init__(minimum, float("inf"))

    return _module(
        "slicer.parameterNodeWrapper",
        parameterNodeWrapper=_wrap,
        Choice=Choice,
        WithinRange=WithinRange,
        Minimum=Minimum,
    )


def _wrap(cls):
    hints = typing.get_type_hints(cls, include_extras=True)
    members = {name: _parameter(cls, name, hint) for name, hint in hints.items()}

    def connect(self, ui):
        from slicer_widgets import bind

        return bind(self, ui)

    return type(
        cls.__name__,
        (),
        {
            **members,
            "__init__": lambda self, node: setattr(self, "parameterNode", node),
            "__getattr__": lambda self, name: getattr(self.parameterNode, name),
            "connectGui": connect,
            "disconnectGui": lambda self, tag: tag(),
            "hints": hints,
        },
    )


def _parameter(cls, name, hint):
    kind, *checks = typing.get_args(hint) if hasattr(hint, "__metadata__") else (hint,)
    default = getattr(cls, name, None if hasattr(kind, "IsTypeOf") else kind())

    def get(self):
        if hasattr(kind, "IsTypeOf"):  # a class of nodes
            return self.parameterNode.GetNodeReference(name)
        text = self.parameterNode.GetParameter(name)
        if not self.parameterNode.HasParameter(name):
            return default
        return text == "True" if kind is bool else kind(text)

    def put(self, value):
        for check in checks:
            if not check.allows(value):
                raise ValueError(f"{name} must not be {value!r}")
        if hasattr(kind, "IsTypeOf"):
            self.parameterNode.SetNodeReferenceID(name, value.GetID() if value else None)
        else:
            self.parameterNode.SetParameter(name, str(value))

    return property(get, put)


def _dicom_lib():
    class DICOMLoadable:
        def __init__(self):
            self.files, self.name, self.tooltip, self.warning = [], "", "", ""
            self.selected, self.confidence = False, 0.5

    class DICOMPlugin:
        def __init__(self):
            self.loadType = ""

    return _module("DICOMLib", DICOMLoadable=DICOMLoadable, DICOMPlugin=DICOMPlugin)
