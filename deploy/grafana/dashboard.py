"""Write the Grafana dashboard: `python -m deploy.grafana.dashboard` makes dashboards/symposia.json again.

What it shows stands in `board.py`; tests check that the file is what this makes, and that Prometheus answers every query.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from deploy.grafana.board import BOARD
from deploy.grafana.panels import Panel, Row

FILE: Final = Path(__file__).parent / "dashboards" / "symposia.json"
DATASOURCE: Final = {"type": "prometheus", "uid": "prometheus"}
COLUMNS: Final = 24
HEIGHT: Final = 8


def dashboard(rows: tuple[Row, ...]) -> dict[str, Any]:
    """Return *rows* as Grafana's dashboard model (schema version 41)."""
    return {
        "uid": "symposia",
        "title": "Symposia",
        "tags": ["symposia"],
        "schemaVersion": 41,
        "editable": False,
        "graphTooltip": 1,
        "refresh": "10s",
        "time": {"from": "now-1h", "to": "now"},
        "timezone": "browser",
        "templating": {"list": []},
        "annotations": {"list": []},
        "panels": [{"id": number, **panel} for number, panel in enumerate(_placed(rows), start=1)],
    }


def rendered() -> str:
    """Return the file's text."""
    return json.dumps(dashboard(BOARD), indent=2, ensure_ascii=False) + "\n"


def _placed(rows: tuple[Row, ...]) -> Iterator[dict[str, Any]]:
    """Place each row's title and its graphs, four abreast at most, below what came before."""
    top = 0
    for row in rows:
        yield {"type": "row", "title": row.title, "collapsed": False, "panels": [], "gridPos": _place(0, top, COLUMNS, 1)}
        top += 1
        abreast = min(len(row.panels), 4 if len(row.panels) % 4 == 0 else 3)
        width = COLUMNS // abreast
        for number, panel in enumerate(row.panels):
            line, column = divmod(number, abreast)
            yield _graph(panel) | {"gridPos": _place(column * width, top + line * HEIGHT, width, HEIGHT)}
        top += -(-len(row.panels) // abreast) * HEIGHT


def _graph(panel: Panel) -> dict[str, Any]:
    return {
        "type": "timeseries",
        "title": panel.title,
        "description": panel.description,
        "datasource": DATASOURCE,
        "fieldConfig": {
            "defaults": {"unit": panel.unit, "min": 0, "custom": {"fillOpacity": 10, "showPoints": "never"}},
            "overrides": [],
        },
        "options": {
            "legend": {"displayMode": "list", "placement": "bottom"},
            "tooltip": {"mode": "multi", "sort": "desc"},
        },
        "targets": [
            {"refId": chr(ord("A") + number), "datasource": DATASOURCE, "expr": query.expression, "legendFormat": query.legend}
            for number, query in enumerate(panel.queries)
        ],
    }


def _place(x: int, y: int, width: int, height: int) -> dict[str, int]:
    return {"x": x, "y": y, "w": width, "h": height}


if __name__ == "__main__":
    FILE.write_text(rendered(), "utf-8")
