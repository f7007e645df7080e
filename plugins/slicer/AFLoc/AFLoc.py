"""AFLoc in 3D Slicer: ask a chest film for a finding in words, and see where it is in the scene.

All inference happens in `afloc-engine`, a process of its own: nothing heavy is ever loaded into
Slicer, and what goes wrong there costs one answer.
"""

from functools import partial
from pathlib import Path
from typing import Annotated

import slicer
import vtk
from AFLocLib.client import Ended, EngineError
from AFLocLib.film import FILE, SOURCES
from AFLocLib.installation import install_into_slicer
from AFLocLib.scene import FILM, HEATMAP, ROLE, best, show, spacing_note
from AFLocLib.session import Session
from slicer import vtkMRMLScalarVolumeNode
from slicer.i18n import tr as _
from slicer.i18n import translate
from slicer.parameterNodeWrapper import Choice, Minimum, WithinRange, parameterNodeWrapper
from slicer.ScriptedLoadableModule import (
    ScriptedLoadableModule,
    ScriptedLoadableModuleLogic,
    ScriptedLoadableModuleTest,
    ScriptedLoadableModuleWidget,
)
from slicer.util import VTKObservationMixin

SETTING = "AFLoc/Engine"
_POLL_MS = 50


class AFLoc(ScriptedLoadableModule):
    """What Slicer shows of the module before it is opened."""

    def __init__(self, parent):
        ScriptedLoadableModule.__init__(self, parent)
        parent.title = _("AFLoc")
        parent.categories = [translate("qSlicerAbstractCoreModule", "Radiology")]
        parent.dependencies = []
        parent.contributors = ["The AFLoc Desktop authors"]
        parent.helpText = _(
            "Ask a chest film for a finding in words, and see where it is: a heatmap, segments and "
            "boxes. Research use only: not for diagnosis."
        )
        parent.acknowledgementText = _(
            "It follows AFLoc (Yang et al., Nature Biomedical Engineering 2026)."
        )
        slicer.app.connect("startupCompleted()", registerSampleData)


def registerSampleData():
    """Offer the sample study that AFLoc Desktop brings along; nothing is downloaded."""
    import SampleData

    icon = Path(__file__).parent / "Resources/Icons/AFLoc.png"
    SampleData.SampleDataLogic.registerCustomSampleDataSource(
        category="AFLoc",
        sampleName="AFLoc chest film",
        uris=["file:afloc-sample"],
        fileNames=["effusion.dcm"],
        nodeNames=["AFLoc chest film"],
        thumbnailFileName=str(icon),
        customDownloader=loadSampleFilm,
    )


def loadSampleFilm(source=None):
    """Load the sample film of the installed application."""
    logic = AFLocLogic()
    try:
        logic.connect(slicer.util.settingsValue(SETTING, ""))
        path = Path(logic.hello["sample_study"]) / "effusion.dcm"
    finally:
        logic.close()
    return [slicer.util.loadVolume(str(path), {"singleFile": True, "name": "AFLoc chest film"})]


@parameterNodeWrapper
class AFLocParameterNode:
    """What was chosen in the panel; saved with the scene.

    Attributes:
        inputVolume: The film.
        frame: 1-based.
        source: Where the pixels come from.
        findings: One question a line.
        provider: Where the model runs.
        shownHeatmap: Of which finding the marks are shown.
        opacity: Of the heatmap.
        showRegions, showBoxes: Which marks are shown.
    """

    inputVolume: vtkMRMLScalarVolumeNode
    frame: Annotated[int, Minimum(1)] = 1
    source: Annotated[str, Choice(SOURCES)] = FILE
    findings: str = ""
    provider: Annotated[str, Choice(["auto", "cpu", "cuda", "directml", "coreml", "openvino"])] = (
        "auto"
    )
    shownHeatmap: vtkMRMLScalarVolumeNode
    opacity: Annotated[float, WithinRange(0, 1)] = 0.45
    showRegions: bool = True
    showBoxes: bool = True


