"""A walk through the window on real films, feature by feature; each step checks what it shows.

The films are those of the sample study. Two of them come once more as files of their own, so that
there is something to compare and to measure: with a date, a patient, a pixel spacing that is
invented, and, as the prior, moved and a little smaller.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pydicom
from pydicom.uid import generate_uid

from afloc_desktop.core.geometry import Point
from afloc_desktop.core.measuring import Mark
from afloc_desktop.state.comparison import change
from afloc_desktop.state.store import Grid
from afloc_desktop.state.workspace import engine
from afloc_desktop.ui.app import Station

if TYPE_CHECKING:
    from collections.abc import Callable

    from afloc_desktop.state.paths import Paths
    from afloc_desktop.ui.qt import QWidget

SAMPLE = Path(__file__).parents[2] / "resources/sample"
SIZE = (1280, 760)
REPORT = (
    "Chest, PA view.\n"
    "The heart is enlarged.\n"
    "No pneumothorax.\n"
    "No pleural effusion on the right.\n"
    "Increased opacity in the left lower zone.\n"
)
SPACING_MM = 0.7


class Tour:
    """The window and the films of the walk.

    Attributes:
        station: The window, on real calls.
        steps: What is shown, in order; each can be taken alone after the first.
    """

    def __init__(
        self,
        home: Paths,
        folder: Path,
        show: Callable[[str, QWidget], None],
        wait: Callable[[Callable[[], bool]], None],
    ) -> None:
        """Write the films of the walk and make the window.

        Args:
            home: Where the application keeps its things.
            folder: Empty; for the films.
            show: Gets each picture's name and what is on it.
            wait: Lets the window work until something is so.
        """
        self.films = folder
        write_films(folder)
        self.station = Station(home, engine(home))
        self._show, self._wait = show, wait
        self.window = self.station.window
        self.window.resize(*SIZE)
        self.workspace = self.station.workspace
        self.steps = (
            self.opening, self.asking, self.all_found, self.reporting, self.judging,
            self.comparing, self.measuring, self.looking, self.gate,
        )  # fmt: skip

    @property
    def state(self):
        return self.station.store.state

    def go(self) -> None:
        """Take every step."""
        for step in self.steps:
            step()

    def close(self) -> None:
        self.station.close()
        self.window.close()
        self.window.deleteLater()

    def _rest(self) -> None:
        self._wait(lambda: self.state.model is not None and not self.state.busy)

    def _picture(self, name: str, widget: QWidget | None = None) -> None:
        self._rest()
        self._show(name, widget or self.window)

    def _film(self, view: str, date: str = "") -> None:
        for study in self.state.listing.studies:
            for series in study.series:
                if series.view_position == view and study.date == date:
                    self.workspace.select_image(series.images[0])
        self._rest()
        assert self.state.image is not None

    def opening(self) -> None:
        """The sample study opens, is listed, and its strongest finding is on the film."""
        self.station.show([], demo=True)
        self._rest()
        assert len(self.state.listing.studies) == 3
        assert self.state.answer is not None
        assert self.window.viewer.canvas.scene.answer_to_paint(self.state) is self.state.answer

    def asking(self) -> None:
        """Words of the reader's own; side and zone are understood and said."""
        self.workspace.open_paths([self.films])
        self._rest()
        assert self.state.grid == Grid(1, 2)  # the current film and its prior, found on their own
        self.workspace.wall.arrange(Grid(1, 1))
        films = [ref for ref in self.state.listing.films if ref.path.name == "effusion.dcm"]
        self.workspace.select_image(films[0])
        self._rest()
        self.workspace.ask("left pleural effusion")
        self._rest()
        assert "side: left" in self.state.answer.question.notes
        assert self.state.answer.heatmap.key == self.state.key_for(self.state.image)
        self._picture("asking")
        self._film("PA", "20240305")

    def all_found(self) -> None:
        """Everything at or above its threshold, each in its own line."""
        self.workspace.select_finding("cardiomegaly")
        self.workspace.drawn.draw_all(True)
        self._rest()
        assert self.state.beside()
        assert all(self.state.is_present(answer) for answer in self.state.beside())
        self._picture("all-found")
        self.workspace.drawn.draw_all(False)

    def reporting(self) -> None:
        """A sentence of the report leads to its place on the film; a denial to none."""
        self.window.tabs.setCurrentWidget(self.window.report)
        self._wait(lambda: bool(self.state.shown_report))
        self._wait(lambda: all(s.question for s in self.state.shown_report.sentences))
        self.workspace.reports.choose(2)
        self._rest()
        assert self.state.shown_report.sentences[2].is_denial
        assert self.state.prompt is None or self.state.prompt.words != "No pneumothorax."
        self.workspace.reports.choose(4)
        self._rest()
        assert {"side: left", "zone: lower"} <= set(self.state.answer.question.notes)
        self.workspace.reports.choose(1)
        self._rest()
        assert self.state.prompt.words == "cardiomegaly"
        self._picture("report")
        self.window.tabs.setCurrentWidget(self.window.findings)

    def judging(self) -> None:
        """A finding is accepted, redrawn and taken back."""
        self.workspace.judging.set_reader("Dr. Reader")
        self.workspace.select_finding("cardiomegaly")
        self.workspace.judging.judge("accepted")
        self._wait(lambda: len(self.state.judged) == 1)
        self.window.judging.draw()
        self._picture("redraw", self.window.viewer)
        self.window.judging.sheet.leave()
        self.workspace.history.undo()
        assert not self.state.judged

    def comparing(self) -> None:
        """The prior is found, laid over the film and compared."""
        self.window.comparing.start()
        self._wait(lambda: self.state.comparison is not None)
        self._wait(lambda: bool(self.state.comparison.answers))
        comparison = self.state.comparison
        assert comparison.alignment.is_trusted
        assert change(self.state, self.state.prompt).unit == "mm²"
        self._picture("comparison", self.window.comparing.window)
        self.window.comparing.window.close()
        self._wait(lambda: self.window.comparing.window is None)

    def measuring(self) -> None:
        """Lengths with their basis, the cardiothoracic ratio, statistics of a shape."""
        self.workspace.clear_question()
        rows, columns = self.state.image.rows, self.state.image.columns

        def at(x, y):
            return Point(columns * x, rows * y)

        for mark in (
            Mark("ratio", (at(0.42, 0.60), at(0.77, 0.60), at(0.23, 0.70), at(0.85, 0.70))),
            Mark("length", (at(0.27, 0.16), at(0.72, 0.16))),
            Mark("ellipse", (at(0.24, 0.32), at(0.38, 0.46))),
            Mark("arrow", (at(0.20, 0.90), at(0.33, 0.80)), "left as it is"),
        ):
            self.workspace.drawings.add(mark)
        assert len(next(iter(self.state.marks.values()))) == 4
        self._picture("measuring", self.window.viewer)
        self.workspace.drawings.clear()

    def looking(self) -> None:
        """Two films linked, one flipped with its markers, inverted; the magnifier."""
        self.workspace.wall.arrange(Grid(1, 2))
        self._rest()
        prior = next(s for s in self.state.listing.studies if s.date == "20220118")
        self.workspace.wall.place(1, prior.series[0].images[0])
        self._rest()
        self.workspace.wall.activate(0)
        self.workspace.select_finding("cardiomegaly")
        self._rest()
        wall = self.window.viewer.wall
        wall.set_linked(True)
        left, right = wall.canvases
        left.zoom_by(1.6)
        assert right.scene.view.zoom == left.scene.view.zoom
        left.flip_across()
        assert left.scene.view.turn.is_mirrored
        assert not right.scene.view.turn.is_mirrored
        self._picture("side-by-side")
        left.flip_across()
        left.fit()
        wall.set_linked(False)
        self.workspace.wall.arrange(Grid(1, 1))

    def gate(self) -> None:
        """A lateral film is refused until the reader says otherwise, and that is written down."""
        self._film("LL", "20240305")
        assert not self.state.answers
        self._picture("gate", self.window.findings)
        self.workspace.judging.overrule()
        self._wait(lambda: bool(self.state.answers))
        assert self.state.overruled


