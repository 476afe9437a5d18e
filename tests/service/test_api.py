"""The API as a program meets it."""

from __future__ import annotations

from typing import Any

import pytest
from bs4 import BeautifulSoup
from fastapi.testclient import TestClient

from corpus.records import Achievement, Demand, about, stated_fields
from service.installation import Installation

MAGNET = {
    "source": "测试",
    "source_id": "C-1",
    "title": "耐三百五十度钐钴磁环",
    "summary": "用于ZX-7/B型泵的钐钴磁环，壁厚 1.2 mm。",
}


def search(client: TestClient, q: str, **more: Any) -> dict[str, Any]:
    answer = client.get("/api/v1/search", params={"q": q, **more})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_search_answers_with_reading_parts_and_quotes(client: TestClient) -> None:
    answer = search(client, "无刷直流电机 噪声", kind="achievement", limit=5)
    assert answer["mode"] == "hybrid"
    assert answer["degraded"] is None
    assert answer["revision"] == 405
    assert answer["reading"]["text"] == "无刷直流电机 噪声"
    assert "无刷" in answer["reading"]["words"]
    assert len(answer["hits"]) == 5
    best = answer["hits"][0]
    assert best["kind"] == "achievement"
    assert "电机" in best["title"] + "".join(quote["text"] for quote in best["quotes"])
    for hit in answer["hits"]:
        assert sum(hit["parts"].values()) == pytest.approx(hit["score"], abs=1e-6)
        for quote in hit["quotes"]:
            assert quote["marks"]
            assert all(0 <= start < end <= len(quote["text"]) for start, end in quote["marks"])


def test_scores_fall_and_pages_join_without_gap_or_overlap(client: TestClient) -> None:
    whole = search(client, "电池 热管理", limit=30)["hits"]
    pages = [hit for offset in (0, 10, 20) for hit in search(client, "电池 热管理", limit=10, offset=offset)["hits"]]
    assert [hit["id"] for hit in pages] == [hit["id"] for hit in whole]
    assert [hit["score"] for hit in whole] == sorted((hit["score"] for hit in whole), reverse=True)


def test_a_filter_keeps_scores_and_order(client: TestClient) -> None:
    everything = search(client, "电机 降噪", kind="achievement", limit=100)["hits"]
    narrowed = search(client, "电机 降噪", kind="achievement", limit=100, where=["stage=mass"], records=True)["hits"]
    assert narrowed
    assert {hit["record"]["stage"] for hit in narrowed} == {"mass"}
    kept = {hit["id"]: hit["score"] for hit in everything}
    assert all(kept.get(hit["id"], hit["score"]) == hit["score"] for hit in narrowed)


def test_a_word_taken_out_of_the_reading_counts_no_more(client: TestClient) -> None:
    answer = search(client, "磁钢 镀层", without=["镀层"])
    assert "镀层" not in answer["reading"]["words"]
    assert "磁钢" in answer["reading"]["words"]


def test_the_api_folds_and_refines_as_the_page_does(client: TestClient) -> None:
    same = [
        {**MAGNET, "source_id": title, "title": title, "region": "330100"}
        for title in ("耐三百五十度钐钴磁环", "耐三百五十度 钐钴磁环")
    ]
    client.post("/api/v1/achievements", json=same)
    asked: dict[str, Any] = {"q": "磁环 涂层", "kind": "achievement", "where": ["region=浙江"]}
    best, second = (hit["id"] for hit in search(client, **asked, fold=True)["hits"][:2])
    turns: list[dict[str, Any]] = [
        {},
        {"like": [second]},
        {"unlike": [best, 10**9]},
        {"like": [second], "unlike": [best]},
    ]
    for turn in turns:
        hits = search(client, **asked, **turn, fold=True)["hits"]
        page = BeautifulSoup(client.get("/search", params={**asked, **turn, "low": "1"}).text, "html.parser")
        cards = page.select(".hits .hit")
        assert [hit["title"] for hit in hits] == [a.get_text() for card in cards for a in card.select("h2 a")]
        assert [[other["title"] for other in hit["folded"]] for hit in hits] == [
            [a.get_text() for a in card.select(".folded li a")] for card in cards
        ]
    both = search(client, "耐三百五十度钐钴磁环", limit=2)["hits"]
    (one,) = search(client, "耐三百五十度钐钴磁环", limit=1, fold=True)["hits"]
    assert [both[0]["title"], both[1]["title"]] == [one["title"], one["folded"][0]["title"]]


