import os
import stat
from dataclasses import replace

import pytest

from afloc_desktop.core.errors import SettingsError
from afloc_desktop.state.settings import Settings, load_settings, save_settings, set_aside

FULL = Settings(
    window=(10, -20, 1200, 800),
    is_maximized=True,
    columns=(260, 900, 330),
    opacity=0.3,
    is_contour=True,
    last_folder='C:\\Röntgen "neu"\t\x7f 胸部 🫁',
)


@pytest.mark.parametrize("settings", [Settings(), FULL])
def test_settings_survive_the_round_trip(tmp_path, settings):
    path = tmp_path / "deep" / "settings.toml"
    save_settings(path, settings)
    assert load_settings(path) == settings


def test_without_a_file_there_are_defaults(tmp_path):
    assert load_settings(tmp_path / "settings.toml") == Settings()


@pytest.mark.parametrize(
    "text",
    [
        "schema = 1\nopacity = ",
        "opacity = 0.5",
        "schema = 2",
        "schema = 1\ncolour = 3",
        "schema = 1\nopacity = 1.5",
        "schema = 1\nopacity = true",
        "schema = 1\nopacity = nan",
        "schema = 1\nis_contour = 1",
        'schema = 1\nwindow = ["a"]',
        "schema = 1\nwindow = 3",
        "schema = 1\nlast_folder = 3",
    ],
)
def test_an_unusable_file_is_named(tmp_path, text):
    path = tmp_path / "settings.toml"
    path.write_text(text)
    with pytest.raises(SettingsError) as caught:
        load_settings(path)
    assert caught.value.remedy


def test_bytes_that_are_no_text_are_named(tmp_path):
    path = tmp_path / "settings.toml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SettingsError):
        load_settings(path)


def test_settings_of_an_older_version_are_taken_over(tmp_path):
    path = tmp_path / "settings.toml"
    path.write_text('schema = 1\nopacity = 0.3\nlast_folder = "/films"\n')
    assert load_settings(path) == replace(Settings(), opacity=0.3, last_folder="/films")


def test_settings_of_a_newer_version_are_refused_by_name(tmp_path):
    path = tmp_path / "settings.toml"
    path.write_text("schema = 2\nopacity = 0.3\n")
    with pytest.raises(SettingsError, match="newer version") as caught:
        load_settings(path)
    assert "kept beside it" in caught.value.remedy


def test_an_unusable_file_is_kept_beside_the_new_one(tmp_path):
    path = tmp_path / "settings.toml"
    path.write_text("schema = 99")
    set_aside(path)
    save_settings(path, Settings())
    assert (tmp_path / "settings.unusable.toml").read_text() == "schema = 99"
    assert load_settings(path) == Settings()


def test_a_failed_save_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    path = tmp_path / "settings.toml"
    save_settings(path, FULL)

    def refuse(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(SettingsError, match="No space left"):
        save_settings(path, Settings())
    monkeypatch.undo()
    assert load_settings(path) == FULL
    assert [p.name for p in tmp_path.iterdir()] == ["settings.toml"]


def test_a_folder_name_that_is_no_text_does_not_stop_saving(tmp_path):
    path = tmp_path / "settings.toml"
    save_settings(path, Settings(last_folder="/data/\udcff"))
    assert load_settings(path).last_folder == "/data/?"


@pytest.mark.skipif(os.name == "nt", reason="POSIX permissions")
def test_settings_are_the_readers_own(tmp_path):
    path = tmp_path / "settings.toml"
    save_settings(path, FULL)
    assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0


def test_a_chosen_model_goes_before_those_chosen_earlier_and_leaves_with_its_bundle():
    chosen = Settings().choosing("chest").choosing("eyes").choosing("chest")
    assert chosen.bundles == ("chest", "eyes")
    assert chosen.forgetting("chest").bundles == ("eyes",)
    assert chosen.forgetting("chest").forgetting("eyes") == Settings()
