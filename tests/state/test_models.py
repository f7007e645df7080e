import shutil

import pytest
import tiny_bundle as tiny

from afloc_desktop.core.domain import Prompt
from afloc_desktop.core.errors import BundleCorrupt, BundleMissing, InferenceError, SelfTestFailed
from afloc_desktop.core.model import processor, selftest, session
from afloc_desktop.core.model.runtime import CPU, onnxruntime
from afloc_desktop.state import models
from afloc_desktop.state.paths import Paths
from afloc_desktop.state.settings import Settings, save_settings


@pytest.fixture
def paths(tiny_bundle, monkeypatch, tmp_path):
    """One installed bundle, the tiny one, and none shipped."""
    monkeypatch.setattr(models, "shipped", lambda name: tmp_path / "shipped" / name)
    root = Paths.default()
    shutil.copytree(tiny_bundle, root.bundles / "tiny")
    return root


def test_an_installed_bundle_is_listed_and_opened(paths):
    (entry,) = models.installed(paths)
    assert (entry.bundle.manifest.id, entry.is_shipped, entry.error) == ("tiny", False, None)
    assert models.open_default(paths).manifest.id == "tiny"


def test_a_damaged_bundle_costs_only_itself(paths, tiny_bundle):
    shutil.copytree(tiny_bundle, paths.bundles / "a-damaged")
    (paths.bundles / "a-damaged" / "image.onnx").write_bytes(b"")
    damaged, sound = models.installed(paths)
    assert isinstance(damaged.error, BundleCorrupt)
    assert sound.bundle is not None
    assert models.open_default(paths).manifest.id == "tiny"


def test_a_damaged_bundle_alone_says_what_is_wrong_with_it(paths):
    (paths.bundles / "tiny" / "image.onnx").write_bytes(b"")
    with pytest.raises(BundleCorrupt, match=r"image\.onnx"):
        models.open_default(paths)


def test_no_bundle_at_all_is_said(paths):
    shutil.rmtree(paths.bundles)
    with pytest.raises(BundleMissing):
        models.open_default(paths)


def test_an_id_that_is_not_installed_is_named(paths):
    with pytest.raises(BundleMissing, match="other"):
        models.find(paths, "other")


def test_half_written_folders_are_not_bundles(paths):
    (paths.bundles / ".part-new").mkdir()
    assert len(models.installed(paths)) == 1


def test_the_self_test_runs_before_first_use_and_only_then(paths, monkeypatch):
    from afloc_desktop.core.model import selftest

    runs = []
    original = selftest.self_test
    monkeypatch.setattr(selftest, "self_test", lambda *a: runs.append(a) or original(*a))
    models.open_default(paths)
    models.open_default(paths)
    assert len(runs) == 1


def test_a_bundle_that_fails_its_self_test_is_not_opened(paths):
    import numpy as np

    folder = paths.bundles / "tiny"
    with np.load(folder / "selftest.npz") as stored:
        arrays = dict(stored)
    np.savez(folder / "selftest.npz", **{**arrays, "maps": arrays["maps"] + 0.1})
    tiny.sign(folder, tiny.manifest())
    with pytest.raises(SelfTestFailed):
        models.open_default(paths)


def test_a_damaged_memory_of_self_tests_only_runs_them_again(paths):
    paths.cache.mkdir(parents=True)
    (paths.cache / "selftests.json").write_text("{", encoding="utf-8")
    assert models.open_default(paths).manifest.id == "tiny"


@pytest.mark.parametrize(("large", "kept"), [(1 << 20, [False, False, True]), (1, [False, True])])
def test_later_starts_open_the_network_as_laid_out_for_this_machine(
    paths, monkeypatch, large, kept
):
    monkeypatch.setattr(session, "LARGE_BYTES", large)
    starts = [models.open_default(paths, provider="cpu") for _ in kept]
    assert [start._sessions.is_kept for start in starts] == kept
    (paths.bundles / "tiny" / "image.onnx").write_bytes(b"")
    with pytest.raises(BundleCorrupt, match=r"image\.onnx"):
        models.open_default(paths, provider="cpu")


def test_what_is_shipped_is_found():
    assert models.shipped("bundles").is_dir()
    assert models.sample_study().is_dir()


CUDA = "CUDAExecutionProvider"


@pytest.fixture
def card(monkeypatch):
    """An installation that offers a card; what its sessions do, a test decides."""
    runtime = onnxruntime()
    plain = runtime.InferenceSession

    class OnCard:
        def __init__(self, graph, options, providers):
            self._inner = plain(graph, options, providers=[CPU])
            self._providers = providers

        def get_providers(self):
            return self._providers

        def get_overridable_initializers(self):
            return []

        def run(self, outputs, feeds, options):
            return [o + self.error for o in self._inner.run(outputs, feeds, options)]

    OnCard.error = 0.0

    def choose(graph, options, providers):
        return (plain if providers == [CPU] else OnCard)(graph, options, providers=providers)

    monkeypatch.setattr(runtime, "get_available_providers", lambda: [CUDA, CPU])
    monkeypatch.setattr(runtime, "InferenceSession", choose)
    return OnCard


def test_a_card_that_computes_what_the_maker_saw_answers(paths, card):
    opened = models.open_default(paths)
    assert (opened.provider, opened.fallback) == (CUDA, "")


