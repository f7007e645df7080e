"""The whole path with the model that is shipped: sample study and real films."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pydicom
import pytest

from afloc_desktop.cli import main
from afloc_desktop.state.models import installed, sample_study
from afloc_desktop.state.paths import Paths

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = [entry for entry in installed(Paths.default()) if entry.is_shipped]
# The radiologist's box of the sample's cardiomegaly film (NIH BBox_List_2017), source pixels.
HEART = (185, 184, 412, 396)


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """`afloc demo --headless` as its user runs it, in a process of its own."""
    output = tmp_path_factory.mktemp("demo") / "out"
    done = subprocess.run(
        [sys.executable, "-m", "afloc_desktop", "demo", "--headless", "--output", str(output)],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads((output / "results.json").read_text(encoding="utf-8")), output


def film(results, name):
    return next(i for i in results["images"] if Path(i["file"]).name == name)


def figures_of(modality):
    (entry,) = [e for e in SHIPPED if e.bundle.manifest.modality == modality]
    return {figure.name: figure for figure in entry.bundle.manifest.metrics}


def test_the_shipped_models_are_whole_and_small():
    assert [entry.error for entry in SHIPPED] == [None, None]
    for entry in SHIPPED:
        assert sum(path.stat().st_size for path in entry.folder.iterdir()) <= 45e6


def test_the_chest_models_own_figures_beat_the_centre_prior():
    figures = figures_of("cxr")
    for name in ("pointing", "iou", "cnr"):
        model = figures[f"macro-6 {name}"]
        assert model.low > figures[f"centre prior macro-6 {name}"].value


@pytest.mark.parametrize("lesion", ["Retinal hemorrhage", "Hard exudates"])
@pytest.mark.parametrize("measure", ["pointing", "cnr"])
def test_the_fundus_models_own_figures_beat_every_baseline(lesion, measure):
    figures = figures_of("fundus")
    for baseline in ("random weights", "centre prior", "mean region"):
        beaten = figures[f"{baseline} {lesion} {measure}"]
        assert figures[f"{lesion} {measure}"].low > beaten.high


def test_the_sample_study_claims_nothing_untrue():
    for path in sorted(sample_study().glob("*.dcm")):
        ds = pydicom.dcmread(path)
        assert ds.Modality == "DX"
        assert "PixelSpacing" not in ds
        assert "ImagerPixelSpacing" not in ds
        assert ds.StudyDate == ""
        assert ds.LossyImageCompression == "01"
        assert "Wang" in ds.ImageComments


def test_the_demo_answers_every_default_finding_on_three_films(demo):
    results, output = demo
    assert len(results["images"]) == 3
    assert results["skipped"] == []
    for image in results["images"]:
        assert len(image["findings"]) >= 6
        for finding in image["findings"]:
            x, y = finding["peak"]
            assert 0 <= x <= image["columns"]
            assert 0 <= y <= image["rows"]
            with np.load(output / finding["map"]) as stored:
                assert np.isfinite(stored["map"]).all()
    assert (output / "page.png").stat().st_size > 10_000


def test_the_enlarged_heart_is_found_where_the_radiologist_saw_it(demo):
    findings = film(demo[0], "cardiomegaly.dcm")["findings"]
    heart = next(f for f in findings if f["id"] == "cardiomegaly")
    x, y = heart["peak"]
    assert HEART[0] <= x <= HEART[2]
    assert HEART[1] <= y <= HEART[3]
    normal = film(demo[0], "no-finding.dcm")["findings"]
    assert heart["similarity"] > next(f for f in normal if f["id"] == "cardiomegaly")["similarity"]


def test_the_demo_loads_no_training_library():
    code = (
        "import sys; from afloc_desktop.cli import main;"
        "main(['findings']); assert not {'torch', 'transformers', 'PySide6'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120, capture_output=True)


def localize(folder, output, *options):
    words = ["localize", str(folder), *options, "--formats", "json,npz"]
    status = main([*words, "--output", str(output)])
    return status, json.loads((output / "results.json").read_text(encoding="utf-8"))


def test_all_real_chest_films_are_answered(shared, tmp_path):
    status, results = localize(shared / "data/dicom/cxr", tmp_path / "o", "--all")
    assert status == 0
    assert len(results["images"]) == 5
    for image in results["images"]:
        for finding in image["findings"]:
            assert 0 <= finding["peak"][0] <= image["columns"]
            assert 0 <= finding["peak"][1] <= image["rows"]
            with np.load(tmp_path / "o" / finding["map"]) as stored:
                assert np.isfinite(stored["map"]).all()


def maps(results, output, name):
    findings = film(results, name)["findings"]
    return [np.load(output / f["map"])["map"] for f in findings]


def test_twins_of_one_film_give_the_same_maps(shared, tmp_path):
    """One film with and without preamble; and one film stored in the other polarity."""
    folder = tmp_path / "twins"
    folder.mkdir()
    source = shared / "data/dicom/cxr"
    for name in ("CR-MONO1-10-chest", "gdcm-CR-MONO1-10-chest.dcm"):
        (folder / name).write_bytes((source / name).read_bytes())
    ds = pydicom.dcmread(source / "gdcm-CR-MONO1-10-chest.dcm")
    stored = np.frombuffer(ds.PixelData, "<u2")
    ds.PixelData = ((1 << ds.BitsStored) - 1 - stored).astype("<u2").tobytes()
    ds.PhotometricInterpretation = "MONOCHROME2"
    ds.SOPInstanceUID += ".2"
    ds.save_as(folder / "mono2.dcm")
    _, results = localize(folder, tmp_path / "o", "--all")
    one = maps(results, tmp_path / "o", "gdcm-CR-MONO1-10-chest.dcm")
    for other in ("CR-MONO1-10-chest", "mono2.dcm"):
        for a, b in zip(one, maps(results, tmp_path / "o", other), strict=True):
            assert a == pytest.approx(b, abs=1e-4)


def test_a_film_whose_polarity_tag_is_wrong_is_warned_of(shared, tmp_path):
    path = shared / "data/dicom/cxr/Fake_MONOHR1.dcm"
    _, results = localize(path, tmp_path / "o", "--finding", "effusion")
    assert any("inverted" in warning for warning in results["images"][0]["warnings"])