def write_films(folder: Path) -> None:
    """The current study of a patient, frontal and lateral, with a report; and a prior."""
    now = pydicom.dcmread(SAMPLE / "cardiomegaly.dcm")
    _save(now, folder / "now" / "frontal.dcm", "20240305", "PA", now.pixel_array)
    (folder / "now" / "frontal.txt").write_text(REPORT)
    # No lateral film is in the sample study: what its header says is what the gate looks at.
    _save(now, folder / "now" / "lateral.dcm", "20240305", "LL", now.pixel_array[:, ::-1].copy())
    _save(now, folder / "prior" / "frontal.dcm", "20220118", "PA", _moved(now.pixel_array))


def _save(ds, path: Path, date: str, view: str, pixels: np.ndarray) -> None:
    path.parent.mkdir(exist_ok=True)
    made = pydicom.dcmread(SAMPLE / "cardiomegaly.dcm")
    made.PatientName, made.PatientID = "Sample^Patient", "SAMPLE-1"
    made.StudyInstanceUID = generate_uid(entropy_srcs=["tour", date])
    made.SeriesInstanceUID = generate_uid(entropy_srcs=["tour", date, view])
    made.SOPInstanceUID = generate_uid(entropy_srcs=["tour", date, view, "film"])
    made.file_meta.MediaStorageSOPInstanceUID = made.SOPInstanceUID
    made.StudyDate, made.ViewPosition = date, view
    made.StudyDescription = "Chest"
    made.SeriesDescription = "Chest PA" if view == "PA" else "Chest lateral"
    made.ImagerPixelSpacing = [SPACING_MM, SPACING_MM]
    made.Rows, made.Columns = pixels.shape
    made.PixelData = np.ascontiguousarray(pixels, dtype=ds.pixel_array.dtype).tobytes()
    made.save_as(path, enforce_file_format=True)


def _moved(pixels: np.ndarray) -> np.ndarray:
    """The film 14 pixels to the side, 9 up, and at 94 % of its size."""
    rows, columns = pixels.shape
    y = np.clip((np.arange(rows) - rows / 2) / 0.94 + rows / 2 + 9, 0, rows - 1)
    x = np.clip((np.arange(columns) - columns / 2) / 0.94 + columns / 2 - 14, 0, columns - 1)
    return pixels[y.astype(int)][:, x.astype(int)]
