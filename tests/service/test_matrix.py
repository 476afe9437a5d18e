"""Every route of the application, by every role and every scope of a key; and by each of them no trace of what may not be seen.

Two installations are asked the same: one holds what a viewer may see, the other that and everything that they may not, with matches, jobs,
imports, drafts and saved searches of other people. Each route answers alike in both, word for word, whether it is asked for what is hidden or for
anything else; and as many questions go to the database.
"""

from __future__ import annotations

import hmac
import io
import re
import shutil
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import product
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import openpyxl
import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient

from corpus.accounts import Account
from corpus.needs import Given
from corpus.pairs import Actor, Match
from corpus.records import Achievement, Demand, Record
from corpus.suggestions import Suggestion, suggest
from corpus.tables import match_events
from corpus.vocabulary import SCOPE, VISIBILITY
from service import jobs as folders
from service.access import FORM, SESSION
from service.alerts import tell
from service.app import create_app
from service.imports import receive
from service.installation import Installation
from service.settings import Settings
from service.suggesting import follow
from service.viewer import VISITOR, Viewer, viewer_of
from tests.service.conftest import PASSWORD
from tests.service.ways import OPEN, WAYS, Way, routes

FIRM, OTHER = "甬江智驱科技公司", "瓯江阀门公司"
ROLES: dict[str, tuple[str, str | None]] = {
    "visitor": ("visitor", None),
    "stranger": ("firm", OTHER),
    "colleague": ("firm", FIRM),
    "broker": ("broker", None),
    "operator": ("operator", None),
}
LEAD = Actor("boss", "operator")
CARD, NOTE = "分机 8001", "给某整机厂配套"


def sent(client: TestClient, token: str | None, method: str, path: str, body: Any, **headers: str) -> Any:
    """A request as a browser or a program sends it: a form of ours, JSON, lines, or nothing."""
    if isinstance(body, str):
        return client.request(
            method, path, content=body.encode(), headers={**headers, "content-type": "application/x-ndjson"}
        )
    if method in ("GET", "DELETE") or path.startswith("/api/"):
        return client.request(
            method, path, json=body if method != "GET" else None, headers=headers, follow_redirects=False
        )
    guard = {"token": hmac.new((token or "").encode(), b"form", "sha256").hexdigest()}
    coded = urlencode({**(body or {}), **guard}, doseq=True)
    form = {"content-type": "application/x-www-form-urlencoded", **headers}
    return client.request(method, path, content=coded, headers=form, follow_redirects=False)


# who may use what


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Installation]:
    with Installation(Settings(home=tmp_path)) as installation:
        yield installation


@pytest.fixture
def client(opened: Installation) -> Iterator[TestClient]:
    with TestClient(create_app(opened), base_url="http://127.0.0.1", raise_server_exceptions=False) as client:
        yield client


def address(route: str) -> tuple[str, str]:
    """The method and an address of a route, of something that is not there."""
    method, _, path = route.partition(" ")
    named = {"{id:int}": "987654", "{id}": "987654", "{what}": "step", "{format}": "csv"}
    for name, value in named.items():
        path = path.replace(name, value)
    return ("GET", f"{path}/none") if method == "MOUNT" else (method, path)


def test_no_route_is_unknown_here(opened: Installation) -> None:
    assert sorted(routes(create_app(opened).routes)) == sorted(WAYS)


@pytest.mark.parametrize("role", ["visitor", "firm", "broker", "operator"])
def test_a_route_is_for_the_roles_it_is_for(client: TestClient, opened: Installation, role: str) -> None:
    account = None if role == "visitor" else opened.accounts.add("someone", PASSWORD, role=role)
    for route, way in WAYS.items():
        method, path = address(route)
        client.cookies.clear()
        token = opened.accounts.begin(account) if account else None
        if token:
            client.cookies.set(SESSION, token)
        answer = sent(client, token, method, path, {} if method in ("POST", "PUT") else None)
        is_for_programs = path.startswith("/api/")
        if route in ("POST /sign-in", "POST /account/password") and role in way.who:
            assert answer.status_code in (400, 401, 403), route
        elif role in way.who:
            assert answer.status_code in (200, 303, 400, 404, 409, 413, 415, 422) or method == "POST", (route, answer)
            assert answer.status_code < 500, (route, answer)
            assert not answer.headers.get("location", "").startswith("/sign-in?next"), route
            if account:
                assert answer.status_code not in (401, 403), (route, answer)
        elif role == "visitor" and not is_for_programs:
            assert (answer.status_code, answer.headers["location"][:8]) == (303, "/sign-in"), (route, answer)
        else:
            assert answer.status_code == (401 if role == "visitor" else 403), (route, answer)


