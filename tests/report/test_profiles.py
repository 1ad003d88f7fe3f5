from pathlib import Path

from idfsr.report.layout import TIMES, metric_columns
from idfsr.report.page import PageInputs
from idfsr.report.profiles import CURVE_HEIGHT, CURVE_WIDTH, draw_line, lay_out_people
from idfsr.report.viewer import ImageSource, read_scores


def test_convention_curves_are_x_then_y_downwards() -> None:
    assert (
        draw_line([0.0, 1.0], [5.0, 1.0], (1.0, 5.0)) == f"0.0,0.0 {CURVE_WIDTH}.0,{CURVE_HEIGHT}.0"
    )
    assert draw_line([0.5], [2.0], (2.0, 2.0)) == f"{CURVE_WIDTH / 2},0.0"


def test_people_with_their_distances_and_neighbours(made_run: tuple[Path, PageInputs]) -> None:
    inputs = made_run[1]
    scores = read_scores(inputs.metrics, ["ids_sface"])
    source = ImageSource(inputs.facts.parent, embed=False)
    (column,) = metric_columns(["ids_sface"])
    people = lay_out_people(inputs.people, scores, column, source)
    assert people.labels == ["IDFSR (PT)", "IDFSR (FT)"]
    _, bob, _ = people.profiles
    assert (bob.identity, bob.photographs) == ("bob", "people/00001.webp")
    # the mean over two images, 0.51 + 0.001 and 0.50 + 0.001
    assert bob.distances == [
        (f"{TIMES}8", ["0.5060", "0.3060"]), (f"{TIMES}16", ["0.5060", "0.3060"]),
    ]  # fmt: skip
    first, second = bob.fits
    assert (first.scale, second.scale) == (f"{TIMES}8", f"{TIMES}16")
    assert first.change == "\N{MINUS SIGN}20.0"
    assert [neighbour.is_self for neighbour in first.neighbours] == [True, False, False]


def test_people_without_a_distance(made_run: tuple[Path, PageInputs]) -> None:
    inputs = made_run[1]
    source = ImageSource(inputs.facts.parent, embed=False)
    people = lay_out_people(inputs.people, {}, None, source)
    assert (people.labels, people.metric) == ([], "")
    assert all(person.distances == [] for person in people.profiles)
