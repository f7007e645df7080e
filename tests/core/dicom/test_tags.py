import math

from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.tag import Tag

from afloc_desktop.core.dicom.guard import quiet_pydicom
from afloc_desktop.core.dicom.tags import Tags


def raw(keyword: str, vr: str, value: bytes) -> Tags:
    data = Dataset()
    tag = Tag(keyword)
    data._dict[tag] = RawDataElement(tag, vr, len(value), value, 0, False, True)
    return Tags(data)


def test_a_whole_number_is_one_number_and_nothing_else(make_tags):
    tags = make_tags(Rows=7, WindowCenter="7", PixelSpacing=[1, 2])
    assert tags.integer("Rows") == 7
    assert tags.integer("Columns") is None
    assert tags.integer("WindowCenter") is None
    assert tags.integer("PixelSpacing") is None


def test_numbers_are_all_or_none():
    with quiet_pydicom():
        assert raw("WindowCenter", "DS", b"1.5\\-2e3").numbers("WindowCenter") == (1.5, -2000)
        assert raw("WindowCenter", "DS", b"").numbers("WindowCenter") == ()
        spoilt = raw("WindowCenter", "DS", b"40,5")
        assert spoilt.numbers("WindowCenter") == ()
        assert spoilt.spoilt == {"WindowCenter"}
        assert math.isnan(raw("WindowCenter", "DS", b"NaN").numbers("WindowCenter")[0])


def test_text_keeps_several_values_apart(make_tags):
    tags = make_tags(PatientOrientation=["L", "F"], PatientName="Doe^Jane", StudyDescription="")
    assert tags.text("PatientOrientation") == "L\\F"
    assert tags.text("PatientName") == "Doe^Jane"
    assert tags.text("StudyDescription") == ""
    assert tags.text("AccessionNumber") == ""


def test_text_that_is_no_text_counts_as_absent(make_tags):
    tags = make_tags(Rows=4)
    assert tags.text("Rows") == ""
    assert tags.spoilt == {"Rows"}


def test_a_frame_sees_its_own_group_first_then_the_shared_then_the_top():
    def group(**values) -> Dataset:
        item, voi = Dataset(), Dataset()
        for keyword, value in values.items():
            setattr(voi, keyword, value)
        item.FrameVOILUTSequence = Sequence([voi])
        return item

    data = Dataset()
    data.WindowCenter, data.WindowWidth, data.RescaleSlope = 1, 2, 3
    data.SharedFunctionalGroupsSequence = Sequence([group(WindowCenter=10, WindowWidth=20)])
    data.PerFrameFunctionalGroupsSequence = Sequence([group(WindowCenter=100), group()])
    second, first = Tags(data).for_frame(2), Tags(data).for_frame(1)
    assert [first.number(k) for k in ("WindowCenter", "WindowWidth", "RescaleSlope")] == [
        100,
        20,
        3,
    ]
    assert second.number("WindowCenter") == 10


def test_a_sequence_that_is_none_has_no_items(make_tags):
    assert make_tags(Rows=4).items("Rows") == ()
    assert make_tags(PatientID="x").items("PatientID") == ()
    assert make_tags().items("VOILUTSequence") == ()
