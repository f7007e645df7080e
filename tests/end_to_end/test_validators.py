"""What programs of others say of our objects: dciodvfy, DCMTK and dcmqi, on real and odd films.

An ordinary run looks at a few films; with `AFLOC_BARS=full` at every film of the development data
and of the corpus groups below.
"""

import shutil
import subprocess
import sys
from pathlib import Path

import exported
import numpy as np
import PIL.Image
import pytest
from bars import is_full

from afloc_desktop.core.dicom.display import render
from afloc_desktop.core.dicom.read import read
from afloc_desktop.core.dicom.scan import scan
from afloc_desktop.core.errors import AflocError
from afloc_desktop.core.export.exporter import exporters
from afloc_desktop.core.export.selection import FilmResults, Selection
from afloc_desktop.core.geometry import Point

OBJECTS = ("seg", "sr", "gsps", "sc", "fractional-seg")
GROUPS = ("geom", "laterality", "charset", "modlut", "tags", "voi")
# The film's own: UIDs and names are handed on as they are, or nobody would find the patient; so is
# a modality table of 12 bits, or it would be another.
OWN = ("Illegal root for UID", "PatientName", "ModalityLUTSequence")
FEW = (
    "data/dicom/cxr/RG1_J2KI.dcm",  # spacing 0, MONOCHROME1
    "data/dicom/cxr/1.2.276.0.7230010.3.1.4.8323329.6904.1517875201.850819.dcm",  # age "62"
    "data/dicom/radiograph/RG3_J2KR.dcm",  # body part without a side of its own
    "corpus/laterality/lat_bad.dcm",  # letters that are no directions
    "corpus/charset/badcs_misspelt.dcm",
)
# Grey scales that DCMTK computes as the standard says; it knows no sigmoid.
GREY = (
    "modlut/modlut_u12.dcm", "modlut/rescale_neg.dcm", "voi/mono1_s16.dcm",
    "voi/plut_MONOCHROME1_IDENTITY.dcm", "voi/plut_MONOCHROME2_INVERSE.dcm", "voi/voilut_b12.dcm",
    "voi/voilut_negative_first_SS.dcm", "voi/win_exact.dcm", "voi/win_frac.dcm",
)  # fmt: skip


def needs(program):
    return pytest.mark.skipif(shutil.which(program) is None, reason=f"needs {program}")


def found_on(image) -> Selection:
    """A listed finding and typed words, both in the middle of a film."""
    corners = ((0.2, 0.3), (0.6, 0.3), (0.6, 0.7), (0.2, 0.7))
    square = tuple(Point(image.columns * x, image.rows * y) for x, y in corners)
    decided = {"regions": (square,), "author": "Zoë^Ann", "status": "accepted"}
    words = {"finding_id": "text", "origin": "typed"}
    stated = exported.statement(image, **decided)
    return Selection(
        (FilmResults(image, (stated, exported.statement(image, "=kite 日本", **words, **decided))),)
    )


def films(path):
    """Every film of a path that can be read, each file once."""
    for ref in {ref.path: ref for ref in scan([path]).films}.values():
        try:
            yield read(ref)
        except AflocError:
            continue


@pytest.mark.shared
@pytest.mark.slow
@pytest.mark.timeout(1800)
@needs("dciodvfy")
def test_no_object_of_a_real_or_odd_film_has_an_error(shared, tmp_path, capsys):
    everything = [shared / "data/dicom", *(shared / "corpus" / group for group in GROUPS)]
    given = everything if is_full() else [shared / name for name in FEW]
    wrong, count = {}, 0
    for image in (image for path in given for image in films(path)):
        for id_ in OBJECTS:
            try:
                (path,) = exporters()[id_].write(found_on(image), tmp_path)
            except AflocError:
                continue  # said to the reader: a film without a study, say
            count += 1
            errors = [e for e in exported.verified(path) if not any(own in e for own in OWN)]
            if errors:
                wrong[image.ref.path.name, id_] = errors
            path.unlink()
    with capsys.disabled():
        print(f"\n{count} objects, {len(wrong)} with errors", end="")
    assert wrong == {}
    assert count >= len(OBJECTS) * len(FEW)


@pytest.mark.shared
@needs("dcmp2pgm")
def test_dcmtk_shows_a_film_under_our_presentation_state_as_we_do(shared, tmp_path):
    for name in GREY:
        (image,) = films(shared / "corpus" / name)
        (state,) = exporters()["gsps"].write(found_on(image), tmp_path)
        assert ran("dcmpschk", state)
        assert ran("dcmp2pgm", "--pstate", state, image.ref.path, tmp_path / "shown.pgm")
        with PIL.Image.open(tmp_path / "shown.pgm") as shown:
            theirs = np.asarray(shown, np.int16)
        assert np.abs(theirs - render(image)).max() <= 1, name


@needs("dcmdump")
def test_every_object_names_its_film_and_the_study_it_joins(tmp_path):
    image = exported.film(tmp_path / "film")
    for id_ in OBJECTS:
        (path,) = exporters()[id_].write(found_on(image), tmp_path / "out")
        done = subprocess.run(["dcmdump", path], capture_output=True, timeout=120, check=True)
        text = done.stdout.decode("utf-8", "replace")
        uid = f"[{image.ref.sop_instance_uid}]"
        named = [line for line in text.splitlines() if uid in line]
        assert any("ReferencedSOPInstanceUID" in line for line in named), id_
        assert "StudyInstanceUID" in text


def ran(program, *words):
    beside = Path(sys.executable).with_name(program)
    command = [str(beside) if beside.exists() else program, *map(str, words)]
    return subprocess.run(command, capture_output=True, timeout=120, check=False).returncode == 0


@pytest.mark.skipif(
    not Path(sys.executable).with_name("tid1500reader").exists()
    and shutil.which("tid1500reader") is None,
    reason="needs dcmqi",
)
@pytest.mark.parametrize("kind", ["cr", "monochrome1", "spacing 0", "ct slice"])
def test_dcmqi_reads_reports_of_every_film_and_masks_of_slices(tmp_path, kind):
    selection = found_on(exported.film(tmp_path / "film", **exported.FILMS[kind]))
    (report,) = exporters()["sr"].write(selection, tmp_path)
    (masks,) = exporters()["seg"].write(selection, tmp_path)
    assert ran("tid1500reader", "--inputDICOM", report, "--outputMetadata", tmp_path / "r.json")
    out = tmp_path / "masks"
    out.mkdir()
    # It wants planes in the patient; a projection has none, and faking them would be worse.
    is_read = ran("segimage2itkimage", "--inputDICOM", masks, "--outputDirectory", out)
    assert is_read == (kind == "ct slice")
