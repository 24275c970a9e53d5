"""If-Match and If-None-Match: RFC 9110 §13.1, 1.0.3 Communication §3.1, 2.0.0 §4.1.4."""

from __future__ import annotations

import pytest

from services.gateway.documents.parameters import Resource
from services.gateway.documents.preconditions import BadPrecondition, Verdict, judge, judge_put, read_preconditions
from shared.xapi.model import Version

OLD, NEW = Version.V1_0_3, Version.V2_0_0
NOTHING = read_preconditions([], [])


@pytest.mark.parametrize(
    ("if_match", "if_none_match", "etag", "holds"),
    [
        ([], [], None, True),
        ([], [], "a", True),
        (['"a"'], [], "a", True),
        (['"b", "a"'], [], "a", True),
        (['"b"', '"a"'], [], "a", True),
        (["a"], [], "a", True),
        (['""a""'], [], "a", True),
        (['"b", ""a""'], [], "a", True),
        (['""b""'], [], "a", False),
        (['"b"'], [], "a", False),
        (['W/"a"'], [], "a", False),
        (['"a"'], [], None, False),
        (["*"], [], "a", True),
        (["*"], [], None, False),
        ([], ["*"], None, True),
        ([], ["*"], "a", False),
        ([], ['"a"'], "a", False),
        ([], ['W/"a"'], "a", False),
        ([], ['"b"'], "a", True),
        ([], ['"b"'], None, True),
        (['"a"'], ["*"], "a", False),
        (['"a"'], ['"b"'], "a", True),
    ],
)
def test_a_precondition_is_about_what_stands_there(
    if_match: list[str], if_none_match: list[str], etag: str | None, *, holds: bool
) -> None:
    verdict = judge(read_preconditions(if_match, if_none_match), etag)

    assert (verdict is Verdict.PROCEED) is holds


def test_a_tag_of_ours_that_a_proxy_weakened_is_told_from_an_old_one() -> None:
    """RFC 9110 §13.1.1: weak tags never match."""
    weak = read_preconditions(['W/"a"'], [])

    assert [judge(weak, etag) for etag in ("a", "b", None)] == [Verdict.WEAKENED, Verdict.FAILED, Verdict.FAILED]


@pytest.mark.parametrize(
    "header", ["", '"a', 'a"', '"a" "b"', '"a"; "b"', "**", '*, "a"', "W/a", '"a",,x;', '""a"', '"a""', 'W/""a""']
)
def test_what_is_no_list_of_tags_is_refused(header: str) -> None:
    with pytest.raises(BadPrecondition):
        read_preconditions([header or ";"], [])


@pytest.mark.parametrize(
    ("resource", "version", "etag", "verdict"),
    [
        (Resource.STATE, OLD, None, Verdict.PROCEED),
        (Resource.STATE, OLD, "a", Verdict.PROCEED),
        (Resource.STATE, NEW, None, Verdict.PROCEED),
        (Resource.STATE, NEW, "a", Verdict.UNGUARDED),
        (Resource.AGENT_PROFILE, OLD, None, Verdict.MISSING),
        (Resource.AGENT_PROFILE, OLD, "a", Verdict.UNGUARDED),
        (Resource.AGENT_PROFILE, NEW, None, Verdict.PROCEED),
        (Resource.AGENT_PROFILE, NEW, "a", Verdict.UNGUARDED),
        (Resource.ACTIVITY_PROFILE, OLD, None, Verdict.MISSING),
        (Resource.ACTIVITY_PROFILE, OLD, "a", Verdict.UNGUARDED),
        (Resource.ACTIVITY_PROFILE, NEW, None, Verdict.PROCEED),
        (Resource.ACTIVITY_PROFILE, NEW, "a", Verdict.UNGUARDED),
    ],
)
def test_the_versions_differ_in_what_put_needs(resource: Resource, version: Version, etag: str | None, verdict: Verdict) -> None:
    assert judge_put(NOTHING, etag, resource, version) is verdict


@pytest.mark.parametrize("version", Version)
@pytest.mark.parametrize("resource", Resource)
def test_put_with_the_right_tag_proceeds_everywhere(resource: Resource, version: Version) -> None:
    known, unknown = read_preconditions(['"a"'], []), read_preconditions([], ["*"])

    assert judge_put(known, "a", resource, version) is Verdict.PROCEED
    assert judge_put(unknown, None, resource, version) is Verdict.PROCEED
    assert judge_put(unknown, "a", resource, version) is Verdict.FAILED
