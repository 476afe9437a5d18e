"""Matches as rows of a sheet, for reports and for programs of others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from corpus.queue import EVERYTHING, Wanted, every
from corpus.steps import CONTRACT_KIND, EVIDENCE, REASONS, STATES
from indexer.fusion import BANDS
from service.dealing import Meeting, by, together
from service.installation import Installation
from service.viewer import Viewer

HEADINGS = (
    "匹配号", "需求号", "需求来源", "需求编号", "需求名称", "需求单位", "成果号", "成果来源", "成果编号", "成果名称", "成果单位", "状态", "对企业的说法",
    "从何时起", "原因", "负责人", "下一步", "到期", "档次", "得分", "合同类型", "合同编号", "合同金额（万元）", "技术交易额（万元）", "合同登记编号", "落地情况", "依据",
    "建立", "更新",
)  # fmt: skip
_BANDS: Mapping[str, str] = {str(band): label for band, label in BANDS.items()}
_AT_ONCE = 500


def rows(installation: Installation, viewer: Viewer, wanted: Wanted = EVERYTHING) -> Iterator[tuple[Any, ...]]:
    """One a match that the viewer sees and wants, under `HEADINGS`, in the order in which they began."""
    found = every(installation.matches, replace(wanted, by=by(viewer)))
    while some := list(islice(found, _AT_ONCE)):
        yield from (_row(one) for one in together(installation, viewer, some))


def _row(one: Meeting) -> tuple[Any, ...]:
    match, details = one.match, _details(one)
    reason = REASONS.get((one.decided.reason if one.decided else None) or "")
    sides = [
        (
            id,
            record and record.source,
            record and record.source_id,
            record and record.title,
            record and record.organisation,
        )
        for id, record in ((match.demand_id, one.demand), (match.achievement_id, one.achievement))
    ]
    return (
        match.id, *sides[0], *sides[1], STATES[match.state].label, STATES[match.state].shown,
        _local(match.since), reason and reason.label, match.owner, match.next_action, match.due_on,
        _BANDS.get(match.band or ""), match.score,
        CONTRACT_KIND.name(details["contract_kind"]) if "contract_kind" in details else None,
        details.get("contract_no"), details.get("amount"), details.get("technical_amount"), details.get("registration_no"),
        details.get("outcome"), EVIDENCE.name(details["evidence"]) if "evidence" in details else None,
        _local(match.created_at), _local(match.updated_at),
    )  # fmt: skip


def _details(one: Meeting) -> dict[str, Any]:
    """What was given with the steps that stand: contract, registration, landing."""
    undone = {event.undoes for event in one.events if event.type == "undo"}
    steps = (event.details for event in one.events if event.type == "step" and event.version not in undone)
    return {name: value for details in steps for name, value in details.items()}


def _local(at: datetime) -> str:
    return at.replace(tzinfo=UTC).astimezone().strftime("%Y-%m-%d %H:%M")
