from contextlib import closing

import exported
from doubles import Desk, FakeLocalizer
from readings import EFFUSION, answer
from slides_made import make_slide

from afloc_desktop.core.dicom.scan import scan
from afloc_desktop.core.export.exporter import exporters
from afloc_desktop.core.export.selection import Selection
from afloc_desktop.core.geometry import Box, Point
from afloc_desktop.core.slides.opening import open_slide
from afloc_desktop.core.slides.pictures import results_on
from afloc_desktop.ui.qt import QPoint, Qt
from afloc_desktop.ui.returned import INK
from afloc_desktop.ui.slides.side import SlideSide


class SlideDesk(Desk):
    """Opens the slide that was listed."""

    def open_slide(self, refs):
        return open_slide(refs)


def desk_of(folder, modality):
    make_slide(folder, 600, 400, levels=2, syntax="explicit")
    localizer = FakeLocalizer()
    localizer.manifest.modality = modality
    return SlideDesk(found=scan([folder]), localizer=localizer)


def test_nothing_of_it_is_made_before_the_first_slide(station):
    window = station().window
    side = window.findChild(SlideSide)
    assert (side.panel, window.viewer.slide) == (None, None)
    assert side.isHidden()


def test_a_slide_takes_the_place_of_films_and_brings_its_panel(station, tmp_path, qtbot):
    one = station(desk_of(tmp_path, "histo"))
    one.settle()
    window, canvas = one.window, one.window.viewer.slide
    assert window.focusWidget() is canvas  # arrow keys move it at once
    assert window.viewer.wall.isHidden()
    assert not canvas.isHidden()
    assert not window.slide.panel.isHidden()
    assert not window.verdict.isHidden()  # what is found on a slide is accepted as on a film
    window.slide.panel.choose.click()
    canvas.one_to_one()
    left, right = QPoint(60, 160), QPoint(160, 220)
    qtbot.mousePress(canvas, Qt.MouseButton.LeftButton, pos=left)
    qtbot.mouseMove(canvas, right)
    qtbot.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=right)
    region = one.store.state.region
    assert (region.x1 - region.x0, region.y1 - region.y0) == (100, 60)
    assert not window.slide.panel.choose.isChecked()
    window.slide.panel.shown.emit(Box(10, 10, 50, 50))
    assert canvas.marked == Box(10, 10, 50, 50)


def test_a_model_of_films_offers_nothing_on_a_slide_and_says_why(station, tmp_path):
    one = station(desk_of(tmp_path, "cxr"))
    one.settle()
    assert one.window.slide.panel.isHidden()
    assert one.window.verdict.isHidden()
    shown = one.window.findings
    assert shown.box.isHidden()
    assert "was not made for slides. Choose another one" in shown._gate.text()


def test_commands_of_films_rest_and_those_of_both_work(station, tmp_path):
    one = station(desk_of(tmp_path, "histo"))
    one.settle()
    window, canvas = one.window, one.window.viewer.slide
    enabled = {name for name, action in window._actions.items() if action.isEnabled()}
    assert {"fit", "one_to_one", "zoom_in", "zoom_out"} <= enabled
    assert not enabled & {"invert", "reset", "rotate_right", "tool_length", "play", "accept"}
    window._actions["one_to_one"].trigger()
    assert canvas.scene.view.zoom == 1
    window._actions["window_4"].trigger()  # the fourth objective: 10 times
    assert canvas.scene.magnification == 10
    assert window._actions["window_4"].text() == "10×"
    window._actions["fit"].trigger()
    window._actions["corner_text"].trigger()
    assert not canvas.has_text
    one.workspace.close_all()
    assert not window.viewer.wall.isHidden()
    assert canvas.isHidden()
    assert window.focusWidget() is window.viewer.canvas


def test_an_answer_on_a_slide_can_be_accepted_and_not_redrawn(station, tmp_path):
    one = station(desk_of(tmp_path, "histo"))
    one.settle()
    one.store.update(prompt=EFFUSION, answers={EFFUSION: answer()})
    enabled = {name for name, action in one.window._actions.items() if action.isEnabled()}
    assert {"accept", "reject"} <= enabled
    assert not enabled & {"redraw", "keep"}
    assert not one.window.verdict._redraw.isEnabled()


def test_a_study_opened_again_shows_what_was_exported_on_its_slide(station, tmp_path, qtbot):
    desk = desk_of(tmp_path / "s", "histo")
    files = desk.found.images
    with closing(open_slide(files)) as slide:
        shape = (Point(100, 100), Point(300, 100), Point(300, 200), Point(100, 200))
        found = exported.slide_statement(slide, shape, status="accepted", author="Ann")
        selection = Selection((results_on(slide, (found,)),))
        exporters()["sr"].write(selection, tmp_path / "s")
    desk.found = scan([tmp_path / "s"])
    one = station(desk)
    one.settle()
    qtbot.waitUntil(lambda: bool(one.store.state.results))
    (line,) = one.store.state.results[0].lines
    opened = one.store.state.slide.slide
    assert line.is_on(opened)
    assert (line.label, line.status, line.author) == ("Gleason pattern 4", "accepted", "Ann")
    canvas = one.window.viewer.slide
    at = canvas.scene.view.to_screen(Point(200, 100))
    around = canvas.grab().toImage().copy(round(at.x) - 12, round(at.y) - 3, 24, 6)
    inks = {around.pixelColor(x, y).name() for x in range(24) for y in range(6)}
    one.store.update(is_overlay_on=False)
    bare = canvas.grab().toImage().copy(round(at.x) - 12, round(at.y) - 3, 24, 6)
    assert around != bare
    assert INK in inks
