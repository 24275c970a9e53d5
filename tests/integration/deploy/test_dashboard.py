"""The dashboard: the file is what the code makes, and asks for what there is."""

from __future__ import annotations

import json
from itertools import combinations

import pytest

from deploy.grafana.board import BOARD
from deploy.grafana.dashboard import COLUMNS, FILE, rendered
from tests.support.catalogue import exported, names_in

EXPRESSIONS = [query.expression for row in BOARD for panel in row.panels for query in panel.queries]


def test_the_file_is_what_the_code_makes() -> None:
    assert FILE.read_text("utf-8") == rendered(), "run: python -m deploy.grafana.dashboard"


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_a_query_asks_for_metrics_that_exist(expression: str) -> None:
    assert names_in(expression)
    assert names_in(expression) <= exported()


def test_no_two_panels_overlap() -> None:
    places = [panel["gridPos"] for panel in json.loads(rendered())["panels"]]

    assert all(place["x"] + place["w"] <= COLUMNS for place in places)
    assert not [
        pair
        for pair in combinations(places, 2)
        if all(
            pair[0][edge] < pair[1][edge] + pair[1][size] and pair[1][edge] < pair[0][edge] + pair[0][size]
            for edge, size in (("x", "w"), ("y", "h"))
        )
    ]
