from __future__ import annotations

import base64
import json
import zipfile
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from afloc_stores import MINIATURE, recipe
from afloc_training.cli import main
from afloc_training.fitting import start
from phantom_files import dot_film, write_film
from report_files import MESSAGE, document, structured_report

if TYPE_CHECKING:
    from pathlib import Path

WORDS = (
    "Small left pleural effusion, unchanged.",
    "No pneumothorax. Heart size is normal.",
    "Patchy opacity in the right lower zone.",
    "The lungs are clear. No effusion.",
    "Mild cardiomegaly with vascular congestion.",
    "Stable nodule of {n} mm in the left upper lobe.",
)


def good_cases(site, count: int = 12) -> None:
    for n in range(count):
        report = f"{WORDS[n % len(WORDS)]} A tube {n} cm above the carina is normal.".replace(
            "{n}", str(n)
        )
        site.case(f"film_{n:03}.png", report, f"P{n:04}", "dev" if n % 4 == 0 else "train")


def seed_faults(site) -> list[tuple[str, str, int | None]]:
    """Two of each kind, and some more: (kind, file, row)."""
    table = "reports.csv"
    seeded: list[tuple[str, str, int | None]] = []

    def at(kind: str, row: int, file: str = table) -> None:
        seeded.append((kind, file, row))

    at("missing_film", site.row("film_901.png", "Clear lungs, image lost.", "Q01"))
    at("missing_film", site.row("film_902.png", "Effusion, image lost.", "Q02"))
    at("empty_report", site.case("film_101.png", "", "Q03"))
    at("empty_report", site.case("film_102.png", "INDICATION: Cough.", "Q04"))
    same = "Large right effusion with shift to the left."
    at("identical_reports", site.case("film_103.png", same, "Q05"))
    at("identical_reports", site.case("film_104.png", same, "Q06"))
    at("encoding", site.case("film_105.png", "Small opacitÃ© on the right.", "Q07"))
    at("encoding", site.case("film_106.png", "Temperature of 38?C and an opacity.", "Q08"))
    at("formula", site.case("film_107.png", '=HYPERLINK("x","y")', "Q09"))
    at("formula", site.case("film_108.png", "@SUM(A1) is the finding", "Q10"))
    at("outside", site.row("../../etc/passwd", "Normal film from outside.", "Q11"))
    at("outside", site.row("/dev/zero", "Another film from outside.", "Q12"))
    at("contradiction", site.case("film_109.png", "There is an effusion.", "Q13"))
    at("contradiction", site.row("film_109.png", "There is no effusion.", "Q13"))
    at("two_splits", site.case("film_110.png", "Opacity of the lingula.", "Q14", "train"))
    at("two_splits", site.case("film_111.png", "Opacity of the apex.", "Q14", "dev"))
    site.picture("film_112.png")
    (site.root / "film_112.png").write_bytes((site.root / "film_112.png").read_bytes()[:3000])
    at(
        "unreadable_film",
        site.row("film_112.png", "Opacity near the hilum.", "Q15"),
        "film_112.png",
    )
    (site.root / "film_113.dcm").write_bytes(b"\0" * 128 + b"DICM" + b"\x02\0\x10\0UI")
    seeded.append(("unreadable_film", "film_113.dcm", None))
    write_film(
        site.root / "film_114.dcm", dot_film(300, 300), Modality="CT", StudyInstanceUID="1.9.1"
    )
    at("wrong_modality", site.row("film_114.dcm", "Opacity at the base.", "P-1"), "film_114.dcm")
    write_film(
        site.root / "film_115.dcm",
        dot_film(301, 300),
        BodyPartExamined="KNEE",
        StudyInstanceUID="1.9.2",
    )
    at("wrong_modality", site.row("film_115.dcm", "Effusion of the joint.", "P-1"), "film_115.dcm")
    for name, patient in (("film_116.png", "Q18"), ("film_117.png", "Q19")):
        words = f"Effusion of {patient[1:]} mm."
        at("shared_film", site.row(site.picture(name, seed=777), words, patient), name)
    at("language", site.case("film_118.png", "Kein Pneumothorax, keine Stauung.", "Q20"))
    at("language", site.case("film_119.png", "Pas de pneumothorax. Le coeur est normal.", "Q21"))
    for n, name in enumerate(("film_120.png", "film_121.png")):
        write_blank(site.root / name, 40 * n)
        at("blank_film", site.row(name, f"Consolidation of {n} cm.", f"Q2{n + 2}"), name)
    for folder in ("a", "b"):
        site.picture(f"{folder}/film_122.png", seed=900 + ord(folder))
    at("ambiguous", site.row("film_122.png", "Nodule of the left apex.", "Q24"))
    at("ambiguous", site.row("film_122.png", "Nodule of the right apex.", "Q25"))
    at("long_report", site.case("film_123.png", "x" * 300, "Q26"))
    at("questions", site.case("film_124.png", "Is it big? Yes. Is it round? No. A mass.", "Q27"))
    at("unknown_split", site.case("film_125.png", "Mass of the hilum.", "Q28", "later"))
    at("repeated_row", _twice(site))
    small = site.picture("film_127.png", size=100)
    at("small_film", site.row(small, "Mass of the base.", "Q30"), small)
    at(
        "lateral_film",
        site.row(site.picture("film_128.png"), "Spine.", "Q31", "", "LAT"),
        "film_128.png",
    )
    write_film(
        site.root / "film_129.dcm",
        dot_film(302, 300),
        BurnedInAnnotation="YES",
        StudyInstanceUID="1.9.3",
    )
    at("burned_in", site.row("film_129.dcm", "Mass of the apex.", "P-1"), "film_129.dcm")
    seeded.append(("missing_report", site.picture("film_130.png"), None))
    return seeded


