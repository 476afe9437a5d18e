"""Bounds: how large a request may be that is held in memory. What takes files reads them onto the disk, and has bounds of its own."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LARGEST = 32_000_000
"""Bytes: a thousand records, each with pages of text."""
ONTO_THE_DISK = ("/api/v1/bulk-matches", "/api/v1/match/stream", "/api/v1/imports", "/bulk", "/import")
"""The addresses that read a body part by part."""


class Bounded:
    """An application whose requests end with 413 where they go on for longer."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in ONTO_THE_DISK:
            await self.app(scope, receive, send)
            return
        size = 0

        async def bounded() -> Message:
            nonlocal size
            message = await receive()
            size += len(message.get("body", b""))
            if size > LARGEST:
                raise HTTPException(413, f"内容太大：最多 {LARGEST // 1_000_000} MB。请分几次提交。")
            return message

        await self.app(scope, bounded, send)
