from dataclasses import replace
from pathlib import Path

import exported
import pytest
from doubles import Desk, film, listing
from readings import reading

from afloc_desktop.core.dicom.scan import scan
from afloc_desktop.core.domain import Listing
from afloc_desktop.core.export.exporter import exporters
from afloc_desktop.core.export.found import Node, Target
from afloc_desktop.core.export.selection import FilmResults, Selection
from afloc_desktop.core.geometry import Point
from afloc_desktop.state.returned import Line, Result
from afloc_desktop.state.store import Problem, State
from afloc_desktop.ui.canvas import FilmCanvas
from afloc_desktop.ui.qt import QLabel, QMessageBox, QTreeWidgetItem
from afloc_desktop.ui.returned import ResultDialog, Returning, _named


def result(*lines, **changes):
    fields = {
        "path": Path("r"), "member": "", "kind": "SR", "title": "<b>Report</b>", "targets": (),
        "lines": lines, "tree": Node("top", (Node("<i>one</i>"),)), "is_verified": True,
        "notes": ("Partly shown.",),
    }  # fmt: skip
    return Result(**{**fields, **changes})


def painted(canvas, state):
    canvas.render_state(State(), state)
    image = canvas.grab().toImage()
    seen = (image.pixelColor(x, y) for y in range(image.height()) for x in range(image.width()))
    return sum(c.blue() - c.green() > 30 and c.red() > c.green() for c in seen)


@pytest.fixture
def canvas(qtbot):
    made = FilmCanvas()
    qtbot.addWidget(made)
    made.resize(300, 300)
    return made


def test_a_result_is_drawn_on_its_film_and_on_no_other(canvas):
    image = film()
    square = (Point(10, 10), Point(40, 10), Point(40, 40), Point(10, 40))
    own = Line("Effusion", square, True, Target(image.ref.sop_instance_uid))
    state = replace(reading(image=image), results=(result(own),), prompt=None)
    assert painted(canvas, state) > 50
    other = replace(own, target=Target("1.2.3.other"))
    assert painted(canvas, replace(state, results=(result(other),))) == 0
    assert painted(canvas, replace(state, is_hidden=True)) == 0
    point = replace(own, points=square[:1], is_closed=False)
    assert painted(canvas, replace(state, results=(result(point),))) > 5


def test_a_result_is_text_as_it_stands(qtbot, station):
    made = station()
    window, shown = made.window, State(result_told=result())
    Returning(window, made.workspace).render_state(State(), shown)
    (dialog,) = window.findChildren(ResultDialog)
    top = dialog.tree.topLevelItem(0)
    assert isinstance(top, QTreeWidgetItem)
    assert (top.text(0), top.child(0).text(0)) == ("top", "<i>one</i>")
    texts = [part.text() for part in dialog.findChildren(QLabel)]
    assert {"<b>Report</b>", "Partly shown."} <= set(texts)
    dialog.close()


def test_a_study_opened_again_shows_what_was_exported_without_a_click(tmp_path, station, qtbot):
    image = exported.film(tmp_path / "s", SOPInstanceUID="1.2.1")
    stated = exported.statement(image, status="accepted", author="Ann")
    (path,) = exporters()["sr"].write(Selection((FilmResults(image, (stated,)),)), tmp_path / "o")
    again = scan([tmp_path / "o"])
    (study,) = listing(1).studies
    study = replace(study, others=again.studies[0].others)
    made = station(Desk(found=Listing((study,), ())))
    made.settle()
    qtbot.waitUntil(lambda: bool(made.store.state.results))
    (result,) = made.store.state.results
    assert result.path == path
    assert result.lines[0].is_on(made.store.state.image)
    assert _named(result.lines[0], "SR") == "Pleural effusion (SR in file: accepted by Ann)"


def test_why_a_result_cannot_be_read_is_told(station):
    made = station()
    shown = State(result_told=Problem("It is damaged.", "Fetch it again."))
    Returning(made.window, made.workspace).render_state(State(), shown)
    (box,) = made.window.findChildren(QMessageBox)
    assert (box.text(), box.informativeText()) == ("It is damaged.", "Fetch it again.")
    box.close()
