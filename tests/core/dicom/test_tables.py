import numpy as np
import pytest

from afloc_desktop.core.dicom.tables import read_table


def read(tags, *, may_be_negative=False, is_little_endian=True):
    return read_table(tags, may_be_negative=may_be_negative, is_little_endian=is_little_endian)


def words(*values, order="<"):
    return np.array(values, f"{order}u2").tobytes()


def test_a_table_is_read_from_numbers_or_words(make_tags):
    for data in ([10, 20, 4095], words(10, 20, 4095)):
        tags = make_tags(LUTDescriptor=[3, 5, 12], LUTData=data, LUTExplanation="soft")
        table = read(tags)
        assert table.values.tolist() == [10, 20, 4095]
        assert (table.first, table.bits, table.explanation) == (5, 12, "soft")
        assert not table.values.flags.writeable


def test_big_endian_words_are_turned(make_tags):
    tags = make_tags(LUTDescriptor=[2, 0, 16], LUTData=words(1, 256, order=">"))
    assert read(tags, is_little_endian=False).values.tolist() == [1, 256]


def test_zero_entries_stand_for_65536(make_tags):
    tags = make_tags(LUTDescriptor=[0, 0, 16], LUTData=np.arange(65536, dtype="<u2").tobytes())
    assert len(read(tags).values) == 65536


def test_a_large_first_value_is_negative_only_where_values_can_be(make_tags):
    tags = make_tags(LUTDescriptor=[2, 65036, 8], LUTData=[0, 255])
    assert read(tags).first == 65036
    assert read(tags, may_be_negative=True).first == -500


@pytest.mark.parametrize(
    "change",
    [
        {"LUTDescriptor": [3, 0]},
        {"LUTDescriptor": [4, 0, 12]},
        {"LUTDescriptor": [3, 0, 0]},
        {"LUTDescriptor": [3, 0, 33]},
        {"LUTDescriptor": [3, 0, 8]},  # 4095 needs more than 8 bits
        {"LUTData": b""},
        {"LUTData": b"\x01\x02\x03"},
        {"LUTData": None},
    ],
    ids=str,
)
def test_a_table_that_contradicts_itself_is_not_used(make_tags, change):
    sound = {"LUTDescriptor": [3, 0, 12], "LUTData": [10, 20, 4095]}
    assert read(make_tags(**sound)) is not None
    assert read(make_tags(**{**sound, **change})) is None
