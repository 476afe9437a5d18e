"""Work for processes that are killed in the middle of it. They fork from one that has imported and read everything, so that a round takes no time."""

from __future__ import annotations

import multiprocessing
import resource
from multiprocessing.connection import Connection
from pathlib import Path

import uvicorn

import corpus.intake
from corpus.records import Achievement
from corpus.store import Store
from indexer.index import Index
from service.app import create_app
from service.installation import Installation
from service.settings import Settings

Index(None)  # word lists and the model are read once, here
forking = multiprocessing.get_context("forkserver")
multiprocessing.set_forkserver_preload([__name__])


def importing(home: Path, said: Connection, file: Path) -> None:
    """Tells after every batch of ten how many rows are in."""
    corpus.intake.BATCH = 10
    store = Store(Settings(home=home).database_url)
    corpus.intake.import_files(
        store, [file], kind=Achievement, source="test", progress=lambda intake: said.send(intake.added)
    )


def indexing(home: Path, said: Connection, anew: bool) -> None:
    with Installation(Settings(home=home)) as installation:
        said.send("begun")
        installation.build(anew=anew)


def serving(home: Path, said: Connection, port: int) -> None:
    installation = Installation(Settings(home=home))
    uvicorn.run(create_app(installation), host="127.0.0.1", port=port, log_level="critical")


def without_room(room: int) -> None:
    """From here on no file of this process grows beyond so many bytes: what a full disk does, to this process alone."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))
