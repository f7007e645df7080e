from pathlib import Path

import numpy as np
import pytest
from phantom_files import dot_film, write_film

from afloc_desktop.core.dicom.read import read
from afloc_desktop.core.dicom.scan import find_frame
from afloc_desktop.core.domain import Prompt
from afloc_desktop.core.export.results import ResultsFolder, answer_prompt
from afloc_desktop.core.findings import region_labels
from afloc_desktop.state.models import open_default
from afloc_desktop.state.paths import Paths

pytestmark = pytest.mark.slicer_core

SAMPLE = Path(__file__).resolve().parents[3] / "resources/sample/effusion.dcm"


@pytest.fixture
def scene(slicer):
    from AFLocLib import scene

    return scene


@pytest.fixture
def ask(tmp_path, installed_tiny):
    """Answer words on a film as the window does: the results, their folder, and the answers."""

    def run(path, *words, bundle=None):
        localizer = open_default(Paths.default(), provider="cpu", bundle_id=bundle)
        image = read(find_frame(path, 1))
        answers = [answer_prompt(localizer, image, Prompt(w, "typed")) for w in words]
        folder = ResultsFolder(tmp_path / "results", frozenset(("json", "npz")))
        folder.add(image, localizer, answers)
        return {**folder.finish([]), "fallback": ""}, tmp_path / "results", answers

    return run


def at(matrix, i, j, k=0):
    return (matrix @ [i, j, k, 1])[:3]


def assert_drawn_as_computed(slicer, scene, heatmap, answer):
    """The map and the segment of one finding, voxel for voxel."""
    assert np.array_equal(slicer.util.arrayFromVolume(heatmap)[0], answer.heatmap.similarity)
    segmentation = heatmap.GetNodeReference(scene.SEGMENTATION)
    identity = heatmap.GetAttribute(scene.SEGMENT)
    inside = slicer.util.arrayFromSegmentBinaryLabelmap(segmentation, identity, heatmap)
    assert np.array_equal(inside[0], region_labels(answer.heatmap, answer.finding) > 0)


def test_overlay_and_segments_are_those_of_the_window(slicer, scene, load_film, ask):
    volume = load_film(SAMPLE)
    results, folder, answers = ask(SAMPLE, "pleural effusion", "enlarged heart", "pneumothorax")
    drawn = scene.draw_results(results, folder, volume, 1)
    found = 0
    for heatmap, answer in zip(drawn.heatmaps, answers, strict=True):
        shown = slicer.util.arrayFromVolume(heatmap)
        assert np.array_equal(shown[0], answer.heatmap.similarity)
        assert (heatmap.GetAttribute(scene.SEGMENT) is not None) == answer.finding.is_present
        if answer.finding.is_present:
            found += 1
            assert_drawn_as_computed(slicer, scene, heatmap, answer)
    assert found
    assert len(drawn.boxes) == sum(len(a.finding.regions) for a in answers)


