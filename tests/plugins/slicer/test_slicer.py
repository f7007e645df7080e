"""The extension as a whole: what Slicer's build and its index expect of the files."""

import ast
import json
import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
import slicer_source
from slicer_names import PLACES

pytestmark = pytest.mark.slicer_core

PLUGIN = Path(__file__).resolve().parents[3] / "plugins/slicer"
MODULES = ("AFLoc", "AFLocDICOMPlugin")
SOURCES = sorted(PLUGIN.rglob("*.py"))
TREES = {path: ast.parse(path.read_text(encoding="utf-8")) for path in SOURCES}


def listed(module: str, name: str) -> set[str]:
    """The files of a list in a module's CMakeLists.txt."""
    text = (PLUGIN / module / "CMakeLists.txt").read_text()
    (found,) = re.findall(rf"set\({name}\s(.*?)\)", text, re.DOTALL)
    return {word.replace("${MODULE_NAME}", module) for word in found.split()}


@pytest.mark.parametrize("module", MODULES)
def test_the_build_installs_the_files_on_disk(module):
    folder = PLUGIN / module
    scripts = {p.relative_to(folder).as_posix() for p in folder.rglob("*.py")}
    assert listed(module, "MODULE_PYTHON_SCRIPTS") == scripts
    resources = {
        p.relative_to(folder).as_posix() for p in folder.glob("Resources/**/*") if p.is_file()
    }
    assert listed(module, "MODULE_PYTHON_RESOURCES") == resources
    assert f"set(MODULE_NAME {module})" in (folder / "CMakeLists.txt").read_text()


def test_the_extension_builds_every_module():
    text = (PLUGIN / "CMakeLists.txt").read_text()
    assert tuple(re.findall(r"add_subdirectory\((\w+)\)", text)) == MODULES
    assert text.index("project(SlicerAFLoc)") < text.index("find_package(Slicer REQUIRED)")
    assert "EXTENSION_CATEGORY" not in text  # it lives in the index entry
    for name in ("HOMEPAGE", "CONTRIBUTORS", "DESCRIPTION", "ICONURL", "SCREENSHOTURLS", "DEPENDS"):
        assert re.search(rf'set\(EXTENSION_{name} "[^"]+"\)', text), name
    assert text.rstrip().endswith("include(${Slicer_EXTENSION_CPACK})")


def test_the_index_entry_has_the_keys_of_its_schema():
    entry = json.loads((PLUGIN / "AFLoc.json").read_text())
    needed = {"$schema", "build_dependencies", "category", "scm_revision", "scm_url"}
    assert needed <= set(entry)
    assert set(entry) <= needed | {"build_subdirectory", "dicom_support_rule", "enabled", "tier"}
    assert entry["build_subdirectory"] == "plugins/slicer"
    assert entry["dicom_support_rule"] == "Modality == 'CR' or Modality == 'DX'"


needs_source = pytest.mark.skipif(
    not slicer_source.folder(), reason=f"needs {slicer_source.SWITCH}"
)


@needs_source
def test_the_index_entry_is_what_slicers_schema_says():
    entry = json.loads((PLUGIN / "AFLoc.json").read_text())
    name = entry["$schema"].rpartition("/")[2].rstrip("#")
    schema = json.loads((slicer_source.folder() / "Schemas" / name).read_text())
    assert schema["$id"] == entry["$schema"]
    assert set(schema["required"]) <= set(entry) <= set(schema["properties"])
    kinds = {"string": str, "array": list, "integer": int, "boolean": bool}
    for key, value in entry.items():
        assert isinstance(value, kinds[schema["properties"][key]["type"]]), key


@needs_source
@pytest.mark.parametrize("module", MODULES)
def test_the_build_is_written_as_slicers_template_of_a_module(module):
    template = "Utilities/Templates/Modules/Scripted/CMakeLists.txt"
    words = re.compile(r"[a-z]\w*[A-Za-z]+(?=\()|(?<=  )[A-Z_]{4,}\b")
    known = set(words.findall((slicer_source.folder() / template).read_text()))
    assert set(words.findall((PLUGIN / module / "CMakeLists.txt").read_text())) <= known


def classes(path):
    return {n.name: n for n in TREES[path].body if isinstance(n, ast.ClassDef)}


def methods(node):
    return {n.name for n in node.body if isinstance(n, ast.FunctionDef)}


