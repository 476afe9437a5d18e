"""What handlers are handed: the installation the application was made over."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request

from service.installation import Installation


def installation(request: Request) -> Installation:
    opened: Installation = request.app.state.installation
    return opened


Opened = Annotated[Installation, Depends(installation)]
