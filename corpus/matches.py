"""Matches: everything that is done with a pair once it was brought together.

Two who act at once are put in order by the database: the second is told what the first did. What is done under a key is done once: a
lost answer is asked for again with the same key.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

from corpus.errors import RecordNotFound
from corpus.history import FOLLOW_UPS, RECOMMENDATIONS, Event, Standing, last_step, standing
from corpus.introductions import join
from corpus.needs import NOTHING, Case, Given, check
from corpus.pairs import SYSTEM, Actor, Match, Pairs, events_of, told
from corpus.records import Achievement, Demand
from corpus.steps import ACTS, REASONS, ROLES, SIDES, TABLE, Step, StepForbidden, StepRefused, label, permitted

REPLY_DAYS = 14
"""How long a side has to answer before somebody is reminded; after as long again the match is closed as unanswered."""


_ANEW = Standing()


class StaleMatch(StepRefused):
    """{who} 已在 {when} 把这对匹配从“{before}”变为“{now}”{why}。什么也没有改动，请看过再定。"""


class KeyUsed(StepRefused):
    """这张表单（同一个 Idempotency-Key）已经交过，记下的与这次写的不同。这次的没有记；请刷新页面，看过再交。"""


class ActForbidden(StepForbidden):
    """您不能{label}。可以这样做的：{who}。"""


class Matches(Pairs):
    """The matches of a store, and what people do with them."""

    def step(
        self,
        id: int,
        to: str,
        actor: Actor,
        given: Given = NOTHING,
        *,
        version: int | None = None,
        key: str | None = None,
    ) -> Match:
        """Bring a match to another state. `version` is that of the match as the actor saw it.

        Raises MatchNotFound, StaleMatch where somebody decided since, and what the table of steps and its needs raise.
        """
        match = self.get(id)
        records = self.store.get_many([match.demand_id, match.achievement_id])
        demand, achievement = records.get(match.demand_id), records.get(match.achievement_id)
        with self.writing(id) as (connection, events):
            said = {"to_state": to, "note": given.note, "said": given.said, "details": given.details}
            if not _is_done(events, actor, key, type="step", **said):
                _refuse_stale(events, version)
                now = standing(events)
                taken = permitted(now.state, to, actor.role)
                _refuse_unshown(now, actor)
                case = Case(
                    role=actor.role,
                    given=given,
                    now=now,
                    events=events,
                    demand=demand if isinstance(demand, Demand) else None,
                    achievement=achievement if isinstance(achievement, Achievement) else None,
                    today=self.today(),
                )
                check(taken, to, case)
                self.add(connection, events, actor, "step", key=key, **self._stepped(now, to, given, taken))
        return self.get(id)

    def undo(self, id: int, actor: Actor, *, version: int | None = None, key: str | None = None) -> Match:
        """Take back the last step; only who took it may. Raises MatchNotFound, StaleMatch, StepRefused."""
        with self.writing(id) as (connection, events):
            if not _is_done(events, actor, key, type="undo"):
                _refuse_stale(events, version)
                last = last_step(events)
                if last is None or last.role == "system":
                    raise StepRefused(reason="没有可以撤销的步骤")
                if last.actor != actor.name:
                    raise StepRefused(reason=f"最后一步是 {last.actor} 在 {told(last.at)} 走的，只有本人能撤销")
                self.add(
                    connection, events, actor, "undo", key=key,
                    from_state=last.to_state, to_state=last.from_state, undoes=last.version,
                )  # fmt: skip
        return self.get(id)

    def review(
        self,
        id: int,
        actor: Actor,
        recommendation: str,
        comment: str | None = None,
        *,
        score: int | None = None,
        key: str | None = None,
    ) -> Match:
        """An opinion: advance, hold or reject. Raises MatchNotFound, StepRefused."""
        if recommendation not in RECOMMENDATIONS:
            raise StepRefused(reason=f"评审意见应是：{'、'.join(RECOMMENDATIONS)}")
        details: dict[str, Any] = {"recommendation": recommendation} | ({"score": score} if score is not None else {})
        return self._act("review", id, actor, "review", key, note=comment, details=details)

    def follow_up(self, id: int, actor: Actor, type: str, given: Given, *, key: str | None = None) -> Match:
        """A call, visit, quote, meeting or note, with what is to be done next and by when. Raises MatchNotFound, StepRefused."""
        if type not in FOLLOW_UPS:
            raise StepRefused(reason=f"跟进应是：{'、'.join(FOLLOW_UPS)}")
        if not any((given.note, given.said, given.next_action, given.due_on)):
            raise StepRefused(reason="跟进里什么也没有写")
        return self._act("follow_up", id, actor, type, key, **given.event, details=given.details)

    def assign(self, id: int, actor: Actor, owner: str | None, *, key: str | None = None) -> Match:
        """Hand a match to a broker, or to nobody. Raises MatchNotFound, StepRefused."""
        return self._act("assign", id, actor, "assign", key, details={"owner": owner})

    def name_lead(self, id: int, actor: Actor, lead: str | None, *, key: str | None = None) -> Match:
        """Who decides the review, or nobody in particular. Raises MatchNotFound, StepRefused."""
        return self._act("lead", id, actor, "lead", key, details={"lead": lead})

    def viewed(self, id: int, actor: Actor, what: str) -> None:
        """Log that somebody read what is confidential, before it is shown. Raises MatchNotFound."""
        with self.writing(id) as (connection, events):
            self.add(connection, events, actor, "viewed", details={"what": what})

    def propose(self, demand: int, achievement: int, actor: Actor, note: str | None = None) -> Match:
        """A pair that a person brings together; one that there is already stays as it is, a lapsed one lives again.

        Raises RecordNotFound, StepRefused.
        """
        _refuse_others("propose", actor)
        self._refuse_others_than(demand, achievement)
        with self.engine.connect().execution_options(writes=True) as connection, connection.begin():
            id = self.begin(connection, demand, achievement)
            events = events_of(connection, id, lock=True)
            state = standing(events).state
            if state in ("", "lapsed"):
                self.add(connection, events, actor, "step", match_id=id, from_state=state, to_state="suggested",
                         note=note, details={"why": "by_hand"})  # fmt: skip
        return self.get(id)

    def ask(self, demand: int, achievement: int, actor: Actor, side: str, *, request: int) -> Match:
        """A side asks to be put in touch with the other: its contact request joins the match of the pair, which begins with it where there
        is none, and the side counts as interested.

        Raises RecordNotFound, ActForbidden.
        """
        _refuse_others("ask", actor)
        self._refuse_others_than(demand, achievement)
        with self.engine.connect().execution_options(writes=True) as connection, connection.begin():
            id = self.begin(connection, demand, achievement)
            events = events_of(connection, id, lock=True)
            before = standing(events).state
            if before in ("", "lapsed"):
                self.add(connection, events, SYSTEM, "step", match_id=id, from_state=before, to_state="suggested",
                         details={"why": "asked"})  # fmt: skip
            join(connection, request, id)
            for event in self._asking(events_of(connection, id), actor, side, request):
                self.add(connection, events_of(connection, id), actor, **event)
        return self.get(id)

    def _asking(self, events: Sequence[Event], actor: Actor, side: str, request: int) -> Iterator[dict[str, Any]]:
        """What asking adds to a history: itself, and the answer of a side that was waited for."""
        key = f"request-{request}"
        if _is_done(events, actor, key):
            return
        now = standing(events)
        yield {"type": "asked", "key": key, "details": {"request": request, "side": side}}
        waits = (now.state, "interested") in TABLE and now.is_shown_to(side)
        if waits and (now.demand_said if side == "demand" else now.supply_said) != "interested":
            yield {"type": "step", "from_state": now.state, "to_state": "interested", "details": {"side": side}}

    def _refuse_others_than(self, demand: int, achievement: int) -> None:
        for id, kind in ((demand, Demand), (achievement, Achievement)):
            if not isinstance(self.store.get(id), kind):
                raise RecordNotFound(id=id)

    def _stepped(self, now: Standing, to: str, given: Given, taken: Step) -> dict[str, Any]:
        event = {**given.event, "from_state": now.state, "to_state": to, "details": given.details}
        if to == "recommended" and not given.due_on:
            event["due_on"] = self.today() + timedelta(days=REPLY_DAYS)
        if "reason" not in taken.needs:
            event["reason"] = None
        return event

    def _act(self, act: str, id: int, actor: Actor, type: str, key: str | None, **what: Any) -> Match:
        with self.writing(id) as (connection, events):
            if not _is_done(events, actor, key, type=type, **what):
                _refuse_others(act, actor, standing(events))
                self.add(connection, events, actor, type, key=key, **what)
        return self.get(id)


def _is_done(events: Sequence[Event], actor: Actor, key: str | None, **said: Any) -> bool:
    """Whether the actor did this already under the key. Raises KeyUsed where they did something else."""
    done = next((event for event in events if key is not None and (event.key, event.actor) == (key, actor.name)), None)
    if done and any(getattr(done, name) != value for name, value in said.items()):
        raise KeyUsed()
    return done is not None


def _refuse_stale(events: Sequence[Event], version: int | None) -> None:
    """Raises StaleMatch where somebody decided after `version`; what else was done since does not matter."""
    later = [event for event in events if version is not None and event.version > version and event.is_decision]
    if later:
        last = later[-1]
        reason = REASONS.get(last.reason or "")
        why = f"，原因：{reason.label}" if reason else ""
        raise StaleMatch(
            who=last.actor,
            when=told(last.at),
            before=label(last.from_state or ""),
            now=label(last.to_state or ""),
            why=why,
        )


def _refuse_unshown(now: Standing, actor: Actor) -> None:
    if actor.role in SIDES and not now.is_shown_to(actor.role):
        raise StepRefused(reason="这对匹配还没有推送给这一方")


def may(act: str, actor: Actor, now: Standing) -> bool:
    """Whether the actor may do something of `steps.ACTS` with a match that stands so."""
    return actor.role in ACTS[act].who or (ACTS[act].or_owner and now.owner == actor.name)


def _refuse_others(act: str, actor: Actor, now: Standing = _ANEW) -> None:
    if not may(act, actor, now):
        who = [name for code, name in ROLES.items() if code in ACTS[act].who]
        who += ["负责人"] if ACTS[act].or_owner else []
        raise ActForbidden(label=ACTS[act].label, who="、".join(who))
