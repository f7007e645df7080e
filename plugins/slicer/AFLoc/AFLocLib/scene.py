"""From the engine's results to nodes of the scene: overlays, segments, boxes and a table.

Maps keep their own grid, so that what is shown is what was computed, voxel for voxel; the grid
lies over the film by its matrix. Every node says what computed it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import slicer
import vtk

from AFLocLib.client import EngineError
from AFLocLib.film import instance_uid

if TYPE_CHECKING:
    from pathlib import Path

    from slicer import vtkMRMLNode, vtkMRMLScalarVolumeNode, vtkMRMLSegmentationNode

ROLE = "AFLoc.Role"
HEATMAP, BOX = "heatmap", "box"
FILM, SEGMENTATION, BOXES = "AFLoc.Film", "AFLoc.Segmentation", "AFLoc.Boxes"
SEGMENT = "AFLoc.Segment"
UNSEEN = -1.0  # the lowest similarity there is, where the network never looked
# Okabe and Ito's colours, told apart by everybody.
_COLOURS = (
    (0.90, 0.62, 0.00),
    (0.34, 0.71, 0.91),
    (0.00, 0.62, 0.45),
    (0.94, 0.89, 0.26),
    (0.00, 0.45, 0.70),
    (0.84, 0.37, 0.00),
    (0.80, 0.47, 0.65),
)
_COLUMNS = ("Finding", "Similarity", "Threshold", "Proposed", "Area (mm²)", "Lengths", "Notes")


@dataclass
class Drawn:
    """The nodes of one film's results; `heatmaps` in the order of the findings."""

    heatmaps: list[vtkMRMLScalarVolumeNode] = field(default_factory=list)
    segmentation: vtkMRMLSegmentationNode | None = None
    boxes: list[vtkMRMLNode] = field(default_factory=list)
    table: vtkMRMLNode | None = None


@dataclass(frozen=True)
class _Film:
    """Where results belong."""

    volume: vtkMRMLScalarVolumeNode
    frame: int
    entry: dict[str, Any]
    provenance: dict[str, str]


def draw_results(
    results: dict[str, Any], folder: Path, volume: vtkMRMLScalarVolumeNode, frame: int
) -> Drawn:
    """Add the results for one film to the scene; one step of undo takes them away.

    Args:
        results: As the engine gave them, with `fallback`: why it did not run where it should.
        folder: Where their maps are.
        volume: The film.
        frame: 1-based; the slice of the volume that was asked about.

    Raises:
        EngineError: They are not about this volume.
    """
    entry = results["images"][0]
    _check_film(entry, volume, frame)
    film = _Film(volume, frame, entry, _provenance(results, entry))
    slicer.mrmlScene.SaveStateForUndo()
    drawn = Drawn()
    maps = [_load(folder / finding["map"]) for finding in entry["findings"]]
    for finding, arrays in zip(entry["findings"], maps, strict=True):
        drawn.heatmaps.append(_draw_heatmap(film, finding, arrays))
    drawn.segmentation = _draw_segments(film, drawn.heatmaps, maps)
    for finding, heatmap in zip(entry["findings"], drawn.heatmaps, strict=True):
        drawn.boxes += _draw_boxes(film, finding, heatmap)
    drawn.table = _draw_table(film)
    return drawn


def show(
    heatmap: vtkMRMLScalarVolumeNode, opacity: float, *, shows_regions: bool, shows_boxes: bool
) -> None:
    """Lay one finding over its film in the slice views, and hide the others' marks."""
    film = heatmap.GetNodeReference(FILM)
    if film is None:
        return
    slicer.util.setSliceViewerLayers(
        background=film, foreground=heatmap, foregroundOpacity=opacity, fit=False
    )
    segmentation = heatmap.GetNodeReference(SEGMENTATION)
    if segmentation is not None:
        display, own = segmentation.GetDisplayNode(), heatmap.GetAttribute(SEGMENT)
        for identity in segmentation.GetSegmentation().GetSegmentIDs():
            display.SetSegmentVisibility(identity, shows_regions and identity == own)
    own_boxes = {
        heatmap.GetNthNodeReferenceID(BOXES, i)
        for i in range(heatmap.GetNumberOfNodeReferences(BOXES))
    }
    for box in slicer.util.getNodesByClass("vtkMRMLMarkupsROINode"):
        if box.GetAttribute(ROLE) == BOX:
            box.SetDisplayVisibility(shows_boxes and box.GetID() in own_boxes)


def best(drawn: Drawn, results: dict[str, Any]) -> vtkMRMLScalarVolumeNode:
    """The heatmap that exceeds its own threshold most; similarities of two do not compare."""
    findings = results["images"][0]["findings"]
    margins = [(f["similarity"] or UNSEEN) - f["threshold"] for f in findings]
    return drawn.heatmaps[int(np.argmax(margins))]


