"""The module itself: its logic on a real engine, and its panel on stand-in widgets."""

import os
import subprocess
import sys
import time
import types
from pathlib import Path

import numpy as np
import pytest
import slicer_source
from bars import hold_within, in_time

from afloc_desktop.core.dicom.read import read
from afloc_desktop.core.dicom.scan import find_frame
from afloc_desktop.core.domain import Prompt
from afloc_desktop.core.export.results import answer_prompt
from afloc_desktop.core.findings import region_labels
from afloc_desktop.state.models import open_default
from afloc_desktop.state.paths import Paths

pytestmark = pytest.mark.slicer_core

ROOT = Path(__file__).resolve().parents[3]
SAMPLE = ROOT / "resources/sample/effusion.dcm"
ENGINE = str(Path(sys.executable).with_name("afloc-engine"))


@pytest.fixture(scope="module")
def tested_home(tmp_path_factory):
    """A home where the shipped model has passed its self-test, which takes a second each time."""
    return tmp_path_factory.mktemp("home")


@pytest.fixture
def module(slicer, qapp, tested_home, monkeypatch):
    monkeypatch.setenv("AFLOC_HOME", str(tested_home))
    import slicer_widgets

    slicer_widgets.install(slicer)
    import AFLoc

    return AFLoc


@pytest.fixture
def logic(module):
    logic = module.AFLocLogic()
    yield logic
    logic.close()


@pytest.fixture
def panel(module, qapp):
    import qt

    parent = qt.QWidget()
    qt.QVBoxLayout(parent)
    widget = module.AFLocWidget(parent)
    widget.setup()
    yield widget
    widget.cleanup()
    parent.deleteLater()


def wait_until(is_done, poll):
    deadline = time.monotonic() + 120  # of a machine that others use, too
    while not is_done():
        assert time.monotonic() < deadline
        poll()
        time.sleep(0.01)


class Outcome:
    """What the logic calls back with."""

    def __init__(self):
        self.drawn, self.errors, self.shares = [], [], []
        self.callbacks = (self.done, self.errors.append, self.shares.append)

    def done(self, drawn, results):
        self.drawn.append(drawn)

    @property
    def is_there(self):
        return bool(self.drawn or self.errors)


@pytest.mark.shared
@pytest.mark.parametrize("film", ["mono1", "sample"])
def test_the_scene_shows_what_the_window_shows(slicer, logic, load_film, mono1_film, film):
    path = mono1_film if film == "mono1" else SAMPLE
    words = ["pleural effusion", "enlarged heart", "a right sided tube"]
    logic.connect(ENGINE)
    drawn = logic.localizeNow(load_film(path), words, provider="cpu")
    localizer = open_default(Paths.default(), provider="cpu")
    image = read(find_frame(path, 1))
    for heatmap, asked in zip(drawn.heatmaps, words, strict=True):
        answer = answer_prompt(localizer, image, Prompt(asked, "typed"))
        assert np.array_equal(slicer.util.arrayFromVolume(heatmap)[0], answer.heatmap.similarity)
        labels = region_labels(answer.heatmap, answer.finding)
        identity = heatmap.GetAttribute("AFLoc.Segment")
        assert (identity is not None) == bool(labels.any())
        if identity is not None:
            inside = slicer.util.arrayFromSegmentBinaryLabelmap(
                drawn.segmentation, identity, heatmap
            )
            assert np.array_equal(inside[0], labels > 0)


def test_a_chosen_program_that_is_not_there_is_told(logic):
    with pytest.raises(Exception, match="was not found"):
        logic.connect("/nowhere/afloc-engine")
    assert not logic.isConnected


def test_an_engine_of_another_protocol_is_refused(logic, monkeypatch):
    monkeypatch.setattr("AFLocLib.session.PROTOCOL", 99)
    with pytest.raises(Exception, match="speaks protocol 1"):
        logic.connect(ENGINE)
    assert not logic.isConnected


