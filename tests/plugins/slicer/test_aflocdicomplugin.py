"""Our own SEG and SR, as the application writes them, back on their film."""

from pathlib import Path

import numpy as np
import pydicom
import pytest

from afloc_desktop.core.dicom.read import read
from afloc_desktop.core.dicom.scan import find_frame
from afloc_desktop.core.domain import Prompt
from afloc_desktop.core.export.exporter import exporters
from afloc_desktop.core.export.raster import fill
from afloc_desktop.core.export.results import answer_prompt
from afloc_desktop.core.export.selection import FilmResults, Selection, Statement
from afloc_desktop.state.models import open_default
from afloc_desktop.state.paths import Paths

pytestmark = pytest.mark.slicer_core

SAMPLE = Path(__file__).resolve().parents[3] / "resources/sample/effusion.dcm"


@pytest.fixture
def plugin(slicer, qapp, load_film, monkeypatch):
    import slicer_widgets

    slicer_widgets.install(slicer)
    monkeypatch.setattr(slicer.util, "loadVolume", lambda path, options: load_film(Path(path)))
    import AFLocDICOMPlugin

    return AFLocDICOMPlugin


@pytest.fixture
def exported(tmp_path):
    """What the application exports of the sample film: a function of the kind, and the finding."""
    localizer = open_default(Paths.default(), provider="cpu")
    image = read(find_frame(SAMPLE, 1))
    answer = answer_prompt(localizer, image, Prompt("pleural effusion", "typed"))
    assert answer.finding.regions
    statement = Statement("Pleural effusion", answer.finding, answer.heatmap)
    selection = Selection((FilmResults(image, (statement,)),))

    def export(kind):
        (path,) = exporters()[kind].write(selection, tmp_path / kind)
        return str(path)

    return export, answer.finding, image


@pytest.fixture
def load(plugin):
    def run(path):
        (loadable,) = plugin.AFLocDICOMPluginClass().examineForImport([[path]])
        return plugin.AFLocDICOMPluginClass().load(loadable)

    return run


def test_an_exported_segmentation_loads_onto_the_film(slicer, load, load_film, exported):
    export, finding, image = exported
    volume = load_film(SAMPLE)
    assert load(export("seg"))
    (node,) = slicer.util.getNodesByClass("vtkMRMLSegmentationNode")
    assert node.GetNodeReference("AFLoc.Film") is volume
    identities = node.GetSegmentation().GetSegmentIDs()
    for identity, region in zip(identities, finding.regions, strict=True):
        inside = slicer.util.arrayFromSegmentBinaryLabelmap(node, identity, volume)
        assert np.array_equal(inside[0], fill(region.outline, image.rows, image.columns))


def test_an_exported_report_loads_onto_the_film(slicer, load, load_film, exported):
    export, finding, _ = exported
    volume = load_film(SAMPLE)
    volume.SetSpacing(0.5, 0.25, 1)
    assert load(export("sr"))
    curves = slicer.util.getNodesByClass("vtkMRMLMarkupsClosedCurveNode")
    assert "Image-text similarity" in curves[0].GetDescription()
    for curve, region in zip(curves, finding.regions, strict=True):
        points = slicer.util.arrayFromMarkupsControlPoints(curve)
        # Without a place in the patient, Slicer lays columns to the left and rows to the back.
        expected = [(-(p.x - 0.5) * 0.5, -(p.y - 0.5) * 0.25, 0) for p in region.outline]
        assert np.allclose(points, expected, atol=1e-3)


def test_the_film_is_loaded_with_its_findings_where_it_is_not_yet(slicer, load, exported):
    export, _, image = exported
    slicer.dicomDatabase.files[image.ref.sop_instance_uid] = str(SAMPLE)
    assert load(export("seg"))
    (volume,) = slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode")
    assert volume.GetAttribute("DICOM.instanceUIDs") == image.ref.sop_instance_uid


def test_findings_without_their_film_are_told(slicer, load, exported):
    assert not load(exported[0]("seg"))
    assert not slicer.util.getNodesByClass("vtkMRMLSegmentationNode")


def test_findings_that_do_not_fit_their_film_are_told(
    slicer, load, load_film, make_volume, exported
):
    export, _, image = exported
    make_volume(np.zeros((1, 4, 4))).SetAttribute("DICOM.instanceUIDs", image.ref.sop_instance_uid)
    assert not load(export("seg"))


def test_only_our_own_results_are_offered(plugin, exported, tmp_path):
    offered = plugin.AFLocDICOMPluginClass()
    path = exported[0]("seg")
    assert offered.examine([path])[0].confidence > 0.9
    assert offered.examine([str(SAMPLE)]) == []
    assert offered.examine([]) == []
    other = pydicom.dcmread(path)
    other.ManufacturerModelName = "Another"
    other.save_as(tmp_path / "other.dcm")
    assert offered.examine([str(tmp_path / "other.dcm")]) == []


def test_slicer_is_told_of_the_plugin(plugin, slicer):
    import types

    slicer.modules.dicomPlugins.clear()
    plugin.AFLocDICOMPlugin(types.SimpleNamespace(path=slicer.modules.aflocdicomplugin.path))
    assert slicer.modules.dicomPlugins["AFLoc"] is plugin.AFLocDICOMPluginClass


def test_nothing_is_exported_from_slicer(plugin):
    offered = plugin.AFLocDICOMPluginClass()
    assert offered.examineForExport(0) == []
    assert offered.export([])
