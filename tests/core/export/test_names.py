import pytest
from hypothesis import given
from hypothesis import strategies as st

from afloc_desktop.core.export.names import free_path, object_name, safe_name


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Pleural effusion", "Pleural-effusion"),
        ("../../etc/passwd", "etc-passwd"),
        ("C:\\Windows\\x", "C-Windows-x"),
        ("", "finding"),
        ("日本", "finding"),
        ("con", "con-"),
        ("LPT1", "LPT1-"),
        ("a" * 99, "a" * 40),
        ("a\0b\n", "a-b"),
        ("=1+1", "1-1"),
    ],
)
def test_a_name_is_safe_anywhere(text, name):
    assert safe_name(text, "finding") == name


@given(st.text())
def test_no_text_escapes_or_is_empty(text):
    name = safe_name(text, "x")
    assert 0 < len(name) <= 41
    assert set(name) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_")


def test_objects_have_names_of_their_own_that_hide_their_uid():
    one, other = object_name("seg", "1.2.3"), object_name("seg", "1.2.4")
    assert one != other
    assert "1.2.3" not in one
    assert one.startswith("AFLoc_seg_")
    assert object_name("../x", "1").startswith("AFLoc_x_")


def test_a_name_that_is_taken_is_left_alone(tmp_path):
    (tmp_path / "a.csv").write_bytes(b"")
    (tmp_path / "a-2.csv").symlink_to("nowhere")
    assert free_path(tmp_path, "a", ".csv").name == "a-3.csv"
    assert free_path(tmp_path, "b", ".csv").name == "b.csv"
