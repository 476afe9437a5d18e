"""Many people at once: brokers who decide and take back, firms who search, file and answer, against a real server.

    people and matches → everybody at once → what was acknowledged, held against what the store has

    python -m benchmarks.people HOME [--database postgresql://…] [--brokers 20] [--firms 20] [--seconds 120] [--workers 1]

Brokers take from the same queue, so that they meet. What counts is that no answer is an error of the server, that the second of two who decide is
told so, and that every decision and every demand that was acknowledged is there, once.
"""

from __future__ import annotations

import hmac
import json
import random
import re
import secrets
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import click
import httpx

from benchmarks.over_http import percentiles, served
from corpus.accounts import Account
from corpus.history import Event
from corpus.needs import Given
from corpus.pairs import Actor
from corpus.queue import Wanted, every, histories
from service.access import SESSION
from service.installation import Installation, import_sample
from service.settings import Settings
from service.suggesting import follow

QUESTIONS = ("马达磁钢热了就没劲", "机械手上的线老断", "硅片里头的暗裂看不出来", "酸泵一抽空就烧", "SiC MOSFET")
PUSHED = 6
"""Matches that each firm is shown before it begins, as far as there are so many."""
_BOSS = Actor("boss", "operator")
_QUEUE = 40
"""Matches from the head of the queue that a broker chooses from: few, so that brokers meet."""

Going = Callable[[int], bool]
"""Whether to go on after so many rounds."""


@dataclass(frozen=True)
class Person:
    login: str
    role: str
    token: str


@dataclass(frozen=True)
class Decision:
    """One that the server acknowledged: to which state somebody brought a match, or `undo`."""

    match: int
    login: str
    what: str


@dataclass
class Day:
    """What people met with: milliseconds and statuses by what was asked, what was acknowledged, and what should not have been."""

    taken: defaultdict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    statuses: Counter[tuple[str, int]] = field(default_factory=Counter)
    decisions: list[Decision] = field(default_factory=list)
    filed: list[tuple[int, str]] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        times = {name: {"count": len(taken), **percentiles(taken)} for name, taken in sorted(self.taken.items())}
        told = {f"{name} {status}": count for (name, status), count in sorted(self.statuses.items())}
        asked = sum(map(len, self.taken.values()))
        return {
            "requests": asked,
            "decisions": len(self.decisions),
            "filed": len(self.filed),
            "wrong": self.wrong,
            "ms": times,
            "answers": told,
        }


def peopled(settings: Settings, brokers: int, firms: int) -> list[Person]:
    """A home with the sample library and its suggestions, and people signed in; firms own demands whose matches were pushed to them."""
    with Installation(settings) as opened:
        import_sample(opened.store)
        opened.accounts.add(_BOSS.name, secrets.token_urlsafe(), role="operator")
        roles = [*["broker"] * brokers, *["firm"] * firms]
        held = [_joined(opened, role, number) for number, role in enumerate(roles)]
        follow(opened)
        matches = list(every(opened.matches, Wanted(bands=("strong", "possible"))))
        demands = sorted({match.demand_id for match in matches})
        for account, id in zip(held[brokers:], demands, strict=False):
            demand = opened.store.get(id)
            opened.store.save([replace(demand, owner=account.id, organisation=account.organisation)])
            for match in [match for match in matches if match.demand_id == id][:PUSHED]:
                _push(opened, match.id)
        return [Person(one.login, one.role, opened.accounts.begin(one)) for one in held]


def _joined(opened: Installation, role: str, number: int) -> Account:
    organisation = f"示例单位 {number}" if role == "firm" else None
    return opened.accounts.add(f"{role}-{number}", secrets.token_urlsafe(), role=role, organisation=organisation)


def _push(opened: Installation, id: int) -> None:
    opened.matches.step(id, "shortlisted", _BOSS)
    opened.matches.review(id, _BOSS, "advance")
    opened.matches.step(id, "assessed", _BOSS)
    opened.matches.step(id, "recommended", _BOSS, Given(first="both"))


