import gc
import os
import shutil
import zipfile

import numpy as np
import pydicom
import pytest
from mutate import mutants
from pydicom.dataset import Dataset
from pydicom.pixels import pixel_array
from slides_made import SYNTAXES, colours, is_absent, make_slide

from afloc_desktop.core.dicom.scan import find_frame, scan
from afloc_desktop.core.domain import ImageRef
from afloc_desktop.core.errors import (
    InconsistentStudy,
    InputError,
    UnreadableFile,
    UnsupportedImage,
)
from afloc_desktop.core.slides.opening import find_slide, open_slide

LAYOUTS = [
    *({"syntax": syntax} for syntax in SYNTAXES if syntax != "jpeg"),
    *({"table": table} for table in ("extended", "none")),
    {"sparse": True},
    {"sparse": True, "syntax": "implicit"},
    {"in_one_file": True},
    {"split": 3},
    {"split": 2, "syntax": "explicit"},
]


def expected(level, *, sparse=False):
    pixels = colours(0, 0, level.columns, level.rows, level.downsample)
    for row in range(level.down if sparse else 0):
        for column in range(level.across):
            if is_absent(column, row):
                pixels[row * 64 : row * 64 + 64, column * 64 : column * 64 + 64] = 255
    return pixels


@pytest.mark.parametrize("layout", LAYOUTS, ids=str)
def test_every_layout_shows_the_same_slide(small_slide, layout):
    slide = small_slide(**layout)
    assert [(level.columns, level.rows) for level in slide.levels] == [
        (300, 200),
        (150, 100),
        (75, 50),
    ]
    assert [level.um_per_pixel for level in slide.levels] == [(0.25,) * 2, (0.5,) * 2, (1.0,) * 2]
    assert slide.warnings == ()
    for number, level in enumerate(slide.levels):
        shown = slide.region(number, 0, 0, level.columns, level.rows)
        assert np.array_equal(shown, expected(level, sparse=layout.get("sparse", False)))


@pytest.mark.parametrize(
    ("syntax", "tags", "most"),
    [
        ("jpeg", {}, 2),
        ("jpeg2000", {}, 0),
        ("rle", {}, 0),
        ("explicit", {"PhotometricInterpretation": "YBR_FULL"}, 2),
        ("explicit", {"PlanarConfiguration": 1}, 0),
    ],
    ids=str,
)
def test_tiles_are_those_of_another_reader(tmp_path, opened, syntax, tags, most):
    (path,) = make_slide(tmp_path / "s", 300, 200, levels=1, syntax=syntax, tags=tags)
    slide = opened(tmp_path / "s")
    theirs = pixel_array(path, index=1).astype(int)
    ours = slide.tile(0, 1, 0)
    assert abs(ours - theirs[: ours.shape[0], : ours.shape[1]]).max() <= most


def test_a_level_that_cannot_be_read_is_left_out_and_told(tmp_path, opened):
    _, second, _ = make_slide(tmp_path / "s", 300, 200, tile=64, levels=3)
    refs = opened(tmp_path / "s").refs
    second.write_bytes(second.read_bytes()[:600])
    slide = open_slide(refs)
    assert [level.downsample for level in slide.levels] == [1.0, 4.0]
    assert len(slide.warnings) == 1
    assert slide.warnings[0].startswith("A file of this slide cannot be shown and was left out:")
    slide.close()


def test_a_level_of_another_shape_is_left_out(small_slide, tmp_path, opened):
    make_slide(tmp_path / "slide" / "odd", 100, 100, levels=1, tags={"SOPInstanceUID": "1.2.9.9"})
    slide = small_slide()
    assert len(slide.levels) == 3
    assert "another shape" in slide.warnings[0]


def test_files_of_two_slides_are_not_one(tmp_path):
    paths = [*make_slide(tmp_path, 64, 64), *make_slide(tmp_path, 64, 64, name="2")]
    with pytest.raises(InconsistentStudy, match="different slides"):
        open_slide([find_frame(path, 1) for path in paths])


def test_a_label_is_never_shown_as_the_slide(tmp_path):
    (slide,) = make_slide(tmp_path, 64, 64)
    make_slide(tmp_path, 64, 64, name="2", flavour="LABEL")
    ref = find_frame(slide, 1)
    other = type(ref)(tmp_path / "slide2-1.dcm", 1, "", 0, 0, None)
    opened = open_slide([ref, other])
    opened.close()
    assert [shown.path for shown in opened.refs] == [slide]
    with pytest.raises(UnsupportedImage, match="label"):
        open_slide([other])


def test_no_file_of_a_slide_to_be_read_says_why(tmp_path):
    (path,) = make_slide(tmp_path, 64, 64)
    ref = find_frame(path, 1)
    path.write_bytes(path.read_bytes()[:600])
    with pytest.raises(UnreadableFile):
        open_slide([ref])


