import pytest

from afloc_desktop.core.model.processor import has_int8, processor_flags, processor_name


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("processor : 0\nflags\t\t: fpu avx2 avx512_vnni\nprocessor : 1\n", True),
        ("flags : fpu sse2 avx2\n", False),
        ("Features\t: fp asimd asimddp\n", True),
        ("nothing of the kind", False),
    ],
)
def test_the_systems_own_list_says_what_the_processor_can(tmp_path, text, expected):
    (tmp_path / "cpuinfo").write_text(text, encoding="ascii")
    assert has_int8(processor_flags(tmp_path / "cpuinfo")) == expected


def test_a_system_without_a_list_is_unknown_and_gets_no_8_bit_graph(tmp_path):
    assert processor_flags(tmp_path / "absent") == frozenset()
    assert not has_int8(frozenset())


def test_a_processor_is_known_by_its_list_else_by_what_windows_calls_it(tmp_path, monkeypatch):
    (tmp_path / "cpuinfo").write_text("flags : sse2 avx2\n", encoding="ascii")
    assert processor_name(tmp_path / "cpuinfo") == "avx2 sse2"
    monkeypatch.setenv("PROCESSOR_IDENTIFIER", "Intel64 Family 6")
    assert processor_name(tmp_path / "absent") == "Intel64 Family 6"
    monkeypatch.delenv("PROCESSOR_IDENTIFIER")
    assert processor_name(tmp_path / "absent") == ""
