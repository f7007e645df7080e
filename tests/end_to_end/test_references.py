"""Every reference render of the hard-file corpus, through the command that a site would use."""

import csv

import numpy as np
import PIL.Image
import pytest

from afloc_desktop.cli import main

LOSSY = (".4.50", ".4.51", ".4.53", ".4.55", ".4.81", ".4.91")


def rows_of(path):
    with path.open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def render_all(table, corpus, folder):
    """The exit status of one batch over a table."""
    words = ["--batch", str(table), "--root", str(corpus), "--output", str(folder)]
    return main(["render", *words])


def distance(reference, rendered):
    """Largest and mean difference in grey levels; infinite where the shapes differ."""
    one = np.asarray(PIL.Image.open(reference)).astype(int)
    other = np.asarray(PIL.Image.open(rendered)).astype(int)
    if one.shape != other.shape:
        return np.inf, np.inf
    return np.abs(one - other).max(), np.abs(one - other).mean()


@pytest.mark.shared
@pytest.mark.slow
def test_every_usable_reference_of_dcmtk_is_met(shared, tmp_path, capsys):
    corpus = shared / "corpus"
    syntaxes = {r["file"]: r["transfer_syntax"] for r in rows_of(corpus / "manifest.csv")}
    usable = [r for r in rows_of(corpus / "refs.csv") if r["usable"] == "yes"]
    assert render_all(corpus / "refs.csv", corpus, tmp_path) == 1  # not every file can be shown
    wrong = []
    for row in usable:
        most, mean = distance(corpus / "refs" / row["png"], tmp_path / row["png"])
        is_lossy = syntaxes[row["file"]].endswith(LOSSY)
        if most > (6 if is_lossy else 2) or mean > (1.5 if is_lossy else 0.75):
            wrong.append((row["file"], row["mode"], most, mean))
    print(f"{len(usable) - len(wrong)} of {len(usable)} references met")
    assert not wrong
    assert len(usable) == 499
    told = capsys.readouterr().err
    assert "Traceback" not in told


@pytest.mark.shared
def test_where_dcmtk_is_not_exact_the_formulas_of_the_standard_are_met(shared, tmp_path):
    corpus = shared / "corpus"
    wanted = rows_of(corpus / "refs_oracle.csv")
    table = tmp_path / "refs.csv"
    with table.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, ["file", "frame", "mode", "overlay", "png"])
        writer.writeheader()
        for row in wanted:
            mode = row["mode"].removeprefix("perframe_")
            writer.writerow({"file": row["file"], "frame": row["frame"], "mode": mode,
                             "overlay": "False", "png": row["png"]})  # fmt: skip
    assert render_all(table, corpus, tmp_path / "out") == 0
    for row in wanted:
        most, mean = distance(corpus / row["png"], tmp_path / "out" / row["png"])
        assert most <= 2, (row["file"], row["frame"])
        assert mean <= 0.75, (row["file"], row["frame"])
    assert len(wanted) == 26