def test_of_two_focal_planes_the_first_is_shown(tmp_path, opened):
    make_slide(tmp_path / "s", 128, 64, tile=64, levels=1, syntax="explicit")
    tags = {"SOPInstanceUID": "1.2.9.8", "InstanceNumber": 2}
    make_slide(tmp_path / "s" / "b", 128, 64, tile=64, levels=1, syntax="rle", tags=tags)
    slide = opened(tmp_path / "s")
    assert [ref.path.parent.name for ref in slide.refs] == ["s"]
    gc.collect()  # a file that is left open is told as a ResourceWarning
    assert "several focal planes" in slide.warnings[0]


def test_several_optical_paths_are_told(small_slide):
    paths = [Dataset(), Dataset()]
    assert "several focal planes" in small_slide(tags={"OpticalPathSequence": paths}).warnings[0]


def test_a_slide_without_a_scale_says_so(small_slide):
    tags = {"SharedFunctionalGroupsSequence": [], "ImagedVolumeWidth": None}
    slide = small_slide(tags=tags)
    assert slide.um_per_pixel is None
    assert "how large a pixel is" in slide.warnings[0]


def test_the_identity_is_that_of_the_content_and_not_of_the_place(tmp_path, opened):
    make_slide(tmp_path / "a", 300, 200, tile=64, levels=2)
    shutil.copytree(tmp_path / "a", tmp_path / "b")
    make_slide(tmp_path / "c", 300, 200, tile=64, levels=2, syntax="jpeg2000")
    first, copy, other = (opened(tmp_path / name).sha256 for name in "abc")
    assert first == copy
    assert other != first


def test_one_file_finds_the_others_of_its_slide(tmp_path):
    paths = make_slide(tmp_path, 300, 200, tile=64, levels=3)
    make_slide(tmp_path, 300, 200, tile=64, levels=2, name="2")
    assert [ref.path for ref in find_slide(find_frame(paths[1], 1))] == paths


def test_a_film_is_part_of_no_slide(study):
    assert find_slide(find_frame(study / "a.dcm", 1)) == ()


def test_a_damaged_slide_is_shown_or_refused_and_nothing_else(tmp_path):
    """More of them with AFLOC_MUTANTS=5000."""
    plans = (
        {"syntax": "jpeg"},
        {"syntax": "jpeg2000", "sparse": True},
        {"syntax": "rle", "in_one_file": True},
        {"syntax": "implicit", "sparse": True},
        {"syntax": "htj2k", "table": "extended"},
        {"syntax": "jpeg", "table": "none"},
    )
    seeds = [
        make_slide(tmp_path / str(number), 256, 192, tile=64, levels=2, **plan)[0]
        for number, plan in enumerate(plans)
    ]
    path = tmp_path / "damaged" / "slide.dcm"
    path.parent.mkdir()
    shown = 0
    for _, data in mutants(seeds, int(os.environ.get("AFLOC_MUTANTS", "30")), seed=9):
        path.write_bytes(data)
        listed = [series for study in scan([path]).studies for series in study.series]
        try:
            slide = open_slide(
                [ref for series in listed for ref in series.images]
                or [ImageRef(path, 1, "", 0, 0, None)]
            )
        except InputError:
            continue
        try:
            assert slide.thumbnail(64).shape[2] == 3
            shown += 1
        finally:
            slide.close()
    assert shown


def test_a_slide_in_an_archive_is_shown_from_there(tmp_path, opened):
    paths = make_slide(tmp_path / "s", 300, 200, tile=64, levels=2, syntax="rle")
    with zipfile.ZipFile(tmp_path / "slide.zip", "w") as archive:
        for path in paths:
            archive.write(path, path.name)
    slide = opened(tmp_path / "slide.zip")
    assert len(slide.levels) == 2
    assert np.array_equal(slide.tile(0, 1, 1), colours(64, 64, 64, 64))
    assert find_slide(slide.refs[1]) == slide.refs


def test_fluorescence_in_the_lowest_of_its_steps_is_not_black(tmp_path, opened):
    (path,) = make_slide(tmp_path / "s", 64, 64, tile=64, levels=1, syntax="explicit")
    data = pydicom.dcmread(path)
    data.SamplesPerPixel, data.PhotometricInterpretation = 1, "MONOCHROME2"
    data.BitsAllocated = data.BitsStored = 16
    data.HighBit = 15
    del data.PlanarConfiguration
    levels = np.arange(64 * 64, dtype="<u2").reshape(64, 64) % 25
    data.PixelData = levels.tobytes()
    data.save_as(path)
    slide = opened(tmp_path / "s")
    shown = slide.tile(0, 0, 0)
    assert (shown == shown[..., :1]).all()
    assert slide.background == (0, 0, 0)  # beyond the slide it is dark, too
    assert abs(shown[..., 0] - levels * 255 / 24).max() <= 0.5
    assert any("24 and above are shown white" in note for note in slide.warnings)