def test_folded_pages_join_without_gap_or_overlap(client: TestClient) -> None:
    client.post("/api/v1/achievements", json=[{**MAGNET, "source_id": f"C-{number}"} for number in range(7)])
    whole = [hit["id"] for hit in search(client, "磁环", fold=True, limit=12)["hits"]]
    pages = [
        hit["id"] for offset in (0, 4, 8) for hit in search(client, "磁环", fold=True, limit=4, offset=offset)["hits"]
    ]
    assert pages == whole


def test_posted_record_is_in_the_next_answer_and_deleted_one_in_none(client: TestClient) -> None:
    posted = client.post("/api/v1/achievements", json=MAGNET)
    assert posted.status_code == 201
    (id,) = posted.json()["added"]
    assert search(client, "ZX-7/B")["hits"][0]["id"] == id
    assert search(client, "耐三百五十度钐钴磁环")["hits"][0]["id"] == id
    assert client.delete(f"/api/v1/achievements/{id}").json()["deleted"] == 1
    assert id not in [hit["id"] for hit in search(client, "ZX-7/B", limit=100)["hits"]]
    assert client.get(f"/api/v1/achievements/{id}").status_code == 404


def test_posting_the_same_again_changes_nothing_and_another_text_changes_it(client: TestClient) -> None:
    first = client.post("/api/v1/achievements", json=MAGNET).json()
    again = client.post("/api/v1/achievements", json=MAGNET)
    assert again.status_code == 200
    assert again.json() == {
        "added": [],
        "changed": [],
        "unchanged": first["added"],
        "refused": [],
        "revision": first["revision"],
    }
    changed = client.post("/api/v1/achievements", json={**MAGNET, "title": "改了名的磁环"}).json()
    assert changed["changed"] == first["added"]
    assert search(client, "改了名的磁环")["hits"][0]["id"] == first["added"][0]


def test_a_list_keeps_its_good_records_and_returns_the_others_with_line_and_reason(client: TestClient) -> None:
    answer = client.post(
        "/api/v1/demands", json=[{"title": "想降噪"}, {"problem": ""}, {"title": "甲", "min_trl": 12}]
    ).json()
    assert len(answer["added"]) == 1
    assert answer["refused"] == [
        {"line": 2, "reason": "缺少需求名称"},
        {"line": 3, "reason": "最低就绪度应在 1 到 9 之间，这里是“12”"},
    ]


def test_put_replaces_one_record_and_keeps_its_identity(client: TestClient) -> None:
    (id,) = client.post("/api/v1/achievements", json=MAGNET).json()["added"]
    answer = client.put(f"/api/v1/achievements/{id}", json={"title": "新磁环", "trl": 7}).json()
    assert (answer["id"], answer["source_id"], answer["title"], answer["trl"]) == (id, "C-1", "新磁环", 7)
    assert "summary" not in answer


def test_a_list_is_paged_by_revision(client: TestClient) -> None:
    first = client.get("/api/v1/demands", params={"limit": 60}).json()
    rest = client.get("/api/v1/demands", params={"limit": 60, "before": first["next"]}).json()
    ids = [record["id"] for record in first["records"] + rest["records"]]
    assert len(ids) == len(set(ids)) == first["total"] == 85
    assert rest["next"] is None