def at_once(address: str, people: Sequence[Person], going: Going) -> Day:
    """Everybody at once, each a round after another for as long as it goes on."""
    day = Day()
    threads = [threading.Thread(target=_lives, args=(address, person, going, day)) for person in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return day


def _lives(address: str, person: Person, going: Going, day: Day) -> None:
    chance = random.Random(person.login)  # noqa: S311 - the same day again
    with httpx.Client(base_url=address, cookies={SESSION: person.token}, timeout=90, trust_env=False) as client:
        one = _Asking(client, person, day, chance)
        rounds = 0
        while going(rounds):
            one.as_broker() if person.role == "broker" else one.as_firm(rounds)
            rounds += 1


@dataclass
class _Asking:
    """One person at work."""

    client: httpx.Client
    person: Person
    day: Day
    chance: random.Random

    def ask(self, name: str, method: str, path: str, **more: Any) -> httpx.Response | None:
        """An answer, its time and its status noted; None where there was none."""
        started = time.perf_counter()
        try:
            answer = self.client.request(method, path, **more)
        except httpx.HTTPError as error:
            self.day.wrong.append(f"{name}: {type(error).__name__}")
            return None
        self.day.taken[name].append(1000 * (time.perf_counter() - started))
        self.day.statuses[name, answer.status_code] += 1
        if answer.status_code not in (200, 201, 303, 409, 422):
            self.day.wrong.append(f"{name}: {answer.status_code} {answer.text[:200]}")
            return None
        return answer

    def as_broker(self) -> None:
        """Looks at the queue, decides about one of its first, and now and then takes it back or looks something up."""
        queue = self.ask("queue", "GET", "/api/v1/matches", params={"waiting": True, "limit": _QUEUE})
        waiting = queue.json()["matches"] if queue else []
        if waiting:
            chosen = self.chance.choice(waiting)
            done = self.decide(chosen, self._step())
            if done and self.chance.random() < 0.5:
                self.decide(done, None)
        self.ask("workbench", "GET", "/workbench") if self.chance.random() < 0.3 else self.search()

    def _step(self) -> dict[str, Any]:
        return self.chance.choice(
            [{"to": "shortlisted"}, {"to": "rejected", "reason": "budget"}, {"to": "hold", "due_on": "2099-01-01"}]
        )

    def decide(self, match: Mapping[str, Any], step: Mapping[str, Any] | None) -> dict[str, Any] | None:
        """A step, or with None the last one taken back; how the match then stands, where it was done."""
        way, name = ("step", "decision") if step else ("undo", "taking back")
        body = {**(step or {}), "version": match["version"]}
        answer = self.ask(name, "POST", f"/api/v1/matches/{match['id']}/{way}", json=body)
        if answer is None or answer.status_code != 200:
            return None
        self.day.decisions.append(Decision(match["id"], self.person.login, step["to"] if step else "undo"))
        told: dict[str, Any] = answer.json()
        return told

    def as_firm(self, rounds: int) -> None:
        """Searches, reads, answers what it was shown, and files a demand."""
        self.search()
        shown = self.ask("matches of a firm", "GET", "/api/v1/matches")
        for match in (shown.json()["matches"] if shown else [])[:1]:
            to = self.chance.choice([step["to"] for step in match["steps"]] or [""])
            if to in ("interested", "declined"):
                self.decide(match, {"to": to, **({"reason": "budget"} if to == "declined" else {})})
        self.file(f"{self.person.login} 第 {rounds} 项难题")

    def search(self) -> None:
        found = self.ask("search", "GET", "/search", params={"q": self.chance.choice(QUESTIONS), "kind": "achievement"})
        record = re.search(r"/records/(\d+)", found.text) if found else None
        if record and self.chance.random() < 0.5:
            self.ask("record", "GET", record[0])

    def file(self, title: str) -> None:
        """A demand by the form; acknowledged by the page that it leads to."""
        token = hmac.new(self.person.token.encode(), b"form", "sha256").hexdigest()
        fields = {"token": token, "do": "file", "title": title, "problem": self.chance.choice(QUESTIONS), "asks": "1"}
        answer = self.ask("filing", "POST", "/demands/new", data=fields, follow_redirects=False)
        if answer is not None and (found := re.search(r"/my/demands/(\d+)", answer.headers.get("location", ""))):
            self.day.filed.append((int(found[1]), title))


def lost(settings: Settings, day: Day) -> list[str]:
    """What was acknowledged and is not there as it was acknowledged, once; and what is there that nobody was told of."""
    with Installation(settings) as opened:
        missing = [
            f"需求 {title}"
            for id, title in day.filed
            if (held := opened.store.get_many([id]).get(id)) is None or held.title != title
        ]
        matches = [match.id for match in every(opened.matches)]
        events = histories(opened.matches, matches)
    told = Counter(day.decisions)
    there = Counter(_decision(event) for held in events.values() for event in held if _is_of_people(event))
    missing += [f"没有记下：{one}" for one in (told - there).elements()]
    missing += [f"没有人知道：{one}" for one in (there - told).elements()]
    gaps = [id for id, held in events.items() if [event.version for event in held] != list(range(1, len(held) + 1))]
    return missing + [f"匹配 {id} 的历史有缺" for id in gaps]


def _is_of_people(event: Event) -> bool:
    return event.type in ("step", "undo") and event.actor not in ("system", _BOSS.name)


def _decision(event: Event) -> Decision:
    return Decision(event.match_id, event.actor, "undo" if event.type == "undo" else event.to_state or "")


@click.command()
@click.argument("home", type=click.Path(path_type=Path))
@click.option("--database", help="The store's URL; SQLite in HOME unless given.")
@click.option("--brokers", default=20)
@click.option("--firms", default=20)
@click.option("--seconds", default=120.0)
@click.option("--workers", default=1, help="Processes of the server.")
def main(home: Path, database: str | None, brokers: int, firms: int, seconds: float, workers: int) -> None:
    """Brokers and firms at once; HOME is made anew, or is empty. Prints figures; ends with 1 where something was lost or went wrong."""
    settings = Settings(home=home, database=database)
    people = peopled(settings, brokers, firms)
    with served(home, "--workers", str(workers), database=database) as (address, _, _):
        end = time.monotonic() + seconds
        day = at_once(address, people, lambda rounds: time.monotonic() < end)
    gone = lost(settings, day)
    click.echo(json.dumps({**day.as_json(), "lost": gone}, ensure_ascii=False, indent=2))
    if gone or day.wrong:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
