"""GET /healthz (the process answers) and /readyz (it can answer questions)."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import BaseModel

from service.access import Opened

router = APIRouter(tags=["health"])


class Health(BaseModel):
    status: str


class Readiness(BaseModel):
    ready: bool
    revision: int
    indexed: int
    degraded: str | None


@router.get("/healthz", summary="The process is alive")
def get_healthz() -> Health:
    return Health(status="ok")


@router.get("/readyz", summary="The store and the index answer, up to date")
def get_readyz(opened: Opened) -> Readiness:
    index = opened.fresh()
    revision = opened.store.revision()
    return Readiness(ready=True, revision=revision, indexed=index.engine.revision, degraded=index.degraded)