def dicom(site, name: str, number: int, **attributes) -> None:
    pixels = dot_film(300 + number, 300)
    write_film(site.root / name, pixels, StudyInstanceUID=f"1.9.{number}", **attributes)


def _twice(site) -> int:
    site.case("film_126.png", "Plate atelectasis of the base.", "Q29")
    return site.row("film_126.png", "Plate atelectasis of the base.", "Q29")


def write_blank(path: Path, value: int) -> None:
    import PIL.Image

    PIL.Image.fromarray(np.full((300, 300 + value), value, np.uint8)).save(path)


def test_check_finds_every_seeded_fault_where_it_is(site, train):
    good_cases(site)
    seeded = seed_faults(site)
    table = site.write_table()
    with table.open("a", encoding="utf-8", newline="") as stream:
        stream.write("film_000.png,only two cells\r\n")
        stream.write("film_001.png,a NUL\0here,P0001,train,PA\r\n")
    rows = len(site.rows) + 2
    seeded += [("bad_row", "reports.csv", rows), ("bad_row", "reports.csv", rows + 1)]
    code, events = train("check", site.root)
    faults = [event for event in events if event["event"] == "fault"]
    found = {(f["kind"], f["file"], f["row"]) for f in faults}
    assert set(seeded) <= found, set(seeded) - found
    assert len(seeded) >= 30
    assert len({kind for kind, _, _ in seeded}) >= 15
    assert all(f["reason"] and f["remedy"] for f in faults)
    assert code == 1


def test_check_says_nothing_of_good_films(site, train):
    good_cases(site)
    site.write_table()
    code, events = train("check", site.root)
    kinds = {event["kind"] for event in events if event["event"] == "fault"}
    assert kinds == {"few_films"}
    assert code == 0
    assert events[-1]["event"] == "result"
    assert events[-1]["usable"] == 12


