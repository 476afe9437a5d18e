"""The viewer: who asks, hence what they may see.

Every search, match, list and page is asked by a viewer. What they may not see is left out of recall itself: `Viewer.seen` stands in the
scope of the question, so that facets, counts, the rarity of words, comparisons and similar records know nothing of it either.
What may not be seen answers like what does not exist.

    visitor   public records
    firm      those, members', its organisation's, and its own
    broker    everything but others' private demands and drafts
    operator  the same, and private demands that nobody owns
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from corpus.accounts import Account
from corpus.errors import RecordRefused
from corpus.records import Record, about, is_stated, stated_fields
from indexer.attributes import AUDIENCE, audience_of
from indexer.entries import Among, Filter

Role = Literal["visitor", "firm", "broker", "operator"]


@dataclass(frozen=True, slots=True)
class Viewer:
    """`account` is the account's id, None for a visitor and for the machine itself, which sees all (`is_machine`)."""

    role: Role = "visitor"
    account: int | None = None
    organisation: str | None = None
    name: str = ""
    login: str = ""
    is_machine: bool = False

    @property
    def is_signed_in(self) -> bool:
        return self.account is not None

    @property
    def is_staff(self) -> bool:
        """Whether they may write records and lists: brokers and operators."""
        return self.role in ("broker", "operator")

    @property
    def tokens(self) -> frozenset[str]:
        """The audiences they belong to, in the terms of `indexer.attributes.audience_of`."""
        own = {f"user:{self.account}"} if self.account is not None else set()
        if self.role == "visitor":
            return frozenset({"public"})
        if self.role == "firm":
            organisation = {f"org:{self.organisation}"} if self.organisation else set()
            return frozenset({"public", "members"} | organisation | own)
        return frozenset({"brokers"} | ({"operators"} if self.role == "operator" else set()) | own)

    @property
    def seen(self) -> Filter:
        """The conditions that what they may see passes; part of the scope of every question."""
        return () if self.is_machine else (Among(AUDIENCE, self.tokens),)

    def sees(self, record: Record) -> bool:
        """Whether they may see a record: what `seen` says, of one record."""
        return self.is_machine or not self.tokens.isdisjoint(audience_of(record))

    def owns(self, record: Record) -> bool:
        """Whether it is theirs: by account, or as a firm by organisation."""
        if self.account is None or not self.sees(record):
            return False
        of_organisation = self.role == "firm" and self.organisation and record.organisation == self.organisation
        return record.owner == self.account or bool(of_organisation)

    def admitted(self, record: Record, held: Record | None) -> Record:
        """The record as they may write it in the place of the one held: theirs where nobody but its owner may see it and it has none.

        Raises RecordRefused where they may not see the one that is held.
        """
        if held is not None and not self.sees(held):
            raise RecordRefused(reason=f"来源编号“{record.source_id}”已由别人使用")
        is_nobodys = record.visibility == "private" and (held is None or held.owner is None)
        return replace(record, owner=self.account) if is_nobodys else record

    def may_be_told(self, record: Record) -> bool:
        """Whether what is confidential of a record may be disclosed to them; use `service.holdings.disclosed`, which notes that it was."""
        return self.sees(record) and (self.is_machine or self.is_staff or self.owns(record))


VISITOR = Viewer()
MACHINE = Viewer("operator", is_machine=True)
"""Who works at the machine itself, by the command line: sees all."""


def viewer_of(account: Account | None) -> Viewer:
    """What an account may see; of none, what a visitor may."""
    return Viewer(account.role, account.id, account.organisation, account.name, account.login) if account else VISITOR


def confidential(record: Record) -> Mapping[str, str]:
    """What a record states confidentially, by field."""
    kind = type(record)
    names = [name for name in stated_fields(kind) if about(kind, name).confidential]
    return {name: value for name in names if is_stated(value := getattr(record, name))}
