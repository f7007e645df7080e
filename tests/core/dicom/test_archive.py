import io
import os
import zipfile

import pytest

from afloc_desktop.core.dicom import archive
from afloc_desktop.core.dicom.archive import open_archive, open_source
from afloc_desktop.core.errors import UnreadableFile, UnsupportedImage


@pytest.fixture
def zipped(tmp_path):
    """Write a zip archive of these members."""

    def write(members, name="a.zip", compression=zipfile.ZIP_DEFLATED):
        path = tmp_path / name
        with zipfile.ZipFile(path, "w", compression) as made:
            for member, data in members.items():
                made.writestr(member, data)
        return path

    return write


def test_a_member_is_read_in_memory_and_nothing_is_written(zipped, tmp_path):
    path = zipped({"a/b.dcm": b"film" * 100, "folder/": b""})
    before = sorted(tmp_path.rglob("*"))
    with open_source(path, "a/b.dcm") as (file, size):
        assert (file.read(), size) == (b"film" * 100, 400)
    with open_archive(path) as opened:
        assert opened.members == ("a/b.dcm",)
        assert opened.start("a/b.dcm", 6) == b"filmfi"
        assert opened.size("a/b.dcm") == 400
    assert sorted(tmp_path.rglob("*")) == before


def test_a_file_is_its_own_source(tmp_path):
    (tmp_path / "a").write_bytes(b"film")
    with open_source(tmp_path / "a") as (file, size):
        assert (file.read(), size) == (b"film", 4)


def test_names_that_lead_out_are_labels_only(zipped, tmp_path):
    path = zipped({"../../escape": b"x", "/etc/passwd": b"y"})
    with open_source(path, "../../escape") as (file, _):
        assert file.read() == b"x"
    assert not (tmp_path.parent.parent / "escape").exists()


@pytest.mark.parametrize(
    ("damage", "cause"),
    [
        (lambda d: d.replace(b"PK\x05\x06", b"PK\x05\x07"), "archive is damaged"),
        (lambda d: d[: len(d) // 2], "archive is damaged"),
        (lambda d: d[:40] + b"\xff" * 20 + d[60:], "part of the archive is damaged"),
    ],
)
def test_damage_is_told(zipped, damage, cause):
    path = zipped({"a.dcm": os.urandom(400)}, compression=zipfile.ZIP_STORED)
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(UnreadableFile, match=cause), open_source(path, "a.dcm"):
        pass


def test_an_encrypted_member_is_told(zipped):
    path = zipped({"a.dcm": b"x" * 50})
    data = bytearray(path.read_bytes())
    for head, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(head) + flags] |= 1
    path.write_bytes(data)
    with pytest.raises(UnreadableFile, match="encrypted"), open_source(path, "a.dcm"):
        pass


def test_other_compressions_are_not_read(zipped):
    path = zipped({"a.dcm": b"x" * 50}, compression=zipfile.ZIP_LZMA)
    with pytest.raises(UnsupportedImage, match="compressed"), open_source(path, "a.dcm"):
        pass


def test_a_bomb_is_not_unpacked(zipped):
    path = zipped({"a.dcm": bytes(30_000_000)})
    assert path.stat().st_size < 50_000
    with pytest.raises(UnreadableFile, match="grows beyond"), open_source(path, "a.dcm"):
        pass


def test_a_member_that_is_larger_than_it_says_is_not_read_beyond(zipped, monkeypatch):
    path = zipped({"a.dcm": b"x" * 1000})
    monkeypatch.setattr(archive, "MOST_UNPACKED", 999)
    with pytest.raises(UnreadableFile, match="grows beyond"), open_source(path, "a.dcm"):
        pass


def test_more_members_than_anyone_archives_are_refused(zipped, monkeypatch):
    path = zipped({str(n): b"" for n in range(11)})
    monkeypatch.setattr(archive, "MOST_MEMBERS", 10)
    with pytest.raises(UnsupportedImage, match="more than 10"), open_archive(path):
        pass


def test_members_read_last_are_unpacked_once_until_the_archive_changes(zipped, monkeypatch):
    unpacked, unpack = [], archive.Archive.unpack

    def counted(opened, member):
        unpacked.append(member)
        return unpack(opened, member)

    def read(path, member):
        with open_source(path, member) as (file, size):
            return file.read(size)

    monkeypatch.setattr(archive.Archive, "unpack", counted)
    monkeypatch.setattr(archive, "MOST_KEPT", 5)
    path = zipped({"a": b"aa", "b": b"bbb", "c": b"cc"})
    for member in "abab":
        assert read(path, member)[:1] == member.encode()
    assert unpacked == ["a", "b"]
    assert [read(path, member) for member in "cba"] == [b"cc", b"bbb", b"aa"]
    assert unpacked == ["a", "b", "c", "a"]  # a was used before b, so it made room for c
    zipped({"a": b"another"})
    assert read(path, "a") == b"another"


def test_a_member_that_is_gone_or_empty_is_told(zipped):
    path = zipped({"empty": b""})
    with pytest.raises(UnreadableFile, match="no longer"), open_source(path, "none"):
        pass
    with pytest.raises(UnreadableFile, match="empty"), open_source(path, "empty"):
        pass


def test_an_archive_of_itself_needs_no_more_memory(zipped):
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as made:
        made.writestr("film", b"x")
    path = zipped({"inner.zip": inner.getvalue()})
    with open_archive(path) as opened:
        assert opened.start("inner.zip", 4) in archive.MAGIC