def test_check_shows_counts_examples_and_remedies_on_the_screen(
    site, tiny_bundle_master, tmp_path, capsys
):
    site.row("film_900.png", "Effusion.", "Q1")
    good_cases(site)
    site.write_table()
    page, table = tmp_path / "check.html", tmp_path / "check.csv"
    code = main(["check", str(site.root), "--html", str(page), "--csv", str(table),
                 "--bundle", str(tiny_bundle_master)])  # fmt: skip
    shown = capsys.readouterr().out
    assert code == 1
    assert "ERROR  Image not found: 1" in shown
    assert "reports.csv, row 2: The image of this row is not in the data folder." in shown
    assert "-> Copy the image there, or correct the row." in shown
    assert "Image not found (1)" in page.read_text(encoding="utf-8")
    assert "error,missing_film,reports.csv,2," in table.read_text(encoding="utf-8-sig")


CANARIES = (
    # in tags
    "Quillonby", "Zebediah", "MRN7741903", "ACC-5519-X", "Thornfield Infirmary", "Dr^Oxenthwaite",
    "19471103", "Kestrelroad 9", "0049 711 5550199", "Wimbleford", "STATION-ZX81", "PRIVCANARY",
    # in reports
    "Bartholomina", "Featherstonehaugh", "Ottokar Przybylski", "Cholmondeley", "3/14/1962",
    "14 February 1962", "1962-02-14", "55501234", "555-867-5309", "anna.canary@example.org",
    "www.canary-clinic.example", "Saint Zoltan Hospital", "MRN 88213377", "Q7K2-4491-ZB",
    "Marchbanks", "03:47", "Ward 7C", "Vlastimila", "Zuckerkandlova", "97-year-old",
    # in paths and other columns
    "Abernathy_Jocasta", "CanaryLane", "778812345", "Grimsditch", "Ingeborga", "ZZ-PATH-9911",
    "Montefalcone", "Xanthippe",
)  # fmt: skip
REPORT = """REFERRING PHYSICIAN: Dr. Featherstonehaugh
INDICATION: Fall of Mrs Bartholomina on 3/14/1962, phone 555-867-5309.
FINDINGS: Comparison is made with 14 February 1962 and 1962-02-14. There is a small left pleural
effusion. MRN 88213377, order Q7K2-4491-ZB, call 55501234 at 03:47 on Ward 7C. A 97-year-old woman.
Discussed with Dr. Ottokar Przybylski of Saint Zoltan Hospital. Patient Quillonby was informed.
Nurse Marchbanks was told. Write to anna.canary@example.org or www.canary-clinic.example now.
Mr Cholmondeley has mild cardiomegaly. The heart of Vlastimila is enlarged. {extra}
IMPRESSION: Small effusion. Zuckerkandlova sign is absent.
Electronically signed by Ingeborga Montefalcone, M.D."""


def plant(site) -> None:
    """Forty strings that no output may hold."""
    for n in range(8):
        folder = site.root / "Abernathy_Jocasta" / f"CanaryLane {778812345 + n}"
        film = write_film(
            folder / f"Grimsditch ZZ-PATH-9911 {n}.dcm",
            dot_film(300 + n, 280),
            PatientName="Quillonby^Zebediah", PatientID="MRN7741903", AccessionNumber="ACC-5519-X",
            InstitutionName="Thornfield Infirmary", ReferringPhysicianName="Dr^Oxenthwaite",
            PatientBirthDate="19471103", PatientAddress="Kestrelroad 9",
            PatientTelephoneNumbers="0049 711 5550199", OperatorsName="Wimbleford",
            StationName="STATION-ZX81", PatientComments="PRIVCANARY",
            StudyInstanceUID=f"1.2.3.{n}",
        )  # fmt: skip
        extra = (
            "Xanthippe was seen by Ingeborga." if n % 2 else "Quillonby is stable at Thornfield."
        )
        site.row(str(film.relative_to(site.root)), REPORT.format(extra=extra), "MRN7741903")
    site.case("Grimsditch/Xanthippe.png", "Effusion.", "Montefalcone")
    site.row("Abernathy_Jocasta/gone.dcm", "Effusion seen.", "Ingeborga")
    site.write_table()


