import pytest

from afloc_desktop.core.model.bundle import load_bundle
from afloc_desktop.state.models import shipped

LESIONS = ("Microaneurysms", "Retinal hemorrhage", "Hard exudates", "Cotton wool spots")


@pytest.mark.parametrize("measure", ["pointing", "cnr"])
def test_the_shipped_model_is_measured_above_what_knows_no_photograph_or_no_words(measure):
    """With its whole interval; the figures are those of the command that made the bundle."""
    figures = {
        f.name: f for f in load_bundle(shipped("bundles") / "afloc-fundus-base").manifest.metrics
    }
    for lesion in LESIONS:
        for way in ("", "tiled "):
            lowest = figures[f"{way}{lesion} {measure}"].low
            for baseline in ("centre prior", "mean region", "random weights"):
                assert lowest > figures[f"{baseline} {lesion} {measure}"].value
