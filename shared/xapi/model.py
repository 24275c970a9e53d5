"""The shape of a statement that passed validation, and the words that xAPI reserves.

The types describe JSON as it is: a validated statement is the parsed dict itself, nothing is copied or converted.
"""

from enum import StrEnum
from typing import Any, Final, Literal, NewType, NotRequired, TypeAlias, TypedDict

JSON: TypeAlias = Any
"""A JSON value as parsed: dict, list, str, int, float, bool or None."""

StatementId = NewType("StatementId", str)
"""A statement's UUID in lower case."""
Registration = NewType("Registration", str)
"""The UUID, in lower case, of one attempt."""
Iri = NewType("Iri", str)
"""An IRI as it was sent; compared character by character (RFC 3987 §5.3.1)."""
Ifi = NewType("Ifi", str)
"""A canonical inverse functional identifier: see shared.xapi.ifi."""


class Version(StrEnum):
    """Name a version of xAPI by what its header says."""

    # An enumeration's own hash is Python code; a version is looked up for every statement.
    __hash__ = str.__hash__

    V1_0_3 = "1.0.3"
    V2_0_0 = "2.0.0"


VOIDED: Final = Iri("http://adlnet.gov/expapi/verbs/voided")
"""The one verb that xAPI reserves (1.0.3 Data §2.3.2)."""
SIGNATURE: Final = Iri("http://adlnet.gov/expapi/attachments/signature")
"""The usage type of an attachment that signs its statement (1.0.3 Data §2.6)."""

Relation: TypeAlias = Literal["parent", "grouping", "category", "other"]
RELATIONS: Final[tuple[Relation, ...]] = ("parent", "grouping", "category", "other")
"""How an activity can be context, in the order that is kept everywhere."""

LanguageMap: TypeAlias = dict[str, str]
Extensions: TypeAlias = dict[str, JSON]


class Account(TypedDict):
    """Name an account on a system."""

    homePage: str
    name: str


class Agent(TypedDict):
    """Identify a person or a system by exactly one IFI."""

    objectType: NotRequired[Literal["Agent"]]
    name: NotRequired[str]
    mbox: NotRequired[str]
    mbox_sha1sum: NotRequired[str]
    openid: NotRequired[str]
    account: NotRequired[Account]


class Group(TypedDict):
    """Identify a group by one IFI, or, when it is anonymous, by its members alone."""

    objectType: Literal["Group"]
    name: NotRequired[str]
    member: NotRequired[list[Agent]]
    mbox: NotRequired[str]
    mbox_sha1sum: NotRequired[str]
    openid: NotRequired[str]
    account: NotRequired[Account]


Actor: TypeAlias = Agent | Group


class Verb(TypedDict):
    """Name what was done."""

    id: str
    display: NotRequired[LanguageMap]


class InteractionComponent(TypedDict):
    """Describe one choice, step, source, target or point of a scale."""

    id: str
    description: NotRequired[LanguageMap]


class Definition(TypedDict, total=False):
    """Describe an activity."""

    name: LanguageMap
    description: LanguageMap
    type: str
    moreInfo: str
    interactionType: str
    correctResponsesPattern: list[str]
    choices: list[InteractionComponent]
    scale: list[InteractionComponent]
    source: list[InteractionComponent]
    target: list[InteractionComponent]
    steps: list[InteractionComponent]
    extensions: Extensions


class Activity(TypedDict):
    """Name a thing that something is done to or within."""

    objectType: NotRequired[Literal["Activity"]]
    id: str
    definition: NotRequired[Definition]


class StatementRef(TypedDict):
    """Point to another statement."""

    objectType: Literal["StatementRef"]
    id: str


class Score(TypedDict, total=False):
    """Hold xAPI's score; what Symposia computes is impact."""

    scaled: float
    raw: float
    min: float
    max: float


class Result(TypedDict, total=False):
    """Hold the outcome of what was done."""

    score: Score
    success: bool
    completion: bool
    response: str
    duration: str
    extensions: Extensions


class ContextActivities(TypedDict, total=False):
    """Hold related activities by relation, each a list or, as 0.95 wrote it, a single activity."""

    parent: list[Activity] | Activity
    grouping: list[Activity] | Activity
    category: list[Activity] | Activity
    other: list[Activity] | Activity


class ContextAgent(TypedDict):
    """Say in which roles an agent matters here (2.0.0)."""

    objectType: Literal["contextAgent"]
    agent: Agent
    relevantTypes: NotRequired[list[str]]


class ContextGroup(TypedDict):
    """Say in which roles a group matters here (2.0.0)."""

    objectType: Literal["contextGroup"]
    group: Group
    relevantTypes: NotRequired[list[str]]


class Context(TypedDict, total=False):
    """Hold what surrounds a statement."""

    registration: str
    instructor: Actor
    team: Group
    contextActivities: ContextActivities
    contextAgents: list[ContextAgent]
    contextGroups: list[ContextGroup]
    revision: str
    platform: str
    language: str
    statement: StatementRef
    extensions: Extensions


class Attachment(TypedDict):
    """Describe an attachment; its bytes travel beside the statement."""

    usageType: str
    display: LanguageMap
    description: NotRequired[LanguageMap]
    contentType: str
    length: int
    sha2: str
    fileUrl: NotRequired[str]


class SubStatement(TypedDict):
    """Hold a statement about something that need not have happened."""

    objectType: Literal["SubStatement"]
    actor: Actor
    verb: Verb
    object: Activity | Agent | Group | StatementRef
    result: NotRequired[Result]
    context: NotRequired[Context]
    timestamp: NotRequired[str]
    attachments: NotRequired[list[Attachment]]


class Statement(TypedDict):
    """Say who did what to which thing."""

    id: NotRequired[str]
    actor: Actor
    verb: Verb
    object: Activity | Agent | Group | StatementRef | SubStatement
    result: NotRequired[Result]
    context: NotRequired[Context]
    timestamp: NotRequired[str]
    stored: NotRequired[str]
    authority: NotRequired[Actor]
    version: NotRequired[str]
    attachments: NotRequired[list[Attachment]]
