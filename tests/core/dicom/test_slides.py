from slides_made import make_slide

from afloc_desktop.core.dicom.scan import find_frame, scan
from afloc_desktop.core.domain import SlideSize


def series_of(folder):
    return [series for study in scan([folder]).studies for series in study.series]


def test_a_pyramid_is_one_series_of_one_slide_and_not_thousands_of_frames(tmp_path):
    paths = make_slide(tmp_path, 2000, 1000, tile=64, levels=3)
    (series,) = series_of(tmp_path)
    assert series.is_slide
    assert series.slide == SlideSize(2000, 1000, (0.25, 0.25), 3)
    assert [(image.path, image.frame, image.columns, image.rows) for image in series.images] == [
        (paths[0], 1, 2000, 1000),
        (paths[1], 1, 1000, 500),
        (paths[2], 1, 500, 250),
    ]


def test_parts_of_a_level_count_once(tmp_path):
    make_slide(tmp_path, 300, 200, tile=64, levels=2, split=3)
    (series,) = series_of(tmp_path)
    assert (series.slide.levels, len(series.images)) == (2, 6)


def test_slides_of_one_series_are_listed_apart(tmp_path):
    make_slide(tmp_path, 300, 200, levels=2)
    make_slide(tmp_path, 400, 200, name="2", tags={"SeriesInstanceUID": "1.2.9.1.2"})
    one, other = series_of(tmp_path)
    assert [(s.uid, s.part, s.slide.columns) for s in (one, other)] == [
        ("1.2.9.1.2", 1, 300),
        ("1.2.9.1.2", 2, 400),
    ]
    assert one.notes == ("This series holds several slides; each is listed on its own.",)


def test_levels_that_each_have_a_frame_of_reference_of_their_own_are_one_slide(tmp_path):
    # As the converter of wsi-to-dicom writes them, which names no container either.
    bare = {"ContainerIdentifier": None, "SpecimenDescriptionSequence": None}
    for number, downsample in enumerate((1, 2, 4), 1):
        own = {"FrameOfReferenceUID": f"1.2.9.7.{number}", "InstanceNumber": number}
        own |= {"SOPInstanceUID": f"1.2.9.6.{number}"}
        plan = {"levels": (downsample,), "tags": {**bare, **own}}
        make_slide(tmp_path / str(number), 1000, 503, tile=64, **plan)
    (series,) = series_of(tmp_path)
    assert [image.columns for image in series.images] == [1000, 500, 250]
    # Another scan of the same size is another slide, and so is one of another extent.
    for columns, name in ((1000, "8"), (300, "9")):
        tags = {
            **bare,
            "FrameOfReferenceUID": f"1.2.9.7.{name}",
            "SOPInstanceUID": f"1.2.9.6.{name}",
        }
        make_slide(tmp_path / name, columns, 503, tile=64, levels=(1,), tags=tags)
    assert sorted(len(series.images) for series in series_of(tmp_path)) == [1, 1, 3]


def test_label_and_glass_are_named_and_no_images(tmp_path):
    make_slide(tmp_path, 300, 200, levels=1)
    make_slide(tmp_path, 64, 64, name="2", flavour="LABEL")
    make_slide(tmp_path, 64, 64, name="3", flavour="OVERVIEW")
    (study,) = scan([tmp_path]).studies
    assert len(study.series) == 1
    assert [other.kind for other in study.others] == [
        "Picture of a slide's label",
        "Picture of a slide's glass",
    ]


def test_a_film_in_the_series_of_a_slide_stays_a_film(tmp_path, write_film):
    import numpy as np

    make_slide(tmp_path, 300, 200, levels=1)
    tags = {"StudyInstanceUID": "1.2.9.1", "SeriesInstanceUID": "1.2.9.1.2"}
    tags |= {"PatientName": "Slide^Made", "PatientID": "S1"}
    write_film(np.zeros((2, 3), np.uint8), "film.dcm", **tags)
    film, slide = series_of(tmp_path)
    assert [film.is_slide, slide.is_slide] == [False, True]
    assert find_frame(tmp_path / "film.dcm", 1).rows == 2