def encodings(text: str) -> list[bytes]:
    plain = text.encode()
    shifted = [base64.b64encode(b"\0" * n + plain)[4:-4] for n in range(3)]
    return [plain.lower(), text.lower().encode("utf-16-le"), text.lower().encode("utf-16-be"),
            *(code.lower() for code in shifted if len(code) >= 8)]  # fmt: skip


def leaks(folder, capfd) -> list[tuple[str, str]]:
    """Planted strings in anything written or printed, members of archives too."""
    printed = capfd.readouterr()
    written = {"stdout": printed.out.encode(), "stderr": printed.err.encode()}
    for path in folder.rglob("*"):
        written[str(path.relative_to(folder))] = path.read_bytes() if path.is_file() else b""
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                written |= {f"{path.name}/{n}": archive.read(n) for n in archive.namelist()}
    small = {name: name.lower().encode() + b" " + data.lower() for name, data in written.items()}
    return [
        (canary, name)
        for canary in CANARIES
        for part in {canary, *canary.replace("^", " ").replace("_", " ").split(" ")}
        if len(part) > 4
        for code in encodings(part)
        for name, data in small.items()
        if code in data
    ]


def test_no_planted_identifier_is_in_store_pages_or_lines(
    site, tiny_bundle_master, tmp_path, capfd
):
    plant(site)
    out = tmp_path / "out"
    out.mkdir()
    bundle = ["--bundle", str(tiny_bundle_master)]
    pages = ["--html", str(out / "check.html"), "--csv", str(out / "check.csv")]
    assert main(["check", str(site.root), *pages, *bundle]) == 1
    assert main(["check", str(site.root), "--json", *bundle]) == 1
    prepare = ["prepare", str(site.root), "--output", str(out / "store")]
    assert main([*prepare, "--review", str(out / "review.html"), *bundle]) == 1
    assert main([*prepare, "--json", *bundle]) == 1
    assert len(CANARIES) == 40
    assert leaks(out, capfd) == []
    cases = (out / "store" / "cases.jsonl").read_text(encoding="utf-8")
    stored = [json.loads(line) for line in cases.splitlines()]
    texts = [sentence["text"] for case in stored for sentence in case["sentences"]]
    assert "There is a small left pleural effusion." in texts
    assert "Small effusion." in texts


@pytest.mark.slow
def test_no_planted_identifier_is_in_a_training_its_bundle_or_its_page(
    site, tiny_bundle_master, tmp_path, capfd, monkeypatch
):
    plant(site)
    good_cases(site)
    site.write_table()
    monkeypatch.setattr(start, "PRESETS", {"tiny": MINIATURE})
    (tmp_path / "recipe.toml").write_text(recipe(epochs=1))
    threads = torch.get_num_threads()
    out = tmp_path / "out"
    store, run, bundle = (str(out / name) for name in ("store", "run", "bundle"))
    shared = ["--bundle", str(tiny_bundle_master)]
    assert main(["prepare", str(site.root), "--output", store, *shared]) == 1
    small = ["--recipe", str(tmp_path / "recipe.toml")]
    assert main(["fit", "--store", store, "--run", run, *small]) == 0
    torch.set_num_threads(threads)
    assert main(["export", "--run", run, "--output", bundle]) == 0
    page = ["--output", str(out / "page.html")]
    assert main(["evaluate", run, "--against", bundle, "--data", store, *page]) == 0
    assert {"run.json", "pieces.json", "metrics.jsonl"} <= {p.name for p in (out / "run").iterdir()}
    assert "<img" in (out / "page.html").read_text(encoding="utf-8")
    assert leaks(out, capfd) == []


def test_the_page_with_originals_stays_out_of_the_store(site, tiny_bundle_master, tmp_path, capsys):
    good_cases(site)
    site.write_table()
    store = tmp_path / "store"
    arguments = ["prepare", str(site.root), "--output", str(store),
                 "--bundle", str(tiny_bundle_master)]  # fmt: skip
    assert main([*arguments, "--review-with-originals", str(store / "r.html")]) == 2
    assert "outside the store" in capsys.readouterr().err
    page = tmp_path / "r.html"
    assert main([*arguments, "--review-with-originals", str(page)]) == 0
    assert page.stat().st_mode & 0o077 == 0
    assert "It names patients" in page.read_text(encoding="utf-8")