def spacing_note(results: dict[str, Any], volume: vtkMRMLScalarVolumeNode) -> str:
    """What to know before measuring in Slicer, which reads only some of a film's pixel spacings.

    Returns:
        Empty where both agree, or the file gives no spacing.
    """
    given = results["images"][0]["spacing"]
    if given is None:
        return ""
    shown, meant = volume.GetSpacing()[:2], (given["column_mm"], given["row_mm"])
    if np.allclose(shown, meant, rtol=1e-3):
        return ""
    return (
        f"Lengths in Slicer are off: it takes {shown[0]:.3g} × {shown[1]:.3g} mm a pixel, "
        f"the file says {meant[0]:.3g} × {meant[1]:.3g} mm ({given['basis']})."
    )


def ijk_to_ras(volume: vtkMRMLScalarVolumeNode) -> np.ndarray:
    """4 x 4."""
    matrix = vtk.vtkMatrix4x4()
    volume.GetIJKToRASMatrix(matrix)
    return slicer.util.arrayFromVTKMatrix(matrix)


def _check_film(entry: dict[str, Any], volume: vtkMRMLScalarVolumeNode, frame: int) -> None:
    columns, rows, _ = volume.GetImageData().GetDimensions()
    if (entry["rows"], entry["columns"]) != (rows, columns):
        raise EngineError(
            f"The file is {entry['columns']} × {entry['rows']}, the volume {columns} × {rows}.",
            "It was cropped or resampled: choose the pixels of the volume.",
        )
    known, answered = instance_uid(volume, frame), entry["sop_instance_uid"]
    if known and answered and known != answered:
        raise EngineError("The file behind the volume is another image.", "Load the film again.")


def _provenance(results: dict[str, Any], entry: dict[str, Any]) -> dict[str, str]:
    return {
        "AFLoc.AppVersion": results["app_version"],
        "AFLoc.Created": results["created"],
        "AFLoc.Bundle": entry["bundle"]["id"],
        "AFLoc.BundleSha256": entry["bundle"]["sha256"],
        "AFLoc.Provider": entry["provider"],
        "AFLoc.Fallback": results["fallback"],
        "AFLoc.PixelSha256": entry["pixel_sha256"],
        "AFLoc.SOPInstanceUID": entry["sop_instance_uid"],
        "AFLoc.Frame": str(entry["frame"]),
        "AFLoc.Use": "Research use only: not for diagnosis",
    }


def _load(path: Path) -> dict[str, np.ndarray]:
    with np.load(path, allow_pickle=False) as stored:
        return {name: stored[name] for name in ("map", "scale", "regions")}


def _add(kind: str, name: str, film: _Film, **attributes: str) -> vtkMRMLNode:
    """A node of the scene that says what computed it and follows its film."""
    node = slicer.mrmlScene.AddNewNodeByClass(kind, slicer.mrmlScene.GenerateUniqueName(name))
    node.UndoEnabledOn()
    for attribute, value in {**film.provenance, **attributes}.items():
        node.SetAttribute(attribute, value)
    node.SetNodeReferenceID(FILM, film.volume.GetID())
    return node


def _of_finding(finding: dict[str, Any]) -> dict[str, str]:
    return {
        "AFLoc.Finding": finding["id"],
        "AFLoc.Prompt": finding["prompt"],
        "AFLoc.Similarity": str(finding["similarity"]),
        "AFLoc.Threshold": str(finding["threshold"]),
        "AFLoc.OutlineLevel": str(finding["outline_level"]),
    }


def _draw_heatmap(
    film: _Film, finding: dict[str, Any], arrays: dict[str, np.ndarray]
) -> vtkMRMLScalarVolumeNode:
    role = {ROLE: HEATMAP, **_of_finding(finding)}
    node = _add("vtkMRMLScalarVolumeNode", f"{finding['label']} (AFLoc)", film, **role)
    similarity = np.nan_to_num(arrays["map"], nan=UNSEEN)
    slicer.util.updateVolumeFromArray(node, similarity[None])
    # Map pixel (i, j) is centred on film pixel ((i + 1/2) sx - 1/2, (j + 1/2) sy - 1/2).
    across, down = (float(s) for s in arrays["scale"])
    over_film = np.diag([across, down, 1.0, 1.0])
    over_film[:3, 3] = across / 2 - 0.5, down / 2 - 0.5, film.frame - 1
    matrix = ijk_to_ras(film.volume) @ over_film
    node.SetIJKToRASMatrix(slicer.util.vtkMatrixFromArray(matrix))
    node.SetAndObserveTransformNodeID(film.volume.GetTransformNodeID())
    node.CreateDefaultDisplayNodes()
    display = node.GetDisplayNode()
    level = finding["outline_level"]
    top = max(float(similarity.max()), level + 0.05)
    display.SetAndObserveColorNodeID("vtkMRMLColorTableNodeIron")
    display.AutoWindowLevelOff()
    display.SetWindowLevelMinMax(level - (top - level), top)
    display.AutoThresholdOff()
    display.SetThreshold(level, 1.0)
    display.ApplyThresholdOn()
    display.SetInterpolate(True)
    return node


