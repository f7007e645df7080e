from dataclasses import replace

import numpy as np
import pytest
from doubles import QueueLoop, listing
from slides_made import make_slide

from afloc_desktop.core.dicom.scan import scan
from afloc_desktop.core.errors import Cancelled, UnreadableFile
from afloc_desktop.core.geometry import Box
from afloc_desktop.core.slides.opening import open_slide
from afloc_desktop.state.films import Films
from afloc_desktop.state.slides import Slides
from afloc_desktop.state.store import Problem, State, Store
from afloc_desktop.state.tasks import Tasks

FILM = listing(1)


class Room:
    """A store with a film and a slide listed, and what opens them."""

    def __init__(self, found):
        (self.series,) = found.studies[0].series
        self.loop, self.opened = QueueLoop(), []
        self.error = None
        studies = (*FILM.studies, *found.studies)
        self.store = Store(State(listing=replace(found, studies=studies)))
        self.tasks = Tasks(self.loop.post, lambda keys: self.store.update(busy=keys))
        self.slides = Slides(self.store, self.tasks, self.loop.post, self.open)
        self.films = Films(self.store, self.tasks, self.read, None, self.slides)

    def open(self, refs):
        if self.error is not None:
            raise self.error
        self.opened.append(open_slide(refs))
        return self.opened[-1]

    def read(self, ref, *, should_stop):
        raise UnreadableFile("This film is damaged.", remedy="Fetch it again.")

    def show(self, ref, told=lambda: None):
        self.films.show(ref, told)
        self.rest()

    def rest(self):
        self.loop.run_until(lambda: not self.store.state.busy)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("slide")
    make_slide(made, 600, 400, levels=2, syntax="explicit")
    return made


@pytest.fixture
def room(folder):
    made = Room(scan([folder]))
    yield made
    made.slides.put_away()
    assert made.tasks.close(20)
    for slide in made.opened:
        slide.close()


def test_a_slide_that_is_listed_takes_the_place_of_a_film(room):
    told = []
    room.show(room.series.images[0], lambda: told.append(room.store.state.slide))
    opened = room.store.state.slide
    assert [t.tiles for t in told] == [opened.tiles]
    assert (room.store.state.image, room.store.state.image_problem) == (None, None)
    assert (opened.slide.columns, opened.slide.rows, len(opened.slide.levels)) == (600, 400, 2)
    assert told[0].small is None
    assert opened.small.shape == (160, 240, 3)


def test_another_file_of_the_same_slide_opens_nothing(room):
    first, second = room.series.images
    room.show(first)
    opened = room.store.state.slide
    room.show(second)
    assert (room.store.state.slide, room.store.state.image_ref) == (opened, second)
    assert len(room.opened) == 1


def test_a_film_puts_the_slide_and_its_region_away(room):
    room.show(room.series.images[0])
    room.slides.choose(Box(1, 2, 3, 4))
    assert room.store.state.region == Box(1, 2, 3, 4)
    opened = room.store.state.slide
    room.show(FILM.images[0])
    state = room.store.state
    assert (state.slide, state.region) == (None, None)
    assert state.image_problem == Problem("This film is damaged.", "Fetch it again.")
    opened.tiles.want([(0, 0, 0)])
    assert not room.tasks.is_running("tiles 1")


def test_a_slide_that_cannot_be_opened_says_why(room):
    room.error = UnreadableFile("The slide is damaged.", remedy="Fetch the file again.")
    room.show(room.series.images[0])
    assert room.store.state.slide is None
    assert room.store.state.image_problem == Problem(
        "The slide is damaged.", "Fetch the file again."
    )


def test_a_slide_is_opened_again_where_more_of_its_files_are_listed(room):
    (series,) = [s for s in room.store.state.listing.studies[-1].series if s.is_slide]
    first = replace(series, images=series.images[:1])
    studies = room.store.state.listing.studies
    early = (*studies[:-1], replace(studies[-1], series=(first,)))
    room.store.update(listing=replace(room.store.state.listing, studies=early))
    room.show(first.images[0])
    room.rest()
    assert len(room.store.state.slide.slide.levels) == 1
    room.store.update(listing=replace(room.store.state.listing, studies=studies))
    room.slides.complete()
    room.rest()
    assert len(room.store.state.slide.slide.levels) == 2
    room.slides.complete()
    assert len(room.opened) == 2


def test_what_follows_a_slide_is_told_when_it_comes_and_goes(room):
    told = []
    room.slides.follow(told.append, lambda: told.append(room.store.state.slide.slide))
    room.show(room.series.images[0])
    slide = room.store.state.slide.slide
    room.show(FILM.images[0])
    assert told == [slide, slide]


def test_tiles_are_those_of_the_slide(room):
    room.show(room.series.images[0])
    opened, came = room.store.state.slide, []
    opened.tiles.listen(came.extend)
    opened.tiles.want([(1, 0, 0)])
    room.loop.run_until(lambda: came)
    packed = opened.tiles.at_hand((1, 0, 0))
    shown = np.stack([packed >> 16 & 255, packed >> 8 & 255, packed & 255], axis=-1)
    np.testing.assert_array_equal(shown, opened.slide.tile(1, 0, 0))


def test_the_levels_of_a_slide_are_one_step_among_films(room):
    film, slide = FILM.images[0], room.series.images[0]
    room.show(slide)
    assert room.films.neighbour(-1) == film
    assert room.films.neighbour(1) is None


def test_pictures_of_its_parts_are_read_once_and_only_those_wanted_are_kept(room):
    room.show(room.series.images[0])
    left, right = Box(0, 0, 96, 96), Box(500, 300, 692, 492)  # the second goes beyond the slide
    room.slides.picture((left,))
    room.rest()
    first = room.store.state.windows[left]
    np.testing.assert_array_equal(first, room.opened[-1].region(0, 0, 0, 96, 96))
    room.slides.picture((left, right))
    room.rest()
    assert room.store.state.windows[left] is first
    assert room.store.state.windows[right].shape == (96, 96, 3)  # of the second level
    room.slides.picture((right,))
    assert not room.tasks.is_running("slide windows")


def test_ending_closes_what_is_still_open(room):
    room.show(room.series.images[0])
    slide = room.opened[-1]
    room.slides.end()
    with pytest.raises(Cancelled):
        slide.tile(0, 2, 1)
