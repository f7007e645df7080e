import pytest
from hypothesis import given
from hypothesis import strategies as st

from afloc_desktop.core.export.names import (
    describe_series,
    free_path,
    object_name,
    safe_name,
    short,
)


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


@pytest.mark.parametrize(
    ("labels", "text"),
    [
        (["Pleural effusion"], "AFLoc: Pleural effusion, image-text similarity, research use"),
        (["A", "A"], "AFLoc: A, image-text similarity, research use"),
        (["A", "B"], "AFLoc: 2 findings, image-text similarity, research use"),
        ([], "AFLoc: no finding, image-text similarity, research use"),
    ],
)
def test_a_series_says_what_it_is_and_for_what_use(labels, text):
    assert describe_series(labels) == text


def test_a_long_label_never_pushes_the_use_out():
    text = describe_series(["something that is much longer than the room there is"])
    assert len(text) <= 64
    assert text.endswith(", image-text similarity, research use")


@pytest.mark.parametrize(
    ("text", "plain"),
    [("a\\b", "a/b"), ("a\nb\tc", "a b c"), ("  a  b ", "a b"), ("a\u202eb", "a b")],
)
def test_short_text_is_one_printable_value(text, plain):
    assert short(text) == plain


def test_short_text_fits_its_element():
    assert len(short("x" * 99)) == 64
    assert short("x" * 99).endswith("..")