def _draw_segments(
    film: _Film, heatmaps: list[vtkMRMLScalarVolumeNode], maps: list[dict[str, np.ndarray]]
) -> vtkMRMLSegmentationNode | None:
    """One segment per proposed finding; None where nothing is proposed."""
    if not any(arrays["regions"].any() for arrays in maps):
        return None
    name = f"{film.volume.GetName()} findings (AFLoc)"
    node = _add("vtkMRMLSegmentationNode", name, film)
    node.CreateDefaultDisplayNodes()
    node.SetReferenceImageGeometryParameterFromVolumeNode(heatmaps[0])
    node.SetAndObserveTransformNodeID(film.volume.GetTransformNodeID())
    for number, (heatmap, arrays) in enumerate(zip(heatmaps, maps, strict=True)):
        heatmap.SetNodeReferenceID(SEGMENTATION, node.GetID())
        inside = (arrays["regions"] > 0).astype(np.uint8)
        if not inside.any():
            continue
        label = film.entry["findings"][number]["label"]
        colour = _COLOURS[number % len(_COLOURS)]
        identity = node.GetSegmentation().AddEmptySegment("", label, colour)
        slicer.util.updateSegmentBinaryLabelmapFromArray(inside[None], node, identity, heatmap)
        heatmap.SetAttribute(SEGMENT, identity)
        node.GetDisplayNode().SetSegmentOpacity2DFill(identity, 0.0)  # the heatmap fills it
    return node


def _draw_boxes(
    film: _Film, finding: dict[str, Any], heatmap: vtkMRMLScalarVolumeNode
) -> list[vtkMRMLNode]:
    matrix = ijk_to_ras(film.volume)
    sizes = np.linalg.norm(matrix[:3, :3], axis=0)
    axes = matrix[:3, :3] / sizes
    if np.linalg.det(axes) < 0:
        axes[:, 2] *= -1  # a box is the same from behind, and a region of interest right-handed
    boxes = []
    for x0, y0, x1, y1 in finding["boxes"]:
        role = {ROLE: BOX, **_of_finding(finding)}
        node = _add("vtkMRMLMarkupsROINode", f"{finding['label']} box (AFLoc)", film, **role)
        node.CreateDefaultDisplayNodes()
        place = np.eye(4)
        place[:3, :3] = axes
        centre = np.array([(x0 + x1) / 2 - 0.5, (y0 + y1) / 2 - 0.5, film.frame - 1, 1.0])
        place[:3, 3] = (matrix @ centre)[:3]
        node.SetAndObserveObjectToNodeMatrix(slicer.util.vtkMatrixFromArray(place))
        node.SetSize((x1 - x0) * sizes[0], (y1 - y0) * sizes[1], sizes[2])
        node.SetAndObserveTransformNodeID(film.volume.GetTransformNodeID())
        node.SetLocked(True)
        display = node.GetDisplayNode()
        display.SetFillVisibility(False)
        display.SetHandlesInteractive(False)
        display.SetPropertiesLabelVisibility(False)  # the table names it, and it hides the film
        display.SetGlyphScale(0.1)
        heatmap.AddNodeReferenceID(BOXES, node.GetID())
        boxes.append(node)
    return boxes


def _draw_table(film: _Film) -> vtkMRMLNode:
    node = _add("vtkMRMLTableNode", f"{film.volume.GetName()} scores (AFLoc)", film)
    spacing = film.entry["spacing"]
    basis = spacing["basis"] if spacing else "no pixel spacing"
    columns = {name: vtk.vtkStringArray() for name in _COLUMNS}
    for finding in film.entry["findings"]:
        areas = [area for area in finding["areas_mm2"] if area is not None]
        similarity = finding["similarity"]
        row = (
            finding["label"],
            "" if similarity is None else f"{similarity:.3f}",
            f"{finding['threshold']:.3f}",
            "yes" if finding["present"] else "no",
            f"{sum(areas):.0f}" if areas else "",
            basis,
            "; ".join([*finding["notes"], *finding["warnings"]]),
        )
        for name, cell in zip(_COLUMNS, row, strict=True):
            columns[name].InsertNextValue(cell)
    for name, column in columns.items():
        column.SetName(name)
        node.AddColumn(column)
    return node
