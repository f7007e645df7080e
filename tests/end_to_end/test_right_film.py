"""What is painted over a film was computed from that film, by the model in use, for the question.

Time is simulated: whatever is asked for is delivered 0 to 500 ms later, in any order, while the
reader goes on. The fake model writes the number of the film and of the model into its map, and a
film holds its number in its first pixel: whose map is painted is told without asking the key.
"""

import heapq
import random
from dataclasses import replace
from functools import partial

import pytest
from doubles import Desk, FakeLocalizer, film, listing, ref

from afloc_desktop.state import tasks
from afloc_desktop.state.store import Grid, State, Store
from afloc_desktop.state.workspace import Workspace
from afloc_desktop.ui.marks import Marks
from afloc_desktop.ui.scene import Scene
from afloc_desktop.ui.wall import FilmWall

SWITCHES, MODELS, FILMS, LATEST_S = 2000, 200, 7, 0.5
PART = 1e-6  # in which numbers are written into a map, below anything that is painted


class Clockwork:
    """Delivers in simulated time what is posted; each call after a delay of its own."""

    def __init__(self, dice):
        self._dice, self._due, self.now, self._count = dice, [], 0.0, 0

    def post(self, call):
        self._count += 1
        due = self.now + self._dice.random() * LATEST_S
        heapq.heappush(self._due, (due, self._count, call))

    def pass_time(self, seconds):
        until = self.now + seconds
        while self._due and self._due[0][0] <= until:
            self.now, _, call = heapq.heappop(self._due)
            call()
        self.now = until


class AtOnce(tasks.Tasks):
    """Works when it is asked; only the result is late, and by no order at all."""

    def submit(self, key, work, done, failed, *, lane):
        super().submit(key, work, done, failed, lane=lane)
        while not self._lanes[lane].empty():
            self._work(self._lanes[lane].get())


class Numbered(FakeLocalizer):
    """A model whose maps say which model made them."""

    def __init__(self, number):
        super().__init__(sha=f"bundle {number}")
        self._number = number

    def localize(self, image, prompt, **options):
        heatmap = super().localize(image, prompt, **options)
        similarity = heatmap.similarity.copy()
        similarity[0, 1] = self._number * PART
        return replace(heatmap, similarity=similarity)


