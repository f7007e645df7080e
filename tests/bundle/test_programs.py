"""The built programs, run as a radiologist's machine would: no Python, no network, no home.

They need a build, which takes minutes: `AFLOC_BUNDLE=build pytest -m bundle`, or a finished one in
`dist/AFLoc` or where AFLOC_BUNDLE says.
"""

import csv
import json
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import make
import pytest
from bars import hold_within, is_full
from slides_made import make_slide

pytestmark = [
    pytest.mark.bundle,
    pytest.mark.timeout(7200),  # a busy machine builds for half an hour
    pytest.mark.skipif(not shutil.which("strace"), reason="looks at the programs with Linux tools"),
]
LARGEST_MIB, LARGEST_PACKED_MIB, START_S, PARITY = 500, 150, 1.5, 1e-4
CALLS = "trace=connect,sendto,sendmsg,bind"
NOWHERE = {"HOME": "/proc/nowhere"}  # no user can write there
HEAVY = ("torch", "transformers", "onnx.", "scipy", "afloc_training")


def run(program, *words, before=(), env=NOWHERE, code=0, **options):
    """Run one of the programs with nothing but these variables."""
    command = [*before, program, *map(str, words)]
    done = subprocess.run(command, env=env, capture_output=True, check=False, **options)
    assert done.returncode == code, done.stderr.decode()
    return done


def home(folder: Path) -> dict[str, str]:
    return {"HOME": str(folder), "AFLOC_HOME": str(folder / "afloc")}


def sandboxed() -> list[str]:
    """A network of its own, in which there is nothing."""
    command = ["unshare", "-rn"]
    if subprocess.run([*command, "true"], capture_output=True, check=False).returncode:
        pytest.skip("this machine lets nobody take a network away")
    return command


def test_the_radiologists_part_is_no_larger_than_promised(built):
    assert make.sizes(built)["viewer_mib"] <= LARGEST_MIB


def test_the_radiologists_part_packs_as_small_as_promised(built, tmp_path):
    if not is_full():
        pytest.skip("packing takes minutes: AFLOC_BARS=full")
    folder = tmp_path / make.FOLDER
    subprocess.run(["cp", "-al", built, folder], check=True)
    assert make.pack(folder, ["viewer"])["viewer_tar_xz_mib"] <= LARGEST_PACKED_MIB


def test_the_self_test_passes_with_an_empty_environment_and_no_home(installed):
    told = json.loads(run(installed / "afloc", "self-test", "--json", env={}).stdout)
    assert told["failed"] == []
    assert len(told["decoders"]) == 5
    told = json.loads(run(installed / "afloc", "self-test", "--json").stdout)
    assert told["sample"]["film"] == "effusion.dcm"


def test_a_film_is_localized_and_exported_without_a_network(installed, tmp_path):
    sample = next(installed.rglob("effusion.dcm"))
    log = tmp_path / "calls"
    before = [*sandboxed(), "strace", "-f", "-qq", "-e", CALLS, "-o", str(log)]
    words = ["localize", sample, "--finding", "pleural effusion", "--output", tmp_path / "out"]
    kinds = ["--formats", "json,png,pdf,sr,seg,sc,gsps"]
    run(installed / "afloc", *words, *kinds, before=before, env=home(tmp_path))
    results = json.loads((tmp_path / "out" / "results.json").read_text())
    assert results
    kinds = {path.suffix for path in (tmp_path / "out").rglob("*") if path.is_file()}
    assert {".png", ".pdf", ".dcm", ".json"} <= kinds
    assert "AF_INET" not in log.read_text()


def test_a_slide_is_listed_and_painted(installed, tmp_path):
    make_slide(tmp_path / "slide", 1500, 1000, tile=256)
    listed = run(installed / "afloc", "scan", tmp_path / "slide", env=home(tmp_path)).stdout
    assert "2 levels" in listed.decode()
    run(installed / "afloc", "render", tmp_path / "slide", "--output", tmp_path / "slide.png")
    assert (tmp_path / "slide.png").stat().st_size > 10_000


def test_the_engine_answers(installed, tmp_path):
    requests = b'{"id": 1, "do": "hello", "protocol": 1}\n{"id": 2, "do": "bye"}\n'
    done = run(installed / "afloc-engine", env=home(tmp_path), input=requests)
    answer = json.loads(done.stdout.splitlines()[0])
    assert "afloc-cxr-base" in {bundle["id"] for bundle in answer["bundles"]}


def test_licences_and_guides_are_there(installed):
    page = run(installed / "afloc", "licences").stdout.decode()
    assert "- numpy " in page
    assert json.loads(run(installed / "afloc", "licences", "--sbom").stdout)["components"]
    papers = {path.name for path in installed.rglob("afloc_resources/licences/*")}
    assert {"LICENSE", "NOTICE", "QT.md", "LGPL-3.0.txt", "THIRD_PARTY.md"} <= papers
    assert len(list(installed.rglob("afloc_resources/docs/*.md"))) > 10