def phantom_results(tmp_path, volume, **finding):
    """Results of one finding whose map is half as fine as the film, as the engine would write."""
    columns, rows, _ = volume.GetImageData().GetDimensions()
    similarity = np.linspace(0, 1, rows * columns // 4, dtype=np.float32)
    similarity = similarity.reshape(rows // 2, columns // 2)
    (tmp_path / "maps").mkdir(exist_ok=True)
    regions = (similarity >= 0.5).astype(np.uint8)
    np.savez(tmp_path / "maps/1.npz", map=similarity, scale=[2.0, 2.0], regions=regions)
    entry = {
        "id": "bright",
        "label": "Bright",
        "prompt": "bright",
        "similarity": 1.0,
        "threshold": 0.8,
        "present": True,
        "outline_level": 0.5,
        "boxes": [[0.0, 0.0, 2.0, 4.0]],
        "areas_mm2": [12.0],
        "notes": ["side: right"],
        "warnings": [],
        "map": "maps/1.npz",
        **finding,
    }
    return {
        "app_version": "9.9",
        "created": "2026-01-02T03:04:05+00:00",
        "fallback": "The driver is too old.",
        "images": [
            {
                "sop_instance_uid": "",
                "frame": 1,
                "rows": rows,
                "columns": columns,
                "pixel_sha256": "p",
                "spacing": {"row_mm": 0.5, "column_mm": 0.5, "basis": "detector"},
                "bundle": {"id": "tiny", "sha256": "b"},
                "provider": "CPUExecutionProvider",
                "findings": [entry],
            }
        ],
    }


@pytest.fixture
def volume(make_volume):
    """A film of 6 rows and 8 columns, its pixels 0.5 mm high and 0.25 mm wide, turned and moved."""
    node = make_volume(np.zeros((1, 6, 8), np.uint16), spacing=(0.25, 0.5, 3.0))
    node.SetIJKToRASDirections(0, 1, 0, -1, 0, 0, 0, 0, -1)
    node.SetOrigin(10, 20, 30)
    return node


def test_map_pixels_lie_on_the_film_pixels_they_cover(scene, volume, tmp_path):
    results = phantom_results(tmp_path, volume)
    heatmap = scene.draw_results(results, tmp_path, volume, 1).heatmaps[0]
    film, over = scene.ijk_to_ras(volume), scene.ijk_to_ras(heatmap)
    # The outer corners, and the centre of the first map pixel between four film pixels.
    assert np.allclose(at(over, -0.5, -0.5), at(film, -0.5, -0.5))
    assert np.allclose(at(over, 3.5, 2.5), at(film, 7.5, 5.5))
    assert np.allclose(at(over, 0, 0), at(film, 0.5, 0.5))


def test_a_box_lies_on_the_film_it_was_found_on(scene, volume, tmp_path):
    results = phantom_results(tmp_path, volume)
    (box,) = scene.draw_results(results, tmp_path, volume, 1).boxes
    film = scene.ijk_to_ras(volume)
    # Two columns of 0.25 mm and four rows of 0.5 mm, from the outer corner of the first pixel.
    assert np.allclose(box.GetSize(), (0.5, 2.0, 3.0))
    centre = np.zeros(3)
    box.GetCenter(centre)
    assert np.allclose(centre, at(film, 0.5, 1.5))
    bounds = np.zeros(6)
    box.GetBounds(bounds)
    corners = np.array([at(film, -0.5, -0.5, -0.5), at(film, 1.5, 3.5, 0.5)])
    assert np.allclose(bounds.reshape(3, 2), np.sort(corners, axis=0).T)


def test_results_of_a_later_frame_lie_on_its_slice(scene, make_volume, tmp_path):
    volume = make_volume(np.zeros((3, 6, 8), np.uint16))
    results = phantom_results(tmp_path, volume)
    heatmap = scene.draw_results(results, tmp_path, volume, 3).heatmaps[0]
    assert np.allclose(
        at(scene.ijk_to_ras(heatmap), 0, 0), at(scene.ijk_to_ras(volume), 0.5, 0.5, 2)
    )


def test_what_lies_below_the_outline_is_not_coloured(scene, volume, tmp_path):
    drawn = scene.draw_results(phantom_results(tmp_path, volume), tmp_path, volume, 1)
    display = drawn.heatmaps[0].GetDisplayNode()
    assert display.GetApplyThreshold()
    assert display.GetLowerThreshold() == 0.5


def test_every_node_says_what_computed_it(scene, volume, tmp_path):
    drawn = scene.draw_results(phantom_results(tmp_path, volume), tmp_path, volume, 1)
    for node in (*drawn.heatmaps, drawn.segmentation, *drawn.boxes, drawn.table):
        assert node.GetAttribute("AFLoc.Bundle") == "tiny"
        assert node.GetAttribute("AFLoc.Provider") == "CPUExecutionProvider"
        assert node.GetAttribute("AFLoc.Fallback") == "The driver is too old."
        assert node.GetAttribute("AFLoc.Use").startswith("Research use only")
        assert node.GetNodeReference(scene.FILM) is volume


def test_the_table_holds_scores_areas_and_where_lengths_are_true(scene, volume, tmp_path):
    table = scene.draw_results(phantom_results(tmp_path, volume), tmp_path, volume, 1).table
    cells = {table.GetColumnName(i): table.GetCellText(0, i) for i in range(7)}
    assert cells == {
        "Finding": "Bright",
        "Similarity": "1.000",
        "Threshold": "0.800",
        "Proposed": "yes",
        "Area (mm²)": "12",
        "Lengths": "detector",
        "Notes": "side: right",
    }


def test_a_finding_that_is_not_proposed_has_a_map_but_no_segment(scene, volume, tmp_path):
    results = phantom_results(tmp_path, volume, present=False, boxes=[], areas_mm2=[None])
    arrays = dict(np.load(tmp_path / "maps/1.npz"))
    np.savez(tmp_path / "maps/1.npz", **{**arrays, "regions": arrays["regions"] * 0})
    drawn = scene.draw_results(results, tmp_path, volume, 1)
    assert len(drawn.heatmaps) == 1
    assert (drawn.segmentation, drawn.boxes) == (None, [])


def test_what_was_never_seen_is_as_dissimilar_as_can_be(slicer, scene, volume, tmp_path):
    results = phantom_results(tmp_path, volume)
    arrays = dict(np.load(tmp_path / "maps/1.npz"))
    arrays["map"][0, 0] = np.nan
    np.savez(tmp_path / "maps/1.npz", **arrays)
    heatmap = scene.draw_results(results, tmp_path, volume, 1).heatmaps[0]
    assert slicer.util.arrayFromVolume(heatmap)[0, 0, 0] == scene.UNSEEN


def test_results_of_another_film_are_refused(scene, volume, tmp_path):
    from AFLocLib.client import EngineError

    results = phantom_results(tmp_path, volume)
    results["images"][0]["rows"] = 7
    with pytest.raises(EngineError, match="volume 8 × 6"):
        scene.draw_results(results, tmp_path, volume, 1)
    results = phantom_results(tmp_path, volume)
    volume.SetAttribute("DICOM.instanceUIDs", "1.2.3")
    results["images"][0]["sop_instance_uid"] = "1.2.4"
    with pytest.raises(EngineError, match="another image"):
        scene.draw_results(results, tmp_path, volume, 1)


def test_one_undo_takes_a_result_away_and_redo_brings_it_back(slicer, scene, load_film, ask):
    def names():
        nodes = slicer.util.getNodesByClass("vtkMRMLNode")
        return {n.GetName() for n in nodes if n.GetAttribute("AFLoc.Bundle")}

    volume = load_film(SAMPLE)
    results, folder, answers = ask(SAMPLE, "pleural effusion")
    name = scene.draw_results(results, folder, volume, 1).heatmaps[0].GetName()
    drawn = names()
    assert len(drawn) == 4
    slicer.mrmlScene.Undo()
    assert names() == set()
    assert slicer.mrmlScene.IsNodePresent(volume)
    slicer.mrmlScene.Redo()
    assert names() == drawn
    heatmap = slicer.util.getNode(name)
    assert heatmap.GetNodeReference(scene.FILM) is volume
    assert_drawn_as_computed(slicer, scene, heatmap, answers[0])


def test_results_survive_saving_and_loading_the_scene(slicer, scene, load_film, ask, tmp_path):
    volume = load_film(SAMPLE)
    results, folder, answers = ask(SAMPLE, "pleural effusion")
    heatmap = scene.draw_results(results, folder, volume, 1).heatmaps[0]
    matrix = scene.ijk_to_ras(heatmap)
    name, identity = heatmap.GetName(), heatmap.GetAttribute(scene.SEGMENT)
    saved = tmp_path / "scene.mrb"
    assert slicer.mrmlScene.WriteToMRB(str(saved))
    slicer.mrmlScene.Clear(True)
    assert slicer.mrmlScene.ReadFromMRB(str(saved))
    loaded = slicer.util.getNode(name)
    assert loaded.GetAttribute(scene.SEGMENT) == identity
    assert_drawn_as_computed(slicer, scene, loaded, answers[0])
    assert np.allclose(scene.ijk_to_ras(loaded), matrix)
    assert loaded.GetAttribute("AFLoc.BundleSha256") == answers[0].heatmap.key.bundle_sha256
    assert loaded.GetNodeReference(scene.FILM).GetName() == "Film"
    level = loaded.GetDisplayNode().GetLowerThreshold()
    assert level == pytest.approx(answers[0].finding.level, abs=1e-6)  # kept as text


def test_showing_one_finding_hides_the_marks_of_the_others(slicer, scene, volume, tmp_path):
    one = scene.draw_results(phantom_results(tmp_path, volume), tmp_path, volume, 1)
    other = scene.draw_results(phantom_results(tmp_path, volume), tmp_path, volume, 1)
    scene.show(one.heatmaps[0], 0.4, shows_regions=True, shows_boxes=True)
    views = slicer.mrmlScene.GetFirstNodeByClass("vtkMRMLSliceCompositeNode")
    assert views.GetBackgroundVolumeID() == volume.GetID()
    assert views.GetForegroundVolumeID() == one.heatmaps[0].GetID()
    assert views.GetForegroundOpacity() == 0.4
    assert one.boxes[0].GetDisplayVisibility()
    assert not other.boxes[0].GetDisplayVisibility()
    scene.show(one.heatmaps[0], 0.4, shows_regions=False, shows_boxes=False)
    identity = one.heatmaps[0].GetAttribute(scene.SEGMENT)
    assert not one.segmentation.GetDisplayNode().GetSegmentVisibility(identity)
    assert not one.boxes[0].GetDisplayVisibility()


def test_the_finding_shown_first_exceeds_its_own_threshold_most(scene, volume, tmp_path):
    results = phantom_results(tmp_path, volume)
    (weak,) = results["images"][0]["findings"]
    strong = {**weak, "label": "Dim", "similarity": 0.6, "threshold": 0.1}
    nothing = {**weak, "label": "Unseen", "similarity": None}
    results["images"][0]["findings"] = [weak, strong, nothing]
    drawn = scene.draw_results(results, tmp_path, volume, 1)
    assert scene.best(drawn, results) is drawn.heatmaps[1]


def test_lengths_that_slicer_measures_wrongly_are_told(slicer, scene, load_film, ask, tmp_path):
    """Slicer takes the detector's spacing of a DX film, though another is calibrated."""
    spacings = {"ImagerPixelSpacing": [0.4, 0.2], "PixelSpacing": [0.3, 0.15]}
    spacings["PixelSpacingCalibrationType"] = "FIDUCIAL"
    path = write_film(tmp_path / "film.dcm", dot_film(), **spacings)
    results, _, _ = ask(path, "bright", bundle="tiny")
    note = scene.spacing_note(results, load_film(path))
    assert "0.2 × 0.4 mm a pixel, the file says 0.15 × 0.3 mm (calibrated)" in note


def test_lengths_that_agree_need_no_note(scene, volume, tmp_path):
    results = phantom_results(tmp_path, volume)
    spacing = results["images"][0]["spacing"]
    assert "0.25 × 0.5" in scene.spacing_note(results, volume)
    spacing["column_mm"] = 0.25
    assert scene.spacing_note(results, volume) == ""
    results["images"][0]["spacing"] = None
    assert scene.spacing_note(results, volume) == ""
