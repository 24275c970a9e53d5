"""What a dashboard is made of: rows of graphs, each of PromQL expressions."""

from __future__ import annotations

from dataclasses import dataclass


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
