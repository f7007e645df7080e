from importlib import metadata

import pytest

from afloc_desktop.core.errors import ExportError, PluginError
from afloc_desktop.core.export.exporter import exporters
from afloc_desktop.core.export.selection import Selection
from afloc_desktop.state.plugins import GROUP, exporters_with, installed_plugins


class Tiny:
    id, label, media = "tiny", "Tiny", "text/plain"

    def write(self, selection, folder):
        (folder / "tiny.txt").write_text("tiny", encoding="utf-8")
        return [folder / "tiny.txt"]


class Broken(Tiny):
    def write(self, selection, folder):
        raise KeyError("Smith^John")


class Full(Tiny):
    def write(self, selection, folder):
        raise ExportError("The disk is full.", remedy="Free some space.")


class Same(Tiny):
    id = "seg"


def absent():
    raise ImportError("no such module")


@pytest.fixture
def installed(monkeypatch):
    """Pretend that a package with these exporters is installed."""

    def install(**makers):
        class Point:
            def __init__(self, name):
                self.name, self.group = name, GROUP
                self.dist = metadata.distribution("numpy")

            def load(self):
                return makers[self.name]

        def entry_points(*, group, name=None):
            assert group == GROUP
            return [Point(n) for n in makers if name in (None, n)]

        monkeypatch.setattr(metadata, "entry_points", entry_points)

    return install


def test_a_plugin_is_listed_without_being_loaded(installed):
    installed(tiny=absent, other=absent)
    assert [(p.name, p.package) for p in installed_plugins()] == [
        ("other", "numpy"),
        ("tiny", "numpy"),
    ]
    assert set(exporters_with([])) == set(exporters())


def test_an_enabled_plugin_writes_like_our_own(installed, tmp_path):
    installed(tiny=Tiny)
    found = exporters_with(["tiny"])
    assert list(found) == [*exporters(), "tiny"]
    assert found["tiny"].write(Selection(()), tmp_path) == (tmp_path / "tiny.txt",)


def test_a_plugin_that_is_not_there_or_does_not_load_is_named(installed):
    installed(tiny=absent)
    for name in ("tiny", "nope"):
        with pytest.raises(PluginError, match=name):
            exporters_with([name])


def test_a_plugin_cannot_take_the_place_of_ours(installed):
    installed(same=Same)
    with pytest.raises(PluginError, match="seg"):
        exporters_with(["same"])


def test_what_a_plugin_raises_costs_one_export_and_quotes_nobody(installed, tmp_path):
    installed(tiny=Broken)
    with pytest.raises(PluginError) as caught:
        exporters_with(["tiny"])["tiny"].write(Selection(()), tmp_path)
    assert "Smith" not in str(caught.value)


def test_an_error_for_the_reader_passes_as_it_is(installed, tmp_path):
    installed(tiny=Full)
    with pytest.raises(ExportError, match="disk is full"):
        exporters_with(["tiny"])["tiny"].write(Selection(()), tmp_path)