@pytest.mark.parametrize("scope", [*SCOPE.labels, "expired", "revoked", "unknown", "firm"])
def test_a_key_opens_the_operations_of_its_scope_alone(client: TestClient, opened: Installation, scope: str) -> None:
    """Of a broker with the one scope; of a firm with all of them; and none with what opens nothing."""
    scopes = [scope] if scope in SCOPE.labels else list(SCOPE.labels)
    key, secret = opened.keys.add("ERP", role="firm" if scope == "firm" else "broker", scopes=scopes, rate=60_000)
    if scope == "revoked":
        opened.keys.revoke(key)
    if scope == "expired":
        with opened.store.engine.connect().execution_options(writes=True) as connection, connection.begin():
            connection.exec_driver_sql("UPDATE keys SET expires_at = '2020-01-01 00:00:00.000000'")
    secret = "dj_00000000_unknown" if scope == "unknown" else secret
    for route, way in WAYS.items():
        if way.scope == OPEN:
            continue
        method, path = address(route)
        body: Any = {} if method in ("POST", "PUT") else None
        answer = sent(client, None, method, path, body, authorization=f"Bearer {secret}")
        if scope in ("expired", "revoked", "unknown"):
            assert answer.status_code == 401, (route, answer)
        elif way.scope not in scopes or (scope == "firm" and way.scope != "bulk" and "firm" not in way.who):
            assert answer.status_code == 403, (route, answer)
        else:
            assert answer.status_code not in (401, 403), (route, answer)
            assert answer.status_code < 500, (route, answer)


# no trace


