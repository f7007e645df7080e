import pytest

from afloc_desktop.core.errors import UnreadableFile
from afloc_desktop.state import papers
from afloc_desktop.state.papers import Paper, bill_of_materials, guides, licences
from afloc_desktop.state.paths import Paths


def test_guides_have_titles_and_the_most_wanted_come_first():
    found = guides()
    assert found[0].path.name == "radiologist-guide.md" or "radiologist" not in str(found)
    assert len({paper.title for paper in found}) == len(found) > 8
    assert all(paper.text().startswith("# ") for paper in found)


def test_licences_of_the_product_of_qt_and_of_the_model_can_be_read(monkeypatch):
    monkeypatch.setattr(papers, "required", lambda extra: ())
    found = licences(Paths.default())
    text = "\n".join(paper.text() for paper in found)
    for words in ("Apache License", "GNU LESSER GENERAL PUBLIC LICENSE", "NIH ChestX-ray14",
                  "Third-party software", "afloc-cxr-base"):  # fmt: skip
        assert words in text


def test_what_was_written_at_build_time_goes_before_what_is_installed(monkeypatch, tmp_path):
    (tmp_path / "THIRD_PARTY.md").write_text("# As built\n")
    (tmp_path / "sbom.cdx.json").write_text('{"bomFormat": "CycloneDX"}')
    monkeypatch.setattr(papers, "shipped", lambda name: tmp_path)
    assert Paper("", None).text() == "# As built\n"
    assert bill_of_materials() == {"bomFormat": "CycloneDX"}


def test_a_paper_that_is_gone_is_told(tmp_path):
    with pytest.raises(UnreadableFile, match=r"gone\.md"):
        Paper("", tmp_path / "gone.md").text()
