from __future__ import annotations

import json

import pytest
from afloc_training.site import survey as survey_module
from afloc_training.site.prepare import assign_splits
from afloc_training.site.store import Store
from afloc_training.site.values import Case, Film, Report
from phantom_files import dot_film, write_film

from afloc_desktop.core.domain import ImageRef

REPORTS = ("Effusion of the left base.", "The lungs are clear.", "No pneumothorax.")


def fill(site, count: int = 6) -> None:
    for n in range(count):
        words = f"{REPORTS[n % 3]} A tube {n} cm above the carina is normal."
        site.case(f"film_{n:03}.png", words, f"P{n}", "dev" if n % 3 == 0 else "train")
    site.write_table()


def case(patient: str, split: str = "") -> Case:
    name = f"{patient}.png"
    film = Film(ImageRef(None, 1, "", 0, 0, None), name, is_picture=True)  # type: ignore[arg-type]
    return Case(film, Report("x", "t.csv", 2, split=split), patient, "frontal")


def test_a_store_holds_films_and_what_was_said_of_them(site, train, tmp_path):
    fill(site)
    code, events = train("prepare", site.root, "--output", tmp_path / "store")
    assert code == 0
    assert events[-1]["stored"] == 6
    store = Store(tmp_path / "store")
    assert len(store.cases) == 6
    assert {case.split for case in store.cases} == {"train", "dev"}
    first = store.cases[0]
    assert [s.text for s in first.sentences] == [
        "Effusion of the left base.",
        "A tube 0 cm above the carina is normal.",
    ]
    assert not first.is_normal
    assert store.cases[1].is_normal
    assert first.patient == "p00001"


def test_a_film_goes_in_as_the_desktop_would_show_it_to_the_network(site, train, tmp_path):
    import numpy as np
    import tiny_bundle

    from afloc_desktop.core.dicom.read import read
    from afloc_desktop.core.dicom.scan import scan
    from afloc_desktop.core.preprocess import prepare

    film = write_film(
        site.root / "a.dcm", dot_film(300, 280), PhotometricInterpretation="MONOCHROME1"
    )
    site.row("a.dcm", "There is a small effusion.", "P-1")
    site.write_table()
    train("prepare", site.root, "--output", tmp_path / "store")
    image = read(scan([film]).images[0])
    wanted = prepare(image.pixels, tiny_bundle.PREPROCESS, padding=image.padding).tensor
    store = Store(tmp_path / "store")
    assert store.cases[0].pixel_sha256 == image.pixel_sha256
    np.testing.assert_allclose(store.batch([0]), wanted, atol=0.5 / 255 + 1e-6)


def test_a_photograph_is_stored_in_its_colours(site, train, tmp_path):
    import numpy as np
    import PIL.Image

    from afloc_desktop.core.model.bundle import open_bundle
    from afloc_desktop.core.picture import read_picture
    from afloc_desktop.core.preprocess import prepare
    from afloc_desktop.state.models import shipped

    eyes = shipped("bundles") / "afloc-fundus-base"
    colours = np.random.default_rng(0).integers(0, 256, (300, 450, 3), dtype=np.uint8)
    colours[..., 2] //= 3
    site.root.mkdir(parents=True, exist_ok=True)
    PIL.Image.fromarray(colours).save(site.root / "eye.png")
    words = "Right eye: hard exudates. Left eye: no retinopathy."
    site.row("eye.png", words, "P1", view="OD")
    site.write_table()
    code, _ = train("prepare", site.root, "--output", tmp_path / "store", "--bundle", eyes)
    assert code == 0
    store = Store(tmp_path / "store")
    image = read_picture(site.root / "eye.png")
    spec = open_bundle(eyes).manifest.preprocess
    wanted = prepare(image.pixels, spec, padding=None, colour=image.colour).tensor
    assert store.has_colour
    assert store.planes([0]).shape == (1, 3, 512, 512)
    np.testing.assert_allclose(store.batch([0]), wanted, atol=1e-6)
    assert store.cases[0].view == "right"
    assert [s.text for s in store.cases[0].sentences] == ["Right eye: hard exudates."]


