import pydicom
import pytest
from phantom_files import dot_film, write_film
from pydicom.dataset import Dataset

from afloc_desktop.core.export.found import Node
from afloc_desktop.core.export.tree import plain, tree_of


def test_elements_are_named_and_pixels_are_counted(tmp_path):
    dataset = pydicom.dcmread(write_film(tmp_path / "a.dcm", dot_film(), WindowCenter=[1, 2]))
    lines = tree_of(dataset, "Film").lines()
    assert lines[0] == "Film"
    assert "  Rows: 120" in lines
    assert "  Window Center: 1.0, 2.0" in lines
    assert "  Pixel Data: 24000 bytes" in lines


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\u202eb", "a\\u202eb"),
        ("a\x1b[0m", "a\\x1b[0m"),
        ("a\r\nb", "a  b"),
        ("x" * 500, "x" * 400 + "…"),
    ],
)
def test_text_of_a_file_cannot_disturb_the_screen(text, shown):
    assert plain(text) == shown


def nested(depth):
    dataset = Dataset()
    for _ in range(depth):
        outer = Dataset()
        outer.ContentSequence = [dataset]
        dataset = outer
    return dataset


def test_deep_and_wide_objects_end_somewhere():
    assert "…" in tree_of(nested(200), "Deep").lines()[-1]
    wide = Dataset()
    wide.ContentSequence = [Dataset() for _ in range(9000)]
    assert len(tree_of(wide, "Wide").lines()) < 5010


def test_lines_are_indented_by_their_depth():
    assert Node("a", (Node("b", (Node("c"),)),)).lines() == ["a", "  b", "    c"]
