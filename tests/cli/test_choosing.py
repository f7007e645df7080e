import json
import shutil

import numpy as np
import PIL.Image
import pytest
import tiny_bundle as tiny
from phantom_files import dot_film, write_film

from afloc_desktop.cli import main
from afloc_desktop.state.paths import Paths
from afloc_desktop.state.settings import Settings, save_settings


@pytest.fixture
def two_models(tiny_bundle, afloc_home):
    """The tiny bundle as a model of chests and, chosen last, as one of eyes."""
    for name, kind in (("tiny", "cxr"), ("eyes", "fundus")):
        shutil.copytree(tiny_bundle, afloc_home / "bundles" / name)
        tiny.sign(afloc_home / "bundles" / name, tiny.manifest(id=name, modality=kind))
    save_settings(Paths.default().settings_file, Settings().choosing("tiny").choosing("eyes"))


def test_each_film_is_answered_by_the_model_of_its_kind(two_models, tmp_path, capsys):
    write_film(tmp_path / "study" / "chest.dcm", dot_film())
    for number, name, rgb in ((2, "eye.dcm", (200, 110, 40)), (3, "tissue.dcm", (180, 110, 170))):
        photograph = {"SamplesPerPixel": 3, "PlanarConfiguration": 0, "Columns": 64}
        photograph |= {"SeriesInstanceUID": f"1.2.3.1.{number}", "Modality": "OT"}
        photograph |= {"PhotometricInterpretation": "RGB", "BodyPartExamined": ""}
        pixels = np.tile(np.array(rgb, np.uint8), (64, 64))
        write_film(tmp_path / "study" / name, pixels, **photograph)

    words = ["localize", str(tmp_path / "study"), "--all", "--output", str(tmp_path / "out")]
    assert main(words) == 1
    results = json.loads((tmp_path / "out" / "results.json").read_text())
    answered = {image["file"][-9:]: image["bundle"]["id"] for image in results["images"]}
    assert answered == {"chest.dcm": "tiny", "y/eye.dcm": "eyes"}
    (skipped,) = results["skipped"]
    assert "no model for stained tissue" in skipped["reason"]
    assert "retina: eyes 1" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("rgb", "answers"), [((200, 110, 40), "retina: eyes"), ((90, 90, 90), "radiographs: tiny")]
)
def test_an_evaluation_asks_the_model_of_its_images(two_models, tmp_path, capsys, rgb, answers):
    PIL.Image.new("RGB", (64, 64), rgb).save(tmp_path / "one.png")
    row = "one.png,p,Bright spot,0.1,0.1,0.4,0.4,"
    (tmp_path / "regions.csv").write_text(f"image,patient_id,label,x,y,w,h,mask\n{row}\n")
    words = ["evaluate", "--regions", str(tmp_path / "regions.csv"), "--images", str(tmp_path)]
    main(words)
    assert answers in capsys.readouterr().err
