from afloc_desktop.state.paths import Paths


def test_one_variable_moves_every_path(monkeypatch, tmp_path):
    monkeypatch.setenv("AFLOC_HOME", str(tmp_path / "home"))
    paths = Paths.default()
    for path in (paths.settings_file, paths.data, paths.bundles, paths.cache, paths.log):
        assert path.is_relative_to(tmp_path / "home")


def test_without_it_the_platforms_own_folders_are_used(monkeypatch):
    monkeypatch.delenv("AFLOC_HOME")
    paths = Paths.default()
    assert "AFLoc" in str(paths.data)
    assert paths.settings_file.name == "settings.toml"


def test_asking_for_paths_creates_nothing(monkeypatch, tmp_path):
    monkeypatch.setenv("AFLOC_HOME", str(tmp_path / "home"))
    Paths.default()
    assert not (tmp_path / "home").exists()