def test_the_module_has_the_classes_and_methods_slicer_calls():
    found = classes(PLUGIN / "AFLoc/AFLoc.py")
    bases = {name: [ast.unparse(b) for b in node.bases] for name, node in found.items()}
    assert bases["AFLoc"] == ["ScriptedLoadableModule"]
    assert bases["AFLocWidget"] == ["ScriptedLoadableModuleWidget", "VTKObservationMixin"]
    assert bases["AFLocLogic"][0] == "ScriptedLoadableModuleLogic"
    assert bases["AFLocTest"] == ["ScriptedLoadableModuleTest"]
    called = {"setup", "cleanup", "enter", "exit", "onSceneStartClose", "onSceneEndClose"}
    assert called <= methods(found["AFLocWidget"])
    assert {"setUp", "runTest"} <= methods(found["AFLocTest"])
    plugin = classes(PLUGIN / "AFLocDICOMPlugin/AFLocDICOMPlugin.py")["AFLocDICOMPluginClass"]
    called = {"examineForImport", "examine", "load", "examineForExport", "export"}
    assert called <= methods(plugin)


def ui_properties(name: str) -> dict[str, str]:
    """Widgets of the panel that have a property, by their names."""
    root = ET.parse(PLUGIN / "AFLoc/Resources/UI/AFLoc.ui").getroot()
    found = {}
    for widget in root.iter("widget"):
        for entry in widget.findall("property"):
            if entry.get("name") == name:
                found[widget.get("name")] = "".join(entry.itertext()).strip()
    return found


def ui_widgets() -> dict[str, str]:
    root = ET.parse(PLUGIN / "AFLoc/Resources/UI/AFLoc.ui").getroot()
    return {widget.get("name"): widget.get("class") for widget in root.iter("widget")}


def test_the_panel_binds_each_parameter_once():
    """But for the words: Slicer's connection of a text field reverses what is typed into it."""
    node = classes(PLUGIN / "AFLoc/AFLoc.py")["AFLocParameterNode"]
    fields = {n.target.id for n in node.body if isinstance(n, ast.AnnAssign)}
    bound = list(ui_properties("SlicerParameterName").values())
    assert sorted(bound) == sorted(fields - {"findings"})


def test_every_widget_the_code_uses_is_in_the_panel():
    tree = classes(PLUGIN / "AFLoc/AFLoc.py")["AFLocWidget"]
    used = {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "self.ui"
    }
    assert used <= set(ui_widgets())


def test_own_widgets_of_slicer_are_declared_and_texts_are_plain():
    root = ET.parse(PLUGIN / "AFLoc/Resources/UI/AFLoc.ui").getroot()
    declared = {entry.findtext("class") for entry in root.iter("customwidget")}
    assert {kind for kind in ui_widgets().values() if not kind.startswith("Q")} == declared
    changing = {name for name in ("useLabel", "statusLabel", "engineLabel")}
    assert changing <= set(ui_properties("textFormat"))
    assert ui_properties("acceptRichText") == {"findingsEdit": "false"}


def names_used(tree):
    """Dotted names of Slicer in a file, those imported from its modules among them."""
    roots = ("slicer", "SampleData", "parent", "panel", "self.ui")
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module.split(".")[0] in ("slicer", "DICOMLib"):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        if isinstance(node, ast.Attribute):
            text = ast.unparse(node)
            if text.startswith(tuple(f"{root}." for root in roots)) and "(" not in text:
                yield text


def of_widgets(names):
    """The same names, where a widget of the panel is called by its class."""
    kinds = ui_widgets()
    for name in names:
        words = name.removeprefix("self.ui.").removesuffix(".connect").split(".")
        if name.startswith("self.ui."):
            name = ".".join([kinds[words[0]], *words[1:]])
        yield name.replace("panel.", "qMRMLWidget.")


def properties_used():
    """What the panel sets and connects of the widgets that are Slicer's own."""
    root = ET.parse(PLUGIN / "AFLoc/Resources/UI/AFLoc.ui").getroot()
    for widget in root.iter("widget"):
        for entry in widget.findall("property"):
            yield f"{widget.get('class')}.{entry.get('name')}"
    kinds = ui_widgets()
    for connection in root.iter("connection"):
        for end, name in (("sender", "signal"), ("receiver", "slot")):
            kind = kinds[connection.findtext(end)]
            yield f"{kind}.{connection.findtext(name).split('(')[0]}"


