import pytest

from afloc_desktop.core.geometry import Point
from afloc_desktop.core.measuring import Mark
from afloc_desktop.ui.tools.pencil import Pencil
from afloc_desktop.ui.viewport import Viewport

# Two device pixels per source pixel; device (0, 0) is source (0, 0).
VIEW = Viewport(200, 200, 2.0, Point(50, 50))
LINE = Mark("length", (Point(10, 10), Point(40, 10)))


def at(x, y):
    """A source point as the pointer's position."""
    return VIEW.to_screen(Point(x, y))


@pytest.fixture
def pencil():
    made = Pencil()
    made.marks, made.moves = [], []
    made.drawn = made.marks.append
    made.changed = lambda number, mark: made.moves.append((number, mark))
    return made


def drag(pencil, start, *ends, marks=()):
    """Press at the start, go to each end, and let go at the last."""
    is_taken = pencil.press(at(*start), VIEW, marks)
    for end in ends:
        pencil.move(at(*end), VIEW)
    pencil.release(at(*ends[-1]), VIEW)
    return is_taken


def click(pencil, *places, marks=()):
    for place in places:
        pencil.move(at(*place), VIEW)
        pencil.press(at(*place), VIEW, marks)
        pencil.release(at(*place), VIEW)


@pytest.mark.parametrize("kind", ["length", "rectangle", "ellipse", "arrow"])
def test_two_points_are_dragged_or_clicked(pencil, kind):
    pencil.choose(kind)
    drag(pencil, (10, 20), (30, 30), (50, 60))
    click(pencil, (10, 20), (50, 60))
    assert pencil.marks == [Mark(kind, (Point(10, 20), Point(50, 60)))] * 2
    assert pencil.draft is None


def test_an_angle_takes_a_third_point(pencil):
    pencil.choose("angle")
    drag(pencil, (10, 10), (40, 40))
    assert pencil.marks == []
    click(pencil, (70, 10))
    assert pencil.marks == [Mark("angle", (Point(10, 10), Point(40, 40), Point(70, 10)))]


@pytest.mark.parametrize("is_dragged", [True, False])
def test_a_ratio_rests_between_its_extents(pencil, is_dragged):
    pencil.choose("ratio")
    for start, end in (((30, 50), (60, 52)), ((10, 80), (90, 80))):
        if is_dragged:
            drag(pencil, start, end)
        else:
            click(pencil, start, end)
        pencil.move(at(99, 99), VIEW)  # on the way to the next extent
    points = tuple(Point(*p) for p in ((30, 50), (60, 52), (10, 80), (90, 80)))
    assert pencil.marks == [Mark("ratio", points)]


def test_a_text_needs_one_place(pencil):
    pencil.choose("text")
    click(pencil, (33, 44))
    assert pencil.marks == [Mark("text", (Point(33, 44),))]


def test_the_hand_takes_a_mark_and_leaves_the_rest_to_the_film(pencil):
    assert not drag(pencil, (80, 80), (90, 90), marks=[LINE])
    assert drag(pencil, (25, 11), (30, 21), marks=[LINE])
    assert pencil.moves == [(0, LINE.moved(5, 10))]
    assert pencil.selected == 0


def test_a_handle_is_taken_before_the_line(pencil):
    drag(pencil, (39, 11), (50, 20), marks=[LINE])
    assert pencil.moves == [(0, LINE.with_point(1, Point(50, 20)))]


def test_a_moving_mark_is_shown_where_it_is_held(pencil):
    pencil.press(at(40, 10), VIEW, [LINE])
    pencil.move(at(60, 60), VIEW)
    assert pencil.shown([LINE]) == (LINE.with_point(1, Point(60, 60)),)
    assert pencil.moves == []


def test_a_click_selects_and_moves_nothing(pencil):
    click(pencil, (25, 10), marks=[LINE])
    assert (pencil.selected, pencil.moves) == (0, [])
    click(pencil, (90, 90), marks=[LINE])
    assert pencil.selected is None


def test_a_mark_on_top_is_taken_first(pencil):
    drag(pencil, (25, 10), (25, 30), marks=[LINE, LINE])
    assert pencil.moves[0][0] == 1


def test_another_tool_gives_up_what_was_half_drawn(pencil):
    pencil.choose("angle")
    drag(pencil, (10, 10), (40, 40))
    pencil.choose("length")
    assert (pencil.draft, pencil.is_busy, pencil.marks) == (None, False, [])


def test_fingers_are_as_thick_on_a_fine_screen(pencil):
    """Nine points are eighteen device pixels where a point has two."""
    beside = Point(at(25, 10).x, at(25, 10).y + 15)
    assert not pencil.press(beside, VIEW, [LINE])
    assert pencil.press(beside, VIEW, [LINE], 2.0)