def test_a_stopped_run_goes_on_and_ends_with_the_same_store(site, train, tmp_path, monkeypatch):
    fill(site)
    train("prepare", site.root, "--output", tmp_path / "whole")
    original, decoded = survey_module.read_film, []

    def stops(film):
        if len(decoded) >= 3:
            raise KeyboardInterrupt
        decoded.append(film.name)
        return original(film)

    monkeypatch.setattr(survey_module, "read_film", stops)
    monkeypatch.setattr("afloc_training.site.planes._BETWEEN_FLUSHES", 1)
    with pytest.raises(KeyboardInterrupt):
        train("prepare", site.root, "--output", tmp_path / "stopped")
    assert not (tmp_path / "stopped" / "store.json").exists()

    def counts(film):
        decoded.append(film.name)
        return original(film)

    monkeypatch.setattr(survey_module, "read_film", counts)
    assert train("prepare", site.root, "--output", tmp_path / "stopped")[0] == 0
    assert sorted(decoded) == [f"film_{n:03}.png" for n in range(6)]
    for name in ("store.json", "cases.jsonl", "planes.u8"):
        whole = (tmp_path / "whole" / name).read_bytes()
        assert (tmp_path / "stopped" / name).read_bytes() == whole, name


def test_a_film_that_is_taken_away_leaves_no_pixel_behind(site, train, tmp_path):
    fill(site)
    train("prepare", site.root, "--output", tmp_path / "store")
    before = Store(tmp_path / "store")
    gone = before.cases[2].plane
    assert before.planes([2]).any()
    (site.root / "film_002.png").unlink()
    train("prepare", site.root, "--output", tmp_path / "store")
    after = Store(tmp_path / "store")
    assert len(after.cases) == 5
    planes = (tmp_path / "store" / "planes.u8").read_bytes()
    area = after.info.preprocess.side**2
    assert not any(planes[gone * area : (gone + 1) * area])


def test_what_only_repeats_or_identifies_stays_out(site, train, tmp_path):
    fill(site)
    twin = site.row(site.picture("film_900.png", seed=5), "Effusion, seen again.", "P50")
    site.row(site.picture("film_901.png", seed=5), "Effusion, as before.", "P50")
    site.row(site.picture("film_902.png"), "Dr. Smith called Dr. Jones.", "P51")
    site.row(site.picture("film_903.png"), "A lateral film.", "P52", "", "LAT")
    site.write_table()
    _, events = train("prepare", site.root, "--output", tmp_path / "store")
    assert len(Store(tmp_path / "store").cases) == 7
    kinds = {(e["kind"], e["row"]) for e in events if e["event"] == "fault"}
    assert ("duplicate_film", twin + 1) in kinds
    assert ("identifiers", twin + 2) in kinds


def test_everybody_is_drawn_into_the_same_split_again():
    cases = [case(f"P{n}") for n in range(300)]
    splits = assign_splits(cases)
    assert 20 <= splits.count("dev") <= 70
    more = assign_splits([*cases, *(case(f"X{n}") for n in range(40))])
    assert more[:300] == splits


def test_a_patient_with_an_impossible_name_is_drawn_too():
    assert assign_splits([case("\ud800"), case("\udc80"), case("ü")])


def test_a_patient_whose_split_is_given_once_has_it_everywhere():
    assert assign_splits([case("A", "dev"), case("A"), case("B", "train")]) == [
        "dev",
        "dev",
        "train",
    ]


def test_two_patients_never_make_one_split_alone():
    assert sorted(assign_splits([case("A"), case("B")])) == ["dev", "train"]


def test_without_a_usable_film_there_is_no_store(site, tiny_bundle_master, tmp_path, capsys):
    from afloc_training.cli import main

    site.case("a.png", "", "P1")
    site.write_table()
    arguments = ["prepare", str(site.root), "--output", str(tmp_path / "store")]
    assert main([*arguments, "--bundle", str(tiny_bundle_master)]) == 2
    assert "afloc-train check" in capsys.readouterr().err
    assert not (tmp_path / "store" / "store.json").exists()


def test_sex_age_and_scanner_become_groups(site, train, tmp_path):
    write_film(
        site.root / "a.dcm", dot_film(300, 280), PatientSex="F", PatientAge="061Y",
        Manufacturer="Maker", ManufacturerModelName="One",
    )  # fmt: skip
    site.row("a.dcm", "There is a small effusion.", "P-1")
    site.write_table()
    train("prepare", site.root, "--output", tmp_path / "store")
    stored = json.loads((tmp_path / "store" / "cases.jsonl").read_text(encoding="utf-8"))
    assert (stored["sex"], stored["age_group"]) == ("F", "40-64")
    assert stored["scanner"] == "scanner-00001"
