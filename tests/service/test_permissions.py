"""What someone may not see leaves no trace in any answer: searches, matches, lists, counts, scores, by every role, over every visibility. Every
route is walked in `test_matrix`.

The library of each test is small and written here. What a viewer gets is compared with what they would get of a library that holds
nothing but what they may see.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from corpus.accounts import Account
from corpus.disclosures import disclosures_of
from corpus.errors import RecordNotFound
from corpus.records import Achievement, Demand, Record
from indexer.attributes import AUDIENCE, attributes_of
from indexer.entries import passes
from service.answers import match, search
from service.app import create_app
from service.fields import field_map
from service.holdings import browse, disclosed, holdings, listed, seen
from service.installation import Installation
from service.results import Wanted, results
from service.settings import Settings
from service.viewer import MACHINE, VISITOR, Viewer, viewer_of

FIRM, OTHER = "甬江智驱科技公司", "瓯江阀门公司"
ROLES = ("visitor", "firm", "colleague", "stranger", "broker", "operator")
"""`firm` owns a record of each visibility, `colleague` belongs to the same organisation, `stranger` to another."""
MAY_SEE = {
    "public": set(ROLES),
    "members": set(ROLES) - {"visitor"},
    "org": {"firm", "colleague", "broker", "operator"},
    "brokers": {"firm", "broker", "operator"},
    "private": {"firm"},
    "draft": {"firm"},
    "pending_review": {"firm", "broker", "operator"},
    "nobody's": {"operator"},
}
"""Who may see the demand that is called so."""
SECRET = "分机 8001"


def demand(name: str, owner: int | None) -> Demand:
    visibility = name if name in ("public", "members", "org", "brokers", "private") else "public"
    return Demand(
        source="站内",
        source_id=name,
        title=f"液压阀芯卡滞 {name}",
        problem="液压阀芯在低温下卡滞，要求响应不超过 20 ms",
        organisation=FIRM,
        industry=("C3443",),
        visibility="private" if name == "nobody's" else visibility,
        status=name if name in ("draft", "pending_review") else "published",
        contact=SECRET,
        owner=None if name == "nobody's" else owner,
    )


OFFER = Achievement(
    source="站内",
    source_id="offer",
    title="低温液压阀芯抗卡滞涂层",
    summary="液压阀芯低温卡滞的涂层，响应 15 ms",
    organisation="某大学",
)


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Installation]:
    with Installation(Settings(home=tmp_path)) as installation:
        yield installation


@pytest.fixture
def accounts(opened: Installation) -> dict[str, Account]:
    given = {
        "firm": ("firm", FIRM),
        "colleague": ("firm", FIRM),
        "stranger": ("firm", OTHER),
        "broker": ("broker", FIRM),
    }
    given["operator"] = ("operator", "")
    password = "four horses stand still"
    return {
        name: opened.accounts.add(name, password, role=role, organisation=organisation)
        for name, (role, organisation) in given.items()
    }


@pytest.fixture
def ids(opened: Installation, accounts: dict[str, Account]) -> dict[str, int]:
    """The id of each demand by its name, and of the one achievement."""
    demands = [demand(name, accounts["firm"].id) for name in MAY_SEE]
    saved = opened.store.save([*demands, OFFER])
    return {record.source_id: record.id for record in saved.records}


def viewer(accounts: dict[str, Account], role: str) -> Viewer:
    return VISITOR if role == "visitor" else viewer_of(accounts[role])


def visible(role: str, *, shown: bool) -> set[str]:
    """The demands that a role may see; `shown`: those that are published."""
    names = {name for name, roles in MAY_SEE.items() if role in roles}
    return names - {"draft", "pending_review"} if shown else names


@pytest.fixture
def client(opened: Installation) -> Iterator[TestClient]:
    with TestClient(create_app(opened), base_url="http://127.0.0.1", raise_server_exceptions=False) as client:
        yield client


def signed_in(client: TestClient, opened: Installation, accounts: dict[str, Account], role: str) -> TestClient:
    client.cookies.clear()
    if role != "visitor":
        client.cookies.set("duijie_session", opened.accounts.begin(accounts[role]))
    return client


@pytest.mark.parametrize("role", ROLES)
def test_every_way_of_asking_shows_what_a_role_may_see_and_nothing_of_the_rest(
    client: TestClient, opened: Installation, accounts: dict[str, Account], ids: dict[str, int], role: str
) -> None:
    signed_in(client, opened, accounts, role)
    named = {id: name for name, id in ids.items()}
    shown, all_seen = visible(role, shown=True), visible(role, shown=False)

    def names(answer: Any) -> set[str]:
        return {named[hit["id"]] for hit in answer.json()["hits"]}

    for mode in ("hybrid", "keyword", "semantic"):
        asked = {"q": "液压阀芯卡滞", "kind": "demand", "mode": mode, "limit": 50}
        found = client.get("/api/v1/search", params=asked)
        assert names(found) == shown
        assert found.json()["total"] == len(shown)
    assert names(client.get("/api/v1/search", params={"q": "液压阀芯", "where": ["visibility=private"]})) <= shown
    drafts = client.get("/api/v1/search", params={"q": "液压阀芯", "where": ["status=draft", "status=pending_review"]})
    assert names(drafts) == all_seen - shown
    assert names(client.post("/api/v1/match", json={"id": ids["offer"], "limit": 50})) == shown
    assert names(client.post("/api/v1/match", json={"text": "阀芯卡滞", "kind": "demand", "limit": 50})) == shown

    listed = client.get("/api/v1/demands", params={"limit": 3}).json()
    pages = listed["records"]
    while listed["next"]:
        listed = client.get("/api/v1/demands", params={"limit": 3, "before": listed["next"]}).json()
        pages += listed["records"]
    assert {record["source_id"] for record in pages} == all_seen
    assert listed["total"] == len(all_seen)

    page = client.get("/search", params={"kind": "demand"}).text
    found_page = client.get("/search", params={"kind": "demand", "q": "液压阀芯"}).text
    for name, id in ids.items():
        if name != "offer":
            assert (f"/records/{id}" in page, f"/records/{id}" in found_page) == (name in shown, name in shown)
    facets = BeautifulSoup(page, "html.parser").select("#facets section li .figure")
    assert {figure.get_text(strip=True) for figure in facets} == {f"{len(shown)}条"}
    home = " ".join(BeautifulSoup(client.get("/").text, "html.parser").get_text(" ", strip=True).split())
    assert f"科技成果 1 技术需求 {len(shown)} 近七天新收 {len(shown) + 1}" in home
    beside = client.get(f"/records/{ids['offer']}").text
    for name in MAY_SEE:
        assert name in shown or f"/records/{ids[name]}" not in beside


@pytest.mark.parametrize("role", ROLES)
def test_what_may_not_be_seen_answers_as_what_does_not_exist(
    client: TestClient, opened: Installation, accounts: dict[str, Account], ids: dict[str, int], role: str
) -> None:
    signed_in(client, opened, accounts, role)
    nothing = 987_654

    def asked(id: int) -> list[Any]:
        ways = [
            client.get(f"/api/v1/demands/{id}"),
            client.get(f"/api/v1/demands/{id}/tags"),
            client.post("/api/v1/match", json={"id": id}),
            client.get(f"/records/{id}"),
        ]
        return [(way.status_code, re.sub(rf"编号为 {id} 的|records%2F{id}\b", "", way.text)) for way in ways]

    for name in MAY_SEE:
        answers = asked(ids[name])
        if role in MAY_SEE[name]:
            assert [status for status, _ in answers] == [200] * 4
        else:
            assert answers == asked(nothing)


@pytest.mark.parametrize("role", ["visitor", "firm"])
def test_only_brokers_and_operators_write_through_the_api(
    client: TestClient, opened: Installation, accounts: dict[str, Account], ids: dict[str, int], role: str
) -> None:
    signed_in(client, opened, accounts, role)
    before = opened.store.revision()
    id = ids["public"]
    for method, path, body in (
        ("POST", "/api/v1/demands", {"title": "新需求"}),
        ("PUT", "/api/v1/demands", [{"title": "新需求"}]),
        ("PUT", f"/api/v1/demands/{id}", {"title": "改名"}),
        ("DELETE", f"/api/v1/demands/{id}", None),
        ("DELETE", f"/api/v1/demands?id={id}", None),
    ):
        answer = client.request(method, path, json=body)
        assert answer.status_code == (401 if role == "visitor" else 403), f"{method} {path}"
        assert answer.headers["content-type"] == "application/problem+json"
    assert opened.store.revision() == before


def test_a_broker_changes_and_deletes_what_a_broker_sees_alone(
    client: TestClient, opened: Installation, accounts: dict[str, Account], ids: dict[str, int]
) -> None:
    signed_in(client, opened, accounts, "broker")
    hidden = ids["private"]
    assert client.put(f"/api/v1/demands/{hidden}", json={"title": "改名"}).status_code == 404
    assert client.delete(f"/api/v1/demands/{hidden}").status_code == 404
    assert client.delete("/api/v1/demands", params={"id": [ids["public"], hidden]}).status_code == 404
    taken = client.post("/api/v1/demands", json=[{"source": "站内", "source_id": "private", "title": "顶替"}])
    assert taken.json()["refused"] == [{"line": 1, "reason": "来源编号“private”已由别人使用"}]
    assert client.put(f"/api/v1/demands/{ids['public']}", json={"title": "改名"}).status_code == 200
    held = opened.store.get(ids["public"])
    assert (held.title, held.owner) == ("改名", accounts["firm"].id)
    (own,) = client.post("/api/v1/demands", json={"title": "仅本人", "visibility": "private"}).json()["added"]
    assert opened.store.get(own).owner == accounts["broker"].id
    assert client.get(f"/api/v1/demands/{own}").status_code == 200


def test_an_owner_is_taken_from_no_file_and_no_request_and_shown_in_no_answer(
    client: TestClient, opened: Installation, accounts: dict[str, Account], ids: dict[str, int]
) -> None:
    signed_in(client, opened, accounts, "operator")
    assert client.post("/api/v1/demands", json={"title": "甲", "owner": 3}).status_code == 400
    assert "owner" not in client.get(f"/api/v1/demands/{ids['public']}").json()
    again = replace(demand("public", None), title="重新导入的")
    opened.store.save([again])
    assert opened.store.get(ids["public"]).owner == accounts["firm"].id


def test_what_is_confidential_is_told_to_its_owner_and_to_brokers_and_the_latter_is_noted(
    opened: Installation, accounts: dict[str, Account], ids: dict[str, int]
) -> None:
    def told(role: str, name: str) -> dict[str, str]:
        return dict(disclosed(opened, ids[name], viewer=viewer(accounts, role)))

    assert told("firm", "public") == told("colleague", "public") == {"contact": SECRET}
    assert told("visitor", "public") == told("stranger", "public") == {}
    assert disclosures_of(opened.store.engine, ids["public"]) == []
    assert told("broker", "public") == told("operator", "public") == {"contact": SECRET}
    noted = [one.user for one in disclosures_of(opened.store.engine, ids["public"])]
    assert noted == [accounts["operator"].id, accounts["broker"].id]
    assert told("firm", "private") == {"contact": SECRET}
    for role in ("broker", "operator", "colleague", "visitor"):
        with pytest.raises(RecordNotFound):
            told(role, "private")


def test_a_record_that_becomes_visible_or_hidden_is_so_with_the_next_question(
    opened: Installation, accounts: dict[str, Account], ids: dict[str, int]
) -> None:
    def found(role: str) -> set[int]:
        asked = search(opened, "液压阀芯卡滞", viewer=viewer(accounts, role), kind="demand")
        return {hit.record.id for hit in asked.hits}

    assert ids["private"] not in found("broker")
    opened.store.save([replace(demand("private", None), visibility="public")])
    assert ids["private"] in found("broker") & found("visitor")
    opened.store.save([demand("private", None)])
    assert ids["private"] not in found("broker") | found("visitor")
    assert ids["private"] in found("firm")


VISIBILITIES = st.sampled_from(["public", "members", "org", "brokers", "private"])
WORDS = st.lists(
    st.sampled_from(["液压", "阀芯", "卡滞", "涂层", "低温", "电机", "噪声", "印染", "废水"]), min_size=1, max_size=6
)
RECORDS = st.lists(
    st.builds(
        lambda kind, words, visibility, status, organisation, owner: kind(
            title=words[0],
            **{"problem" if kind is Demand else "summary": "，".join(words)},
            visibility=visibility,
            status=status,
            organisation=organisation,
            owner=owner,
            industry=("C3443",),
        ),
        st.sampled_from([Demand, Achievement]),
        WORDS,
        VISIBILITIES,
        st.sampled_from(["published", "published", "published", "draft", "pending_review", "withdrawn"]),
        st.sampled_from([None, FIRM, OTHER]),
        st.sampled_from([None, 1, 2]),
    ),
    min_size=1,
    max_size=20,
)
VIEWERS = [
    VISITOR,
    Viewer("firm", 1, FIRM),
    Viewer("firm", 2, None),
    Viewer("firm", 9, OTHER),
    Viewer("broker", 2, FIRM),
    Viewer("operator", 3),
    MACHINE,
]


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Installation, Installation]]:
    """Two installations: one for everything, one for what a viewer may see."""
    homes = [tmp_path_factory.mktemp(name) for name in ("whole", "part")]
    with Installation(Settings(home=homes[0])) as whole, Installation(Settings(home=homes[1])) as part:
        yield whole, part


def _filled(installation: Installation, records: list[Record]) -> dict[int, int]:
    """The installation with these records alone, ids in their order in either; the number of each by its id."""
    held = [change.id for change in installation.store.changes_after(0, 2**62) if change.record]
    installation.store.delete(held)
    saved = installation.store.save(sorted(records, key=lambda record: record.kind))
    return {record.id: int(record.source_id) for record in saved.records}


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    records=RECORDS,
    asker=st.sampled_from(VIEWERS),
    question=WORDS,
    is_built=st.sampled_from([False, False, False, True]),
)
def test_answers_are_those_of_a_library_that_holds_nothing_but_what_the_viewer_may_see(
    two: tuple[Installation, Installation], records: list[Record], asker: Viewer, question: list[str], is_built: bool
) -> None:
    """Whether they came in since the last base was built, or stand in it."""
    numbered = [replace(record, source="t", source_id=str(number)) for number, record in enumerate(records)]
    whole, part = two
    of_whole = _filled(whole, numbered)
    of_part = _filled(part, [record for record in numbered if asker.sees(record)])
    for installation in two if is_built else ():
        installation.build(anew=True)
    for record in numbered:
        assert asker.sees(record) is passes(attributes_of(record), asker.seen)
        assert AUDIENCE in attributes_of(record)

    def told(opened: Installation, numbers: dict[int, int], viewer: Viewer) -> list[Any]:
        text, answers = "，".join(question), []
        for kind in ("achievement", "demand", None):
            found = search(opened, text, viewer=viewer, kind=kind, limit=50)
            hits = [(numbers[hit.record.id], hit.score, dict(hit.parts), hit.band) for hit in found.hits]
            total, latest = browse(opened, viewer=viewer, kind=kind, where=(), limit=50, offset=0)
            like, unlike = (tuple(id for id, number in numbers.items() if number == marked) for marked in (0, 1))
            pages = [
                results(opened, wanted, viewer)
                for wanted in (
                    Wanted(kind=kind),
                    Wanted(text, kind, low=True),
                    Wanted(text, kind, like=like, unlike=unlike),
                    Wanted(text, kind, where=("region=710000", "year<=1900")),
                )
            ]
            for one in pages:
                answers += [one.total, one.below, one.pages, one.facets, one.relaxed, len(one.liked), len(one.disliked)]
                answers += [[numbers[card.record.id] for card in (*one.cards, *one.nearest)]]
                answers += [[numbers[other.id] for card in one.cards for other in card.folded]]
            answers += [holdings(opened, viewer=viewer), field_map(opened, viewer=viewer)]
            answers += [hits, found.total, found.note, total, {numbers[r.id] for r in latest}]
        for kind in ("achievement", "demand"):
            total, latest = listed(opened, kind, viewer=viewer, limit=50)
            answers += [total, {numbers[record.id] for record in latest}]
        for id, number in sorted(numbers.items(), key=lambda pair: pair[1]):
            if asker.sees(numbered[number]):
                assert seen(opened, id, viewer=viewer).source_id == str(number)
                matches = match(opened, viewer=viewer, id=id, limit=50)
                answers += [[(numbers[h.record.id], h.score, h.comparisons) for h in matches.hits], matches.note]
        return answers

    assert told(whole, of_whole, asker) == told(part, of_part, MACHINE)
