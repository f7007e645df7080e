import pytest

from afloc_desktop.state import bundles
from afloc_desktop.state.paths import Paths
from afloc_desktop.state.promotions import promote
from afloc_desktop.state.settings import Settings, load_settings
from afloc_desktop.ui import strings, theme
from afloc_desktop.ui.qt import (
    QDesktopServices,
    QDialog,
    QGuiApplication,
    QKeySequence,
    QMessageBox,
)


@pytest.fixture
def desk(station):
    return station(paths=())


@pytest.fixture(autouse=True)
def dark(qapp):
    yield
    theme.dress(qapp)


def shown(desk, kind=QDialog):
    return [dialog for dialog in desk.window.findChildren(kind) if dialog.isVisible()]


def keys(desk, name):
    return [key.toString() for key in desk.window._actions[name].shortcuts()]


def test_settings_take_effect_and_are_remembered(desk):
    desk.window.house.edit()
    (dialog,) = shown(desk)
    dialog.reader.setText("Dr Reader")
    dialog.look.setCurrentIndex(1)
    dialog._accept()
    assert (desk.store.state.reader, theme.TEXT) == ("Dr Reader", theme.LIGHT.text)
    desk.window.close()
    saved = load_settings(Paths.default().settings_file)
    assert (saved.reader, saved.look) == ("Dr Reader", "light")


def test_a_name_given_elsewhere_is_remembered_too(desk):
    desk.workspace.judging.set_reader("Dr Other")
    desk.window.close()
    assert load_settings(Paths.default().settings_file).reader == "Dr Other"


def test_a_promotion_outlives_the_closing_of_the_window(desk, tiny_bundle, monkeypatch):
    monkeypatch.setattr(bundles, "_test_apart", lambda folder, name: None)
    desk.window.house.teach()
    (page,) = shown(desk)
    page.promoted.emit(promote(tiny_bundle, Paths.default()))
    desk.window.close()
    saved = load_settings(Paths.default().settings_file)
    assert (saved.bundle, saved.earlier_bundle) == ("tiny", "afloc-cxr-base")


def test_own_keys_take_effect_and_spoilt_ones_do_not(desk):
    house = desk.window.house
    house.edit_keys()
    (dialog,) = shown(desk)
    dialog.changed.emit({"invert": ("F8",)})
    assert keys(desk, "invert") == ["F8"]
    assert house.now().keys == "invert F8"
    house.move_in(Settings(keys="invert Ctrl+O"), Paths.default().log, desk.window._actions)
    assert keys(desk, "invert") == [QKeySequence("I").toString()]


def test_the_first_notice_comes_until_it_was_understood(desk):
    desk.window.house.welcome()
    shown(desk)[0].reject()
    desk.window.house.welcome()
    shown(desk)[0].accept()
    desk.window.house.welcome()
    assert shown(desk) == []
    assert desk.window.house.now().is_welcomed


def test_diagnostics_are_copied_and_the_log_folder_is_opened(desk, monkeypatch):
    opened = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: opened.append(url.toLocalFile()))
    desk.window.house.copy_diagnostics()
    assert "AFLoc Desktop" in QGuiApplication.clipboard().text()
    (told,) = shown(desk, QMessageBox)
    assert told.text() == strings.DIAGNOSTICS_COPIED
    told.close()
    desk.window.house.open_log()
    assert [str(Paths.default().log)] == opened
    assert Paths.default().log.is_dir()


def test_guides_and_licences_are_shown(desk):
    desk.window.house.show_guides()
    desk.window.house.show_licences()
    titles = {dialog.windowTitle() for dialog in shown(desk)}
    assert titles == {strings.GUIDES, strings.ALL_LICENCES}
