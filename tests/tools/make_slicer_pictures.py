"""Draw the pictures of `resources/docs/slicer.md`: `python tests/tools/make_slicer_pictures.py`.

The scene is drawn by Slicer's own slice logic and displayable managers, offscreen; the panel by
stand-ins for Slicer's widgets. Neither is a picture of the Slicer application.
"""

# ruff: noqa: E402  -- Qt and VTK read the environment when they are loaded

import os
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/support"))
os.environ["QT_QPA_PLATFORM"] = "offscreen"
os.environ.setdefault("VTK_DEFAULT_OPENGL_WINDOW", "vtkEGLRenderWindow")
os.environ.setdefault("AFLOC_ENGINE", str(Path(sys.executable).with_name("afloc-engine")))

import slicer_runtime

slicer = slicer_runtime.start()

import slicer_widgets
import vtk
from PySide6 import QtWidgets

IMAGES = ROOT / "resources/docs/img"
SAMPLE = ROOT / "resources/sample/effusion.dcm"
SIZE = 620


def main() -> None:
    with tempfile.TemporaryDirectory() as home:
        os.environ["AFLOC_HOME"] = home
        application = QtWidgets.QApplication([])
        slicer_widgets.install(slicer)
        view = slice_view()
        panel = ask_from_the_panel(application)
        panel.parent.grab().save(str(IMAGES / "slicer-panel.png"))
        draw_slice(*view, IMAGES / "slicer-scene.png")
        panel.cleanup()


def slice_view():
    """A slice view of the scene, and its logic."""
    slicer.vtkMRMLSliceNode.AddDefaultSliceOrientationPresets(slicer.mrmlScene)
    logic = slicer.vtkMRMLSliceLogic()
    logic.SetMRMLApplicationLogic(slicer.app.applicationLogic())
    logic.SetMRMLScene(slicer.mrmlScene)
    node = logic.AddSliceNode("Red")
    node.SetOrientation("Axial")
    node.SetDimensions(SIZE, SIZE, 1)
    return node, logic


def ask_from_the_panel(application):
    """Load the sample film, type two questions, and press the button."""
    import AFLoc

    parent = QtWidgets.QWidget()
    QtWidgets.QVBoxLayout(parent).setContentsMargins(0, 0, 0, 0)
    panel = AFLoc.AFLocWidget(parent)
    panel.setup()
    volumes = slicer.modules.volumes.logic()
    volume = volumes.AddArchetypeVolume(str(SAMPLE), "Chest film", 4)
    panel.enter()
    while not panel.logic.isConnected:
        panel.onTimer()
    panel.ui.inputSelector.setCurrentNode(volume)
    panel.ui.findingsEdit.setPlainText("left pleural effusion\nenlarged heart")
    panel.onLocalize()
    while panel.logic.isBusy:
        panel.onTimer()
    parent.resize(460, 940)
    return panel


def draw_slice(node, logic, path: Path) -> None:
    window = vtk.vtkRenderWindow()
    window.SetOffScreenRendering(1)
    window.SetSize(SIZE, SIZE)
    renderer = vtk.vtkRenderer()
    window.AddRenderer(renderer)
    interactor = vtk.vtkGenericRenderWindowInteractor()
    interactor.SetRenderWindow(window)
    window.SetInteractor(interactor)
    interactor.SetInteractorStyle(vtk.vtkInteractorStyleUser())
    factory = slicer.vtkMRMLSliceViewDisplayableManagerFactory.GetInstance()
    factory.SetMRMLApplicationLogic(slicer.app.applicationLogic())
    for kind in ("Segmentations", "Markups"):
        suffix = "2D" if kind == "Segmentations" else ""
        factory.RegisterDisplayableManager(f"vtkMRML{kind}DisplayableManager{suffix}")
    group = factory.InstantiateDisplayableManagers(renderer)
    group.SetMRMLDisplayableNode(node)
    logic.FitSliceToBackground()
    node.UpdateMatrices()
    logic.UpdatePipeline()
    image = vtk.vtkImageMapper()
    image.SetColorWindow(255)
    image.SetColorLevel(127.5)
    image.SetInputConnection(logic.GetImageDataConnection())
    film = vtk.vtkActor2D()
    film.SetMapper(image)
    film.GetProperty().SetDisplayLocationToBackground()
    renderer.AddViewProp(film)
    window.Render()
    grabbed = vtk.vtkWindowToImageFilter()
    grabbed.SetInput(window)
    grabbed.ReadFrontBufferOff()
    writer = vtk.vtkPNGWriter()
    writer.SetFileName(str(path))
    writer.SetInputConnection(grabbed.GetOutputPort())
    writer.Write()


if __name__ == "__main__":
    main()
