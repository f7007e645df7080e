"""What goes into the built programs, without building them."""

import ast
import hashlib
import shutil
import subprocess
import sys
import tarfile
import tomllib
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace

import contents
import make
import papers
import pytest

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "resources/sample/effusion.dcm"
# Refuses what the viewer is built without, and uses the viewer.
WITHOUT = """
import sys

class Refusal:
    left_out, codecs = frozenset({left_out!r}), frozenset({codecs!r})
    def find_spec(self, name, path=None, target=None):
        parts = name.split(".")
        if any(".".join(parts[:n]) in self.left_out for n in range(1, len(parts) + 1)):
            raise ModuleNotFoundError(f"{{name}} is left out", name=name)
        if parts[0] == "imagecodecs" and len(parts) > 1 and name not in self.codecs:
            raise ModuleNotFoundError(f"{{name}} is no codec of ours", name=name)

sys.meta_path.insert(0, Refusal())
from afloc_desktop.cli import main
words = ["--finding", "pleural effusion", "--formats", "json,npz,png,csv,pdf,seg,sr,sc,gsps"]
code = main(["localize", {film!r}, *words, "--output", {output!r}])
import importlib, pkgutil, pypdf, afloc_desktop
for found in pkgutil.walk_packages(afloc_desktop.__path__, "afloc_desktop."):
    importlib.import_module(found.name)
from afloc_desktop.core.dicom.trial import try_decoders
assert not [trial for trial in try_decoders() if trial.error]
sys.exit(code)
"""


def rows(*names, kind="BINARY"):
    return [(name, f"/built/{name}", kind) for name in names]


def test_the_viewer_works_without_what_is_left_out(tmp_path):
    left_out = [*contents.NEVER, *contents.NOT_IN_THE_VIEWER]
    places = {"film": str(SAMPLE), "output": str(tmp_path / "out")}
    code = WITHOUT.format(left_out=left_out, codecs=contents.CODECS, **places)
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr


def test_the_recipe_can_be_read_and_its_programs_are_there():
    spec = ast.parse((ROOT / "afloc.spec").read_text(encoding="utf-8"))
    names = {n.value for n in ast.walk(spec) if isinstance(n, ast.Constant)}
    programs = ROOT / "resources/installers/programs"
    assert {path.name for path in programs.glob("start_*.py")} <= names
    for path in programs.glob("*.py"):
        compile(path.read_text(encoding="utf-8"), path, "exec")


def test_libraries_stay_where_something_that_stays_needs_them(monkeypatch):
    needs = {"/built/PIL/_imaging.so": ["libtiff.so"], "/built/pillow.libs/libtiff.so": ["libz.so"]}
    fake = SimpleNamespace(get_imports=lambda path: [(n, None) for n in needs.get(path, ())])
    monkeypatch.setitem(sys.modules, "PyInstaller.depend.bindepend", fake)
    for name in ("PyInstaller", "PyInstaller.depend"):
        monkeypatch.setitem(sys.modules, name, SimpleNamespace(__path__=[]))
    found = SimpleNamespace(
        binaries=[
            *rows("PIL/_imaging.so", "pillow.libs/libtiff.so", "pillow.libs/libwebp.so", "libz.so"),
            *rows("PySide6/Qt/plugins/tls/libqopenssl.so", "libdbus-1.so.3", "libunused.so"),
            ("libwebp.so", "pillow.libs/libwebp.so", "SYMLINK"),
        ],
        datas=rows("pydicom/data/test_files/a.dcm", "afloc_resources/docs/x.md", kind="DATA"),
    )
    contents.kept(found)
    kept = [row[0] for row in found.binaries]
    assert kept == ["PIL/_imaging.so", "pillow.libs/libtiff.so", "libz.so"]
    assert [row[0] for row in found.datas] == ["afloc_resources/docs/x.md"]


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only there it is left out")
def test_qt_is_not_loaded_before_a_program_begins():
    found = SimpleNamespace(scripts=rows("pyi_rth_inspect", "pyi_rth_pyside6", "start_afloc"))
    contents.unhooked(found)
    assert [row[0] for row in found.scripts] == ["pyi_rth_inspect", "start_afloc"]


def test_what_only_the_trainer_needs_is_listed(tmp_path):
    viewer = SimpleNamespace(binaries=rows("a.so"), datas=rows("b.txt", kind="DATA"))
    trainer = SimpleNamespace(binaries=rows("a.so", "torch/c.so"), datas=[])
    (tmp_path / "afloc").touch()
    (tmp_path / "afloc-train").touch()
    contents.list_trainer(tmp_path, viewer, trainer)
    listed = (tmp_path / contents.TRAINER_FILES).read_text().split()
    assert listed == ["_internal/torch/c.so", "afloc-train"]
    contents.list_trainer(tmp_path, viewer, None)


@pytest.mark.skipif(not shutil.which("strip"), reason="needs strip")
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks at ELF files")
def test_a_library_that_does_not_survive_stripping_is_noticed(tmp_path):
    library = bytearray(Path(sys.modules["_ctypes"].__file__).read_bytes())
    (tmp_path / "whole.so").write_bytes(library)
    assert contents._is_loadable(tmp_path / "whole.so")
    start = int.from_bytes(library[32:40], "little")
    kinds = [int.from_bytes(library[at : at + 4], "little") for at in range(start, start + 560, 56)]
    library[start + 56 * kinds.index(1) + 8] ^= 1  # the offset of what is mapped
    (tmp_path / "torn.so").write_bytes(library)
    assert not contents._is_loadable(tmp_path / "torn.so")
    (tmp_path / "text.so").write_text("no library")
    assert not contents._is_loadable(tmp_path / "text.so")


