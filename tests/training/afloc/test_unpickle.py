import builtins
import functools
import os
import pickle
from collections import OrderedDict
from pathlib import PurePosixPath

import pytest
from afloc_training.afloc.unpickle import (
    Stub,
    TensorClaim,
    plain_settings,
    refuse_harmful,
    unpickle,
)

from afloc_desktop.core.errors import CheckpointError


class Call:
    """Pickles as a call of a function."""

    def __init__(self, function, *arguments):
        self.call = (function, arguments)

    def __reduce__(self):
        return self.call


class Node:
    """An object with a state, of a class the reader does not have."""

    def __init__(self, content):
        self._content = content


@pytest.mark.parametrize("protocol", [0, 1, 2, 3, 4, 5])
@pytest.mark.parametrize(
    ("function", "arguments"),
    [
        (os.system, ("touch {canary}",)),
        (builtins.eval, ("open({canary!r}, 'w')",)),
        (builtins.exec, ("open({canary!r}, 'w')",)),
        (builtins.open, ("{canary}", "w")),
    ],
)
def test_a_call_that_would_do_harm_is_named_and_not_made(tmp_path, protocol, function, arguments):
    canary = tmp_path / "canary"
    arguments = tuple(a.format(canary=str(canary)) for a in arguments)
    data = pickle.dumps({"state_dict": Call(function, *arguments)}, protocol)
    with pytest.raises(CheckpointError, match=function.__name__) as caught:
        unpickle(data)
    assert caught.value.remedy
    assert not canary.exists()


def test_calls_of_what_is_not_known_are_inert(tmp_path):
    canary = tmp_path / "canary"
    value = unpickle(pickle.dumps(Call(functools.partial, PurePosixPath.joinpath, str(canary))))
    assert isinstance(value, Stub)
    assert value.name == "functools.partial"
    assert not canary.exists()


def test_objects_of_absent_classes_can_be_built_and_filled():
    node = Node({"model": Node({"norm": Node(None)}), "list": [Node(1)]})
    value = unpickle(pickle.dumps({"node": node, "sorted": OrderedDict(a=1)}))
    assert value["sorted"] == OrderedDict(a=1)
    assert isinstance(value["node"], Stub)
    assert value["node"].state["_content"]["list"][0].state == {"_content": 1}


class Many(list):
    """A list of a class the reader does not have."""


def test_lists_and_tables_of_absent_classes_keep_their_entries():
    value = unpickle(pickle.dumps(Many([4, 5])))
    assert value.items == {0: 4, 1: 5}


def test_a_pickle_cannot_change_the_stand_ins_of_another():
    first = unpickle(pickle.dumps(Node(1)))
    second = unpickle(pickle.dumps(Node(2)))
    assert type(first) is not type(second)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x80\x02",
        b"\x80\x02}q\x00.garbage"[:4],
        b"nonsense",
        b"\x80\x02]r\xff\xff\xff\x7f.",  # a memo of two thousand million entries
        b"\x80\x05\x96\xff\xff\xff\xff\xff\xff\xff\x7f.",  # bytes without end
        b"\x80\x02U\x03abcQ.",  # a storage that is none
        pickle.dumps(Call(OrderedDict, 5)),
    ],
)
def test_damaged_or_absurd_pickles_are_refused(data):
    with pytest.raises(CheckpointError, match="damaged"):
        unpickle(data)


def test_names_that_checkpoints_need_are_not_harmful():
    for module, name in (("torch", "FloatStorage"), ("omegaconf", "DictConfig"), ("os_x", "f")):
        refuse_harmful(module, name)


def test_settings_are_read_out_of_stand_ins():
    def stub(state):
        made = Stub()
        made.__setstate__(state)
        return made

    leaf = stub({"_metadata": 1, "_val": 97})
    tree = stub({"_content": {"data": stub({"_content": {"word_num": leaf}})}})
    assert plain_settings(tree) == {"data": {"word_num": 97}}
    loop = stub({})
    loop.state["_content"] = loop
    assert plain_settings(loop) is None
    assert plain_settings(TensorClaim) is None
