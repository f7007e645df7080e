"""Slicer's own Python files around the modules under test, from a checkout of its source.

`AFLOC_SLICER_SOURCE=path/to/Slicer pytest tests/plugins/slicer` takes the base classes of scripted
modules, the parameter node wrapper with its connections to widgets, `slicer.packaging`,
`slicer.i18n`, the sample data and the base class of DICOM plugins from there, unmodified, instead
of what stands in for them. Slicer's binding to Qt is PySide6 all the same.
"""

import importlib.util
import os
import sys
import types
from importlib.machinery import SourceFileLoader
from pathlib import Path

SWITCH = "AFLOC_SLICER_SOURCE"
_CONNECTORS = "slicer.parameterNodeWrapper.guiConnectors"
# Slicer's binding shows Qt's properties as attributes; PySide6 does in files that begin like this.
_PROPERTIES = b"from __feature__ import true_property\n"


def folder() -> Path | None:
    """Slicer's source, where there is one to use."""
    given = os.environ.get(SWITCH)
    return Path(given).resolve() if given else None


def load(root: Path, slicer) -> None:
    """Load Slicer's own modules that `slicer-core` does not bring.

    Args:
        root: Of Slicer's source.
        slicer: The module; gets the names of widgets that the files take for granted.
    """
    import slicer_widgets

    slicer_widgets.name_widgets(slicer)
    slicer.__getattr__ = sys.modules["ctk"].__getattr__ = _other_widget
    sys.meta_path.insert(0, _Connectors(root))
    python, scripted = root / "Base/Python/slicer", root / "Modules/Scripted"
    for name in ("i18n", "packaging", "ScriptedLoadableModule"):
        _load(f"slicer.{name}", python / f"{name}.py")
    _load("slicer.parameterNodeWrapper", python / "parameterNodeWrapper/__init__.py")
    _load("DICOMLib", scripted / "DICOMLib/DICOMPlugin.py")
    _load("SampleData", scripted / "SampleData/SampleData.py")


def _other_widget(name: str) -> type:
    """A widget that the files know and the panel has none of."""
    if name.startswith(("q", "ctk")):
        return type(name, (), {})
    raise AttributeError(name)


def _load(name: str, path: Path, loader: SourceFileLoader | None = None) -> types.ModuleType:
    where = [str(path.parent)] if path.name == "__init__.py" else None
    spec = importlib.util.spec_from_file_location(
        name, path, loader=loader, submodule_search_locations=where
    )
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    parent, _, own = name.rpartition(".")
    if parent:
        setattr(sys.modules[parent], own, module)
    return module


class _Connectors(SourceFileLoader):
    """Finds and loads the one file that reads and writes widgets."""

    def __init__(self, root: Path) -> None:
        path = root / "Base/Python/slicer/parameterNodeWrapper/guiConnectors.py"
        super().__init__(_CONNECTORS, str(path))

    def find_spec(self, name, path, target=None):
        return importlib.util.spec_from_loader(name, self) if name == _CONNECTORS else None

    def get_code(self, fullname):
        return self.source_to_code(_PROPERTIES + self.get_data(self.path), self.path)
