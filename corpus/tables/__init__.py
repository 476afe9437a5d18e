"""The database's tables; those of records are derived from their definition.

schema     what the tables are part of
records    achievements and demands, and what is remembered of those that went
people     who may sign in, who asks to be put in touch, who read what is confidential
systems    keys, their use, and jobs
dealings   matches, everything that was done with them, and how far the queue was seen
following  drafts, and what an account is told of
"""

from corpus.tables.dealings import beats, marks, match_events, matches, rounds
from corpus.tables.following import alerts, drafts, glances, pushes, watches
from corpus.tables.people import contact_requests, disclosures, sessions, tries, users
from corpus.tables.records import TABLES, counter, deletions, departures, record_from, row_of
from corpus.tables.schema import metadata
from corpus.tables.systems import jobs, key_minutes, key_uses, keys

__all__ = [
    "TABLES",
    "alerts",
    "beats",
    "contact_requests",
    "counter",
    "deletions",
    "departures",
    "disclosures",
    "drafts",
    "glances",
    "jobs",
    "key_minutes",
    "key_uses",
    "keys",
    "marks",
    "match_events",
    "matches",
    "metadata",
    "pushes",
    "record_from",
    "rounds",
    "row_of",
    "sessions",
    "tries",
    "users",
    "watches",
]
