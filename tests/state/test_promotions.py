import json

import pytest
import tiny_bundle as tiny

from afloc_desktop.core.errors import BundleError, BundleMissing, ExportError
from afloc_desktop.state import audit, bundles
from afloc_desktop.state.audit import check_audit
from afloc_desktop.state.bundles import install
from afloc_desktop.state.models import find
from afloc_desktop.state.paths import Paths
from afloc_desktop.state.promotions import promote, roll_back
from afloc_desktop.state.settings import load_settings


@pytest.fixture
def paths(afloc_home, monkeypatch) -> Paths:
    monkeypatch.setattr(bundles, "_test_apart", lambda folder, name: None)
    return Paths.default()


def test_a_promoted_bundle_answers_and_one_step_goes_back(tiny_bundle, paths):
    shipped = find(paths, None)
    done = promote(tiny_bundle, paths)
    assert (done.bundle.manifest.id, done.before.sha256) == ("tiny", shipped.sha256)
    assert find(paths, None).manifest.id == "tiny"

    assert roll_back(paths).bundle.sha256 == shipped.sha256
    assert find(paths, None).sha256 == shipped.sha256
    assert roll_back(paths).bundle.manifest.id == "tiny"

    lines = [json.loads(line) for line in paths.audit.read_text("utf-8").splitlines()]
    assert [line["action"] for line in lines] == ["promoted", "rolled_back", "rolled_back"]
    both = [done.bundle.sha256, shipped.sha256]
    assert [lines[0]["bundle_sha256"], lines[0]["before_sha256"]] == both
    assert [lines[1]["before_sha256"], lines[1]["bundle_sha256"]] == both
    assert check_audit(paths.audit).broken == ()


def test_what_answers_is_never_replaced_by_what_is_promoted(tiny_bundle, paths):
    promote(tiny_bundle, paths)
    first = find(paths, None).sha256
    tiny.sign(tiny_bundle, tiny.manifest(version="2"))
    with pytest.raises(BundleError, match="has to stay to go back to"):
        promote(tiny_bundle, paths)
    assert find(paths, None).sha256 == first


def test_without_its_line_in_the_trail_nothing_is_promoted(tiny_bundle, paths, monkeypatch):
    install(tiny_bundle, paths)
    before = load_settings(paths.settings_file)

    def refuse(path):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(audit, "_open_locked", refuse)
    with pytest.raises(ExportError):
        promote("tiny", paths)
    assert load_settings(paths.settings_file) == before


def test_there_is_nothing_to_go_back_to_before_the_first_promotion(paths):
    with pytest.raises(BundleMissing, match="No model was promoted"):
        roll_back(paths)


def test_what_answers_already_is_not_promoted_again(tiny_bundle, paths):
    promote(tiny_bundle, paths)
    with pytest.raises(BundleError, match="answers already"):
        promote("tiny", paths)
    assert load_settings(paths.settings_file).earlier_bundle != "tiny"


def test_a_model_of_eyes_is_promoted_beside_the_model_of_chests(tiny_bundle, paths):
    tiny.sign(tiny_bundle, tiny.manifest(modality="fundus"))
    chest, eyes = (find(paths, None, kind=kind).manifest.id for kind in ("cxr", "fundus"))
    done = promote(tiny_bundle, paths)
    assert done.before.manifest.id == eyes
    assert find(paths, None, kind="fundus").manifest.id == "tiny"
    assert find(paths, None, kind="cxr").manifest.id == chest
    assert roll_back(paths).bundle.manifest.id == eyes
    assert find(paths, None, kind="fundus").manifest.id == eyes
