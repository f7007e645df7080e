"""A small slide of known colours on screen: 1,000 x 700 pixels, and its halves twice."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from doubles import FINGERPRINT, FakeLocalizer
from readings import MODEL
from slides_made import make_slide

from afloc_desktop.core.dicom.scan import scan
from afloc_desktop.core.domain import Finding, IdentityKey, Prompt, Provenance, read_only
from afloc_desktop.core.geometry import Box, Point
from afloc_desktop.core.slides.answers import Evidence, SlideAnswer, SlideMap, TopWindow
from afloc_desktop.core.slides.opening import open_slide
from afloc_desktop.state.slide_answers import as_answers
from afloc_desktop.state.slide_runs import Run
from afloc_desktop.state.slide_tiles import Tiles
from afloc_desktop.state.slides import OpenSlide
from afloc_desktop.state.store import State
from afloc_desktop.state.tasks import Tasks
from afloc_desktop.ui.loop import Loop
from afloc_desktop.ui.qt import QImage
from afloc_desktop.ui.slides.canvas import SlideCanvas


@pytest.fixture(scope="session")
def slide_folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("slide")
    make_slide(folder, 1000, 700, tile=64, levels=3, syntax="explicit")
    return folder


@pytest.fixture
def room(slide_folder, qtbot):
    """The slide opened, as a state, and the lane that reads its tiles."""

    class Room:
        listing = scan([slide_folder])
        (series,) = listing.studies[0].series
        slide = open_slide(series.images)
        busy = frozenset()

        def __init__(self):
            self.loop = Loop()
            self.tasks = Tasks(self.loop.post, self.show_busy)
            tiles = Tiles(self.slide, self.tasks, self.loop.post)
            small = self.slide.thumbnail(100)
            self.opened = OpenSlide(self.slide, self.series, tiles, small)
            first = self.series.images[0]
            self.state = State(listing=self.listing, image_ref=first, slide=self.opened)

        def show_busy(self, keys):
            self.busy = keys

        def rest(self):
            """Until every tile that is wanted was read, and painted."""
            qtbot.wait(1)  # the canvas asks in the next turn
            qtbot.waitUntil(lambda: not self.busy)
            qtbot.wait(1)

    made = Room()
    yield made
    made.opened.tiles.close()
    assert made.tasks.close(20)
    made.slide.close()


@pytest.fixture
def canvas(room, qtbot):
    """The slide on a canvas of 400 x 300, without text, all of it in sight."""
    made = SlideCanvas()
    qtbot.addWidget(made)
    made.resize(400, 300)
    made.set_text(False)
    made.render_state(State(), room.state)
    made.show()
    room.rest()
    return made


@pytest.fixture
def seen():
    """What is painted, uint8 RGB."""

    def pixels(widget, left=0, top=0, right=None, bottom=None):
        picture = widget.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
        rows, columns = picture.height(), picture.width()
        packed = np.frombuffer(picture.constBits(), np.uint32).reshape(rows, columns)
        packed = packed[top:bottom, left:right]
        return np.stack([packed >> shift & 255 for shift in (16, 8, 0)], axis=-1).astype(np.uint8)

    return pixels


GREEN = Prompt("green", "typed")
EDGES = read_only(np.linspace(0.0, 0.8, 33, dtype=np.float32))


@pytest.fixture
def answered(room):
    """A run over the left half of the slide: 4 x 4 map pixels of 100, the lower right one high.

    The map begins at (100, 200); its upper left pixel was never looked at.
    """
    similarity = np.full((4, 4), 0.1, np.float32)
    similarity[3, 3], similarity[0, 0] = 0.8, np.nan
    key = IdentityKey("1.2.9.1.3.1", 1, room.slide.sha256, "bundle", FINGERPRINT, "green")
    question = FakeLocalizer().understand("green")
    made = Provenance("fake", "bundle", FINGERPRINT, "1", "CPU", "now")
    finding = Finding("text", GREEN, 0.8, 0.3, 0.3, True, None, Point(450, 550), (), "proposed",
                      "", made)  # fmt: skip
    counts = np.zeros(32, np.int64)
    counts[3], counts[31] = 14, 1
    top = (TopWindow(Box(400, 500, 500, 600), 0.8), TopWindow(Box(200, 200, 300, 300), 0.1))
    answer = SlideAnswer(
        question,
        SlideMap(read_only(similarity), Point(100, 200), (100.0, 100.0), key),
        finding,
        Evidence(15, EDGES, read_only(counts), top),
    )
    plan = SimpleNamespace(empty=1, windows=(None,) * 20, notes=("the slide has no scale",))
    run = Run(room.slide.sha256, None, False, 15, 20, plan, {GREEN: answer})
    return replace(
        room.state,
        model=replace(MODEL, modality="histo"),
        prompt=GREEN,
        slide_runs={room.slide.sha256: run},
        answers=as_answers(run.answers, {}),
    )
