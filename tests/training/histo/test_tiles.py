import numpy as np
import pytest
from afloc_training.fundus.network import GRID
from afloc_training.histo.tiles import cells_of, nuclei_of, read_nuclei, read_tiles
from afloc_training.histo.vocabulary import IDS

PINK, BLUE, GLASS = (0.91, 0.62, 0.78), (0.32, 0.22, 0.55), (0.95, 0.95, 0.95)


def tissue(side: int = 512) -> np.ndarray:
    """Pink tissue, glass on the right, and a crowd of blue nuclei at the upper left."""
    tile = np.tile(np.array(PINK, np.float32), (side, side, 1))
    tile[:, -128:] = GLASS
    for top in range(16, 200, 16):
        for left in range(16, 200, 16):
            tile[top : top + 11, left : left + 11] = BLUE
    tile[400:411, 40:51] = BLUE
    return tile


def test_nuclei_are_found_by_their_stain():
    found = nuclei_of(tissue())
    assert found[20, 20]
    assert found[405, 45]
    assert not found[300].any()


def test_each_structure_is_where_it_is():
    nuclei, dense, empty = cells_of(tissue())
    assert nuclei.shape == (GRID, GRID)
    assert (nuclei[4:48, 4:48] > 0).any()
    assert nuclei[100:103, 10:13].any()
    assert dense[24, 24]
    assert not dense[100:103, 10:13].any()
    assert (empty[:, -30:] > 0.9).all()
    assert not empty[:, :94].any()


def test_glass_alone_holds_no_nuclei():
    glass = np.full((512, 512, 3), 0.95, np.float32)
    nuclei, dense, empty = cells_of(glass)
    assert not nuclei.any()
    assert not dense.any()
    assert empty.all()


@pytest.mark.shared
def test_the_tiles_are_read_with_their_sentences_and_held_out_by_patient(shared):
    rows = read_tiles(shared / "data" / "histo")
    assert len(rows) == 41
    by_split = {s: {r.patient for r in rows if r.split == s} for s in ("train", "val", "test")}
    assert not by_split["train"] & (by_split["val"] | by_split["test"])
    assert all(case.label == "Nuclei" and case.masks[0].is_file() for case in read_nuclei(rows))
    assert len(IDS) == 3