class Station:
    """A wall of films and its workspace, in simulated time, watched at every paint."""

    def __init__(self, monkeypatch, qtbot, seed):
        self.dice = random.Random(seed)
        self.clock = Clockwork(self.dice)
        monkeypatch.setattr(tasks, "WORKERS", {"infer": 0, "files": 0})
        self.desk = Desk(found=listing(*range(1, FILMS + 1)), localizer=Numbered(0))
        # Without sides there are no letters at the edges: half the time of a frame.
        self.desk.read = lambda wanted, **_: film(wanted.instance_number, orientation=None)
        self.store = Store(State())
        self.tasks = AtOnce(self.clock.post, lambda keys: self.store.update(busy=keys))
        self.workspace = Workspace(self.store, self.tasks, self.desk.engine(), self.clock.post)
        self.screen = FilmWall()
        qtbot.addWidget(self.screen)
        self.screen.resize(260, 130)
        self.store.listen(self.screen.render_state)
        self.painted = self.lines = 0
        self.wrong = []
        self._watch(monkeypatch)
        self.workspace.start()
        self.workspace.open_paths(["folder"])
        self.clock.pass_time(9)
        self.workspace.wall.arrange(Grid(1, 2))
        for canvas in self.screen.canvases:
            canvas.has_text = False

    def _watch(self, monkeypatch):
        paint_overlay, paint_marks, lines = Scene._paint_overlay, Marks.paint, Marks._lines
        seen = {}

        def overlay(scene, painter, answer, state):
            self.painted += 1
            self._check(scene.film.image, answer, state)
            assert answer.prompt == state.prompt
            paint_overlay(scene, painter, answer, state)

        def marks(own, painter, scene, state):
            seen["image"] = scene.film.image
            paint_marks(own, painter, scene, state)

        def line(own, answer, state):
            self.lines += 1
            self._check(seen["image"], answer, state)
            return lines(own, answer, state)

        monkeypatch.setattr(Scene, "_paint_overlay", overlay)
        monkeypatch.setattr(Marks, "paint", marks)
        monkeypatch.setattr(Marks, "_lines", line)

    def _check(self, image, answer, state):
        film_number = round(float(answer.heatmap.similarity[0, 0]) / PART)
        model_number = round(float(answer.heatmap.similarity[0, 1]) / PART)
        is_right = film_number == image.pixels[0, 0]
        if not is_right or f"bundle {model_number}" != state.model.bundle_sha256:
            self.wrong.append((film_number, float(image.pixels[0, 0]), model_number))

    def repaint(self):
        for canvas in self.screen.canvases:
            canvas.grab()

    def act(self):
        """One thing a hasty reader does."""
        wall, dice = self.workspace.wall, self.dice
        number = dice.randint(1, FILMS)
        dice.choice(
            [
                partial(self.workspace.select_image, ref(number)),
                partial(wall.place, dice.randint(0, 1), ref(number)),
                partial(wall.activate, dice.randint(0, 1)),
                partial(wall.show, Grid(1, 2), (ref(number), ref(dice.randint(1, FILMS)))),
                partial(wall.arrange, Grid(1, dice.randint(1, 2))),
                self.workspace.select_next,
            ]
        )()
        if dice.random() < 0.4:
            self.workspace.select_finding(dice.choice(("effusion", "nodule", "cardiomegaly")))
        if dice.random() < 0.2:
            self.workspace.ask(f"question {dice.randint(1, 3)}")
        if dice.random() < 0.1:
            self.store.update(draws_all=dice.random() < 0.5)


@pytest.fixture
def station(monkeypatch, qtbot):
    made = []

    def make(seed):
        made.append(Station(monkeypatch, qtbot, seed))
        return made[-1]

    yield make
    for one in made:
        one.tasks.close()


@pytest.mark.slow
def test_two_thousand_fast_switches_paint_no_answer_over_another_film(station):
    made = station(1)
    for _ in range(SWITCHES):
        made.act()
        made.repaint()
        made.clock.pass_time(made.dice.choice((0.0, 0.02, 0.1, 0.6)))
        made.repaint()
    assert made.wrong == []
    assert min(made.painted, made.lines) >= SWITCHES / 10


@pytest.mark.slow
def test_two_hundred_changes_of_the_model_leave_no_stale_answer(station):
    made = station(2)
    made.workspace.select_finding("effusion")
    for number in range(1, MODELS + 1):
        made.desk.localizer = Numbered(number)
        made.workspace.start()
        made.workspace.wall.place(made.dice.randint(0, 1), ref(made.dice.randint(1, FILMS)))
        for _ in range(4):
            made.clock.pass_time(made.dice.random() * 0.3)
            made.repaint()
            if made.dice.random() < 0.2:
                made.workspace.wall.activate(made.dice.randint(0, 1))
    assert made.wrong == []
    assert made.painted >= MODELS


def test_the_watch_notices_a_foreign_map(station):
    """The tests above can fail: a map of another film, or of another model, is told apart."""
    made = station(3)
    made.workspace.select_finding("effusion")
    made.clock.pass_time(9)
    state = made.store.state
    for foreign in (Numbered(0).localize(film(5), state.prompt),
                    Numbered(4).localize(state.image, state.prompt)):  # fmt: skip
        key = state.key_for(state.image)  # a map that claims to belong here
        answer = replace(state.answer, heatmap=replace(foreign, key=key))
        made.store.update(answers={state.prompt: answer})
        made.wrong.clear()
        made.repaint()
        assert made.wrong
