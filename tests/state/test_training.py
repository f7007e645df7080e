import sys

import pytest
from doubles import QueueLoop

from afloc_desktop.core.errors import AflocError
from afloc_desktop.state import trainer as state_trainer
from afloc_desktop.state import training
from afloc_desktop.state.paths import Paths
from afloc_desktop.state.training import STOPPED, Plan, Schooling, Trainer


@pytest.fixture
def plan(tmp_path):
    data = tmp_path / "films"
    data.mkdir()
    return Plan(data, tmp_path / "work", tmp_path / "base")


def run(plan, step, loop):
    heard, ended = [], []
    trainer = Trainer(loop.post)
    trainer.start(plan, step, heard.append, ended.append)
    assert trainer.step == step
    return trainer, heard, ended


def play(monkeypatch, script):
    """Let a step be a few lines of Python instead of the trainer."""
    monkeypatch.setattr(training, "trainer_command", lambda: [sys.executable, "-c", script])


def test_a_step_can_be_done_once_what_it_needs_is_there(plan):
    assert [step for step in training.STEPS if plan.can(step)] == ["check", "prepare"]
    plan.store.mkdir(parents=True)
    (plan.store / "store.json").touch()
    assert plan.can("fit")
    assert not plan.can("export")
    (plan.run / "best").mkdir(parents=True)
    assert plan.can("export")
    plan.bundle.mkdir()
    (plan.bundle / "bundle.json").touch()
    assert plan.can("calibrate")
    assert plan.can("evaluate")


def test_the_steps_are_verbs_of_the_trainer(plan):
    from afloc_training.cli import _parser

    whole = Plan(plan.data, plan.work, plan.base, plan.data, plan.data, plan.data)
    for step in training.STEPS:
        options = _parser().parse_args(whole.words(step))
        assert options.verb == step
        assert options.json


def test_what_is_chosen_for_the_teaching_reaches_the_trainer(plan):
    from afloc_training.cli import _parser

    chosen = Plan(plan.data, plan.work, plan.base, taught=plan.data, ends_early=True, is_half=True)
    options = _parser().parse_args(chosen.words("fit"))
    assert (options.regions, options.patience, options.precision) == (plan.data, 2, "auto")
    plain = _parser().parse_args(plan.words("fit"))
    assert (plain.regions, plain.patience, plain.precision) == (None, None, None)


def test_what_a_step_says_comes_home_in_order_and_other_lines_do_not(plan, monkeypatch):
    play(monkeypatch, 'print("{\\"event\\": \\"plan\\"}\\nnoise\\n{\\"event\\": \\"done\\"}")')
    loop = QueueLoop()
    trainer, heard, ended = run(plan, "fit", loop)
    loop.run_until(lambda: ended)
    assert [event["event"] for event in heard] == ["plan", "done"]
    assert (ended[0].code, ended[0].error, trainer.step) == (0, None, None)


def test_a_refusal_is_the_trainers_own(plan, monkeypatch):
    script = 'import sys; sys.stderr.write("afloc-train: No film.\\nAdd films."); sys.exit(2)'
    play(monkeypatch, script)
    loop = QueueLoop()
    _, _, ended = run(plan, "prepare", loop)
    loop.run_until(lambda: ended)
    assert (ended[0].error.reason, ended[0].error.remedy) == ("No film.", "Add films.")


def test_a_training_is_asked_to_stop_and_told_so_apart_from_a_failure(plan, monkeypatch):
    plan.run.mkdir(parents=True)
    wait = f"import pathlib, sys, time\np = pathlib.Path({str(plan.run / 'stop')!r})\n"
    play(monkeypatch, wait + "while not p.exists(): time.sleep(.01)\nsys.exit(3)")
    loop = QueueLoop()
    trainer, _, ended = run(plan, "fit", loop)
    trainer.stop()
    loop.run_until(lambda: ended)
    assert (ended[0].code, ended[0].error) == (STOPPED, None)


def test_without_the_training_module_nothing_starts(plan, monkeypatch):
    monkeypatch.setattr(state_trainer, "find_spec", lambda name: None)
    trainer = Trainer(QueueLoop().post)
    with pytest.raises(AflocError, match="not installed"):
        trainer.start(plan, "check", lambda event: None, lambda ending: None)
    assert trainer.step is None


def test_the_model_that_answers_for_the_images_is_the_first_that_can_be_taught(
    installed_tiny, afloc_home
):
    schooling = Schooling(None, None, Paths.default())
    assert [base.id for base in schooling.bases("fundus")] == [
        "afloc-fundus-base",
        "afloc-cxr-base",
    ]
    assert schooling.bases("cxr")[0].id == "afloc-cxr-base"
    assert len(schooling.bases("histo")) == 2  # the tiny one holds no weights
