"""The house rules that no reviewer has to remember."""

import ast
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("afloc_desktop", "training/afloc_training", "plugins/slicer")
SOURCES = sorted(p for name in PACKAGES for p in (ROOT / name).rglob("*.py"))
TREES = {p: ast.parse(p.read_text(encoding="utf-8")) for p in SOURCES}
# `except Exception` stands only where foreign code is met.
BOUNDARIES = {
    "afloc_desktop/core/model/session.py",
    "afloc_desktop/core/dicom/guard.py",
    "afloc_desktop/state/tasks.py",
    "afloc_desktop/state/plugins.py",
    "afloc_desktop/engine.py",
}
# Nothing that speaks to another machine; child processes are talked to through pipes.
NETWORK = {
    "socket", "socketserver", "ssl", "http", "urllib", "ftplib", "smtplib", "imaplib", "poplib",
    "telnetlib", "xmlrpc", "asyncio", "webbrowser", "wsgiref", "requests", "httpx", "aiohttp",
    "urllib3", "huggingface_hub", "pynetdicom", "grpc", "websockets", "paramiko",
}  # fmt: skip
NAMES = [str(p.relative_to(ROOT)) for p in SOURCES]


def functions(tree):
    return [n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]


def fresh(code: str) -> str:
    """Run code in an interpreter of its own."""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_import_contracts_are_kept():
    done = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("module", "forbidden"),
    [
        ("afloc_desktop", "numpy PySide6 torch onnxruntime"),
        ("afloc_desktop.cli", "numpy PySide6 torch onnxruntime pydicom"),
        ("afloc_desktop.core.preprocess", "onnxruntime pydicom PySide6 torch SimpleITK"),
        ("afloc_desktop.core.localize", "onnxruntime pydicom PySide6 torch SimpleITK"),
        ("afloc_desktop.state.workspace", "PySide6 torch onnxruntime pydicom SimpleITK"),
        ("afloc_desktop.ui.app", "torch onnxruntime pydicom SimpleITK transformers"),
    ],
)
def test_an_import_costs_only_what_it_needs(module, forbidden):
    loaded = fresh(f"import sys, {module}; print(*sys.modules)").split()
    assert not set(forbidden.split()) & set(loaded)


def test_listing_the_verbs_loads_nothing_heavy():
    code = """
import sys
from afloc_desktop.cli import main
try:
    main(["--help"])
except SystemExit:
    pass
print(*sys.modules, file=sys.stderr)
assert not {"numpy", "PySide6", "onnxruntime", "pydicom"} & set(sys.modules)
"""
    fresh(code)