def test_cancel_ends_the_question_and_leaves_the_scene_alone(slicer, logic, load_film):
    logic.connect(ENGINE)
    outcome = Outcome()
    many = [f"opacity {n}" for n in range(500)]
    logic.localize(load_film(SAMPLE), many, callbacks=outcome.callbacks)
    wait_until(lambda: outcome.shares, logic.poll)
    with in_time("cancelling", 0.5):
        logic.cancel()
        wait_until(lambda: outcome.is_there, logic.poll)
    assert str(outcome.errors[0]).strip() == "Cancelled."
    assert not logic.isBusy
    assert not slicer.util.getNodesByClass("vtkMRMLTableNode")


def test_a_film_removed_meanwhile_gets_no_results(slicer, logic, load_film):
    logic.connect(ENGINE)
    outcome = Outcome()
    volume = load_film(SAMPLE)
    logic.localize(volume, ["effusion"], callbacks=outcome.callbacks)
    slicer.mrmlScene.RemoveNode(volume)
    wait_until(lambda: outcome.is_there, logic.poll)
    assert "no longer in the scene" in str(outcome.errors[0])


def test_a_film_of_the_next_scene_does_not_get_the_results_of_the_last(slicer, logic, load_film):
    logic.connect(ENGINE)
    outcome = Outcome()
    name = load_film(SAMPLE).GetID()
    logic.localize(slicer.mrmlScene.GetNodeByID(name), ["effusion"], callbacks=outcome.callbacks)
    slicer.mrmlScene.Clear(True)
    assert load_film(SAMPLE).GetID() == name
    wait_until(lambda: outcome.is_there, logic.poll)
    assert "no longer in the scene" in str(outcome.errors[0])


def test_an_engine_that_dies_costs_one_question(logic, load_film):
    logic.connect(ENGINE)
    outcome = Outcome()
    volume = load_film(SAMPLE)
    logic.localize(volume, ["effusion"] * 300, callbacks=outcome.callbacks)
    logic._client._process.kill()
    wait_until(lambda: outcome.is_there, logic.poll)
    assert "has ended" in str(outcome.errors[0])
    logic.connect(ENGINE)
    assert logic.localizeNow(volume, ["effusion"]).heatmaps


def test_the_file_behind_a_volume_that_cannot_be_read_is_told(logic, make_volume, slicer, tmp_path):
    volume = make_volume(np.zeros((1, 4, 4), np.uint16))
    volume.SetAttribute("DICOM.instanceUIDs", "1.2")
    (tmp_path / "bad.dcm").write_bytes(bytes(128) + b"DICM" + bytes(50))
    slicer.dicomDatabase.files["1.2"] = str(tmp_path / "bad.dcm")
    logic.connect(ENGINE)
    with pytest.raises(Exception, match="file"):
        logic.localizeNow(volume, ["effusion"])
    assert logic.isConnected


def test_one_question_at_a_time(logic, load_film):
    logic.connect(ENGINE)
    volume, outcome = load_film(SAMPLE), Outcome()
    logic.localize(volume, ["effusion"], callbacks=outcome.callbacks)
    with pytest.raises(Exception, match="being asked"):
        logic.localize(volume, ["effusion"], callbacks=outcome.callbacks)


