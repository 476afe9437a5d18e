"""Settings: what the environment says, what it may not say, and what reaches the installation."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from corpus.records import Demand
from service.answers import match, search
from service.installation import Installation
from service.settings import Settings, SettingUnusable, from_environment, to_environment
from service.viewer import MACHINE
from tests.indexer.endpoints import GOOD, Served, saying, serving

NAMES = (
    "DUIJIE_HOME",
    "DUIJIE_DATABASE",
    "DUIJIE_MODEL",
    "DUIJIE_LLM_URL",
    "DUIJIE_LLM_MODEL",
    "DUIJIE_LLM_KEY",
    "DUIJIE_LLM_TIMEOUT",
    "DUIJIE_LLM_CONFIDENTIAL",
    "DUIJIE_HOSTS",
    "DUIJIE_SESSION_HOURS",
    "DUIJIE_IDLE_HOURS",
    "DUIJIE_SMTP_HOST",
    "DUIJIE_SMTP_SECURITY",
    "DUIJIE_SMTP_CA",
    "DUIJIE_SMTP_USER",
    "DUIJIE_SMTP_PASSWORD",
    "DUIJIE_SMTP_FROM",
    "DUIJIE_SITE",
    "DUIJIE_WEBHOOK_PRIVATE",
    "DUIJIE_VISITOR_RATE",
)
FULL = Settings(
    home=Path("elsewhere"),
    database="sqlite://",
    model="some/model",
    llm_url="https://llm.example/v1",
    llm_model="judge-7b",
    llm_key="sk-0123456789abcdef",
    llm_timeout=2.5,
    llm_confidential=True,
    hosts=("duijie.example.org", "10.0.0.7"),
    session_hours=8,
    idle_hours=0.5,
    smtp_host="smtp.example.org:2525",
    smtp_security="tls",
    smtp_user="duijie",
    smtp_password="hush",
    smtp_from="对接 <duijie@example.org>",
    site="https://duijie.example.org/site",
    visitor_rate=60,
)
NEED = "电机夜里嗡嗡响，吵得很"


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """None of our variables is set, and afterwards each is as it was."""
    for name in NAMES:
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)


def test_nothing_said_means_the_defaults() -> None:
    assert from_environment() == Settings(home=Path("var"))


def test_what_is_handed_on_is_read_again() -> None:
    to_environment(FULL)
    assert from_environment() == FULL
    assert os.environ["DUIJIE_LLM_CONFIDENTIAL"] == "1"


def test_a_permission_that_is_not_given_is_not_handed_on() -> None:
    to_environment(FULL)
    to_environment(replace(FULL, llm_confidential=False, llm_key=None))
    assert from_environment() == replace(FULL, llm_confidential=False, llm_key=None)


@pytest.mark.parametrize("written", ["", "0", "yes", "11", "true"])
def test_only_a_1_lets_confidential_demands_go_out(monkeypatch: pytest.MonkeyPatch, written: str) -> None:
    monkeypatch.setenv("DUIJIE_LLM_CONFIDENTIAL", written)
    assert not from_environment().llm_confidential


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("DUIJIE_LLM_TIMEOUT", "soon"),
        ("DUIJIE_LLM_TIMEOUT", "0"),
        ("DUIJIE_LLM_TIMEOUT", "-3"),
        ("DUIJIE_LLM_TIMEOUT", "nan"),
        ("DUIJIE_LLM_TIMEOUT", "inf"),
        ("DUIJIE_LLM_TIMEOUT", "1e9"),
        ("DUIJIE_LLM_URL", "llm.example/v1"),
        ("DUIJIE_LLM_URL", "file:///etc/hosts"),
        ("DUIJIE_LLM_URL", "http://"),
        ("DUIJIE_LLM_URL", "http://[::1"),
        ("DUIJIE_LLM_URL", "http://llm.example:port/v1"),
        ("DUIJIE_LLM_URL", "https://me:hush@llm.example/v1"),
        ("DUIJIE_LLM_KEY", "sk-hush\nX: y"),
        ("DUIJIE_LLM_KEY", "sk-hush密"),
        ("DUIJIE_HOSTS", "http://duijie.example.org"),
        ("DUIJIE_HOSTS", "duijie.example.org:8000"),
        ("DUIJIE_SESSION_HOURS", "0"),
        ("DUIJIE_SESSION_HOURS", "ever"),
        ("DUIJIE_IDLE_HOURS", "-1"),
        ("DUIJIE_SMTP_HOST", "smtp://smtp.example.org"),
        ("DUIJIE_SMTP_HOST", "smtp.example.org:0"),
        ("DUIJIE_SMTP_SECURITY", "ssl3"),
        ("DUIJIE_SMTP_CA", "/nowhere/ca.pem"),
        ("DUIJIE_SMTP_CA", __file__),
        ("DUIJIE_SMTP_FROM", "对接"),
        ("DUIJIE_SITE", "duijie.example.org"),
        ("DUIJIE_SITE", "https://wang:hush@duijie.example.org"),
    ],
)
def test_what_cannot_be_used_is_refused_by_name(monkeypatch: pytest.MonkeyPatch, name: str, written: str) -> None:
    monkeypatch.setenv(name, written)
    with pytest.raises(SettingUnusable, match=f"^环境变量 {name} 的值不能用：.*。请改正后再运行。$") as told:
        from_environment()
    assert "hush" not in f"{told.value} {told.value.facts} {told.value.__cause__}"


def test_the_key_is_not_shown() -> None:
    assert str(FULL.llm_key) not in repr(FULL)
    assert repr(FULL.smtp_password) not in repr(FULL)


@pytest.mark.parametrize("half", [replace(FULL, llm_url=None), replace(FULL, llm_model=None)], ids=["model", "url"])
def test_without_url_or_model_the_rule_reads(tmp_path: Path, half: Settings) -> None:
    with Installation(replace(half, home=tmp_path, model=None)) as installation:
        assert installation.interpreter is None
        reading = installation.read(NEED, confidential=True)
    assert (reading.reader, reading.note) == ("rule", None)


@pytest.fixture
def served() -> Iterator[Served]:
    with serving(saying(GOOD)) as endpoint:
        yield endpoint


def asking(home: Path, served: Served, *, confidential: bool = False) -> Installation:
    return Installation(
        Settings(home=home, llm_url=served.url, llm_model="judge-7b", llm_confidential=confidential, llm_timeout=5)
    )


def stored(installation: Installation, visibility: str) -> int:
    """The id of a demand that is now in the store."""
    demand = Demand(source="测试", source_id=visibility, title="电机降噪", problem=NEED, visibility=visibility)
    (id,) = installation.store.save([demand]).added
    return id


def test_a_search_is_read_by_the_model_and_kept_in_the_index_folder(home: Path, served: Served) -> None:
    with asking(home, served) as installation:
        assert search(installation, NEED, viewer=MACHINE).reading.reader == "judge-7b"
    with asking(home, served) as again:
        assert search(again, NEED, viewer=MACHINE).reading.need == GOOD["need"]
    assert len(served.asked) == 1
    assert (home / "index/readings.sqlite").is_file()


@pytest.mark.parametrize("visibility", ["members", "org", "brokers", "private"])
def test_a_demand_that_is_not_for_everybody_stays_here(home: Path, served: Served, visibility: str) -> None:
    with asking(home, served) as installation:
        reading = match(installation, viewer=MACHINE, id=stored(installation, visibility)).reading
    assert served.asked == []
    assert (reading.reader, reading.note) == (
        "rule",
        "没有用上语言模型，已按规则读取：这条内容不公开，没有发给语言模型。",
    )


def test_it_goes_out_where_the_operator_allows_it_and_a_public_one_always(home: Path, served: Served) -> None:
    with asking(home, served) as installation:
        assert match(installation, viewer=MACHINE, id=stored(installation, "public")).reading.reader == "judge-7b"
    with asking(home, served, confidential=True) as allowed:
        assert match(allowed, viewer=MACHINE, id=stored(allowed, "private")).reading.reader == "judge-7b"
        assert match(allowed, viewer=MACHINE, text="污泥干化").reading.reader == "judge-7b"
