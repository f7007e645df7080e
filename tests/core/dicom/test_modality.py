import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from afloc_desktop.core.dicom.modality import find_modality
from afloc_desktop.core.dicom.tags import Tags


@pytest.fixture
def header(write_film, header_of):
    return header_of(write_film(np.zeros((2, 2), np.uint16)))


def test_nothing_stated_changes_nothing(make_tags, header):
    modality, warnings = find_modality(make_tags(), header)
    assert modality.apply(np.array([0, 65535], np.uint16)).tolist() == [0, 65535]
    assert warnings == ()


def test_slope_and_intercept_are_applied_negative_slope_too(make_tags, header):
    modality, _ = find_modality(make_tags(RescaleSlope="-2", RescaleIntercept="100"), header)
    values = modality.apply(np.array([0, 60], np.uint16))
    assert values.tolist() == [100, -20]
    assert values.dtype == np.float32


def test_a_fractional_slope_is_multiplied_in_double_precision(make_tags, header):
    modality, _ = find_modality(make_tags(RescaleSlope="0.0123", RescaleIntercept="0"), header)
    assert modality.apply(np.array([40_000], np.uint16))[0] == np.float32(492.0)


@pytest.mark.parametrize(
    ("slope", "intercept"),
    [("0", "5"), ("NaN", "5"), ("1e300", "5"), ("1", "inf"), (None, "5"), ("2", None)],
)
def test_an_unusable_rescale_is_told_and_left_out(make_tags, header, slope, intercept):
    tags = make_tags(RescaleSlope=slope, RescaleIntercept=intercept)
    modality, warnings = find_modality(tags, header)
    assert modality.apply(np.array([3], np.uint16)).tolist() == [3]
    assert "rescale" in warnings[0]


def with_table(**item_tags):
    item, data = Dataset(), Dataset()
    for keyword, value in item_tags.items():
        setattr(item, keyword, value)
    data.ModalityLUTSequence = Sequence([item])
    data.RescaleSlope, data.RescaleIntercept = 7, 7
    return Tags(data)


def test_a_table_wins_over_rescale_and_holds_its_ends(header):
    tags = with_table(LUTDescriptor=[3, 10, 16], LUTData=[5, 50, 500])
    modality, warnings = find_modality(tags, header)
    stored = np.array([0, 10, 11, 12, 65535], np.uint16)
    assert modality.apply(stored).tolist() == [5, 5, 50, 500, 500]
    assert warnings == ()


def test_a_broken_table_is_told_and_rescale_is_used(header):
    modality, warnings = find_modality(with_table(LUTDescriptor=[3, 0, 99]), header)
    assert modality.apply(np.array([1], np.uint16)).tolist() == [14]
    assert "modality table" in warnings[0]


def test_an_unsigned_32_bit_value_does_not_wrap_below_the_first_entry(header):
    tags = with_table(LUTDescriptor=[2, 10, 16], LUTData=[1, 2])
    modality, _ = find_modality(tags, header)
    assert modality.apply(np.array([0, 2**32 - 1], np.uint32)).tolist() == [1, 2]