def test_nothing_stays_in_the_temporary_folder(logic, load_film, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    logic.connect(ENGINE)
    logic.localizeNow(load_film(SAMPLE), ["effusion"])
    assert not list(tmp_path.glob("afloc-*"))


def test_from_the_panel_a_film_is_asked_and_the_strongest_finding_shown(slicer, panel, load_film):
    volume = load_film(SAMPLE)
    panel.ui.enginePath.setCurrentPath(ENGINE)
    wait_until(lambda: panel.logic.isConnected, panel.onTimer)
    assert "it can run on" in panel.ui.engineLabel.text()
    panel.ui.inputSelector.setCurrentNode(volume)
    panel.ui.findingSelector.textActivated.emit(panel.ui.findingSelector.itemText(0))
    panel.ui.findingsEdit.append("enlarged heart")
    assert panel.ui.localizeButton.isEnabled()
    panel.ui.localizeButton.click()
    assert panel.ui.cancelButton.isEnabled()
    wait_until(lambda: not panel.logic.isBusy, panel.onTimer)
    assert "proposed, on CPUExecutionProvider" in panel.ui.statusLabel.text()
    shown = panel.ui.heatmapSelector.node
    assert shown.GetAttribute("AFLoc.Role") == "heatmap"
    views = slicer.mrmlScene.GetFirstNodeByClass("vtkMRMLSliceCompositeNode")
    assert views.GetForegroundVolumeID() == shown.GetID()
    assert panel.ui.resultsTable.table.GetNumberOfRows() == 2
    panel.ui.opacitySlider.setValue(0.2)
    assert views.GetForegroundOpacity() == pytest.approx(0.2)


def test_the_panel_says_why_there_is_no_engine(panel):
    panel.ui.enginePath.setCurrentPath("/nowhere/afloc-engine")
    assert "was not found" in panel.ui.engineLabel.text()
    assert not panel.ui.localizeButton.isEnabled()


def test_the_chosen_program_is_remembered(module, panel, slicer):
    panel.ui.enginePath.setCurrentPath(ENGINE)
    assert slicer.util.settingsValue(module.SETTING, "") == ENGINE


def test_building_the_panel_starts_nothing(panel):
    assert not panel.logic.isWaiting
    assert not panel.logic.isConnected


def test_a_finding_is_added_once(panel):
    for _ in range(2):
        panel.onFindingPicked("Nodule")
    assert panel.ui.findingsEdit.toPlainText() == "Nodule"


def test_an_engine_that_died_is_started_anew_from_the_panel(slicer, panel, load_film):
    volume = load_film(SAMPLE)
    panel.ui.enginePath.setCurrentPath(ENGINE)
    wait_until(lambda: panel.logic.isConnected, panel.onTimer)
    panel.ui.inputSelector.setCurrentNode(volume)
    panel.ui.findingsEdit.setPlainText("effusion")
    panel.logic._client._process.kill()
    panel.logic._client._process.wait()
    panel.ui.localizeButton.click()  # nobody has noticed yet
    wait_until(lambda: not panel.logic.isBusy, panel.onTimer)
    assert "started anew" in panel.ui.statusLabel.text()
    wait_until(lambda: panel.logic.isConnected, panel.onTimer)
    assert panel.ui.localizeButton.isEnabled()


def test_a_model_that_does_not_run_where_it_should_is_told(panel, load_film):
    volume = load_film(SAMPLE)
    panel.logic.connect(ENGINE)
    ask = panel.logic._client.request

    def fall_back(fields, *, done, **waiting):
        def told(answer):
            provider = {**answer["provider"], "fallback": "The driver is too old."}
            done({**answer, "provider": provider})

        return ask(fields, done=told, **waiting)

    panel.logic._client.request = fall_back
    panel.ui.inputSelector.setCurrentNode(volume)
    panel.ui.findingsEdit.setPlainText("effusion")
    panel.ui.localizeButton.click()
    wait_until(lambda: not panel.logic.isBusy, panel.onTimer)
    assert "CPUExecutionProvider" in panel.ui.statusLabel.text()
    assert "The driver is too old." in panel.ui.statusLabel.text()


def test_words_are_kept_as_they_are_typed(slicer, panel):
    """Slicer's own connection of such a field moves the cursor with every letter."""
    from PySide6.QtTest import QTest

    QTest.keyClicks(panel.ui.findingsEdit, "left effusion")
    assert panel.ui.findingsEdit.toPlainText() == "left effusion"
    assert panel.logic.getParameterNode().findings == "left effusion"
    panel.onFindingPicked("Nodule")
    assert panel.ui.findingsEdit.toPlainText() == "left effusion\nNodule"


def test_leaving_the_module_and_closing_the_scene_let_the_widgets_go(slicer, panel):
    panel.exit()
    panel.ui.findingsEdit.setPlainText("not kept")
    panel.enter()
    assert panel.ui.findingsEdit.toPlainText() == ""
    panel.onSceneStartClose(None, None)
    slicer.mrmlScene.Clear(False)
    panel.onSceneEndClose(None, None)
    assert panel.ui.inputSelector.node is None


def test_the_module_loads_fast_and_nothing_heavy(runtime):
    code = f"""
import sys
sys.path.insert(0, {str(ROOT / "tests/support")!r})
import slicer_runtime
slicer_runtime.start()
before, started = set(sys.modules), __import__("time").perf_counter()
import AFLoc
print(__import__("time").perf_counter() - started)
print(*(set(sys.modules) - before))
"""
    heavy = {"torch", "onnxruntime", "pydicom", "SimpleITK", "qt", "ctk", "afloc_desktop"}

    def seconds():
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, timeout=300, check=True
        )
        took, names = done.stdout.splitlines()[-2:]
        assert not heavy & set(names.split())
        return float(took)

    hold_within("import AFLoc, s", seconds, 0.5, patience=10)


