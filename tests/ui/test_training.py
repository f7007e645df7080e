from pathlib import Path

import pytest

from afloc_desktop.core.errors import AflocError
from afloc_desktop.state.training import Base, Ending
from afloc_desktop.ui import strings
from afloc_desktop.ui.training import TrainingPage


class FakeTrainer:
    def __init__(self):
        self.step, self.started, self.stops = None, [], 0

    def start(self, plan, step, heard, ended):
        self.step = step
        self.started.append((plan, step, heard, ended))

    def stop(self):
        self.stops += 1


class FakeSchooling:
    def __init__(self, base):
        self.trainer, self.promotions = FakeTrainer(), []
        self._base = base

    def bases(self, kind):
        return (Base("eyes", "Eyes", self._base), Base("chest", "Chest", self._base / "other"))

    def promote(self, folder, done, failed):
        self.promotions.append((folder, done, failed))


@pytest.fixture
def page(qtbot, tmp_path):
    (tmp_path / "films").mkdir()
    made = TrainingPage(None, FakeSchooling(tmp_path / "base"), "fundus")
    made.fields["data"].setText(str(tmp_path / "films"))
    made.fields["work"].setText(str(tmp_path / "work"))
    yield made
    made.close()
    made.deleteLater()


def can(page):
    return [step for step, press in page.buttons.items() if press.isEnabled()]


def test_steps_open_one_after_the_other(page, tmp_path):
    assert can(page) == ["check", "prepare"]
    page.buttons["prepare"].click()
    assert can(page) == []
    assert page.halt.isEnabled()
    plan, step, _, ended = page._schooling.trainer.started[0]
    assert (step, plan.data, plan.base) == ("prepare", tmp_path / "films", tmp_path / "base")
    plan.store.mkdir(parents=True)
    (plan.store / "store.json").touch()
    page._schooling.trainer.step = None
    ended(Ending("prepare", 1))
    assert page.said["prepare"].text() == strings.TRAINING_HAS_FAULTS
    assert can(page) == ["check", "prepare", "fit"]


def test_how_it_is_taught_can_be_chosen_while_nothing_runs(page, tmp_path):
    page.base.setCurrentIndex(1)
    page.fields["taught"].setText(str(tmp_path / "drawn.csv"))
    page.ends_early.setChecked(True)
    page.is_half.setChecked(True)
    page.buttons["check"].click()
    plan = page._schooling.trainer.started[0][0]
    assert (plan.taught, plan.ends_early, plan.is_half) == (tmp_path / "drawn.csv", True, True)
    assert plan.base == tmp_path / "base" / "other"
    assert not page.base.isEnabled()
    assert not page.ends_early.isEnabled()
    assert not page.is_half.isEnabled()


def test_progress_moves_the_bar_the_curves_and_the_time_left(page):
    page._hear({"event": "progress", "done": 20, "total": 80, "seconds_left": 75,
                "losses": {"total": 2.5}})  # fmt: skip
    assert (page.bar.value(), page.bar.maximum()) == (20, 80)
    assert page.left.text() == "1 min 15 s left"
    assert page.curves._lines == {"total": [(20.0, 2.5)]}
    page.grab()


def test_what_a_step_says_is_read_as_sentences(page):
    page._hear({"event": "stage", "name": "tiles"})
    page._hear({"event": "fault", "severity": "warning", "kind": "repeated_row", "file": "t.csv",
                "row": 7, "reason": "Said twice.", "remedy": "Remove one."})  # fmt: skip
    page._hear({"event": "fault", "severity": "warning", "kind": "few_films", "file": "",
                "row": None, "reason": "Only 4.", "remedy": "Collect more."})  # fmt: skip
    page._hear({"event": "done", "step": 60, "loss": 0.12345})
    assert page.log.toPlainText().splitlines() == [
        "tiles",
        "warning: t.csv:7: Said twice. Remove one.",
        "warning: Only 4. Collect more.",
        "done: step 60, loss 0.123",
    ]


def test_a_refusal_is_read_in_the_log_with_its_remedy(page):
    page._schooling.trainer.step = None
    page._end(Ending("fit", 2, AflocError("No weights.", remedy="Begin with <b>another</b>.")))
    assert page.said["fit"].text() == strings.TRAINING_FAILED
    assert "No weights. Begin with <b>another</b>." in page.log.toPlainText()


def test_only_an_exported_bundle_can_be_promoted_and_meanwhile_nothing_else(page, tmp_path):
    assert not page.promote.isEnabled()
    bundle = tmp_path / "work" / "bundle"
    bundle.mkdir(parents=True)
    (bundle / "bundle.json").touch()
    page.fields["work"].textChanged.emit("")
    page.promote.click()
    folder, _, failed = page._schooling.promotions[0]
    assert folder == Path(bundle)
    assert can(page) == []
    failed(AflocError("It fails its self-test.", remedy="Export again."))
    assert page.promote.isEnabled()
    assert "self-test" in page.log.toPlainText()