def test_delete_of_a_list_deletes_all_or_nothing(client: TestClient) -> None:
    ids = client.post("/api/v1/demands", json=[{"title": "甲需求"}, {"title": "乙需求"}]).json()["added"]
    assert client.delete("/api/v1/demands", params={"id": [*ids, 999_999]}).status_code == 404
    assert client.get(f"/api/v1/demands/{ids[0]}").status_code == 200
    assert client.delete("/api/v1/demands", params={"id": ids}).json()["deleted"] == 2


def test_match_of_a_demand_gives_achievements_compared_point_by_point(
    client: TestClient, installation: Installation
) -> None:
    demand = installation.store.find("demand", "sample", "M-D01")
    assert demand
    answer = client.post("/api/v1/match", json={"id": demand.id, "limit": 3}).json()
    assert {hit["kind"] for hit in answer["hits"]} == {"achievement"}
    names = [finding["name"] for finding in answer["hits"][0]["comparisons"]]
    assert names == [
        "terms",
        "codes",
        "indicators",
        "industry",
        "maturity",
        "transfer_mode",
        "price",
        "region",
        "excluded",
    ]


def test_match_of_a_text_gives_achievements(client: TestClient) -> None:
    answer = client.post("/api/v1/match", json={"text": "磁铁镀层起泡，盐雾只能过 72 小时", "limit": 3}).json()
    assert [hit["source_id"] for hit in answer["hits"]].count("M-A22") <= 1
    assert "钕铁硼" in answer["hits"][0]["title"]


def test_confidential_fields_are_in_no_answer(client: TestClient) -> None:
    secret = {"title": "保密的需求", "private_detail": "密中之密", "contact": "办公室电话"}
    (id,) = client.post("/api/v1/demands", json=secret).json()["added"]
    texts = [
        client.get(f"/api/v1/demands/{id}").text,
        client.get("/api/v1/demands").text,
        client.get("/api/v1/search", params={"q": "保密的需求", "records": True}).text,
        client.get(f"/records/{id}").text,
    ]
    assert not any("密中之密" in text or "办公室电话" in text for text in texts)
    assert id not in [hit["id"] for hit in search(client, "密中之密", mode="keyword")["hits"]]


@pytest.mark.parametrize(
    ("method", "path", "more", "status", "sentence"),
    [
        ("GET", "/api/v1/search", {"params": {"q": " "}}, 400, "没有可查的内容"),
        ("GET", "/api/v1/search", {"params": {"q": "电机", "where": "颜色"}}, 400, "看不懂筛选条件“颜色”"),
        ("GET", "/api/v1/search", {"params": {"q": "电机", "where": "colour=red"}}, 400, "没有名为“colour”的字段"),
        ("GET", "/api/v1/search", {"params": {"q": "电机", "where": "stage=x"}}, 400, "“所处阶段”不认识“x”"),
        ("GET", "/api/v1/search", {"params": {"q": "电机", "limit": 0}}, 422, "limit"),
        ("GET", "/api/v1/achievements/999999", {}, 404, "没有编号为 999999 的记录"),
        ("GET", "/api/v1/nothing", {}, 404, "这个地址没有内容"),
        ("POST", "/api/v1/match", {"json": {}}, 422, "请给出 id 或 text 之一"),
        ("POST", "/api/v1/match", {"json": {"id": 999999}}, 404, "没有编号为 999999 的记录"),
        ("POST", "/api/v1/achievements", {"json": {"summary": "无名"}}, 422, "缺少成果名称"),
        ("POST", "/api/v1/achievements", {"json": {"title": "甲", "颜色": "红"}}, 400, "没有名为“颜色”的字段"),
        (
            "POST",
            "/api/v1/achievements",
            {"content": b"{", "headers": {"content-type": "application/json"}},
            422,
            "body",
        ),
        ("PUT", "/api/v1/search", {}, 405, "不支持这种请求方法"),
    ],
)
def test_problems_are_told_in_a_sentence(
    client: TestClient, method: str, path: str, more: dict[str, Any], status: int, sentence: str
) -> None:
    answer = client.request(method, path, **more)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["status"] == status
    assert sentence in answer.json()["detail"]