class AFLocWidget(ScriptedLoadableModuleWidget, VTKObservationMixin):
    """The panel: wiring between its widgets, the parameters and the logic."""

    def __init__(self, parent=None):
        ScriptedLoadableModuleWidget.__init__(self, parent)
        VTKObservationMixin.__init__(self)
        self.logic = None
        self._parameters = None
        self._guiTag = None
        self._timer = None

    def setup(self):
        """Build the panel; nothing is started, installed or looked for yet."""
        import qt

        ScriptedLoadableModuleWidget.setup(self)
        panel = slicer.util.loadUI(self.resourcePath("UI/AFLoc.ui"))
        self.layout.addWidget(panel)
        self.ui = slicer.util.childWidgetVariables(panel)
        panel.setMRMLScene(slicer.mrmlScene)
        self.ui.heatmapSelector.addAttribute("vtkMRMLScalarVolumeNode", ROLE, HEATMAP)
        self.logic = AFLocLogic()
        self._timer = qt.QTimer()
        self._timer.setInterval(_POLL_MS)
        self._timer.timeout.connect(self.onTimer)
        self.ui.localizeButton.clicked.connect(self.onLocalize)
        self.ui.cancelButton.clicked.connect(self.logic.cancel)
        self.ui.testButton.clicked.connect(self.startEngine)
        self.ui.installButton.clicked.connect(self.onInstall)
        self.ui.enginePath.setCurrentPath(slicer.util.settingsValue(SETTING, ""))
        self.ui.enginePath.currentPathChanged.connect(self.onEngineChosen)
        self.ui.findingSelector.textActivated.connect(self.onFindingPicked)
        # Not bound by its property: Slicer would move the cursor with every letter.
        self.ui.findingsEdit.textChanged.connect(self.onFindingsTyped)
        for event, method in (
            (slicer.mrmlScene.StartCloseEvent, self.onSceneStartClose),
            (slicer.mrmlScene.EndCloseEvent, self.onSceneEndClose),
        ):
            self.addObserver(slicer.mrmlScene, event, method)
        self._connectParameters()

    def cleanup(self):
        """Slicer is closing, or the module is reloaded: the engine ends with it."""
        self._timer.stop()
        self.logic.close()
        self._disconnectParameters()
        self.removeObservers()

    def enter(self):
        """The module is opened: the engine starts while the user looks for the film."""
        self._connectParameters()
        if not self.logic.isConnected and not self.logic.isWaiting:
            self.startEngine()

    def exit(self):
        """Another module is opened; what is being computed goes on."""
        self._disconnectParameters()

    def onSceneStartClose(self, caller, event):
        """Results of a scene that is going away are not waited for."""
        self.logic.cancel()
        self._disconnectParameters()

    def onSceneEndClose(self, caller, event):
        """The new scene has parameters of its own."""
        self._connectParameters()

    def onParameters(self, caller=None, event=None):
        """Show what was chosen."""
        if self._parameters is None:  # answers come while another module is open, too
            return
        parameters, isBusy = self._parameters, self.logic.isBusy
        if self.ui.findingsEdit.toPlainText() != parameters.findings:
            self.ui.findingsEdit.setPlainText(parameters.findings)
        isAsked = parameters.inputVolume is not None and bool(_lines(parameters.findings))
        isReady = isAsked and self.logic.isConnected
        self.ui.localizeButton.setEnabled(isReady and not isBusy)
        self.ui.cancelButton.setEnabled(isBusy)
        if parameters.shownHeatmap is not None:
            show(
                parameters.shownHeatmap,
                parameters.opacity,
                shows_regions=parameters.showRegions,
                shows_boxes=parameters.showBoxes,
            )

    def onLocalize(self):
        """Ask the film all questions; the answers come back through the timer."""
        with slicer.util.tryWithErrorDisplay(_("The film cannot be asked."), waitCursor=True):
            parameters = self._parameters
            self.logic.localize(
                parameters.inputVolume,
                _lines(parameters.findings),
                frame=parameters.frame,
                provider=parameters.provider,
                source=parameters.source,
                callbacks=(self.onDone, self.onFailed, partial(_fill, self.ui.progressBar)),
            )
            self.ui.statusLabel.setText(_("Looking…"))
            self._timer.start()
        self.onParameters()

    def onTimer(self):
        """Take what the engine said."""
        self.logic.poll()
        if not self.logic.isWaiting:
            self._timer.stop()

    def onDone(self, drawn, results):
        """Results are in the scene: show the strongest."""
        entry = results["images"][0]
        self.logic.getParameterNode().shownHeatmap = best(drawn, results)
        self.ui.resultsTable.setMRMLTableNode(drawn.table)
        count = sum(finding["present"] for finding in entry["findings"])
        # What really ran: a device that fails is replaced by the CPU, and that must be seen.
        told = [f"{count} of {len(entry['findings'])} proposed, on {entry['provider']}."]
        film = drawn.heatmaps[0].GetNodeReference(FILM)
        notes = [*told, results["fallback"], spacing_note(results, film), *entry["warnings"]]
        self.say(" ".join(filter(None, notes)))

    def onFailed(self, error):
        """The film was not asked: say why, and have an engine again."""
        if isinstance(error, Ended):
            self.startEngine()
            error = f"{error.reason} It is started anew: localize once more."
        self.say(error)

    def say(self, message, label=None):
        """Show a sentence or an error, beside the button that was pressed unless told."""
        label = self.ui.statusLabel if label is None else label
        label.setText(str(message).strip())
        self.ui.progressBar.setValue(0)
        self.onParameters()

    def onConnected(self, hello):
        """The engine answered: say which it is, and offer what its model knows."""
        offered = ", ".join(hello["providers"])
        model = hello["bundle"] or "no model"
        told = f"AFLoc {hello['app_version']} with {model}; it can run on: {offered}."
        self.ui.engineLabel.setText(told)
        self.ui.findingSelector.clear()
        for bundle in hello["bundles"]:
            if bundle["id"] == model:
                self.ui.findingSelector.addItems([f["label"] for f in bundle["findings"]])
        self.onParameters()

    def onEngineChosen(self, path):
        """Remember where the engine is, and start that one."""
        import qt

        qt.QSettings().setValue(SETTING, path)
        self.startEngine()

    def onInstall(self):
        """Install the engine into Slicer's Python, because the user asked for it here."""
        import qt

        title = _("AFLoc's Python package")
        package = qt.QFileDialog.getOpenFileName(None, title, "", "*.whl")
        if not package:
            return
        with slicer.util.tryWithErrorDisplay(_("The engine was not installed."), waitCursor=True):
            self.logic.close()
            install_into_slicer(self.resourcePath("requirements.txt"), package)
        self.startEngine()

    def onFindingPicked(self, label):
        """Add a finding of the model to the questions."""
        lines = _lines(self._parameters.findings)
        if label not in lines:
            self._parameters.findings = "\n".join([*lines, label])

    def onFindingsTyped(self):
        """Keep the questions with the scene."""
        words = self.ui.findingsEdit.toPlainText()
        if self._parameters is not None and self._parameters.findings != words:
            self._parameters.findings = words

    def startEngine(self):
        """Start the engine anew; what answers, or why nothing does, is shown."""
        self.logic.close()
        self.ui.engineLabel.setText(_("Starting the engine…"))
        failed = partial(self.say, label=self.ui.engineLabel)
        self.logic.start(slicer.util.settingsValue(SETTING, ""), self.onConnected, failed)
        self._timer.start()

    def _connectParameters(self):
        if self._parameters is not None:
            return
        self._parameters = self.logic.getParameterNode()
        if self._parameters.inputVolume is None:
            first = slicer.mrmlScene.GetFirstNodeByClass("vtkMRMLScalarVolumeNode")
            self._parameters.inputVolume = first
        self._guiTag = self._parameters.connectGui(self.ui)
        self.addObserver(self._parameters, vtk.vtkCommand.ModifiedEvent, self.onParameters)
        self.onParameters()

    def _disconnectParameters(self):
        if self._parameters is None:
            return
        self.removeObserver(self._parameters, vtk.vtkCommand.ModifiedEvent, self.onParameters)
        self._parameters.disconnectGui(self._guiTag)
        self._parameters = None


