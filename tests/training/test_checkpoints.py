from __future__ import annotations

import subprocess
import sys

import pytest
import torch
from afloc_training import checkpoints
from afloc_training.checkpoints import load, save
from safetensors.torch import save_file

from afloc_desktop.core.errors import CheckpointError, ExportError

STATE = {"epoch": 3, "best": 0.1, "seen": [1, None, "é"], "nested": {"is_done": False}}


def tensors(seed=0):
    generator = torch.Generator().manual_seed(seed)
    return {
        "weights": torch.randn(3, 4, generator=generator),
        "half": torch.randn(5, generator=generator).to(torch.bfloat16),
        "random": torch.randint(0, 255, (16,), generator=generator, dtype=torch.uint8),
        "step": torch.tensor(7),
        "turned": torch.arange(6).reshape(2, 3).T,
    }


def same(found, wanted):
    return found.keys() == wanted.keys() and all(
        found[name].dtype == wanted[name].dtype and torch.equal(found[name], wanted[name])
        for name in wanted
    )


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_what_was_saved_is_loaded_bit_for_bit(tmp_path):
    save(tmp_path / "new", tensors(), STATE)
    found, state = load(tmp_path / "new")
    assert same(found, tensors())
    assert state == STATE


def test_a_folder_without_any_holds_none(tmp_path):
    assert load(tmp_path) is None
    assert load(tmp_path / "absent") is None


def test_the_newest_and_the_one_before_are_kept(tmp_path):
    for number in range(4):
        save(tmp_path, tensors(number), {"number": number})
    assert names(tmp_path) == ["checkpoint-000003.safetensors", "checkpoint-000004.safetensors"]
    assert load(tmp_path)[1] == {"number": 3}


@pytest.mark.parametrize("harm", ["truncated", "flipped", "flipped state", "empty", "other"])
def test_a_damaged_checkpoint_is_passed_over(tmp_path, harm):
    save(tmp_path, tensors(1), {"number": 1})
    save(tmp_path, tensors(2), {"number": 2})
    newest = tmp_path / "checkpoint-000002.safetensors"
    data = bytearray(newest.read_bytes())
    if harm == "truncated":
        data = data[:-1]
    elif harm == "flipped":
        data[-3] ^= 1
    elif harm == "flipped state":
        data = data.replace(b'number\\": 2', b'number\\": 3')
    elif harm == "empty":
        data = bytearray()
    else:
        data = bytearray(b"PK\x03\x04 something else altogether")
    newest.write_bytes(data)
    told = []
    found, state = load(tmp_path, passed_over=told.append)
    assert state == {"number": 1}
    assert same(found, tensors(1))
    assert told == [newest.name]
    save(tmp_path, tensors(3), {"number": 3})
    assert load(tmp_path)[1] == {"number": 3}


def test_no_training_starts_over_where_every_checkpoint_is_damaged(tmp_path):
    save(tmp_path, tensors(), STATE)
    (tmp_path / "checkpoint-000001.safetensors").write_bytes(b"")
    with pytest.raises(CheckpointError, match="whole"):
        load(tmp_path)


@pytest.mark.parametrize("about", [None, {"format": "afloc-checkpoint-2"}])
def test_a_checkpoint_of_another_version_is_refused(tmp_path, about):
    save(tmp_path, tensors(), STATE)
    save_file({"weights": torch.zeros(2)}, tmp_path / "checkpoint-000002.safetensors", about)
    with pytest.raises(CheckpointError, match="another version"):
        load(tmp_path)


def test_numbers_that_are_none_are_a_defect_of_the_caller(tmp_path):
    with pytest.raises(ValueError):
        save(tmp_path, tensors(), {"loss": float("nan")})
    assert load(tmp_path) is None


@pytest.mark.parametrize("step", ["save_file", "_flush", "_read"])
def test_a_disk_that_refuses_keeps_the_checkpoint_before(tmp_path, monkeypatch, step):
    save(tmp_path, tensors(1), {"number": 1})

    def refuse(*_):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(checkpoints, step, refuse)
        with pytest.raises(ExportError, match="could not be written"):
            save(tmp_path, tensors(2), {"number": 2})
    assert names(tmp_path) == ["checkpoint-000001.safetensors"]
    assert load(tmp_path)[1] == {"number": 1}


_FULL = """
import resource, sys, torch
from pathlib import Path
from afloc_training.checkpoints import save
from afloc_desktop.core.errors import ExportError
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
try:
    save(Path(sys.argv[1]), {"weights": torch.zeros(40_000)}, {"number": 2})
except ExportError as error:
    print(error)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="limits the size of files by POSIX means")
def test_a_file_that_finds_no_room_leaves_nothing_behind(tmp_path):
    save(tmp_path, tensors(1), {"number": 1})
    told = subprocess.run(
        [sys.executable, "-c", _FULL, str(tmp_path)],
        capture_output=True, text=True, timeout=120, check=True,
    ).stdout  # fmt: skip
    assert "Free some space" in told
    assert names(tmp_path) == ["checkpoint-000001.safetensors"]


_KILLED = """
import os, signal, sys, torch
from pathlib import Path
from afloc_training import checkpoints
for step in ("save_file", "_flush", "_read"):
    if os.fork() == 0:
        real = getattr(checkpoints, step)
        def kill(*arguments):
            real(*arguments)
            os.kill(os.getpid(), signal.SIGKILL)
        setattr(checkpoints, step, kill)
        checkpoints.save(Path(sys.argv[1]), {"weights": torch.zeros(9)}, {"number": 2})
    print(step, os.waitstatus_to_exitcode(os.wait()[1]))
    print(len(os.listdir(sys.argv[1])), checkpoints.load(Path(sys.argv[1]))[1])
"""


@pytest.mark.skipif(sys.platform == "win32", reason="kills by a POSIX signal")
def test_a_process_killed_while_saving_leaves_the_checkpoint_before(tmp_path):
    save(tmp_path, tensors(1), {"number": 1})
    told = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", _KILLED, str(tmp_path)],
        capture_output=True, text=True, timeout=120, check=True,
    ).stdout  # fmt: skip
    for step in ("save_file", "_flush", "_read"):
        # what the killed process left has no name of a checkpoint, and goes with the next saving
        assert f"{step} -9\n2 {{'number': 1}}\n" in told
    save(tmp_path, tensors(3), {"number": 3})
    assert len(names(tmp_path)) == 2
    assert load(tmp_path)[1] == {"number": 3}
