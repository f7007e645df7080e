from pathlib import Path

import imagecodecs
import numpy as np
import PIL.ImageCms
import pytest
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.sequence import Sequence
from pydicom.uid import JPEGLSLossless
from slides_made import make_slide

from afloc_desktop.core.dicom.read import read
from afloc_desktop.core.dicom.workers import Workers
from afloc_desktop.core.domain import ImageRef, Spacing, VoiWindow
from afloc_desktop.core.errors import UnreadableFile, UnsupportedImage

RAMP = np.arange(12, dtype=np.uint16).reshape(3, 4)


def test_a_plain_film_is_its_stored_values(write_film, ref_of):
    ref = ref_of(write_film(RAMP))
    image = read(ref)
    np.testing.assert_array_equal(image.pixels, RAMP)
    assert image.pixels.dtype == np.float32
    assert not image.pixels.flags.writeable
    assert image.ref is ref
    assert (image.padding, image.spacing, image.row_direction) == (None, None, None)
    assert (image.voi, image.colour, image.overlays, image.pixel_aspect) == ((), None, (), 1)
    assert len(image.warnings) == 2  # a radiograph without sides and without a scale


def test_monochrome1_is_turned_so_that_brighter_is_larger(write_film, ref_of):
    path = write_film(
        RAMP, PhotometricInterpretation="MONOCHROME1", RescaleSlope=2, RescaleIntercept=-5
    )
    image = read(ref_of(path))
    assert image.is_inverted
    np.testing.assert_array_equal(image.pixels, -(RAMP.astype(np.float32) * 2 - 5))
    assert not np.signbit(image.pixels[image.pixels == 0]).any()


def test_windows_and_spacing_come_with_the_film(write_film, ref_of):
    path = write_film(
        RAMP,
        WindowCenter=5,
        WindowWidth=10,
        ImagerPixelSpacing=[0.2, 0.1],
        PatientOrientation=["L", "F"],
    )
    image = read(ref_of(path))
    assert image.voi == (VoiWindow(5, 10, "LINEAR", ""),)
    assert image.spacing == Spacing(0.2, 0.1, "detector")
    assert image.row_direction == "L"


@pytest.mark.parametrize(
    ("orientation", "expected"),
    [(["L", "F"], "L"), (["RA", "F"], "R"), (["P", "F"], None), (["A", "L"], None), ("", None)],
)
def test_the_row_direction_is_left_right_or_unknown(write_film, ref_of, orientation, expected):
    image = read(ref_of(write_film(RAMP, PatientOrientation=orientation)))
    assert image.row_direction == expected


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ({"PixelPaddingValue": 3}, [3]),
        ({"PixelPaddingValue": 2, "PixelPaddingRangeLimit": 4}, [2, 3, 4]),
        ({"PixelPaddingValue": 4, "PixelPaddingRangeLimit": 2}, [2, 3, 4]),
        ({"PixelPaddingValue": 99}, None),
    ],
)
def test_padding_is_where_the_stored_value_says_so(write_film, ref_of, tags, expected):
    path = write_film(RAMP, RescaleSlope=10, RescaleIntercept=0, **tags)
    padding = read(ref_of(path)).padding
    if expected is None:
        assert padding is None
    else:
        np.testing.assert_array_equal(padding, np.isin(RAMP, expected))


def test_padding_written_in_the_other_sign_is_understood(make_film, save_dataset, ref_of):
    data = make_film(np.array([[-2000, 7]], np.int16))
    data.add_new("PixelPaddingValue", "US", 63536)  # -2000 as 16 bits
    assert read(ref_of(save_dataset(data))).padding.tolist() == [[True, False]]


def test_what_is_no_number_is_padding_and_poisons_nothing(make_film, save_dataset, ref_of):
    data = make_film(np.zeros((1, 4), np.float32))
    del data.PixelData
    data.FloatPixelData = np.array([np.nan, -3, np.inf, 8], "<f4").tobytes()
    image = read(ref_of(save_dataset(data)))
    assert image.pixels.tolist() == [[-3, -3, -3, 8]]
    assert image.padding.tolist() == [[True, False, True, False]]


def test_the_hash_is_of_stored_values_and_shape(write_film, ref_of):
    def sha(pixels, **tags):
        return read(ref_of(write_film(pixels, **tags))).pixel_sha256

    plain = sha(RAMP)
    assert len(plain) == 64
    assert sha(RAMP, syntax="1.2.840.10008.1.2") == plain
    assert sha(RAMP, WindowCenter=1, WindowWidth=2, RescaleSlope=9, RescaleIntercept=1) == plain
    assert sha(RAMP + 0xF000, BitsStored=12, HighBit=11) == plain  # garbage above the value
    assert sha(RAMP.reshape(4, 3)) != plain
    assert sha(RAMP.astype(np.int16)) != plain
    assert sha(RAMP + 1) != plain