def test_the_self_test_of_the_module_passes(module, slicer, monkeypatch, load_film):
    monkeypatch.setenv("AFLOC_ENGINE", ENGINE)
    monkeypatch.setattr(slicer.util, "loadVolume", lambda path, options: load_film(Path(path)))
    test = module.AFLocTest()
    test.runTest()


def test_the_sample_film_comes_with_the_application(module, slicer, monkeypatch, load_film):
    monkeypatch.setenv("AFLOC_ENGINE", ENGINE)
    monkeypatch.setattr(slicer.util, "loadVolume", lambda path, options: load_film(Path(path)))
    (volume,) = module.loadSampleFilm()
    assert os.path.samefile(volume.GetStorageNode().GetFileName(), SAMPLE)


def test_after_start_up_the_sample_film_is_offered(module, slicer, monkeypatch):
    offered, parent = [], types.SimpleNamespace(path=slicer.modules.afloc.path)
    logic = types.SimpleNamespace(
        registerCustomSampleDataSource=lambda **source: offered.append(source)
    )
    data = types.SimpleNamespace(SampleDataLogic=logic)
    monkeypatch.setitem(sys.modules, "SampleData", data)
    module.AFLoc(parent)
    assert parent.title == "AFLoc"
    assert "not for diagnosis" in parent.helpText
    assert not offered
    slicer.app.start_up()
    (source,) = offered
    assert source["customDownloader"] is module.loadSampleFilm
    assert Path(source["thumbnailFileName"]).is_file()
    assert not any(uri.startswith("http") for uri in source["uris"])


@pytest.mark.skipif(not slicer_source.folder(), reason=f"needs {slicer_source.SWITCH}")
def test_slicers_own_sample_data_take_the_film(module, slicer):
    module.registerSampleData()
    (source,) = slicer.modules.sampleDataSources["AFLoc"]
    assert source.customDownloader is module.loadSampleFilm


def choose(path):
    """A dialog in which a file is chosen at once."""
    return types.SimpleNamespace(getOpenFileName=lambda *words: path)


def test_installing_asks_for_the_package_and_does_it_then(module, panel, monkeypatch):
    import qt

    asked = []
    monkeypatch.setattr(module, "install_into_slicer", lambda *words: asked.append(words))
    monkeypatch.setattr(qt, "QFileDialog", choose(""))
    panel.ui.installButton.click()
    assert not asked
    monkeypatch.setattr(qt, "QFileDialog", choose("/afloc.whl"))
    panel.ui.installButton.click()
    (words,) = asked
    assert Path(words[0]).name == "requirements.txt"
    assert words[1] == "/afloc.whl"


def test_a_failed_installation_is_told(module, panel, monkeypatch):
    import qt

    def fail(*_):
        raise RuntimeError("no network")

    monkeypatch.setattr(module, "install_into_slicer", fail)
    monkeypatch.setattr(qt, "QFileDialog", choose("/afloc.whl"))
    with pytest.raises(RuntimeError):
        panel.onInstall()
