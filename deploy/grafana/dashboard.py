"""Write the Grafana dashboard: `python -m deploy.grafana.dashboard` makes dashboards/symposia.json again.

What it shows stands in `BOARD`; a test checks that the file is what this makes, and that a real Prometheus answers every query.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

FILE: Final = Path(__file__).parent / "dashboards" / "symposia.json"
DATASOURCE: Final = {"type": "prometheus", "uid": "prometheus"}
COLUMNS: Final = 24
HEIGHT: Final = 8
DOORS: Final = 'route!~"/livez|/readyz|/metrics"'


@dataclass(frozen=True, slots=True)
class Query:
    """A PromQL expression, and how its series are called."""

    expression: str
    legend: str


@dataclass(frozen=True, slots=True)
class Panel:
    """A graph: what it shows in words, in which of Grafana's units, by which queries."""

    title: str
    description: str
    unit: str
    queries: tuple[Query, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """Graphs that belong together, side by side."""

    title: str
    panels: tuple[Panel, ...]


def quantile(q: float, histogram: str, *by: str, where: str = "") -> str:
    """Return the expression of quantile *q* of *histogram*, for each value of the labels *by*."""
    return f"histogram_quantile({q:g}, {per_second(f'{histogram}_bucket', *by, 'le', where=where)})"


def per_second(counter: str, *by: str, where: str = "") -> str:
    """Return the expression of *counter*'s rate, for each value of the labels *by*."""
    matchers = f"{{{where}}}" if where else ""
    return f"sum by ({', '.join(by)}) (rate({counter}{matchers}[$__rate_interval]))"


OVERVIEW: Final = Row(
    "Overview",
    (
        Panel(
            "Requests",
            "Answered at each service, without probes.",
            "reqps",
            (Query(per_second("symposia_http_requests_total", "job", where=DOORS), "{{job}}"),),
        ),
        Panel(
            "Errors",
            "Share of requests answered 5xx; the aim is below 0.1 %.",
            "percentunit",
            (
                Query(
                    "({errors} or 0 * {all}) / {all}".format(
                        errors=per_second("symposia_http_requests_total", "job", where=f'code=~"5..",{DOORS}'),
                        all=per_second("symposia_http_requests_total", "job", where=DOORS),
                    ),
                    "{{job}}",
                ),
            ),
        ),
        Panel(
            "Freshness",
            "From the door's receipt of a statement to the commit of its impact; the aim is p99 below 1 s.",
            "s",
            (
                Query(quantile(0.5, "symposia_e2e_freshness_seconds"), "p50"),
                Query(quantile(0.99, "symposia_e2e_freshness_seconds"), "p99"),
            ),
        ),
        Panel(
            "Time to answer, p99",
            "At each service, the recorder's wait included.",
            "s",
            (Query(quantile(0.99, "symposia_http_request_duration_seconds", "job", where=DOORS), "{{job}}"),),
        ),
    ),
)

PIPELINE: Final = Row(
    "Pipeline",
    (
        Panel(
            "Lag, records",
            "Records in the log that a group has not applied.",
            "short",
            (Query("sum by (group, topic) (symposia_consumer_lag_records)", "{{group}} · {{topic}}"),),
        ),
        Panel(
            "Lag, seconds",
            "Age of the last applied record while more wait.",
            "s",
            (Query("max by (group, topic) (symposia_consumer_lag_seconds)", "{{group}} · {{topic}}"),),
        ),
        Panel(
            "Records by outcome",
            "Applied, rejected (dead letters) and repeated (applied before).",
            "cps",
            (Query(per_second("symposia_consumer_records_total", "group", "outcome"), "{{group}} {{outcome}}"),),
        ),
        Panel(
            "Dead letters",
            "Records that a group could not use, in the time shown: `symposia dlq list`.",
            "short",
            (Query("sum by (group, topic) (increase(symposia_dead_letter_records_total[$__range]))", "{{group}} · {{topic}}"),),
        ),
        Panel(
            "Bytes under way to the log",
            "Buffered by producers; at the limit further appends are answered 503.",
            "bytes",
            (Query("sum by (job) (symposia_producer_buffered_bytes)", "{{job}}"),),
        ),
        Panel(
            "Append, p99",
            "Until appended records were durable.",
            "s",
            (Query(quantile(0.99, "symposia_log_append_seconds", "job"), "{{job}}"),),
        ),
        Panel(
            "Since the last progress",
            "A consumer that is well applies a batch, or learns that none waits, every second.",
            "s",
            (
                Query(
                    "min by (group, topic) (time() - symposia_consumer_last_progress_timestamp_seconds)", "{{group}} · {{topic}}"
                ),
            ),
        ),
        Panel(
            "Interruptions",
            "Turns that an outage interrupted, stops for a gap, failed appends, producers replaced; in the time shown.",
            "short",
            (
                Query("sum by (group) (increase(symposia_consumer_outages_total[$__range]))", "{{group}} outages"),
                Query("sum by (group) (increase(symposia_consumer_offset_gap_total[$__range]))", "{{group}} gaps"),
                Query("sum by (job) (increase(symposia_log_append_failures_total[$__range]))", "{{job}} appends failed"),
                Query("sum by (job) (increase(symposia_producer_rebuilds_total[$__range]))", "{{job}} producers replaced"),
            ),
        ),
    ),
)

DOORS_ROW: Final = Row(
    "Doors",
    (
        Panel(
            "Statements at the gateway",
            "By outcome; unconfirmed: in the log, and not seen recorded in time.",
            "cps",
            (Query(per_second("symposia_gateway_statements_total", "outcome"), "{{outcome}}"),),
        ),
        Panel(
            "Webhook deliveries",
            "Genuine ones, by platform and outcome.",
            "cps",
            (Query(per_second("symposia_ingest_deliveries_total", "platform", "outcome"), "{{platform}} {{outcome}}"),),
        ),
        Panel(
            "Statements from platforms",
            "By platform and kind of interaction.",
            "cps",
            (Query(per_second("symposia_ingest_statements_total", "platform", "kind"), "{{platform}} {{kind}}"),),
        ),
        Panel(
            "Ignored",
            "What was heard and is not ours, by reason.",
            "cps",
            (Query(per_second("symposia_ingest_ignored_total", "platform", "reason"), "{{platform}} {{reason}}"),),
        ),
        Panel(
            "Refused",
            "Keys that the gateway refused, and deliveries that ingest refused, by reason.",
            "cps",
            (
                Query(per_second("symposia_gateway_keys_refused_total", "reason"), "key: {{reason}}"),
                Query(per_second("symposia_ingest_refused_total", "platform", "reason"), "{{platform}}: {{reason}}"),
            ),
        ),
        Panel(
            "Wait for the recorder",
            "How long answers to statements waited until they were recorded.",
            "s",
            (
                Query(quantile(0.5, "symposia_gateway_recorder_wait_seconds"), "p50"),
                Query(quantile(0.99, "symposia_gateway_recorder_wait_seconds"), "p99"),
            ),
        ),
    ),
)

POSTGRES: Final = Row(
    "PostgreSQL",
    (
        Panel(
            "Connections in use",
            "By the schema that a pool serves.",
            "short",
            (Query("sum by (job, schema) (symposia_postgres_connections_in_use)", "{{job}} · {{schema}}"),),
        ),
        Panel(
            "Wait for a connection, p99",
            "By the schema that a pool serves.",
            "s",
            (Query(quantile(0.99, "symposia_postgres_acquire_seconds", "job", "schema"), "{{job}} · {{schema}}"),),
        ),
        Panel(
            "Retries and outages",
            "Transactions run again, and attempts that PostgreSQL could not serve.",
            "cps",
            tuple(
                Query(
                    f"{per_second(f'symposia_postgres_{what}_total', 'schema')}"
                    " or 0 * sum by (schema) (symposia_postgres_connections_in_use)",
                    f"{{{{schema}}}} {name}",
                )
                for what, name in (("retry", "retries"), ("outage", "outages"))
            ),
        ),
    ),
)

BOARD: Final = (OVERVIEW, PIPELINE, DOORS_ROW, POSTGRES)


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
