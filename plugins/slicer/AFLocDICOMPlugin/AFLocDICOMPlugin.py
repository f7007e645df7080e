"""AFLoc's results from DICOM, back on the film they were found on."""

import logging

import numpy as np
import slicer
from AFLocDICOMPluginLib.marks import REPORTS, SEGMENTATION, UnusableMarks, read_marks
from DICOMLib import DICOMLoadable, DICOMPlugin
from slicer.i18n import tr as _
from slicer.ScriptedLoadableModule import ScriptedLoadableModule

_PRODUCT = "AFLoc"
_CLASS, _MODEL, _DESCRIPTION = "0008,0016", "0008,1090", "0008,103e"


class AFLocDICOMPluginClass(DICOMPlugin):
    """Offers AFLoc's segmentations and reports to the DICOM browser, and loads them."""

    def __init__(self):
        super().__init__()
        self.loadType = _("AFLoc findings")

    def examineForImport(self, fileLists):
        """What of a selection in the browser can be loaded here."""
        return [found for files in fileLists for found in self.examine(files)]

    def examine(self, files):
        """Loadables of one series: each of our objects is one."""
        # Objects of one class are never in a series with others, and a CT has a thousand files.
        if not files or self._value(files[0], _CLASS) not in (SEGMENTATION, *REPORTS):
            return []
        return [self._loadable(f) for f in files if self._value(f, _MODEL).startswith(_PRODUCT)]

    def load(self, loadable):
        """Add the marks to the scene, over their film; True where it could be done."""
        try:
            marks = read_marks(loadable.files[0])
            volume = self._film(marks.film_uid)
            draw_marks(marks, volume, loadable.name)
        except UnusableMarks as error:
            logging.error("AFLoc: %s", error)
            slicer.util.errorDisplay(_("AFLoc's findings cannot be shown.") + f" {error}")
            return False
        return True

    def examineForExport(self, subjectHierarchyItemID):
        """Nothing: AFLoc Desktop writes DICOM, and validates what it wrote."""
        return []

    def export(self, exportables):
        """Nothing is offered for export."""
        return _("AFLoc results are exported by AFLoc Desktop.")

    @staticmethod
    def _value(path, tag):
        return slicer.dicomDatabase.fileValue(path, tag) or ""

    def _loadable(self, path):
        loadable = DICOMLoadable()
        loadable.files = [path]
        loadable.name = self._value(path, _DESCRIPTION) or _("AFLoc findings")
        loadable.tooltip = _("Findings of AFLoc, shown on their film")
        loadable.selected = True
        # Above the general reader of segmentations, which needs a place in the patient.
        loadable.confidence = 0.95
        return loadable

    @staticmethod
    def _film(uid):
        """The volume of the film, from the scene or else from the DICOM database."""
        for volume in slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode"):
            if uid in (volume.GetAttribute("DICOM.instanceUIDs") or "").split():
                return volume
        path = slicer.dicomDatabase.fileForInstance(uid)
        if not path:
            raise UnusableMarks("Their film is not in the database: import it, too.")
        volume = slicer.util.loadVolume(path, {"singleFile": True})
        volume.SetAttribute("DICOM.instanceUIDs", uid)
        return volume


def draw_marks(marks, volume, name):
    """Add masks as segments, and outlines as closed curves.

    Args:
        marks: What a file says.
        volume: The film.
        name: Of the segmentation.

    Raises:
        UnusableMarks: They do not fit the film.
    """
    columns, rows, frames = volume.GetImageData().GetDimensions()
    if marks.frame > frames or any(s.mask.shape != (rows, columns) for s in marks.segments):
        raise UnusableMarks("They are of another size than their film.")
    slicer.mrmlScene.SaveStateForUndo()
    if marks.segments:
        _draw_segments(marks, volume, name, (frames, rows, columns))
    for outline in marks.outlines:
        _draw_outline(outline, volume, marks.frame)


def _draw_segments(marks, volume, name, shape):
    node = _add("vtkMRMLSegmentationNode", name, volume)
    node.SetReferenceImageGeometryParameterFromVolumeNode(volume)
    for segment in marks.segments:
        whole = np.zeros(shape, np.uint8)
        whole[marks.frame - 1] = segment.mask
        identity = node.GetSegmentation().AddEmptySegment("", segment.label)
        slicer.util.updateSegmentBinaryLabelmapFromArray(whole, node, identity, volume)


def _draw_outline(outline, volume, frame):
    import vtk

    node = _add("vtkMRMLMarkupsClosedCurveNode", outline.label, volume)
    node.SetCurveTypeToLinear()
    matrix = vtk.vtkMatrix4x4()
    volume.GetIJKToRASMatrix(matrix)
    # DICOM counts from the outer corner of the first pixel, Slicer from its centre.
    count = len(outline.points)
    ijk = np.column_stack([outline.points - 0.5, np.full(count, frame - 1), np.ones(count)])
    ras = (slicer.util.arrayFromVTKMatrix(matrix) @ ijk.T).T[:, :3]
    slicer.util.updateMarkupsControlPointsFromArray(node, ras)
    node.SetDescription("; ".join(outline.facts))
    node.SetLocked(True)
    display = node.GetDisplayNode()
    display.SetPointLabelsVisibility(False)
    display.SetGlyphScale(0.2)


def _add(kind, name, volume):
    node = slicer.mrmlScene.AddNewNodeByClass(kind, slicer.mrmlScene.GenerateUniqueName(name))
    node.UndoEnabledOn()
    node.CreateDefaultDisplayNodes()
    node.SetNodeReferenceID("AFLoc.Film", volume.GetID())
    node.SetAndObserveTransformNodeID(volume.GetTransformNodeID())
    return node


class AFLocDICOMPlugin(ScriptedLoadableModule):
    """What makes Slicer load the plugin; it has no panel of its own."""

    def __init__(self, parent):
        super().__init__(parent)
        parent.title = _("AFLoc DICOM Plugin")
        parent.categories = ["Developer Tools.DICOM Plugins"]
        parent.contributors = ["The AFLoc Desktop authors"]
        parent.helpText = _("Loads AFLoc's segmentations and reports onto their films.")
        parent.hidden = True
        if not hasattr(slicer.modules, "dicomPlugins"):
            slicer.modules.dicomPlugins = {}
        slicer.modules.dicomPlugins["AFLoc"] = AFLocDICOMPluginClass
