"""A scene of 3D Slicer for each test, with real nodes; skipped where `slicer-core` is not."""

import shutil
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="session")
def runtime():
    pytest.importorskip("slicer_core", reason="needs the extra slicer-test")
    import slicer_runtime

    return slicer_runtime.start()


@pytest.fixture
def slicer(runtime):
    """The module `slicer` with an empty scene, and two slice views."""
    runtime.mrmlScene.Clear(True)
    runtime.mrmlScene.SetUndoOn()
    runtime.mrmlScene.ClearUndoStack()
    runtime.dicomDatabase.files.clear()
    runtime.mrmlScene.AddNewNodeByClass("vtkMRMLSliceCompositeNode")
    yield runtime
    runtime.mrmlScene.Clear(True)


@pytest.fixture
def load_film(slicer):
    """Load one DICOM file as Slicer does, known to its DICOM database."""

    def load(path: Path):
        import pydicom

        volume = slicer.modules.volumes.logic().AddArchetypeVolume(str(path), "Film", 4)
        uid = str(pydicom.dcmread(path, stop_before_pixels=True).SOPInstanceUID)
        volume.SetAttribute("DICOM.instanceUIDs", uid)
        slicer.dicomDatabase.files[uid] = str(path)
        return volume

    return load


@pytest.fixture
def make_volume(slicer):
    """A volume without a file."""

    def make(values, spacing=(1.0, 1.0, 1.0)):
        volume = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "Film")
        slicer.util.updateVolumeFromArray(volume, np.asarray(values))
        volume.SetSpacing(*spacing)
        return volume

    return make


@pytest.fixture
def mono1_film(shared) -> Path:
    """A real chest film in MONOCHROME1."""
    return shared / "data/dicom/cxr/gdcm-CR-MONO1-10-chest.dcm"


@pytest.fixture
def copied(tmp_path):
    """A copy of a file that a test may write beside."""
    return lambda path: Path(shutil.copy(path, tmp_path / path.name))