def exists_here(name, runtime):
    """Whether `slicer-core` or Qt has a name."""
    from PySide6 import QtWidgets

    kind, _, member = name.rpartition(".")
    if kind in ("slicer", "slicer.util"):
        return hasattr(runtime.util if kind.endswith("util") else runtime, member)
    if kind == "slicer.mrmlScene":
        return hasattr(runtime.vtkMRMLScene, member)
    if kind.startswith("Q") or member in ("toolTip", "text", "SlicerParameterName"):
        widget = getattr(QtWidgets, kind, QtWidgets.QAbstractButton)
        return hasattr(widget, member) or member in ("enabled", "SlicerParameterName")
    return False


def test_every_name_of_slicer_that_is_used_exists(runtime):
    used = {name for tree in TREES.values() for name in of_widgets(names_used(tree))}
    used |= {name for name in properties_used()} | {"slicer.app.startupCompleted"}
    # A chain is looked at as a whole: what it begins with is a part of it.
    used = {name for name in used if not any(other.startswith(f"{name}.") for other in used)}
    used = {name for name in used if "." in name}
    assert {name for name in used if not exists_here(name, runtime)} == set(PLACES)
    nodes = [n for tree in TREES.values() for n in ast.walk(tree) if isinstance(n, ast.Constant)]
    for node in nodes:
        if isinstance(node.value, str) and re.fullmatch(r"vtkMRML\w+Node", node.value):
            assert hasattr(runtime, node.value), node.value


@needs_source
@pytest.mark.parametrize("name", [n for n, place in PLACES.items() if "CTK/" not in place])
def test_slicers_source_has_the_name(name):
    text = (slicer_source.folder() / PLACES[name]).read_text(encoding="utf-8")
    own = "qSlicerApplication" if name == "slicer.app.connect" else name.rpartition(".")[2]
    assert re.search(rf"\b{own}\b", text)


def test_every_method_called_on_a_node_exists(runtime):
    """Names that begin like VTK's methods are looked for in the classes the code makes."""
    kinds = [
        runtime.vtkMRMLScene,
        runtime.vtkMRMLScalarVolumeNode,
        runtime.vtkMRMLScalarVolumeDisplayNode,
        runtime.vtkMRMLSegmentationNode,
        runtime.vtkMRMLSegmentationDisplayNode,
        runtime.vtkSegmentation,
        runtime.vtkMRMLMarkupsROINode,
        runtime.vtkMRMLMarkupsClosedCurveNode,
        runtime.vtkMRMLMarkupsDisplayNode,
        runtime.vtkMRMLTableNode,
        runtime.vtkMRMLVolumeArchetypeStorageNode,
        __import__("vtk").vtkStringArray,
        __import__("vtk").vtkImageData,
    ]
    for path, tree in TREES.items():
        for node in ast.walk(tree):
            is_call = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
            if is_call and re.match(
                r"(Get|Set|Add|Create|Auto|Apply|Insert|Save)[A-Z]", node.func.attr
            ):
                assert any(hasattr(kind, node.func.attr) for kind in kinds), (
                    path.name,
                    node.func.attr,
                )


def imports(tree):
    """Modules imported when a file is loaded: those at its top."""
    for node in tree.body:
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        if isinstance(node, ast.ImportFrom):
            yield node.module.split(".")[0]


@pytest.mark.parametrize("path", SOURCES, ids=[p.name for p in SOURCES])
def test_loading_a_file_installs_and_loads_nothing_heavy(path):
    heavy = {"torch", "onnxruntime", "pydicom", "SimpleITK", "afloc_desktop", "qt", "ctk"}
    assert not heavy & set(imports(TREES[path]))
    calls = [ast.unparse(n.func) for n in ast.walk(TREES[path]) if isinstance(n, ast.Call)]
    if path.name != "installation.py":
        assert not [c for c in calls if "pip_" in c]


def test_installing_is_asked_for_in_a_button_only():
    found = []
    for path, tree in TREES.items():
        for function in ast.walk(tree):
            if isinstance(function, ast.FunctionDef):
                called = [
                    ast.unparse(n.func) for n in ast.walk(function) if isinstance(n, ast.Call)
                ]
                found += [(path.name, function.name)] if "install_into_slicer" in called else []
    assert found == [("AFLoc.py", "onInstall")]