@pytest.fixture(scope="module")
def screen(tmp_path_factory):
    """An X server of its own."""
    if not shutil.which("Xvfb") or not shutil.which("xwininfo"):
        pytest.skip("needs Xvfb and xwininfo")
    read, write = os.pipe()
    # Else it begins anew when its last client leaves, and refuses who comes in that moment.
    options = ["-screen", "0", "1440x900x24", "-nolisten", "tcp", "-noreset"]
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(write), *options],
        pass_fds=[write],
        stderr=subprocess.DEVNULL,
    )
    os.close(write)
    with os.fdopen(read) as pipe:
        display = f":{pipe.readline().strip()}"
    yield display
    server.terminate()
    server.wait()


def shown(display) -> bool:
    tree = subprocess.run(
        ["xwininfo", "-display", display, "-root", "-tree"], capture_output=True, check=False
    )
    return b"research use only" in tree.stdout  # the window, not what is shown until it comes


def started(program, display, env, log=None) -> tuple[subprocess.Popen, float]:
    before = ["strace", "-f", "-qq", "-e", CALLS, "-o", str(log)] if log else []
    begun = time.monotonic()
    child = subprocess.Popen([*before, program], env={**env, "DISPLAY": display})
    while not shown(display):
        assert child.poll() is None, "the program ended"
        assert time.monotonic() - begun < 200, "no window came"
        time.sleep(0.01)
    return child, time.monotonic() - begun


def children(process: int) -> list[str]:
    threads = Path(f"/proc/{process}/task").iterdir()
    return [number for one in threads for number in (one / "children").read_text().split()]


def test_the_window_comes_in_time_and_loads_nothing_of_the_trainer(installed, screen, tmp_path):
    def seconds():
        child, took = started(installed / "afloc", screen, home(tmp_path))
        if not is_full():  # where others use the processors, only what it used itself tells
            took = make.processor_s(child.pid)
        time.sleep(6)  # the model is loaded behind the window
        mapped = Path(f"/proc/{child.pid}/maps").read_text()
        decoders = [Path(f"/proc/{number}/maps").read_text() for number in children(child.pid)]
        child.send_signal(signal.SIGTERM)
        child.wait(100)
        assert "onnxruntime" in mapped
        assert decoders
        assert not any("libQt6" in libraries for libraries in decoders)
        assert [name for name in HEAVY if f"_internal/{name}" in mapped] == []
        return took

    hold_within("start to window of the frozen program, s", seconds, START_S)


def test_the_window_opens_without_home_and_calls_nobody(installed, screen, tmp_path):
    log = tmp_path / "calls"
    child, _ = started(installed / "afloc", screen, NOWHERE, log)
    time.sleep(5)
    assert child.poll() is None, "it ended by itself"
    for program in children(child.pid):
        os.kill(int(program), signal.SIGTERM)  # strace itself waits for the program
    child.wait(100)
    assert "AF_INET" not in log.read_text()


def test_the_trainer_fits_exports_and_its_bundle_answers_without_a_network(
    installed, shared, tmp_path
):
    if not (installed / "afloc-train").is_file():
        pytest.skip("built without the trainer")
    films, site, work = shared / "data" / "cxr", tmp_path / "site", tmp_path / "work"
    with (films / "notes.csv").open(newline="", encoding="utf-8") as stream:
        rows = [row for row in csv.DictReader(stream) if row["text_kind"] == "clinical_note"]
    for row in rows[:40]:
        place = site / row["image"]
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(films / "images" / row["image"], place)
    shutil.copyfile(films / "notes.csv", site / "notes.csv")
    base = next(installed.rglob("afloc-cxr-base"))
    recipe = next(installed.rglob("tune.toml")).read_text()
    (tmp_path / "tune.toml").write_text(recipe.replace("steps = 80", "steps = 3"))
    train, apart = installed / "afloc-train", {"env": home(tmp_path), "before": sandboxed()}
    quick = ["--run", work / "run", "--recipe", tmp_path / "tune.toml"]
    run(train, "prepare", site, "--output", work / "store", code=1, **apart)
    run(train, "fit", "--store", work / "store", "--from", base, *quick, **apart)
    run(train, "export", "--run", work / "run", "--output", work / "bundle", **apart)
    told = run(installed / "afloc", "bundles", "verify", work / "bundle", "--json", **apart).stdout
    assert json.loads(told)["self_test"]["map_difference"] < PARITY
    run(installed / "afloc", "bundles", "promote", work / "bundle", **apart)


def test_the_menu_entry_starts_the_program_and_can_be_taken_back(installed, tmp_path):
    env = {**home(tmp_path), "PATH": os.environ["PATH"]}
    run(installed / "install.sh", env=env)
    entry = tmp_path / ".local/share/applications/org.afloc.desktop.desktop"
    assert f'Exec="{installed}/afloc" %F' in entry.read_text(encoding="utf-8")
    done = run(tmp_path / ".local/bin/afloc", "--version", env=env)
    assert done.stdout.startswith(b"afloc ")
    run(installed / "install.sh", "--remove", env=env)
    assert not entry.exists()