def test_the_engine_is_the_window_under_another_name(tmp_path):
    for name in ("afloc-train", "afloc"):
        (tmp_path / name).write_text(name)
    contents.add_engine(tmp_path)
    contents.add_engine(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "afloc",
        "afloc-engine",
        "afloc-train",
    ]
    assert (tmp_path / "afloc-engine").read_text() == "afloc"


def test_two_flavours_of_onnxruntime_are_refused(monkeypatch):
    assert contents.flavour() == "cpu"
    both = {"onnxruntime": ["onnxruntime", "onnxruntime-gpu"]}
    monkeypatch.setattr(contents.metadata, "packages_distributions", lambda: both)
    with pytest.raises(SystemExit, match="exactly one"):
        contents.flavour()


def test_a_part_under_the_gpl_stops_a_build():
    parts = papers.collected_parts(rows("numpy/_core.so", "pylibjpeg/x.py"))
    builder = {"pyinstaller"} if find_spec("PyInstaller") else set()
    assert {"numpy", "Python"} | builder <= {one.name for one in parts}
    papers.refuse_copyleft(parts)
    with pytest.raises(SystemExit, match="gnu"):
        papers.refuse_copyleft([*parts, papers.Part("gnu", "1", "GPL-3.0-only")])


def test_a_library_of_the_build_machine_needs_a_known_licence():
    named = papers.collected_parts(rows("libxcb-cursor.so.0", "libsqlite3.so.0"))
    assert {"libxcb-cursor", "libsqlite3"} <= {one.name for one in named}
    with pytest.raises(SystemExit, match=r"libmystery\.so\.1"):
        papers.collected_parts(rows("libmystery.so.1"))
    with pytest.raises(SystemExit, match="readline"):
        papers.collected_parts(rows("libreadline.so.8"))


def test_the_papers_of_a_build_name_both_parts(tmp_path):
    viewer = SimpleNamespace(pure=rows("numpy.x", kind="PYMODULE"), binaries=[], datas=[])
    trainer = SimpleNamespace(pure=rows("safetensors.x", kind="PYMODULE"), binaries=[], datas=[])
    written = papers.written_papers(tmp_path, viewer, trainer)
    page, bill = (Path(source).read_text(encoding="utf-8") for _, source, _ in written)
    for name in ("numpy", "safetensors"):
        assert f"- {name} " in page
        assert f'"name": "{name}"' in bill
    assert {Path(name).name for name, _, _ in written} == {"THIRD_PARTY.md", "sbom.cdx.json"}


@pytest.fixture
def folder(tmp_path):
    """A built folder in small: 3 MiB for the viewer, one of them under two names, 2 for both."""
    made = tmp_path / "AFLoc"
    (made / "_internal").mkdir(parents=True)
    (made / "afloc").write_bytes(bytes(1 << 20))
    (made / "afloc-engine").hardlink_to(made / "afloc")
    (made / "_internal/lib.so").write_bytes(bytes(2 << 20))
    (made / "afloc-train").write_bytes(bytes(2 << 20))
    (made / contents.TRAINER_FILES).write_text("afloc-train\n")
    return made


def test_sizes_are_told_by_part_and_links_cost_nothing(folder):
    assert make.sizes(folder) == {"viewer_mib": 3.0, "trainer_mib": 2.0}


def test_one_command_tells_what_a_build_cost_weighs_and_needs(folder, tmp_path, monkeypatch):
    monkeypatch.delenv("DISPLAY", raising=False)
    make._remember(tmp_path, {"build_s": 300})
    make._remember(tmp_path, {"viewer_tar_xz_mib": 120.5})
    told = make.measured(tmp_path)
    assert (told["build_s"], told["viewer_tar_xz_mib"], told["viewer_mib"]) == (300, 120.5, 3.0)
    assert "X server" in told["start"]


def test_the_two_archives_unpack_into_one_folder(folder, tmp_path):
    make.pack(folder)
    archives = {path.name.split("-")[1]: path for path in tmp_path.glob("*.tar.xz")}
    for archive in archives.values():
        digest = archive.with_name(f"{archive.name}.sha256").read_text()
        assert digest.split() == [hashlib.sha256(archive.read_bytes()).hexdigest(), archive.name]
        with tarfile.open(archive) as tar:
            tar.extractall(tmp_path / "opt", filter="data")
            assert {member.uname for member in tar.getmembers()} == {""}
    with tarfile.open(archives["viewer"]) as tar:
        assert "AFLoc/afloc-train" not in tar.getnames()
    unpacked = tmp_path / "opt" / "AFLoc"
    assert (unpacked / "afloc").samefile(unpacked / "afloc-engine")
    assert (unpacked / "afloc-train").stat().st_size == 2 << 20


def test_the_parts_can_be_copied_apart(folder, tmp_path):
    make._split(folder)
    assert [path.name for path in (tmp_path / "trainer").iterdir()] == ["afloc-train"]
    assert (tmp_path / "viewer/_internal/lib.so").is_file()


def test_the_builder_is_pinned_and_optional():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert any("pyinstaller" in each for each in project["optional-dependencies"]["bundle"])
    assert "\npyinstaller==" in (ROOT / "constraints.txt").read_text(encoding="utf-8")