def test_each_frame_of_an_enhanced_object_has_its_own_rescale(make_film, save_dataset, ref_of):
    def group(slope):
        item, values = Dataset(), Dataset()
        values.RescaleSlope, values.RescaleIntercept = slope, 0
        item.PixelValueTransformationSequence = Sequence([values])
        return item

    data = make_film(np.ones((2, 2, 2), np.uint8))
    data.PerFrameFunctionalGroupsSequence = Sequence([group(3), group(5)])
    path = save_dataset(data)
    assert read(ref_of(path, 1)).pixels[0, 0] == 3
    assert read(ref_of(path, 2)).pixels[0, 0] == 5
    data.PerFrameFunctionalGroupsSequence = Sequence([group(3)])
    assert "1 of its 2 frames" in read(ref_of(save_dataset(data))).warnings[0]


def test_a_colour_image_has_its_colours_and_a_luminance_for_the_rest(write_film, ref_of):
    pixels = np.array([[255, 0, 0, 10, 20, 30]], np.uint8)
    path = write_film(
        pixels,
        Columns=2,
        SamplesPerPixel=3,
        PlanarConfiguration=0,
        PhotometricInterpretation="RGB",
        WindowCenter=1,
        WindowWidth=2,
        RescaleSlope=7,
        RescaleIntercept=0,
    )
    image = read(ref_of(path))
    assert image.colour.tolist() == [[[255, 0, 0], [10, 20, 30]]]
    # 0.299 x 255; 0.299 x 10 + 0.587 x 20 + 0.114 x 30.
    np.testing.assert_allclose(image.pixels, [[76.245, 18.15]], rtol=1e-5)
    assert (image.voi, image.is_inverted, image.padding) == ((), False, None)


def test_colours_of_another_device_become_srgb_and_it_is_said(write_film, ref_of):
    srgb = PIL.ImageCms.ImageCmsProfile(PIL.ImageCms.createProfile("sRGB")).tobytes()
    # Its red is what sRGB calls green.
    other = srgb.replace(b"rXYZ", b"tXYZ").replace(b"gXYZ", b"rXYZ").replace(b"tXYZ", b"gXYZ")
    other = other.replace(b"sRGB", b"Mine")
    path = write_film(
        np.array([[255, 0, 0]], np.uint8), Columns=1, SamplesPerPixel=3, PlanarConfiguration=0,
        PhotometricInterpretation="RGB", ICCProfile=other,
    )  # fmt: skip
    image = read(ref_of(path))
    assert np.abs(image.colour[0, 0].astype(int) - (0, 255, 0)).max() <= 1
    assert any("converted from the profile" in warning for warning in image.warnings)


def test_a_palette_without_its_colours_is_an_error_and_never_grey(write_film, ref_of):
    with pytest.raises(UnreadableFile, match="palette"):
        read(ref_of(write_film(RAMP, PhotometricInterpretation="PALETTE COLOR")))


def test_argb_is_refused_by_name(write_film, ref_of):
    path = write_film(
        np.zeros((1, 4), np.uint8), Columns=1, SamplesPerPixel=4, PlanarConfiguration=0,
        PhotometricInterpretation="ARGB",
    )  # fmt: skip
    with pytest.raises(UnsupportedImage, match="ARGB"):
        read(ref_of(path))


def test_the_shape_of_a_pixel_comes_with_the_film(write_film, ref_of):
    image = read(ref_of(write_film(RAMP, PixelAspectRatio=["2", "1"])))
    assert image.pixel_aspect == 2


def test_values_have_a_unit_only_where_the_rescale_is_sound(write_film, ref_of):
    sound = read(ref_of(write_film(RAMP, Modality="CT", RescaleSlope=1, RescaleIntercept=-1024)))
    assert (sound.unit, sound.is_as_stored) == ("HU", False)
    path = write_film(RAMP, Modality="CT", RescaleSlope=0, RescaleIntercept=-1024)
    spoilt = read(ref_of(path))
    assert (spoilt.unit, spoilt.is_as_stored) == ("", True)
    np.testing.assert_array_equal(spoilt.pixels, RAMP)


def test_a_range_of_padding_and_a_wrong_sign_are_told(make_film, save_dataset, ref_of):
    data = make_film(np.array([[-2000, 7]], np.int16), PixelPaddingRangeLimit=-1999)
    data.add_new("PixelPaddingValue", "US", 63536)  # -2000 as 16 bits
    told = " ".join(read(ref_of(save_dataset(data))).warnings)
    assert "wrong sign" in told
    assert "range of values" in told


