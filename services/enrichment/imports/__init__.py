"""CSV imports of people, courses and enrolments: bad rows are reported by line, good rows are taken, repeats change nothing."""

from services.enrichment.imports.importer import COLUMNS, Importer, Kind, Report
from services.enrichment.imports.table import Fault

__all__ = ["COLUMNS", "Fault", "Importer", "Kind", "Report"]