def test_a_foreign_page_may_not_write(client: TestClient) -> None:
    answer = client.post("/api/v1/demands", json={"title": "甲"}, headers={"origin": "http://evil.example"})
    assert answer.status_code == 403
    assert (
        client.post("/api/v1/demands", json={"title": "甲"}, headers={"origin": "http://127.0.0.1"}).status_code == 201
    )
    assert client.get("/", headers={"host": "evil.example"}).status_code == 400


def test_health_and_readiness(client: TestClient) -> None:
    assert client.get("/healthz").json() == {"status": "ok"}
    assert client.get("/readyz").json() == {"ready": True, "revision": 405, "indexed": 405, "degraded": None}


def test_description_covers_every_operation_with_a_summary_and_examples(client: TestClient) -> None:
    description = client.get("/openapi.json").json()
    operations = {
        f"{method.upper()} {path}": op for path, item in description["paths"].items() for method, op in item.items()
    }
    assert all(operation.get("summary") for operation in operations.values())
    ids = [operation["operationId"] for operation in operations.values()]
    assert len(ids) == len(set(ids))
    for kind, path in ((Achievement, "/api/v1/achievements"), (Demand, "/api/v1/demands")):
        content = operations[f"POST {path}"]["requestBody"]["content"]["application/json"]
        described = content["schema"]["oneOf"][0]["properties"]
        assert {name: field["description"] for name, field in described.items()} == {
            name: about(kind, name).label for name in stated_fields(kind)
        }
        written = client.post(path, json=content["example"])
        assert written.status_code == 201, written.text


def test_what_an_answer_hides_is_not_erased_by_sending_the_answer_back(
    client: TestClient, installation: Installation
) -> None:
    secret = {"source": "测试", "source_id": "D-1", "title": "密件", "private_detail": "绝密配方", "contact": "办公室"}
    (id,) = client.post("/api/v1/demands", json=secret).json()["added"]
    shown = client.get(f"/api/v1/demands/{id}").json()
    client.put(f"/api/v1/demands/{id}", json={**shown, "title": "改名的密件"})
    client.post("/api/v1/demands", json={**shown, "title": "再改名的密件", "contact": None})
    held = installation.store.get(id)
    assert isinstance(held, Demand)
    assert (held.title, held.private_detail, held.contact) == ("再改名的密件", "绝密配方", None)


def test_an_answer_in_which_nothing_holds_the_words_says_so(client: TestClient) -> None:
    assert "没有一条记录写有所问的词语" in search(client, "龘靐齉 PM2.5X")["note"]
    assert search(client, "磁钢")["note"] is None


def test_head_is_answered_like_get_without_a_body(client: TestClient) -> None:
    answer = client.head("/api/v1/search", params={"q": "磁钢"})
    assert (answer.status_code, answer.content) == (200, b"")


def test_half_characters_are_told_not_crashed_on(client: TestClient) -> None:
    body = b'{"title": "t", "\\ud800": 1}'
    answer = client.post("/api/v1/demands", content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 400
    assert "没有名为" in answer.json()["detail"]


def test_every_problem_of_an_operation_is_described(client: TestClient) -> None:
    for path, item in client.get("/openapi.json").json()["paths"].items():
        for method, operation in item.items():
            problems = operation["responses"]["422"]["content"]
            assert list(problems) == ["application/problem+json"], f"{method} {path}"


def test_a_record_tells_the_classes_its_words_speak_of(client: TestClient) -> None:
    row = {"title": "压铸铝件气孔与粘模的真空压铸工艺", "summary": "一体化铝合金压铸件免热处理。"}
    (id,) = client.post("/api/v1/achievements", json=row).json()["added"]
    tags = client.get(f"/api/v1/achievements/{id}/tags").json()
    assert {"code": "C3392", "name": "有色金属铸造"} in tags
    assert client.get(f"/api/v1/demands/{id}/tags").status_code == 404