def test_a_contradiction_about_white_is_told_and_the_tag_followed(write_film, ref_of):
    image = read(ref_of(write_film(RAMP, PresentationLUTShape="INVERSE")))
    assert not image.is_inverted
    assert "contradicts itself" in image.warnings[0]
    agreed = write_film(
        RAMP, PresentationLUTShape="INVERSE", PhotometricInterpretation="MONOCHROME1"
    )
    assert not any("contradicts" in note for note in read(ref_of(agreed)).warnings)


def test_errors_repeat_no_value_of_the_file(write_film, ref_of):
    path = write_film(RAMP, PatientName="Doe^Jane", Rows=40)
    with pytest.raises(UnreadableFile) as caught:
        read(ref_of(path))
    assert "Doe" not in str(caught.value)
    assert str(path.name) not in str(caught.value)


def test_reading_leaves_the_folder_as_it_was(write_film, ref_of):
    path = write_film(RAMP)
    before = (path.stat().st_mtime_ns, path.read_bytes(), sorted(path.parent.iterdir()))
    path.chmod(0o444)
    read(ref_of(path))
    assert (path.stat().st_mtime_ns, path.read_bytes(), sorted(path.parent.iterdir())) == before


CHESTS = "data/dicom/cxr"


@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "shape", "is_inverted"),
    [
        ("1.2.276.0.7230010.3.1.4.8323329.6904.1517875201.850819.dcm", (1024, 1024), False),
        ("Fake_MONOHR1.dcm", (1024, 1024), True),
        ("CR-MONO1-10-chest", (440, 440), True),
        ("gdcm-CR-MONO1-10-chest.dcm", (440, 440), True),
        ("RG1_J2KI.dcm", (1955, 1841), True),
    ],
)
def test_real_chest_films_are_read(shared, ref_of, name, shape, is_inverted):
    image = read(ref_of(shared / CHESTS / name))
    assert image.pixels.shape == shape
    assert image.is_inverted == is_inverted
    looks_wrong = any("looks inverted" in warning for warning in image.warnings)
    assert looks_wrong == (name == "Fake_MONOHR1.dcm")


@pytest.mark.shared
def test_the_same_film_with_and_without_preamble_is_the_same_image(shared, ref_of):
    bare = read(ref_of(shared / CHESTS / "CR-MONO1-10-chest"))
    whole = read(ref_of(shared / CHESTS / "gdcm-CR-MONO1-10-chest.dcm"))
    np.testing.assert_array_equal(bare.pixels, whole.pixels)
    assert bare.pixel_sha256 == whole.pixel_sha256
    assert bare.voi == whole.voi


@pytest.mark.shared
def test_a_film_with_the_wrong_polarity_tag_is_the_mirror_of_its_twin(shared, ref_of):
    right = read(
        ref_of(shared / CHESTS / "1.2.276.0.7230010.3.1.4.8323329.6904.1517875201.850819.dcm")
    )
    wrong = read(ref_of(shared / CHESTS / "Fake_MONOHR1.dcm"))
    np.testing.assert_array_equal(wrong.pixels, -right.pixels)


def test_a_reference_to_a_file_that_went_away_is_an_error_for_the_reader(tmp_path):
    with pytest.raises(UnreadableFile, match="does not exist"):
        read(ImageRef(Path(tmp_path / "gone.dcm"), 1, "", 0, 0, None))


def test_compressed_pixels_are_decoded_elsewhere_and_native_ones_here(
    make_film, save_dataset, write_film, ref_of, monkeypatch
):
    asked = []
    elsewhere = Workers.decode

    def spied(self, header, data, **more):
        asked.append(header.syntax.codec)
        return elsewhere(self, header, data, **more)

    monkeypatch.setattr(Workers, "decode", spied)
    data = make_film(RAMP)
    data.PixelData = encapsulate([imagecodecs.jpegls_encode(RAMP)])
    data["PixelData"].VR = "OB"
    packed = read(ref_of(save_dataset(data, syntax=JPEGLSLossless)))
    native = read(ref_of(write_film(RAMP)))
    assert asked == ["jpeg-ls"]
    np.testing.assert_array_equal(packed.pixels, native.pixels)
    assert packed.pixel_sha256 == native.pixel_sha256


def test_a_file_of_a_whole_slide_is_no_film(tmp_path, ref_of):
    (path,) = make_slide(tmp_path, 64, 64, tile=64)
    with pytest.raises(UnsupportedImage, match="whole slide"):
        read(ref_of(path))