def test_nothing_is_written_into_the_data_folder(site, train, capsys):
    good_cases(site)
    site.write_table()
    code, _ = train("prepare", site.root, "--output", site.root / "store")
    assert code == 2
    assert not (site.root / "store").exists()


@pytest.mark.parametrize(
    ("text", "reason"),
    [("", "is empty"), ("image,report\n", "no rows"), ("image,words\na.png,x\n", "no column")],
)
def test_a_table_of_no_use_is_refused_with_its_reason(
    site, tiny_bundle_master, capsys, text, reason
):
    site.picture("a.png")
    table = site.root / "reports.csv"
    table.write_text(text, encoding="utf-8")
    code = main(
        ["check", str(site.root), "--reports", str(table), "--bundle", str(tiny_bundle_master)]
    )
    told = capsys.readouterr()
    assert code == 2
    assert reason in told.err
    assert told.out == ""


def test_hostile_tables_of_the_corpus_end_in_a_sentence(site, train, shared):
    """Each is refused, or its bad rows are named; nothing escapes and nothing is echoed."""
    site.picture("a.dcm.png")
    tables = sorted((shared / "corpus" / "bundles").glob("reports_*.csv"))
    assert len(tables) >= 14
    for table in tables:
        code, events = train("check", site.root, "--reports", table)
        faults = [event for event in events if event["event"] == "fault"]
        kinds = {fault["kind"] for fault in faults}
        expected = {"reports_crlf.csv": "few_films", "reports_phi.csv": "identifiers"}
        is_named = code == 1 and any(f["severity"] == "error" for f in faults)
        assert code == 2 or is_named or expected.get(table.name) in kinds, table.name
        text = json.dumps(events)
        assert not any(word in text for word in ("DOE", "12345678", "passwd", "HYPERLINK"))


def test_reports_of_every_kind_find_their_films(site, train, tmp_path):
    """HL7 by accession number, text by file name, PDF by folder, structured by study UID."""
    for n, attributes in enumerate(({"AccessionNumber": "A-99", "PatientID": "P-77"}, {}, {})):
        dicom(site, f"s{n}/film_{n}.dcm", n, **attributes)
    write_film(site.root / "s3" / "film_3.dcm", dot_film(310, 300))
    (site.root / "result.hl7").write_text(MESSAGE, encoding="utf-8")
    (site.root / "s1" / "film_1.txt").write_text("A nodule on the left.", encoding="utf-8")
    (site.root / "s2" / "letter.pdf").write_bytes(document("Clear lungs."))
    structured_report(site.root / "s3" / "sr.dcm", "A mass on the right.")
    code, events = train("prepare", site.root, "--output", tmp_path / "store")
    assert code == 0, events
    lines = (tmp_path / "store" / "cases.jsonl").read_text(encoding="utf-8").splitlines()
    texts = [[s["text"] for s in json.loads(line)["sentences"]] for line in lines]
    assert texts == [
        ["Small effusion & atelectasis.", "No pneumothorax.", "Effusion.", "Stable."],
        ["A nodule on the left."],
        ["Clear lungs."],
        ["A mass on the right."],
    ]


def test_help_of_the_verbs_has_an_example(capsys):
    for verb in ("check", "prepare"):
        with pytest.raises(SystemExit) as caught:
            main([verb, "--help"])
        assert caught.value.code == 0
        assert f"afloc-train {verb} /data/chest" in capsys.readouterr().out


def test_columns_that_are_no_pairs_are_refused(site, tiny_bundle_master, capsys):
    site.picture("a.png")
    arguments = ["check", str(site.root), "--bundle", str(tiny_bundle_master)]
    assert main([*arguments, "--columns", "report"]) == 2
    assert "report=Befund" in capsys.readouterr().err
