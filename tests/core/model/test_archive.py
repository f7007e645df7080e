import stat
import zipfile

import pytest

from afloc_desktop.core.errors import BundleCorrupt, BundleError, BundleMissing
from afloc_desktop.core.model import archive as archive_module
from afloc_desktop.core.model.archive import unpack
from afloc_desktop.core.model.bundle import load_bundle


@pytest.fixture
def target(tmp_path):
    folder = tmp_path / "target"
    folder.mkdir()
    return folder


def pack(path, entries, method=zipfile.ZIP_STORED):
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, data in entries:
            archive.writestr(name, data)
    return path


def opened(path, folder):
    unpack(path, folder)
    return load_bundle(folder)


def bundle_entries(folder, prefix=""):
    return [(prefix + p.name, p.read_bytes()) for p in sorted(folder.iterdir())]


@pytest.mark.parametrize("prefix", ["", "tiny-1.0/"])
@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_bundle_comes_out_as_it_went_in(tiny_bundle, tmp_path, target, prefix, method):
    unpack(pack(tmp_path / "b.aflocbundle", bundle_entries(tiny_bundle, prefix), method), target)
    assert load_bundle(target).sha256 == load_bundle(tiny_bundle).sha256


def test_entries_that_are_folders_are_passed_over(tiny_bundle, tmp_path, target):
    entries = [("tiny/", b""), *bundle_entries(tiny_bundle, "tiny/")]
    unpack(pack(tmp_path / "b.zip", entries), target)
    assert load_bundle(target).manifest.id == "tiny"


@pytest.mark.parametrize(
    "name",
    ["../out", "/etc/out", "a/../../out", "..\\out", "C:\\out", "a/b/out", ".hidden", "x" * 99],
)
def test_names_that_lead_out_are_refused_before_anything_is_written(tmp_path, target, name):
    path = pack(tmp_path / "b.zip", [("bundle.json", b"{}"), (name, b"x")])
    with pytest.raises(BundleCorrupt, match="names") as caught:
        unpack(path, target)
    assert caught.value.remedy
    assert list(target.iterdir()) == []
    assert {p.name for p in tmp_path.iterdir()} == {"b.zip", "target"}


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_one_name_twice_is_refused(tmp_path, target):
    with pytest.raises(BundleCorrupt, match="names"):
        unpack(pack(tmp_path / "b.zip", [("bundle.json", b"{}")] * 2), target)


def test_links_are_refused(tmp_path, target):
    link = zipfile.ZipInfo("image.onnx")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with pytest.raises(BundleCorrupt, match="links"):
        unpack(pack(tmp_path / "b.zip", [("bundle.json", b"{}"), (link, b"/etc/passwd")]), target)


def test_what_unpacks_to_far_more_than_it_is_is_refused(tmp_path, target):
    entries = [("bundle.json", b"{}"), ("image.onnx", bytes(8 << 20))]
    with pytest.raises(BundleCorrupt, match="far more"):
        unpack(pack(tmp_path / "b.zip", entries, zipfile.ZIP_DEFLATED), target)


def test_archives_of_too_much_are_refused(tmp_path, target, monkeypatch):
    many = [(f"{n}.txt", b"") for n in range(65)]
    with pytest.raises(BundleCorrupt, match="entries"):
        unpack(pack(tmp_path / "many.zip", many), target)
    monkeypatch.setattr(archive_module, "_MAX_BYTES", 10)
    with pytest.raises(BundleCorrupt, match="4 GB"):
        unpack(pack(tmp_path / "b.zip", [("bundle.json", b"{}" * 9)]), target)


def test_an_archive_without_a_manifest_is_no_bundle(tmp_path, target):
    with pytest.raises(BundleMissing, match=r"bundle\.json"):
        unpack(pack(tmp_path / "b.zip", [("image.onnx", b"x")]), target)


def test_a_flipped_byte_is_noticed(tiny_bundle, tmp_path, target):
    path = pack(tmp_path / "b.zip", bundle_entries(tiny_bundle))
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    with pytest.raises(BundleError):
        opened(path, target)


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04", b"no zip", b"\x80\x02."])
def test_what_is_no_archive_is_refused(tmp_path, target, data):
    (tmp_path / "b.zip").write_bytes(data)
    with pytest.raises(BundleCorrupt, match="archive"):
        unpack(tmp_path / "b.zip", target)


def test_an_absent_file_and_a_full_disk_are_told(tiny_bundle, tmp_path, target):
    with pytest.raises(BundleMissing, match=r"nowhere\.zip"):
        unpack(tmp_path / "nowhere.zip", target)
    path = pack(tmp_path / "b.zip", bundle_entries(tiny_bundle))
    (target / "MODEL_CARD.md").write_text("already here", encoding="utf-8")
    with pytest.raises(BundleCorrupt, match="unpacked"):
        unpack(path, target)


def test_hostile_files_are_all_refused_and_leave_nothing(shared, tmp_path, target):
    files = [p for p in (shared / "corpus/bundles").rglob("*") if p.is_file()]
    for file in files:
        with pytest.raises(BundleError) as caught:
            opened(file, target)
        assert caught.value.remedy
        for left in target.iterdir():
            left.unlink()
    assert {p.name for p in tmp_path.iterdir()} == {"target"}
