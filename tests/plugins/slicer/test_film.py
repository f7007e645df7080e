import numpy as np
import pytest
from phantom_files import dot_film, write_film

from afloc_desktop.core.preprocess import prepare
from afloc_desktop.engine_films import read_film
from afloc_desktop.state.models import open_default
from afloc_desktop.state.paths import Paths

pytestmark = pytest.mark.slicer_core


@pytest.fixture
def film(slicer):
    from AFLocLib import film

    return film


@pytest.fixture
def ask(film, tmp_path):
    """The film of a request, its pixels laid down beside the test."""

    def make(volume, frame=1, source="the file behind the volume"):
        assert source in film.SOURCES
        return film.film_request(volume, frame, tmp_path, source)

    return make


@pytest.fixture
def tensor():
    """What the shipped model is shown of a film."""
    spec = open_default(Paths.default(), provider="cpu").manifest.preprocess

    def make(image):
        return prepare(
            image.pixels, spec, padding=image.padding, pixel_aspect=image.pixel_aspect
        ).tensor

    return make


def desktop(path):
    return read_film({"file": str(path)})


@pytest.fixture(params=[("gdcm-CR-MONO1-10-chest.dcm", 1023), ("RG1_J2KI.dcm", 32767)])
def mono1(request, shared):
    """A real chest film in MONOCHROME1, and its largest possible stored value."""
    name, largest = request.param
    return shared / "data/dicom/cxr" / name, largest


@pytest.mark.shared
def test_the_network_sees_a_mono1_film_as_in_the_window(ask, load_film, mono1, tensor):
    path, _ = mono1
    asked = ask(load_film(path))
    assert asked == {"file": str(path), "frame": 1}
    assert np.array_equal(tensor(read_film(asked)), tensor(desktop(path)))


@pytest.mark.shared
def test_the_pixels_of_a_mono1_film_uninverted_are_those_of_the_window(
    slicer, film, ask, load_film, mono1, tensor
):
    """Slicer shows 2^bits - 1 - stored; taking that back gives the network the same, exactly."""
    path, largest = mono1
    volume = load_film(path)
    shown = slicer.util.arrayFromVolume(volume)
    as_shown = tensor(read_film(ask(volume, source=film.SHOWN)))
    slicer.util.updateVolumeFromArray(volume, (largest - shown).astype(np.uint16))
    stored = tensor(read_film(ask(volume, source=film.WHITE_AIR)))
    expected = tensor(desktop(path))
    assert np.array_equal(stored, expected)
    assert np.allclose(as_shown, expected, atol=1e-4)


def test_a_file_loaded_without_the_database_is_read_itself(slicer, film, ask, tmp_path):
    path = write_film(tmp_path / "film.dcm", dot_film())
    volume = slicer.modules.volumes.logic().AddArchetypeVolume(str(path), "Film", 4)
    assert ask(volume) == {"file": str(path), "frame": 1}


def test_pixels_that_were_changed_are_sent_in_place_of_their_file(slicer, film, ask, tmp_path):
    path = write_film(tmp_path / "film.dcm", dot_film())
    volume = slicer.modules.volumes.logic().AddArchetypeVolume(str(path), "Film", 4)
    slicer.util.arrayFromVolume(volume)[:] = 7
    slicer.util.arrayFromVolumeModified(volume)
    assert (read_film(ask(volume)).pixels == 7).all()


@pytest.mark.parametrize("kind", ["uint8", "uint16", "int16", "int32", "float32", "float64"])
def test_values_arrive_as_they_are(ask, make_volume, kind):
    values = np.arange(24).reshape(2, 3, 4).astype(kind)
    image = read_film(ask(make_volume(values), frame=2))
    assert np.array_equal(image.pixels, values[1])
    assert (image.spacing, image.orientation) == (None, None)


@pytest.fixture
def turned(slicer, make_volume, tmp_path):
    """A volume of two slices, columns to the patient's left and rows to the feet, and its file."""

    def make(**attributes):
        volume = make_volume(np.zeros((2, 3, 4), np.uint16), spacing=(0.2, 0.4, 5))
        volume.SetIJKToRASDirections(-1, 0, 0, 0, 0, 1, 0, -1, 0)
        path = write_film(tmp_path / "film.dcm", dot_film(), **attributes)
        volume.SetAttribute("DICOM.instanceUIDs", "1.2")
        slicer.dicomDatabase.files["1.2"] = str(path)
        return volume

    return make


def test_measured_directions_and_spacing_go_with_the_pixels(ask, turned):
    image = read_film(ask(turned(ImageOrientationPatient=[1, 0, 0, 0, 0, -1])))
    assert (image.spacing.row_mm, image.spacing.column_mm) == (0.4, 0.2)
    assert (image.orientation.row, image.orientation.column) == ("L", "F")


def test_made_up_directions_and_spacing_of_a_radiograph_do_not(ask, turned):
    image = read_film(ask(turned()))
    assert (image.spacing, image.orientation) == (None, None)


def test_each_slice_of_a_series_has_its_own_file(slicer, ask, make_volume, tmp_path):
    volume = make_volume(np.zeros((2, 120, 100), np.uint16))
    volume.SetAttribute("DICOM.instanceUIDs", "1.2 1.3")
    for uid in ("1.2", "1.3"):
        path = write_film(tmp_path / f"{uid}.dcm", dot_film(), SOPInstanceUID=uid)
        slicer.dicomDatabase.files[uid] = str(path)
    for frame, uid in ((1, "1.2"), (2, "1.3")):
        assert ask(volume, frame) == {"file": str(tmp_path / f"{uid}.dcm"), "frame": 1}


def test_slices_of_a_file_of_several_frames_are_sent(slicer, film, ask, make_volume, tmp_path):
    """Slicer reverses left-handed volumes, so the third slice need not be the third frame."""
    volume = make_volume(np.arange(24, dtype=np.uint16).reshape(3, 2, 4))
    volume.SetAttribute("DICOM.instanceUIDs", "1.2")
    slicer.dicomDatabase.files["1.2"] = str(write_film(tmp_path / "film.dcm", dot_film()))
    assert (read_film(ask(volume, 3)).pixels == np.arange(16, 24).reshape(2, 4)).all()


def test_a_file_that_has_gone_is_replaced_by_the_pixels(slicer, film, ask, make_volume):
    volume = make_volume(np.zeros((1, 3, 4), np.uint16))
    volume.SetAttribute("DICOM.instanceUIDs", "1.2")
    slicer.dicomDatabase.files["1.2"] = "/nowhere/film.dcm"
    assert "array" in ask(volume)


def test_other_files_are_not_taken_for_dicom(slicer, film, ask, make_volume, tmp_path):
    volume = make_volume(np.zeros((1, 3, 4), np.uint16))
    storage = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLVolumeArchetypeStorageNode")
    storage.SetFileName(str(tmp_path / "film.nrrd"))
    assert storage.WriteData(volume)
    volume.SetAndObserveStorageNodeID(storage.GetID())
    assert "array" in ask(volume)


@pytest.mark.parametrize("frame", [0, 3])
def test_a_frame_that_is_not_there_is_named(ask, make_volume, frame):
    from AFLocLib.client import EngineError

    with pytest.raises(EngineError, match="no frame"):
        ask(make_volume(np.zeros((2, 3, 4), np.uint16)), frame=frame)


def test_an_empty_volume_is_refused(slicer, ask):
    from AFLocLib.client import EngineError

    volume = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode")
    with pytest.raises(EngineError, match="empty"):
        ask(volume)
