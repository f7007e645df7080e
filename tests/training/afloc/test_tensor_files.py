import io
import json
import pickle
import shutil
import zipfile

import pytest
import torch
from afloc_training.afloc.tensor_files import open_tensor_file
from safetensors.torch import save_file

from afloc_desktop.core.errors import CheckpointError


@pytest.fixture
def saved(tmp_path):
    path = tmp_path / "saved.ckpt"
    whole = torch.arange(24.0).reshape(4, 6)
    state = {
        "a": whole,
        "view": whole[1:3, ::2],
        "turned": whole.T,
        "half": torch.tensor([1.5], dtype=torch.float16),
        "brain": torch.tensor([2.5], dtype=torch.bfloat16),
        "count": torch.tensor(7),
        "weight": torch.nn.Parameter(torch.ones(2)),
    }
    torch.save({"state_dict": state, "epoch": 3}, path)
    return path


def read(path):
    with open_tensor_file(path) as file:
        return {name: tensor.read() for name, tensor in file.tensors.items()}, file


def rewrite(path, change):
    """Copy a zip entry by entry; `change` gives the new entries of an entry."""
    old = path.with_suffix(".old")
    shutil.move(path, old)
    with zipfile.ZipFile(old) as source, zipfile.ZipFile(path, "w") as target:
        for entry in source.infolist():
            for name, data in change(entry.filename, source.read(entry)):
                target.writestr(name, data)


def test_tensors_of_all_layouts_are_read_as_torch_reads_them(saved):
    tensors, _ = read(saved)
    wanted = torch.load(saved, weights_only=True)["state_dict"]
    assert tensors.keys() == wanted.keys()
    for name, tensor in tensors.items():
        assert tensor.dtype == wanted[name].dtype
        assert torch.equal(tensor, wanted[name].detach())


def test_a_bare_state_dict_is_read_too(tmp_path):
    torch.save({"a": torch.ones(3)}, tmp_path / "bare.pt")
    assert read(tmp_path / "bare.pt")[0]["a"].tolist() == [1, 1, 1]


def test_entries_that_are_no_tensors_are_named(tmp_path):
    torch.save({"state_dict": {"a": torch.ones(3), "note": "x"}}, tmp_path / "x.ckpt")
    assert read(tmp_path / "x.ckpt")[1].others == ("note",)


def test_safetensors_are_read(tmp_path):
    tensors = {"a": torch.rand(2, 3), "b": torch.ones(4, dtype=torch.bfloat16)}
    save_file(tensors, tmp_path / "a.safetensors", metadata={"by": "x"})
    found, _ = read(tmp_path / "a.safetensors")
    assert all(torch.equal(found[name], tensors[name]) for name in tensors)


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda n, d: [(n, d), (n, d)] if n.endswith("/0") else [(n, d)], "twice"),
        (lambda n, d: [(n.replace("data/0", "../0"), d)], "lead out"),
        (lambda n, d: [(n, d), ("/etc/x", b"x")] if n.endswith("/0") else [(n, d)], "lead out"),
        (lambda n, d: [] if n.endswith("/0") else [(n, d)], "lacks the numbers"),
        (lambda n, d: [(n, d[:8])] if n.endswith("/0") else [(n, d)], "beyond"),
        (lambda n, d: [(n, b"big")] if n.endswith("byteorder") else [(n, d)], "byte order"),
        (lambda n, d: [] if n.endswith("data.pkl") else [(n, d)], "none that torch"),
    ],
)
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_archives_that_were_tampered_with_are_refused(saved, make, reason):
    rewrite(saved, make)
    with pytest.raises(CheckpointError, match=reason) as caught:
        read(saved)
    assert caught.value.remedy


def test_compressed_archives_are_refused(tmp_path):
    path = tmp_path / "bomb.ckpt"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x/data.pkl", pickle.dumps({}))
        archive.writestr("x/data/0", bytes(1 << 20))
    with pytest.raises(CheckpointError, match="compressed"):
        read(path)


@pytest.mark.parametrize("at", [0.3, 0.6, 0.9])
def test_flipped_and_cut_archives_are_refused_or_read_right(saved, at):
    wanted = torch.load(saved, weights_only=True)["state_dict"]
    data = bytearray(saved.read_bytes())
    place = int(len(data) * at)
    saved.write_bytes(data[:place])
    with pytest.raises(CheckpointError):
        read(saved)
    data[place] ^= 0x40
    saved.write_bytes(data)
    try:
        tensors, _ = read(saved)
    except CheckpointError:
        return
    assert all(torch.equal(tensors[n], wanted[n].detach()) for n in wanted)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "neither"),
        (pickle.dumps({"a": 1}, 2), "before version 1.6"),
        (b"\x1f\x8b\x08\x00", "tar"),
        (b"x" * 257 + b"ustar\x00" + b"x" * 249, "tar"),
        (b"<html></html>" * 9, "neither"),
    ],
)
def test_other_kinds_of_files_are_named(tmp_path, data, reason):
    (tmp_path / "x.ckpt").write_bytes(data)
    with pytest.raises(CheckpointError, match=reason):
        read(tmp_path / "x.ckpt")


def test_the_old_format_of_torch_is_refused_with_what_to_ask_for(tmp_path):
    stream = io.BytesIO()
    torch.save({"a": torch.ones(2)}, stream, _use_new_zipfile_serialization=False)
    (tmp_path / "old.ckpt").write_bytes(stream.getvalue())
    with pytest.raises(CheckpointError, match=r"1\.6") as caught:
        read(tmp_path / "old.ckpt")
    assert "safetensors" in caught.value.remedy


def test_an_absent_file_is_named(tmp_path):
    with pytest.raises(CheckpointError, match="No such file"):
        read(tmp_path / "absent.ckpt")


def safe(header, body=b""):
    text = json.dumps(header).encode() if isinstance(header, dict) else header
    return len(text).to_bytes(8, "little") + text + body


def entry(start, end, shape, dtype="F32"):
    return {"dtype": dtype, "shape": shape, "data_offsets": [start, end]}


@pytest.mark.parametrize(
    "data",
    [
        safe({"a": entry(0, 8, [2])}, bytes(4)),
        safe({"a": entry(0, 8, [2])}, bytes(12)),
        safe({"a": entry(0, 8, [3])}, bytes(8)),
        safe({"a": entry(0, 8, [2]), "b": entry(4, 12, [2])}, bytes(12)),
        safe({"a": entry(4, 12, [2])}, bytes(12)),
        safe({"a": entry(0, 8, [-1, -2])}, bytes(8)),
        safe({"a": entry(0, 8, [True, 2])}, bytes(8)),
        safe({"a": entry(0, 8, [2], "I7")}, bytes(8)),
        safe({"a": {"shape": [2]}}, bytes(8)),
        safe({}),
        safe(b'{"a": {}, "a": {}}'),
        safe(b"[" * 5000),
        safe(b"\xff\xfe"),
        (1 << 62).to_bytes(8, "little") + b"{}",
    ],
)
def test_safetensors_that_contradict_themselves_are_refused(tmp_path, data):
    (tmp_path / "a.safetensors").write_bytes(data)
    with pytest.raises(CheckpointError):
        read(tmp_path / "a.safetensors")