def test_a_card_that_computes_something_else_gives_way_to_the_cpu_and_the_reader_is_told(
    paths, card, make_image
):
    card.error = 0.05
    opened = models.open_default(paths)
    assert opened.provider == CPU
    assert "self-test" in opened.fallback
    assert opened.provenance().provider == CPU
    opened.localize(make_image([[0, 1], [1, 0]]), Prompt("bright", "typed"))
    with pytest.raises(SelfTestFailed):
        models.open_default(paths, provider="cuda")


def test_a_card_named_in_the_settings_is_a_wish_and_on_the_command_line_a_demand(paths):
    save_settings(paths.settings_file, Settings(provider="cuda"))
    opened = models.open_default(paths)
    assert opened.provider == CPU
    assert "cuda" in opened.fallback
    with pytest.raises(InferenceError, match="cuda"):
        models.open_default(paths, provider="cuda")


def test_the_window_looks_as_the_settings_say_where_the_model_can(paths, tiny_bundle):
    said = {}
    for wished in ("mirrored", "high", "of a later version"):
        save_settings(paths.settings_file, Settings(resolution=wished))
        said[wished] = models.open_default(paths, resolution=None).provider
        assert models.open_default(paths).provider == CPU
    assert said == {"mirrored": f"{CPU} mirrored", "high": CPU, "of a later version": CPU}
    tiny.sign(paths.bundles / "tiny", tiny.manifest(modality="histo"))
    save_settings(paths.settings_file, Settings(resolution="mirrored"))
    assert models.open_default(paths, resolution=None).provider == CPU


def test_each_provider_has_its_own_self_test(paths, card, monkeypatch):
    runs = []
    original = selftest.self_test
    monkeypatch.setattr(
        selftest, "self_test", lambda b, s: runs.append(s.provider) or original(b, s)
    )
    for provider in ("auto", "cpu", "auto", "cpu"):
        models.open_default(paths, provider=provider)
    assert runs == [CUDA, CPU]


def test_a_file_that_nobody_reads_at_a_start_is_verified_when_it_is_read(paths, make_image):
    models.open_default(paths)
    (paths.bundles / "tiny" / "text.onnx").write_bytes(b"")
    opened = models.open_default(paths)
    with pytest.raises(BundleCorrupt, match=r"text\.onnx"):
        opened.localize(make_image([[0, 1], [1, 0]]), Prompt("dark there bright", "typed"))
    assert isinstance(models.installed(paths)[0].error, BundleCorrupt)


@pytest.mark.parametrize(("flags", "precision"), [({"avx512_vnni"}, "int8"), ({"avx2"}, "")])
def test_an_8_bit_network_runs_where_the_processor_has_the_instructions(
    paths, monkeypatch, flags, precision
):
    folder = paths.bundles / "tiny"
    shutil.copy(folder / "image.onnx", folder / "patches.int8.onnx")
    tiny.sign(folder, tiny.manifest())
    monkeypatch.setattr(processor, "processor_flags", lambda *_: frozenset(flags))
    assert models.open_default(paths).provider == f"{CPU} {precision}".strip()


def test_an_8_bit_network_that_cannot_be_used_costs_nothing_but_speed(paths, monkeypatch):
    (paths.bundles / "tiny" / "patches.int8.onnx").write_bytes(b"no graph")
    tiny.sign(paths.bundles / "tiny", tiny.manifest())
    monkeypatch.setattr(processor, "processor_flags", lambda *_: frozenset({"avx512_vnni"}))
    assert models.open_default(paths).provider == CPU


def install_another(paths, tiny_bundle, name, modality):
    shutil.copytree(tiny_bundle, paths.bundles / name)
    tiny.sign(paths.bundles / name, tiny.manifest(id=name, modality=modality))


def test_an_image_is_looked_at_by_the_model_that_was_chosen_for_its_kind(paths, tiny_bundle):
    for name, kind in (("eyes-1", "fundus"), ("eyes-2", "fundus"), ("chest-2", "cxr")):
        install_another(paths, tiny_bundle, name, kind)

    def answering(kind):
        return models.find(paths, None, kind=kind).manifest.id

    assert (answering("cxr"), answering("fundus")) == ("chest-2", "eyes-1")
    save_settings(paths.settings_file, Settings().choosing("tiny").choosing("eyes-2"))
    assert (answering("cxr"), answering("fundus")) == ("tiny", "eyes-2")
    assert models.open_default(paths, kind="cxr").manifest.id == "tiny"
    assert models.find(paths, None).manifest.id == "eyes-2"  # without an image: the last choice


def test_a_chosen_model_that_is_broken_is_told_and_no_other_answers_for_it(paths, tiny_bundle):
    install_another(paths, tiny_bundle, "site", "cxr")
    save_settings(paths.settings_file, Settings().choosing("site"))
    (paths.bundles / "site" / "image.onnx").write_bytes(b"")
    with pytest.raises(BundleCorrupt, match=r"image\.onnx"):
        models.open_default(paths, kind="cxr")
    with pytest.raises(BundleMissing, match=r"stained tissue.*a site brings its own"):
        models.find(paths, None, kind="histo")
