"""Read a batch: keep only the newest message on each statement or learner, and reject what cannot be read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.scoring.domain.act import Act, LearnerId, StatementId, Unreadable, read_act
from services.scoring.store import Word
from shared.contracts import BadMessage, Enriched, Objection, decode
from shared.stream import Record, Rejection
from shared.xapi.timestamps import instant


@dataclass(frozen=True, slots=True)
class News:
    """The newest message of a batch on one statement, and when our door received the statement."""

    act: Act
    received_at: datetime


def read_news(records: Sequence[Record]) -> tuple[dict[StatementId, News], tuple[Rejection, ...]]:
    """Return the newest revision of each statement in *records*, and a rejection for each that is not an enriched statement."""
    newest: dict[StatementId, News] = {}
    rejections: list[Rejection] = []
    for record in records:
        try:
            news = _read_one(record)
        except (BadMessage, ValueError) as error:
            rejections.append(Rejection(record, str(error)))
            continue
        before = newest.get(news.act.statement)
        if before is None or before.act.revision < news.act.revision:
            newest[news.act.statement] = news
    return newest, tuple(rejections)


def read_words(records: Sequence[Record]) -> tuple[list[Word], tuple[Rejection, ...]]:
    """Return each learner's newest word in *records*, and a rejection for each that is not an objection."""
    newest: dict[LearnerId, Word] = {}
    rejections: list[Rejection] = []
    for record in records:
        try:
            word = _read_word(record)
        except (BadMessage, ValueError) as error:
            rejections.append(Rejection(record, str(error)))
            continue
        before = newest.get(word.learner, word)
        newest[word.learner] = max(before, word, key=lambda each: (each.at, each.objects))
    return list(newest.values()), tuple(rejections)


def _read_one(record: Record) -> News:
    enriched = decode(record.value, Enriched)
    return News(read_act(enriched), _moment(enriched.received_at))


def _read_word(record: Record) -> Word:
    objection = decode(record.value, Objection)
    try:
        learner = LearnerId(UUID(objection.learner))
    except ValueError as error:
        raise Unreadable("the learner is no UUID") from error
    return Word(learner, objection.objects, _moment(objection.at))


def _moment(text: str) -> datetime:
    try:
        return instant(text)
    except ValueError as error:
        raise Unreadable(f"no moment in time: {error}") from error
