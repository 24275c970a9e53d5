"""What the dashboard shows."""

from __future__ import annotations

from typing import Final

from deploy.grafana.panels import Panel, Query, Row, per_second, quantile

WITHOUT_PROBES: Final = 'route!~"/livez|/readyz|/metrics"'
"""A matcher of all requests but those of probes."""

OVERVIEW: Final = Row(
    "Overview",
    (
        Panel(
            "Requests",
            "Answered at each service, without probes.",
            "reqps",
            (Query(per_second("symposia_http_requests_total", "job", where=WITHOUT_PROBES), "{{job}}"),),
        ),
        Panel(
            "Errors",
            "Share of requests answered 5xx; the aim is below 0.1 %.",
            "percentunit",
            (
                Query(
                    "({errors} or 0 * {all}) / {all}".format(
                        errors=per_second("symposia_http_requests_total", "job", where=f'code=~"5..",{WITHOUT_PROBES}'),
                        all=per_second("symposia_http_requests_total", "job", where=WITHOUT_PROBES),
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
            (Query(quantile(0.99, "symposia_http_request_duration_seconds", "job", where=WITHOUT_PROBES), "{{job}}"),),
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
            "Quarantined",
            "Kept apart, since they contradict what is known (409 at the door): `symposia dlq list --state quarantined`.",
            "short",
            (Query("sum by (group, topic) (increase(symposia_quarantined_records_total[$__range]))", "{{group}} · {{topic}}"),),
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
            "Relinking",
            "Jobs that imports and batches left; postponed ones met an error of our own: `symposia doctor`.",
            "short",
            (Query("max by (state) (symposia_relink_jobs)", "{{state}}"),),
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

DOORS: Final = Row(
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
            "Too many requests",
            "Answered 429: by the limit of a key, or of an address that shows refused keys.",
            "cps",
            (Query(per_second("symposia_gateway_requests_limited_total", "limit"), "{{limit}}"),),
        ),
        Panel(
            "Quirks",
            "Requests understood by a quirk of their sender: `symposia credential quirks`.",
            "cps",
            (Query(per_second("symposia_gateway_quirks_total", "quirk"), "{{quirk}}"),),
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
        Panel(
            "Answers that did not wait for the recorder",
            "On the log's acknowledgement alone: the recorder stands, or is behind.",
            "cps",
            (Query(per_second("symposia_gateway_recorder_unawaited_total", "reason"), "{{reason}}"),),
        ),
    ),
)

SOURCES: Final = Row(
    "Sources",
    (
        Panel(
            "Heard",
            "Statements by source.",
            "cps",
            (Query(per_second("symposia_ingest_statements_total", "source"), "{{source}}"),),
        ),
        Panel(
            "From event to log",
            "How long half, and 95 of 100, of what happened on a platform took to the log.",
            "s",
            (
                Query(quantile(0.5, "symposia_ingest_event_to_log_seconds", "platform"), "{{platform}} p50"),
                Query(quantile(0.95, "symposia_ingest_event_to_log_seconds", "platform"), "{{platform}} p95"),
            ),
        ),
        Panel(
            "Asked",
            "Requests to platforms, by source and outcome.",
            "cps",
            (Query(per_second("symposia_ingest_asked_total", "source", "outcome"), "{{source}} {{outcome}}"),),
        ),
        Panel(
            "Polls and lookups that fail",
            "Failures in a row of the poll, and of the thing named by id, that fail most: `symposia source show`.",
            "short",
            (
                Query("max by (source) (symposia_ingest_poll_failures)", "{{source}} polls"),
                Query("max by (source) (symposia_ingest_lookup_failures)", "{{source}} lookups"),
            ),
        ),
        Panel(
            "Since all polls went well",
            "Of sources that are asked.",
            "s",
            (Query("time() - max by (source) (symposia_ingest_poll_succeeded_seconds)", "{{source}}"),),
        ),
        Panel(
            "To be asked for",
            "Things named by id that wait, or were given up: `symposia source retry`.",
            "short",
            (Query("max by (source, state) (symposia_ingest_lookups)", "{{source}} {{state}}"),),
        ),
        Panel(
            "Waiting for a thread",
            "Interactions that wait for what they depend on.",
            "short",
            (Query("max(symposia_ingest_waiting)", "waiting"),),
        ),
    ),
)

FORWARDING: Final = Row(
    "Forwarding",
    (
        Panel(
            "Behind",
            "How long the oldest statement has waited for each LRS that we forward to.",
            "s",
            (Query("max by (target) (symposia_forwarding_lag_seconds)", "{{target}}"),),
        ),
        Panel(
            "Forwarded",
            "By target and outcome; passed over: not selected for it.",
            "cps",
            (Query(per_second("symposia_forwarding_statements_total", "target", "outcome"), "{{target}} {{outcome}}"),),
        ),
        Panel(
            "Failed attempts",
            "The target was away, busy, or did not know our key.",
            "cps",
            (Query(per_second("symposia_forwarding_failures_total", "target"), "{{target}}"),),
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

BOARD: Final = (OVERVIEW, PIPELINE, DOORS, SOURCES, FORWARDING, POSTGRES)
