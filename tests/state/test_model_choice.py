from dataclasses import replace

import numpy as np
import pytest
from doubles import Desk, FakeLocalizer, QueueLoop, finding, listing
from readings import EFFUSION

from afloc_desktop.core.domain import Listing, Prompt
from afloc_desktop.state.gate import gate, kind_of
from afloc_desktop.state.store import Grid, ModelName, State, Store
from afloc_desktop.state.tasks import Tasks
from afloc_desktop.state.workspace import Workspace

BLEEDING = Prompt("bleeding", "preset")
RETINA = np.tile(np.array([200, 110, 40], np.uint8), (60, 50, 1))
TISSUE = np.tile(np.array([180, 110, 170], np.uint8), (60, 50, 1))
CHEST = listing(1).studies[0].series[0]


def model(kind, sha, *modalities):
    made = FakeLocalizer(findings=(finding("bleeding", "Bleeding", "Eye"),), sha=sha)
    made.manifest.id, made.manifest.modality = sha, kind
    made.manifest.dicom_modalities = modalities
    return made


class Room:
    """Films 1 and 2 are chests, films 3 and 4 eyes, 5 is tissue, for which there is no model."""

    def __init__(self):
        self.desk = Desk(found=mixed(), models=(ModelName("eye", "Eyes", "fundus"),))
        self.desk.by_kind = {"fundus": model("fundus", "eye", "OP"), "histo": None}
        self.loop, self.store = QueueLoop(), Store(State())
        self.tasks = Tasks(self.loop.post, lambda keys: self.store.update(busy=keys))
        real = self.desk.engine()
        engine = replace(real, read=self.read)
        self.workspace = Workspace(self.store, self.tasks, engine, self.loop.post)
        self.workspace.start()
        self.workspace.open_paths(["folder"])
        self.settle()

    def read(self, ref, *, should_stop):
        number = ref.instance_number
        self.desk.film_changes = {"colour": {3: RETINA, 4: RETINA, 5: TISSUE}.get(number)}
        return self.desk.read(ref, should_stop=should_stop)

    @property
    def state(self):
        return self.store.state

    def settle(self):
        self.loop.run_until(lambda: not self.state.busy)

    def show(self, number):
        self.workspace.select_image(self.state.listing.films[number - 1])
        self.settle()


def mixed():
    (study,) = listing(1, 2, 3, 4, 5).studies
    kinds = ("DX", "DX", "OP", "OP", "OT")
    series = tuple(replace(s, modality=k) for s, k in zip(study.series, kinds, strict=True))
    return Listing((replace(study, series=series),), ())


@pytest.fixture
def room():
    made = Room()
    yield made
    made.tasks.close()


@pytest.mark.parametrize(
    ("modality", "colour", "kind"),
    [
        ("DX", None, "cxr"),
        ("DX", RETINA, "cxr"),  # a film marked in colours is refused, and no eye
        ("OP", None, "fundus"),
        ("SM", RETINA, "histo"),
        ("OT", RETINA, "fundus"),
        ("", TISSUE, "histo"),
        ("SC", np.full((60, 50, 3), 90, np.uint8), "cxr"),
        ("US", TISSUE, "cxr"),
    ],
)
def test_an_image_is_of_a_kind_by_its_modality_and_else_by_its_colours(modality, colour, kind):
    image = Desk(film_changes={"colour": colour}).read(CHEST.images[0], should_stop=bool)
    assert kind_of(image, replace(CHEST, modality=modality)) == kind


def test_each_image_is_answered_by_the_model_of_its_kind_and_both_stay_open(room):
    assert (room.state.model.id, EFFUSION in room.state.answers) == ("fake", True)
    room.show(3)
    assert (room.state.model.id, tuple(room.state.answers)) == ("eye", (BLEEDING,))
    assert not gate(room.state).refusals
    room.show(2)
    room.show(4)
    assert (room.state.model.id, tuple(room.state.answers)) == ("eye", (BLEEDING,))
    assert room.desk.opened == [(None, None), ("fundus", None)]


def test_nothing_is_asked_of_a_model_that_was_made_for_another_kind(room):
    room.workspace.select_image(room.state.listing.films[2])
    room.loop.run_until(lambda: room.state.image is not None)
    assert room.state.model is None
    assert room.state.answers == {}
    room.settle()
    assert room.state.model.id == "eye"


def test_a_kind_without_a_model_says_so_and_the_next_image_is_answered_again(room):
    room.show(5)
    assert room.state.model is None
    assert "no model" in room.state.model_problem.reason
    room.show(1)
    assert (room.state.model.id, room.state.model_problem) == ("fake", None)
    assert EFFUSION in room.state.answers


def test_cells_side_by_side_keep_the_answers_of_their_own_models(room):
    films = room.state.listing.films
    room.workspace.wall.show(Grid(1, 2), (films[0], films[2]))
    room.settle()
    room.workspace.wall.activate(1)
    room.settle()
    chest = room.state.at(0)
    assert (chest.model.id, room.state.model.id) == ("fake", "eye")
    key = chest.answers[EFFUSION].heatmap.key
    assert chest.key_for(chest.image, EFFUSION) == key  # so it is still painted
    room.workspace.wall.activate(0)
    assert (room.state.model.id, EFFUSION in room.state.answers) == ("fake", True)


def test_a_finding_that_the_other_model_does_not_know_comes_back_with_its_images(room):
    room.workspace.select_finding("nodule")
    room.show(3)
    assert (room.state.model.id, room.state.prompt) == ("eye", None)
    room.workspace.select_finding("bleeding")
    room.show(2)
    assert room.state.prompt == Prompt("nodule", "preset")
    room.workspace.ask("anything at all")
    room.show(4)
    assert room.state.prompt == Prompt("anything at all", "typed")


def test_a_model_chosen_by_hand_looks_at_every_image_of_that_kind_and_at_no_other(room):
    room.show(3)
    room.desk.by_kind["fundus"] = model("fundus", "site", "OP")
    room.workspace.models.choose("site")
    room.settle()
    assert (room.state.model.id, tuple(room.state.answers)) == ("site", (BLEEDING,))
    room.show(1)
    assert room.state.model.id == "fake"
    room.show(4)
    assert room.state.model.id == "site"
    assert room.state.chosen == {"fundus": "site"}
    assert room.desk.opened[-1] == ("fundus", "site")


def test_a_chest_model_chosen_for_an_eye_is_refused_by_the_gate(room):
    room.show(3)
    room.desk.by_kind["fundus"] = room.desk.localizer
    room.workspace.models.choose("fake")
    room.settle()
    assert room.state.model.id == "fake"
    assert set(gate(room.state).refusals) == {"modality", "colour"}
    assert room.state.answers == {}
