import io

import numpy as np
import PIL.Image
import PIL.ImageCms
import pytest

from afloc_desktop.core.icc import of_lab, read_profile

RGB = np.stack(np.meshgrid(*[np.arange(0, 256, 17)] * 3), axis=-1).reshape(64, 64, 3)
RGB = RGB.astype(np.uint8)
SRGB = PIL.ImageCms.ImageCmsProfile(PIL.ImageCms.createProfile("sRGB")).tobytes()


def swapped(data):
    """A camera whose red is what sRGB calls green, and the other way round."""
    return data.replace(b"rXYZ", b"tXYZ").replace(b"gXYZ", b"rXYZ").replace(b"tXYZ", b"gXYZ")


def test_srgb_is_itself():
    assert np.abs(read_profile(SRGB).apply(RGB).astype(int) - RGB).max() <= 1


def test_another_profile_equals_little_cms_within_two_levels():
    profile = swapped(SRGB)
    wanted = PIL.ImageCms.profileToProfile(
        PIL.Image.fromarray(RGB),
        PIL.ImageCms.ImageCmsProfile(io.BytesIO(profile)),
        PIL.ImageCms.createProfile("sRGB"),
        renderingIntent=PIL.ImageCms.Intent.RELATIVE_COLORIMETRIC,
    )
    found = read_profile(profile).apply(RGB)
    assert np.abs(found.astype(int) - np.asarray(wanted)).max() <= 2
    assert not np.array_equal(found, RGB)


@pytest.mark.parametrize(
    "damage",
    [b"", SRGB[:100], SRGB[:200], SRGB.replace(b"RGB ", b"CMYK"), SRGB.replace(b"para", b"none")],
    ids=["empty", "header", "table", "other space", "other curve"],  # its bytes tell the time
)
def test_what_is_no_profile_of_this_kind_is_left(damage):
    assert read_profile(damage) is None


def test_a_mutilated_profile_never_raises():
    random = np.random.default_rng(0)
    for _ in range(300):
        data = bytearray(SRGB)
        for place in random.integers(0, len(data), 6):
            data[place] = random.integers(256)
        profile = read_profile(bytes(data))
        if profile is not None:
            assert profile.apply(RGB[:1]).shape == (1, 64, 3)


@pytest.mark.parametrize(
    ("lab", "rgb"),
    [((100, 0, 0), (255, 255, 255)), ((0, 0, 0), (0, 0, 0)), ((50, 0, 0), (119, 119, 119))],
)
def test_greys_of_cielab_are_those_of_srgb(lab, rgb):
    assert of_lab(*lab) == rgb


def test_a_colour_of_cielab_equals_little_cms():
    lab = (54.29, 80.81, 69.89)  # the red of sRGB under D50
    assert np.abs(np.subtract(of_lab(*lab), (255, 0, 0))).max() <= 1