@dataclass
class Side:
    """One of the two installations, as one viewer asks it, and the questions that its database is asked by requests."""

    opened: Installation
    client: TestClient
    token: str | None
    statements: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.client.cookies.set(SESSION if self.token else FORM, self.secret)
        sa.event.listen(self.opened.store.engine, "before_cursor_execute", self._count)

    @property
    def secret(self) -> str:
        """What the viewer's forms are bound to."""
        return self.token or "of-a-visitor"

    def _count(self, _connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if "AnyIO" in threading.current_thread().name:  # a request's, none of the work beside them
            self.statements["all"] += 1

    def ask(self, method: str, path: str, body: Any) -> tuple[Any, int]:
        self.statements.clear()
        answer = sent(self.client, self.secret, method, path, body)
        return told(answer), self.statements["all"]


_NUMBERS = (
    (r'"(revision|indexed)": ?\d+', ""),  # the count of all changes: docs/operations.md, Accounts
    (r"'修订号', \d+", ""),
    (r'"run": ?"[^"]+"', ""),
    (r'name="once" value="[^"]*"', ""),
    (r'"(rate|seconds_left)": ?[\d.]+', ""),
    (r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?( \+0000)?", ""),
    (r"\d\d:\d\d", ""),
)


def told(answer: Any) -> Any:
    """What an answer tells: its status, where it leads, and its text without the hour; of a workbook its cells."""
    if answer.content[:2] == b"PK":
        book = openpyxl.load_workbook(io.BytesIO(answer.content))
        text = "\n".join(str(row) for sheet in book.worksheets for row in sheet.values)
    else:
        text = answer.text
    for written, instead in _NUMBERS:
        text = re.sub(written, instead, text)
    return answer.status_code, answer.headers.get("location"), text


def record(kind: type[Record], name: str, visibility: str, status: str, **more: Any) -> Record:
    said: dict[str, Any] = {"problem": "液压阀芯在低温下卡滞，要求响应不超过 20 ms", "private_detail": NOTE}
    if kind is Achievement:
        said = {"summary": "液压阀芯低温卡滞的涂层，响应 15 ms"}
    stands: dict[str, Any] = {"visibility": visibility, "status": status, "industry": ("C3443",), "region": "330000"}
    return kind(
        source="站内",
        source_id=f"{kind.kind} {name}",
        title=f"液压阀芯卡滞 {name}",
        contact=CARD,
        **said,
        **stands,
        **more,
    )


_UNPUBLISHED = ("draft", "pending_review", "withdrawn")


def hidden_from(viewer: Viewer, owner: Account) -> list[Record]:
    """Records of every visibility, and not published, of another firm, that a viewer may not see; and one that nobody owns."""
    stands = [
        *((visibility, "published") for visibility in VISIBILITY.labels),
        *(("public", status) for status in _UNPUBLISHED),
    ]
    every = [
        record(kind, f"{visibility} {status}", visibility, status, owner=owner.id, organisation=FIRM)
        for kind, (visibility, status) in product((Demand, Achievement), stands)
    ]
    every.append(replace(record(Demand, "无主", "private", "published"), organisation="无主单位"))
    return [one for one in every if not viewer.sees(one)]


def suggested(opened: Installation, demand: int, achievement: int) -> Match:
    found = [Suggestion(achievement_id=achievement, score=0.7, band="strong", parts={"words": 0.7}, why="library")]
    suggest(opened.matches, demand, found, revision=1, model="m", run="r")
    match = opened.matches.of_pair(demand, achievement)
    assert match is not None
    return match


def pushed(opened: Installation, demand: int, achievement: int) -> Match:
    """A match that both sides were shown."""
    made, match = opened.matches, suggested(opened, demand, achievement)
    made.step(match.id, "shortlisted", LEAD)
    made.review(match.id, LEAD, "advance", "看过")
    made.step(match.id, "assessed", LEAD)
    return made.step(match.id, "recommended", LEAD, Given(first="both"))


JOB = "0123456789abcdef"
THEIR_JOB = "fedcba9876543210"


def with_job(opened: Installation, id: str, owner: int) -> None:
    folder = folders.folder_of(opened.settings.home, id)
    folder.mkdir(parents=True)
    (folder / "demands.jsonl").write_text(
        '{"title": "液压阀芯卡滞", "problem": "低温下卡滞"}\n{"title": "低温涂层"}\n', "utf-8"
    )
    options = {"limit": 20, "where": [], "mode": "hybrid", "columns": {}}
    opened.jobs.add(id, owner, file="demands.jsonl", digest=id, options=options)


def seen_alone(home: Path, role: str) -> tuple[dict[str, Any], str | None]:
    """An installation with what a role may see: what stands for what in an address, and the viewer's session."""
    code, organisation = ROLES[role]
    with Installation(Settings(home=home)) as opened:
        for login, of in (("owner", ("firm", FIRM)), ("other-broker", ("broker", None)), ("boss", ("operator", None))):
            opened.accounts.add(login, PASSWORD, role=of[0], organisation=of[1])
        account = (
            None if code == "visitor" else opened.accounts.add("viewer", PASSWORD, role=code, organisation=organisation)
        )
        whose = {"owner": account.id if account and code == "firm" else None, "organisation": organisation}
        first = opened.store.save(
            [
                record(Demand, "公开", "public", "published", **whose),
                record(Achievement, "公开", "public", "published", organisation="某大学"),
                record(Achievement, "自己", "public", "published", **whose),
                Demand(source="站内", source_id="别的", title="印染废水回用率低", problem="印染废水回用率低，膜容易堵"),
            ]
        )
        own, other, shown, offered = (one.id for one in first.records)  # kind by kind
        stands = {"shown": shown, "own": own, "other": other, "pair": pushed(opened, own, shown).id, "made": JOB}
        pushed(opened, other, offered)
        if account:
            opened.watches.add(
                account.id, "阀芯", opened.store.revision(), asked={"q": "液压阀芯卡滞"}, frequency="instant"
            )
            opened.drafts.keep(account.id, {"title": ["自己的草稿"]})
            if code != "firm":
                with_job(opened, JOB, account.id)
        opened.store.save([record(kind, "后来", "public", "published") for kind in (Demand, Achievement)])
        token = opened.accounts.begin(account) if account else None
    return stands, token


def hide(opened: Installation, viewer: Viewer) -> list[int]:
    """Bring in what a viewer may not see; the ids of the records."""
    owner = opened.accounts.find("owner")
    hidden = hidden_from(viewer, owner)
    ids = [one.id for one in opened.store.save(hidden).records]
    assert {type(one) for one in hidden} == {Demand, Achievement}
    opened.store.save([replace(hidden[0], title="改过名的")])
    return ids


def hide_gone(opened: Installation, viewer: Viewer, stands: dict[str, Any]) -> None:
    """Bring in what a viewer may not see, with its matches, and delete it."""
    owner = opened.accounts.find("owner")
    hidden = [replace(one, source_id=f"{one.source_id} 已删") for one in hidden_from(viewer, owner)]
    ids = [one.id for one in opened.store.save(hidden).records]
    for one in opened.store.get_many(ids).values():
        pair = (one.id, stands["shown"]) if isinstance(one, Demand) else (stands["other"], one.id)
        opened.matches.step(suggested(opened, *pair).id, "rejected", LEAD, Given(reason="budget"))
    opened.store.delete(ids)


def hide_work(opened: Installation, viewer: Viewer, stands: dict[str, Any], ids: list[int]) -> dict[str, list[Any]]:
    """Bring in other people's work on it: what stands for what in an address."""
    owner, broker = opened.accounts.find("owner"), opened.accounts.find("other-broker")
    found = []
    for one in opened.store.get_many(ids).values():
        pair = (one.id, stands["shown"]) if isinstance(one, Demand) else (stands["other"], one.id)
        found.append(suggested(opened, *pair).id)
        opened.matches.step(found[-1], "rejected", LEAD, Given(reason="budget"))
    with_job(opened, THEIR_JOB, broker.id)
    watch = opened.watches.add(owner.id, "别人的", opened.store.revision(), asked={"q": "阀芯"}, frequency="instant")
    imported = "0" * 32  # operators see what others import
    if viewer.role != "operator":
        imported = receive(
            opened.settings.home, "别人的.csv", io.BytesIO("需求名称,编号\n甲,1\n".encode()), broker.id
        ).id
    draft = opened.drafts.keep(owner.id, {"title": ["别人的草稿"]})
    return {
        "record": ids,
        "match": found,
        "job": [THEIR_JOB],
        "import": [imported],
        "draft": [draft.id],
        "watch": [watch.id],
    }


@pytest.fixture
def sides(
    request: pytest.FixtureRequest, tmp_path: Path
) -> Iterator[tuple[Side, Side, dict[str, Any], dict[str, list[Any]]]]:
    """With what is hidden, and without; what stands for what is seen, and for what is hidden."""
    role = request.param
    stands, token = seen_alone(tmp_path / "part", role)
    shutil.copytree(tmp_path / "part", tmp_path / "whole")
    with (
        Installation(Settings(home=tmp_path / "whole")) as whole,
        Installation(Settings(home=tmp_path / "part")) as part,
    ):
        viewer = VISITOR if token is None else viewer_of(whole.accounts.of(token))
        ids = hide(whole, viewer)
        for opened in (whole, part):
            if viewer.is_staff:
                follow(opened)
            tell(opened)
            if job := opened.jobs.next():
                folders.run(opened, job)
        hidden = hide_work(whole, viewer, stands, ids)
        hide_gone(whole, viewer, stands)
        whole.jobs.cancel(THEIR_JOB)
        how: dict[str, Any] = {"base_url": "http://127.0.0.1", "raise_server_exceptions": False}
        with TestClient(create_app(whole), **how) as one, TestClient(create_app(part), **how) as two:
            yield Side(whole, one, token), Side(part, two, token), stands, hidden


def written(asked: Any, stands: dict[str, Any]) -> Any:
    """What is asked, with what stands for what."""
    if isinstance(asked, dict):
        return {name: written(value, stands) for name, value in asked.items()}
    if isinstance(asked, list):
        return [written(value, stands) for value in asked]
    if not isinstance(asked, str):
        return asked
    if whole := re.fullmatch(r"\{(\w+)\}", asked):
        return stands[whole[1]]
    return re.sub(r"\{(\w+)\}", lambda found: str(stands[found[1]]), asked)


def named(way: Way) -> set[str]:
    """What of the hidden a way is asked for."""
    return set(re.findall(r"\{(record|match|job|import|draft|watch)\}", str((way.asks, way.sends))))


@pytest.mark.parametrize("sides", ROLES, indirect=True)
def test_what_may_not_be_seen_leaves_no_trace_by_any_route(
    sides: tuple[Side, Side, dict[str, Any], dict[str, list[Any]]],
) -> None:
    whole, part, stands, hidden = sides
    before = _everything(whole.opened, hidden)
    for side in (whole, part):
        side.ask("GET", "/", None)
    for route, way in WAYS.items():
        method = route.partition(" ")[0]
        for asked, body in product(way.asks, way.sends or (None,)):
            of_hidden = named(Way(way.who, asks=(asked,), sends=(body,)))
            fewest = [
                dict(zip(of_hidden, values, strict=True))
                for values in zip(*(hidden[name] for name in of_hidden), strict=False)
            ]
            for values in fewest or [{}]:
                path = quote(written(asked, {**stands, **values}), safe="/?&=<>")
                sends = written(body, {**stands, **values})
                (told_whole, many), (told_part, few) = (side.ask(method, path, sends) for side in (whole, part))
                assert told_whole == told_part, f"{method} {path} {sends}"
                if of_hidden:
                    assert told_whole[0] >= 300 or route in SILENT, f"{method} {path} {told_whole}"
                    assert many == few, (
                        f"{method} {path}: {many} questions to the database, {few} for what is not there"
                    )
    assert _everything(whole.opened, hidden) == before


SILENT = ("GET /api/v1/matches", "POST /demands/drafts/discard", "POST /api/v1/matches/steps", "GET /demands/new")
"""What answers well where there is nothing: lists, and what is done for each by itself."""


def _everything(opened: Installation, hidden: dict[str, list[Any]]) -> Any:
    """What is hidden, as it stands."""
    with opened.store.engine.connect() as connection:
        events = connection.scalar(
            sa.select(sa.func.count()).select_from(match_events).where(match_events.c.match_id.in_(hidden["match"]))
        )
    owner = opened.accounts.find("owner").id
    return (
        opened.store.get_many(hidden["record"]),
        events,
        opened.jobs.get(THEIR_JOB),
        [(opened.settings.home / "imports" / id).exists() for id in hidden["import"]],
        opened.drafts.all(owner),
        opened.watches.of(owner),
    )