class AFLocLogic(ScriptedLoadableModuleLogic, Session):
    """From a volume and words to nodes of the scene. Needs no panel."""

    def __init__(self):
        ScriptedLoadableModuleLogic.__init__(self)
        Session.__init__(self)

    def getParameterNode(self):
        """The parameters of this scene."""
        return AFLocParameterNode(super().getParameterNode())


def _fill(bar, share: float) -> None:
    """Show how much of the questions is answered, 0 to 1."""
    bar.setValue(round(100 * share))


def _lines(text: str) -> list[str]:
    """What was asked, one question a line."""
    return [" ".join(line.split()) for line in text.splitlines() if line.strip()]


class AFLocTest(ScriptedLoadableModuleTest):
    """The self-test inside Slicer: Developer mode, Reload and Test."""

    def setUp(self):
        """Start from an empty scene."""
        slicer.mrmlScene.Clear()

    def runTest(self):
        """All of it."""
        self.setUp()
        self.test_film_is_asked_and_drawn()

    def test_film_is_asked_and_drawn(self):
        """The real engine on the sample film: a map over the film, and a table."""
        logic = AFLocLogic()
        try:
            logic.connect(slicer.util.settingsValue(SETTING, ""))
        except EngineError as error:
            self.delayDisplay(f"Skipped: {error}")
            return
        try:
            path = Path(logic.hello["sample_study"]) / "effusion.dcm"
            volume = slicer.util.loadVolume(str(path), {"singleFile": True})
            drawn = logic.localizeNow(volume, ["pleural effusion"])
        finally:
            logic.close()
        (heatmap,) = drawn.heatmaps
        self.assertGreater(slicer.util.arrayFromVolume(heatmap).max(), 0)
        self.assertEqual(drawn.table.GetNumberOfRows(), 1)
        self.delayDisplay("Test passed.")