@pytest.mark.parametrize("path", SOURCES, ids=NAMES)
def test_files_functions_and_classes_stay_small(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 500
    for node in functions(TREES[path]):
        assert node.end_lineno - node.lineno < 60, node.name
        arguments = [*node.args.args, *node.args.kwonlyargs, *node.args.posonlyargs]
        named = [a for a in arguments if a.arg not in ("self", "cls")]
        assert len(named) <= 6, node.name
    for node in ast.walk(TREES[path]):
        if isinstance(node, ast.ClassDef):
            own = [n.name for n in node.body if isinstance(n, ast.FunctionDef)]
            assert len([n for n in own if not n.startswith("__")]) <= 20, node.name


@pytest.mark.parametrize("path", SOURCES, ids=NAMES)
def test_nothing_is_defined_twice_in_a_class(path):
    for node in ast.walk(TREES[path]):
        if isinstance(node, ast.ClassDef):
            own = [
                n.name
                for n in node.body
                if isinstance(n, ast.FunctionDef)
                and not any("setter" in ast.unparse(d) for d in n.decorator_list)
            ]
            assert len(own) == len(set(own)), node.name


@pytest.mark.parametrize("path", SOURCES, ids=NAMES)
def test_no_shortcut_the_house_forbids(path):
    name = path.relative_to(ROOT).as_posix()
    for node in ast.walk(TREES[path]):
        if isinstance(node, ast.Attribute | ast.Name):
            called = node.attr if isinstance(node, ast.Attribute) else f"builtin {node.id}"
            assert called not in ("processEvents", "import_module", "exec_module", "builtin eval")
        if isinstance(node, ast.ImportFrom):
            assert all(alias.name != "*" for alias in node.names)
        if isinstance(node, ast.ExceptHandler):
            assert node.type is not None
            if ast.unparse(node.type) in ("Exception", "BaseException"):
                assert name in BOUNDARIES
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "print":
            assert "/cli" in name


@pytest.mark.parametrize("path", SOURCES, ids=NAMES)
def test_nothing_can_speak_to_another_machine(path):
    for node in ast.walk(TREES[path]):
        named = []
        if isinstance(node, ast.Import):
            named = [alias.name for alias in node.names]
        if isinstance(node, ast.ImportFrom) and not node.level:
            named = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        assert not NETWORK & {name.split(".")[0] for name in named}, named
        assert not any("QtNetwork" in name or "QtWebEngine" in name for name in named)


@pytest.mark.skipif(shutil.which("strace") is None, reason="needs strace")
def test_answering_a_film_calls_nobody(tmp_path):
    log, output = tmp_path / "calls", tmp_path / "out"
    watch = [
        "strace",
        "-f",
        "--seccomp-bpf",
        "-qq",
        "-e",
        "trace=connect,sendto,sendmsg,bind",
        "-o",
        str(log),
    ]
    words = [
        "--finding",
        "pleural effusion",
        "--formats",
        "json,png,pdf,sr",
        "--output",
        str(output),
    ]
    film = str(ROOT / "resources/sample/effusion.dcm")
    command = [*watch, sys.executable, "-m", "afloc_desktop", "localize", film, *words]
    done = subprocess.run(command, capture_output=True, timeout=300, check=False)
    if b"ptrace" in done.stderr:
        pytest.skip("this machine lets nobody watch a program")
    assert done.returncode == 0, done.stderr
    assert "AF_INET" not in log.read_text()


@pytest.mark.parametrize("path", SOURCES, ids=NAMES)
def test_modules_hold_no_mutable_state(path):
    for node in TREES[path].body:
        value = getattr(node, "value", None)
        names = [ast.unparse(t) for t in getattr(node, "targets", [])]
        if isinstance(node, ast.Assign | ast.AnnAssign) and names != ["__all__"]:
            # A table that nobody changes may be a dict; a list or set is a tuple or frozenset.
            assert not isinstance(value, ast.List | ast.Set | ast.ListComp | ast.SetComp), names


def test_every_package_is_installed():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    listed = set(project["tool"]["setuptools"]["packages"])
    found = {
        ".".join(init.parent.relative_to(ROOT).parts)
        for init in (ROOT / "afloc_desktop").rglob("__init__.py")
    }
    training = ROOT / "training"
    found |= {
        ".".join(init.parent.relative_to(training).parts)
        for init in (training / "afloc_training").rglob("__init__.py")
    }
    assert found | {"afloc_resources", "afloc_training.recipes"} == listed


def test_every_module_has_its_tests_and_every_test_its_module():
    tested = {p.relative_to(ROOT / "tests") for p in (ROOT / "tests").rglob("test_*.py")}
    special = {"architecture", "benchmarks", "bundle", "end_to_end"}
    mirrored = {p for p in tested if p.parts[0] not in special}
    for path in mirrored:
        stem = path.name.removeprefix("test_").removesuffix(".py")
        source = path.parent / f"{stem}.py"
        if path.parts[0] == "plugins":
            folder = ROOT / path.parent
            names = {file.stem.lower() for file in folder.rglob("*.py")} | {folder.name}
            assert source.stem in names, path
        elif path.parts[0] == "training":
            source = Path(*source.parts[1:])
            assert any(
                (ROOT / "training/afloc_training" / source).with_suffix(s).exists()
                for s in (".py", "")
            ), path
        else:
            assert any(
                (ROOT / "afloc_desktop" / source).with_suffix(s).exists() for s in (".py", "")
            ), path


def test_qt_signals_can_be_emitted_two_thousand_times():
    """One release of the binding aborts the process after some 570."""
    fresh("""
from PySide6.QtCore import QObject, Signal
class Bell(QObject):
    rung = Signal(int)
bell = Bell()
bell.rung.connect(lambda n: None)
for n in range(2000):
    bell.rung.emit(n)
""")
