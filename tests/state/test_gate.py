from dataclasses import replace

import numpy as np
import pytest
from doubles import Desk, QueueLoop, film, listing, ref
from readings import MODEL, reading

from afloc_desktop.core.domain import Orientation
from afloc_desktop.core.errors import ExportError, UnsupportedImage
from afloc_desktop.state.gate import Gate, check_kind, gate, gate_of, is_refused
from afloc_desktop.state.store import State, Store
from afloc_desktop.state.tasks import Tasks
from afloc_desktop.state.workspace import Workspace

LARGE = {"rows": 400, "columns": 300}
CHEST = listing(1).studies[0].series[0]
LATERAL = replace(CHEST, view_position="LL")


EYE = replace(MODEL, modality="fundus", dicom_modalities=("OP", "SC"))


def photograph():
    orange = np.tile(np.array([200, 110, 40], np.uint8), (400, 300, 1))
    return film(**LARGE, colour=orange)


def seen(series=CHEST, **changes):
    return gate_of(film(**(LARGE | changes)), series, MODEL)


def test_a_frontal_chest_film_passes():
    assert seen() == Gate()
    assert seen(replace(CHEST, view_position="", description="Thorax ap", body_part="")) == Gate(
        (), ("body_part_unknown",)
    )


@pytest.mark.parametrize(
    ("changes", "refusals"),
    [
        ({"modality": "MR"}, ("modality",)),
        ({"body_part": "KNEE"}, ("body_part",)),
        ({"body_part": "LSPINE", "view_position": "LL"}, ("body_part", "lateral")),
        ({"view_position": "", "description": "CHEST LAT"}, ("lateral",)),
    ],
)
def test_another_kind_of_film_is_refused(changes, refusals):
    assert seen(replace(CHEST, **changes)).refusals == refusals


def test_rows_that_run_from_front_to_back_are_a_lateral_view():
    assert seen(orientation=Orientation("A", "F")).refusals == ("lateral",)


def test_what_the_header_does_not_say_is_a_doubt():
    bare = replace(CHEST, view_position="", description="", body_part="")
    assert seen(bare) == Gate((), ("body_part_unknown", "view_unknown"))
    assert seen(None) == seen(bare)
    assert seen(replace(CHEST, body_part="POUMON")).doubts == ("body_part_unknown",)


def test_a_film_of_a_few_pixels_is_refused_and_a_small_one_doubted():
    assert gate_of(film(rows=31, columns=500), CHEST, MODEL) == Gate(("tiny",), ())
    assert gate_of(film(rows=255, columns=500), CHEST, MODEL) == Gate((), ("small",))


def test_only_a_model_of_chests_asks_for_one():
    assert gate_of(photograph(), LATERAL, EYE).refusals == ("modality",)
    assert gate_of(photograph(), replace(LATERAL, modality="OP"), EYE) == Gate()


def test_a_model_of_chests_refuses_an_eye_and_a_model_of_eyes_a_chest():
    either = replace(CHEST, modality="SC")
    chest = replace(MODEL, dicom_modalities=("DX", "SC"))
    assert gate_of(photograph(), either, chest).refusals == ("colour",)
    assert gate_of(film(**LARGE), either, EYE).refusals == ("grey",)
    screenshot = film(**LARGE, colour=np.full((400, 300, 3), 90, np.uint8))
    assert gate_of(screenshot, either, chest) == Gate()
    assert gate_of(screenshot, either, EYE).refusals == ("grey",)


def test_an_eye_before_a_model_of_tissue_is_told_and_so_is_tissue_before_one_of_eyes():
    tissue_model = replace(EYE, modality="histo", dicom_modalities=("SM", "OT"))
    captured = replace(CHEST, modality="OT")
    pink = np.tile(np.array([220, 150, 200], np.uint8), (400, 300, 1))
    tissue = film(**LARGE, colour=pink)
    assert gate_of(photograph(), captured, tissue_model) == Gate((), ("like_eye",))
    eyes_model = replace(EYE, dicom_modalities=())
    assert gate_of(tissue, None, eyes_model) == Gate((), ("like_tissue",))
    # What the file says of itself stands before its colours.
    assert gate_of(tissue, replace(CHEST, modality="OP"), eyes_model) == Gate()
    assert gate_of(tissue, captured, tissue_model) == Gate()


def test_front_ends_without_a_window_are_warned_with_the_image():
    assert "looks like a photograph of the retina" in check_kind(photograph(), "histo").warnings[-1]
    assert check_kind(photograph(), "fundus").warnings == photograph().warnings
    with pytest.raises(UnsupportedImage, match="radiographs"):
        check_kind(photograph(), "cxr")


def test_without_film_or_model_there_is_nothing_to_refuse():
    assert gate(State()) == gate(reading(model=None)) == Gate()
    assert not is_refused(State())


@pytest.fixture
def lateral():
    """A workspace before a lateral film."""
    desk, loop = Desk(), QueueLoop()
    found = listing(1)
    study = replace(found.studies[0], series=(LATERAL,))
    desk.found = replace(found, studies=(study,))
    store = Store(State())
    tasks = Tasks(loop.post, lambda keys: store.update(busy=keys))
    workspace = Workspace(store, tasks, desk.engine(), loop.post)
    workspace.start()
    workspace.open_paths(["folder"])
    loop.run_until(lambda: not store.state.busy)
    yield desk, loop, store, workspace
    tasks.close()


def test_the_model_is_not_asked_about_a_refused_film_until_the_reader_overrules(lateral):
    desk, loop, store, workspace = lateral
    workspace.select_finding("nodule")
    workspace.ask("right lung")
    assert (store.state.image.ref, store.state.answers, store.state.busy) == (
        ref(1),
        {},
        frozenset(),
    )
    workspace.judging.overrule()
    loop.run_until(lambda: len(store.state.answers) == 6)
    ((action, key, statement, reasons),) = desk.trail
    assert (action, statement, reasons) == ("overridden", None, "lateral")
    assert (key.sop_instance_uid, key.bundle_sha256) == ("1.2.1", "bundle")
    workspace.judging.overrule()
    assert len(desk.trail) == 1


def test_what_is_not_in_the_trail_is_not_overruled(lateral):
    desk, loop, store, workspace = lateral
    desk.trail_error = ExportError("The disk is full.", remedy="Free some space.")
    workspace.judging.overrule()
    loop.run_until(lambda: not store.state.busy)
    assert store.state.answers == {}
    assert is_refused(store.state)
    assert store.state.judgement_problem.reason == "The disk is full."
