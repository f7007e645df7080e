import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from afloc_desktop.core.dicom.guard import quiet_pydicom
from afloc_desktop.core.dicom.tags import Tags
from afloc_desktop.core.dicom.voi import find_voi
from afloc_desktop.core.domain import VoiLut, VoiWindow


def find(tags):
    with quiet_pydicom():
        return find_voi(tags, may_be_negative=False, is_little_endian=True)


def test_all_windows_keep_their_order_and_names(make_tags):
    tags = make_tags(
        WindowCenter=[40, -600.5],
        WindowWidth=[400, 1500],
        WindowCenterWidthExplanation=["SOFT", "LUNG"],
    )
    voi, warnings = find(tags)
    assert voi == (
        VoiWindow(40, 400, "LINEAR", "SOFT"),
        VoiWindow(-600.5, 1500, "LINEAR", "LUNG"),
    )
    assert warnings == ()


@pytest.mark.parametrize("function", ["LINEAR", "LINEAR_EXACT", "SIGMOID"])
def test_the_function_is_kept(make_tags, function):
    voi, _ = find(make_tags(WindowCenter=1, WindowWidth=2, VOILUTFunction=function))
    assert voi[0].function == function


def test_an_unknown_function_is_told_and_linear(make_tags):
    voi, warnings = find(make_tags(WindowCenter=1, WindowWidth=2, VOILUTFunction="CUBIC"))
    assert voi[0].function == "LINEAR"
    assert "unknown" in warnings[0]


@pytest.mark.parametrize(
    ("centre", "width"),
    [
        ("40", "0"),
        ("40", "-5"),
        ("NaN", "400"),
        ("40", "inf"),
        ("40", None),
        (["1", "2", "3"], "4"),
    ],
)
def test_an_impossible_window_is_told_and_left_out(make_tags, centre, width):
    voi, warnings = find(make_tags(WindowCenter=centre, WindowWidth=width))
    assert all(isinstance(v, VoiWindow) and v.width > 0 for v in voi)
    assert len(voi) == (1 if isinstance(centre, list) else 0)
    assert "window" in warnings[0]


def test_a_linear_window_narrower_than_one_is_kept_and_told(make_tags):
    voi, warnings = find(make_tags(WindowCenter="0.5", WindowWidth="0.25"))
    assert voi == (VoiWindow(0.5, 0.25, "LINEAR", ""),)
    assert "narrower" in warnings[0]


def test_where_nothing_of_the_file_is_usable_the_automatic_window_is_named(make_tags):
    for spoilt in ({"WindowWidth": "0"}, {"WindowWidth": ""}):
        voi, warnings = find(make_tags(**{"WindowCenter": "1", **spoilt}))
        assert voi == ()
        assert "automatic window" in warnings[0]
    assert "automatic window" in find(make_tags(WindowCenter="", WindowWidth=""))[1][0]


def test_no_window_is_no_fault(make_tags):
    assert find(make_tags()) == ((), ())


def test_tables_come_before_windows_and_broken_ones_are_told():
    good, bad, data = Dataset(), Dataset(), Dataset()
    good.LUTDescriptor, good.LUTData = [2, 0, 8], [0, 255]
    bad.LUTDescriptor = [2, 0, 8]
    data.VOILUTSequence = Sequence([bad, good])
    data.WindowCenter, data.WindowWidth = 1, 2
    voi, warnings = find(Tags(data))
    assert isinstance(voi[0], VoiLut)
    assert voi[1] == VoiWindow(1, 2, "LINEAR", "")
    assert "table" in warnings[0]
