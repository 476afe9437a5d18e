"""An installation, opened: its store, its index, and the promise that what was saved is found by the next search."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from importlib import resources
from pathlib import Path

from corpus.accounts import Accounts
from corpus.beats import Beats
from corpus.contact_requests import ContactRequests
from corpus.drafts import Drafts
from corpus.glances import Glances
from corpus.intake import Intake, import_files
from corpus.jobs import Jobs
from corpus.keys import Keys
from corpus.matches import Matches
from corpus.pushes import Pushes
from corpus.records import Achievement, Change, Demand
from corpus.rounds import Rounds
from corpus.store import Store
from corpus.tries import Tries
from corpus.watches import Watches
from indexer.index import Built, Index, Progress
from indexer.interpreting import Endpoint, Interpreter
from indexer.processes import CORES
from indexer.reading import Reader, Reading
from service.settings import Settings, make_home
from service.strangers import Strangers
from service.traffic import Traffic

PATIENCE = 2.0
"""Seconds that a search in a server waits, at most, for the latest changes to be taken in."""
WAITED_FOR = 2000
"""Changes that PATIENCE suffices for; where more are missing, a large import goes on, and a search does not wait at all."""
STEP = 500
"""Changes that are taken in together while searches may be waiting."""
_WAITING = 40
"""Answers that are worked out at once where a language model reads: most of them wait for it."""
BASE_BEHIND = 1000
"""Changes above the base that are taken into memory at every start rather than built into a new one; in a large library, a twentieth of it."""


class Installation:
    """Opens the store and the index of `settings`; close it when done, or use it as a context."""

    def __init__(self, settings: Settings) -> None:
        self.settings = make_home(settings)
        self.store = Store(settings.database_url)
        self.accounts = Accounts(self.store.engine, lasting=settings.session, idle=settings.idle)
        self.keys = Keys(self.accounts)
        self.jobs = Jobs(self.store.engine)
        self.tries = Tries(self.store.engine)
        self.strangers = Strangers(int(settings.visitor_rate))
        self.requests = ContactRequests(self.store.engine)
        self.drafts = Drafts(self.store.engine)
        self.glances = Glances(self.store.engine)
        self.watches = Watches(self.store.engine)
        self.pushes = Pushes(self.store.engine)
        self.rounds = Rounds(self.store.engine)
        self.beats = Beats(self.store.engine)
        self.index = Index(settings.index, model=settings.model, own=settings.home)
        self.interpreter = _interpreter(settings, self.index.reader)
        self.matches = Matches(self.store)
        self.traffic = Traffic(CORES if self.interpreter is None else _WAITING)
        self.is_kept_up = False
        """Whether `upkeep` runs: it takes in what searches do not wait for, and changes over to new bases."""
        self._catching_up = threading.Lock()
        self._latest = 0

    def __enter__(self) -> Installation:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self.keys.add_up()
        self.store.close()

    def read(self, text: str, title: str = "", *, confidential: bool = False) -> Reading:
        """What is asked, read by the language model if one is configured, else by rule."""
        reader = self.index.reader
        if self.interpreter is None:
            return reader.read(text, title)
        self.interpreter.reader = reader
        return self.interpreter.read(text, title, confidential=confidential)

    def fresh(self, progress: Progress = lambda count: None) -> Index:
        """The index with every change that was committed before this call.

        In a server that is kept up, a search does not wait for a large import: `late` tells what it had to do without.
        """
        self._latest = revision = self.store.revision()
        if self.is_kept_up:
            if self.late <= WAITED_FOR:
                self.take_in(revision, PATIENCE)
        elif self._is_behind(revision):
            with self._catching_up:
                if self._is_behind(revision):
                    self.index.catch_up(self._changes(revision), revision, progress)
        return self.index

    @property
    def late(self) -> int:
        """How many of the latest changes the index has not taken in."""
        return max(0, self._latest - self.index.engine.revision)

    def take_in(self, revision: int, seconds: float) -> None:
        """Bring the changes up to `revision` into memory, step by step, as far as the seconds reach."""
        until = time.monotonic() + seconds
        while self.index.engine.revision < revision and (left := until - time.monotonic()) > 0:
            if self._catching_up.acquire(timeout=min(left, threading.TIMEOUT_MAX)):
                try:
                    upto = min(revision, self.index.engine.revision + STEP)
                    self.index.take_in(self.index.engine, self._changes(upto), upto)
                finally:
                    self._catching_up.release()

    def renew(self) -> bool:
        """Change over to the newest base. It is opened and brought up to date beside the one in use, which answers meanwhile.

        False for one that cannot be used: what is in memory answers as before.
        """
        engine = self.index.opened()
        if engine.out_of_step:
            return False
        revision = self.store.revision()
        self.index.take_in(engine, self._changes(revision), revision)
        with self._catching_up:
            revision = self.store.revision()
            self.index.take_in(engine, self._changes(revision), revision)
            self.index.engine = engine
        return True

    def build(self, *, anew: bool = False, progress: Progress = lambda count: None) -> Built:
        """Publish a base that holds everything; waits while another process builds."""
        with self.index.building():
            revision = self.store.revision()
            built = self.index.build(self._changes(revision), revision, anew=anew, progress=progress)
        self.fresh()
        return built

    def behind(self) -> int:
        """How many changes lie above the published base; all of them where the base cannot be used."""
        return self.store.revision() - self.index.engine.base_revision

    @property
    def is_far_behind(self) -> bool:
        """Whether a new base is worth building before anybody is served."""
        engine = self.index.engine
        least = max(BASE_BEHIND, engine.count(()) // 20) if engine.base_revision else 1
        return self.behind() >= least

    def _is_behind(self, revision: int) -> bool:
        return self.index.engine.revision < revision or self.index.engine.is_superseded

    def _changes(self, revision: int) -> Callable[[int], Iterable[Change]]:
        return partial(self.store.changes_after, upto=revision)


def _interpreter(settings: Settings, reader: Reader) -> Interpreter | None:
    """None where no language model is configured. Raises ClientNotInstalled."""
    if not (settings.llm_url and settings.llm_model):
        return None
    endpoint = Endpoint(
        url=settings.llm_url,
        model=settings.llm_model,
        key=settings.llm_key,
        timeout=settings.llm_timeout,
        send_confidential=settings.llm_confidential,
    )
    return Interpreter(reader, endpoint, settings.index)


@contextmanager
def sample_files() -> Iterator[tuple[Path, Path]]:
    """The achievements and the demands of the sample library in the package."""
    folder = resources.files("corpus").joinpath("samples")
    with resources.as_file(folder) as path:
        yield path / "achievements.jsonl", path / "demands.jsonl"


def import_sample(store: Store) -> Intake:
    """Bring the sample library in; a second time it changes nothing."""
    intake = Intake()
    with sample_files() as (achievements, demands):
        import_files(store, [achievements], kind=Achievement, source="sample", intake=intake)
        import_files(store, [demands], kind=Demand, source="sample", intake=intake)
    return intake
