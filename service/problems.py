"""From an error to what the web answers: one table from class to status, problem details (RFC 9457) for programs, a page for people."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse, Response
from sqlalchemy.exc import OperationalError
from starlette.exceptions import HTTPException

from corpus.cells import UNSEEN
from corpus.contact_requests import RequestJoined, RequestMoved, RequestNotFound
from corpus.database import DatabaseNewer, DatabaseUnavailable, NotSaved, reason_of
from corpus.errors import BadInput, DuijieError, RecordNotFound, RecordRefused
from corpus.jobs import JobUnknown, KeyReused, TooManyJobs
from corpus.keys import KeyUnknown, TooManyCalls
from corpus.steps import StepForbidden, StepLacks, StepRefused
from corpus.tries import TooManyTries
from indexer.base import BaseDamaged, BaseNotWritten
from indexer.encoder import ModelNotLoaded
from service.access import NotAllowed, NotInScope, NotSignedIn, remember, viewer
from service.forms import FormForeign, FormTooLarge
from service.imports import ImportNotFound, ImportRunning
from service.introducing import ContactsWithheld
from service.receiving import KindNotTaken, TooLarge, TooManyDemands
from service.settings import HomeUnavailable
from service.strangers import TooManyVisits
from service.templating import address, page
from service.uploads import FileTooLarge
from service.viewer import VISITOR

STATUS: Mapping[type[DuijieError], HTTPStatus] = {
    HomeUnavailable: HTTPStatus.SERVICE_UNAVAILABLE,
    RecordNotFound: HTTPStatus.NOT_FOUND,
    RequestNotFound: HTTPStatus.NOT_FOUND,
    RequestMoved: HTTPStatus.CONFLICT,
    RequestJoined: HTTPStatus.CONFLICT,
    NotSignedIn: HTTPStatus.UNAUTHORIZED,
    KeyUnknown: HTTPStatus.UNAUTHORIZED,
    NotAllowed: HTTPStatus.FORBIDDEN,
    NotInScope: HTTPStatus.FORBIDDEN,
    FormForeign: HTTPStatus.FORBIDDEN,
    FormTooLarge: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    FileTooLarge: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    ImportNotFound: HTTPStatus.NOT_FOUND,
    ImportRunning: HTTPStatus.CONFLICT,
    TooManyTries: HTTPStatus.TOO_MANY_REQUESTS,
    TooManyCalls: HTTPStatus.TOO_MANY_REQUESTS,
    TooManyVisits: HTTPStatus.TOO_MANY_REQUESTS,
    StepRefused: HTTPStatus.CONFLICT,
    StepForbidden: HTTPStatus.FORBIDDEN,
    StepLacks: HTTPStatus.UNPROCESSABLE_ENTITY,
    ContactsWithheld: HTTPStatus.FORBIDDEN,
    TooManyJobs: HTTPStatus.TOO_MANY_REQUESTS,
    JobUnknown: HTTPStatus.NOT_FOUND,
    KeyReused: HTTPStatus.UNPROCESSABLE_ENTITY,
    KindNotTaken: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    TooLarge: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    TooManyDemands: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    RecordRefused: HTTPStatus.UNPROCESSABLE_ENTITY,
    BadInput: HTTPStatus.BAD_REQUEST,
    DatabaseUnavailable: HTTPStatus.SERVICE_UNAVAILABLE,
    NotSaved: HTTPStatus.INSUFFICIENT_STORAGE,
    DatabaseNewer: HTTPStatus.SERVICE_UNAVAILABLE,
    BaseDamaged: HTTPStatus.SERVICE_UNAVAILABLE,
    BaseNotWritten: HTTPStatus.INSUFFICIENT_STORAGE,
    ModelNotLoaded: HTTPStatus.SERVICE_UNAVAILABLE,
    DuijieError: HTTPStatus.INTERNAL_SERVER_ERROR,
}
"""The nearest class in a class's ancestry counts."""

_TITLES = {
    400: "请求有误",
    401: "请先登录",
    403: "不允许",
    404: "没有找到",
    405: "不支持的方法",
    409: "情况已变",
    413: "内容太大",
    415: "内容类型不对",
    422: "内容不合要求",
    429: "次数太多",
    500: "服务器出错",
    503: "暂时不可用",
    507: "没有存下",
}


def status_of(error: type[DuijieError]) -> HTTPStatus:
    return next(STATUS[cls] for cls in error.__mro__ if cls in STATUS)


def install(app: FastAPI) -> None:
    """Answer every error, expected or not, in the form that the asker reads."""

    @app.exception_handler(DuijieError)
    def told(request: Request, error: DuijieError) -> Response:
        if isinstance(error, NotSignedIn) and not _is_for_programs(request):
            return RedirectResponse(address("/sign-in", next=_asked_for(request)), HTTPStatus.SEE_OTHER)
        answer = problem(request, status_of(type(error)), str(error), type(error).__name__)
        if answer.status_code == HTTPStatus.TOO_MANY_REQUESTS:
            answer.headers["Retry-After"] = str(error.facts["seconds"])
        if answer.status_code == HTTPStatus.UNAUTHORIZED:
            answer.headers["WWW-Authenticate"] = "Bearer"
        return answer

    @app.exception_handler(OperationalError)
    def unavailable(request: Request, error: OperationalError) -> Response:
        remember(request, VISITOR)  # the page must not ask the database who looks at it
        detail = f"数据库暂时不可用：{reason_of(error)}。请稍后再试；若总是这样，请运行 duijie doctor。"
        return problem(request, HTTPStatus.SERVICE_UNAVAILABLE, detail, "DatabaseUnavailable")

    @app.exception_handler(RequestValidationError)
    def invalid(request: Request, error: RequestValidationError) -> Response:
        faults = [{"where": UNSEEN.sub("", ".".join(map(str, e["loc"]))), "reason": _reason(e)} for e in error.errors()]
        detail = "；".join(f"{fault['where']}：{fault['reason']}" for fault in faults)
        return problem(request, HTTPStatus.UNPROCESSABLE_ENTITY, detail, "Invalid", errors=faults)

    @app.exception_handler(HTTPException)
    def refused(request: Request, error: HTTPException) -> Response:
        sentences = {404: "这个地址没有内容。", 405: "这个地址不支持这种请求方法。"}
        detail = sentences.get(error.status_code, str(error.detail))
        return problem(request, HTTPStatus(error.status_code), detail, "Refused")

    @app.exception_handler(Exception)
    def unexpected(request: Request, error: Exception) -> Response:
        return problem(request, HTTPStatus.INTERNAL_SERVER_ERROR, "出现了意外的错误，已记入服务器日志。", "Unexpected")


def problem(request: Request, status: HTTPStatus, detail: str, kind: str, **more: Any) -> Response:
    title, detail = _TITLES.get(status, status.phrase), UNSEEN.sub("", detail)
    if _is_for_programs(request):
        body = {"type": f"/problems#{kind}", "title": title, "status": int(status), "detail": detail, **more}
        return JSONResponse(body, status, media_type="application/problem+json")
    with suppress(DuijieError):  # what is wrong with who asks was told already, or is not what this page tells
        viewer(request)
    return page(request, "error.html", status=int(status), title=title, detail=detail)


def _is_for_programs(request: Request) -> bool:
    return request.url.path.startswith(("/api/", "/healthz", "/readyz"))


def _asked_for(request: Request) -> str:
    """The page to come back to after signing in; of a form that was sent, none."""
    query = f"?{request.url.query}" if request.url.query else ""
    return request.url.path + query if request.method == "GET" else ""


_REASONS = {
    "missing": "缺少这一项",
    "greater_than_equal": "应不小于 {ge}",
    "less_than_equal": "应不大于 {le}",
    "less_than": "应小于 {lt}",
    "string_too_long": "最长 {max_length} 个字",
    "too_long": "最多 {max_length} 个",
    "int_parsing": "应为整数",
    "int_type": "应为整数",
    "bool_parsing": "应为 true 或 false",
    "string_type": "应为文字",
    "list_type": "应为列表",
    "dict_type": "应为对象",
    "literal_error": "只能是 {expected}",
    "json_invalid": "不是完整的 JSON",
    "extra_forbidden": "没有这一项",
    "value_error": "{error}",
}
"""What Pydantic found wrong, by its kind, in words."""


def _reason(error: Mapping[str, Any]) -> str:
    told = _REASONS.get(error["type"])
    return told.format(**error.get("ctx", {})) if told else f"不合要求（{error['msg']}）"


def described() -> dict[int | str, dict[str, Any]]:
    """Which problems an operation may answer with, for the API's description."""
    text = {"type": "string"}
    properties = {"type": text, "title": text, "status": {"type": "integer"}, "detail": text}
    schema = {"type": "object", "properties": properties, "required": list(properties)}
    content = {"application/problem+json": {"schema": schema}}
    statuses = (400, 401, 403, 404, 409, 413, 415, 422, 429, 503, 507)
    return {status: {"description": _TITLES[status], "content": content} for status in statuses}
