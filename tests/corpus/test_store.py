"""The store, on every engine: what was saved is there, and whoever follows the changes misses none."""

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings

from corpus.arrivals import first_added
from corpus.cells import record_of
from corpus.errors import RecordNotFound
from corpus.records import Achievement, Change, Demand, Record, public
from corpus.store import Saved, Store
from tests.corpus.generated import ANY_RECORD, FULL


def offer(number: int, title: str = "耐蚀涂层") -> Achievement:
    return Achievement(source="成果库", source_id=f"CG-{number}", title=title, metrics=(), region="330100")


def need(number: int, title: str = "风机啸叫") -> Demand:
    return Demand(source="走访", source_id=f"XQ-{number}", title=title, budget_max=30.0)


def changes(store: Store, after: int = 0) -> list[tuple[int, str | None]]:
    """What changed after a revision: its number, and the title or None where something was deleted."""
    found = store.changes_after(after, store.revision())
    return [(change.revision, change.record.title if change.record else None) for change in found]


def test_an_empty_store_holds_nothing(store: Store) -> None:
    assert store.revision() == 0
    assert store.counts() == {"achievement": 0, "demand": 0}
    assert store.latest("achievement", 10) == []
    assert changes(store) == []


def test_a_new_record_is_added_under_the_next_number(store: Store) -> None:
    before = datetime.now(UTC).replace(tzinfo=None)
    saved = store.save([offer(1), need(1)])
    assert saved == Saved(added=(1, 2), changed=(), unchanged=(), records=(offer(1), need(1)), revision=2)
    assert store.revision() == 2
    read = store.get(1)
    assert read == offer(1)
    assert (read.id, read.revision) == (1, 1)
    assert read.saved_at is not None
    assert read.saved_at >= before


def test_what_came_in_since_a_moment_starts_at_an_id(store: Store) -> None:
    assert first_added(store, datetime(2000, 1, 1)) is None
    store.save([offer(1), offer(2), need(1)])
    moment = datetime.now(UTC).replace(tzinfo=None)
    assert first_added(store, datetime(2000, 1, 1)) == 1
    assert first_added(store, moment) is None
    store.save([offer(1, "自愈涂层")])  # changed, not added
    assert first_added(store, moment) is None
    added = store.save([need(2), offer(3)]).added
    assert first_added(store, moment) == min(added)


def test_every_field_comes_back_as_it_was(store: Store) -> None:
    saved = store.save(list(FULL.values()))
    assert [store.get(id) for id in saved.added] == list(FULL.values())
    assert [store.get(id) for id in saved.added] == list(saved.records)


def test_a_changed_record_keeps_its_id_and_takes_a_new_revision(store: Store) -> None:
    store.save([offer(1), offer(2)])
    saved = store.save([offer(1, "自愈涂层")])
    assert (saved.added, saved.changed, saved.unchanged) == ((), (1,), ())
    assert (store.get(1).title, store.get(1).revision) == ("自愈涂层", 3)


def test_a_field_that_is_no_longer_stated_is_emptied(store: Store) -> None:
    store.save([replace(FULL["demand"], source="走访", source_id="XQ-1")])
    store.save([need(1)])
    assert store.get(1) == need(1)


def test_the_same_record_again_changes_nothing(store: Store) -> None:
    store.save([offer(1), need(1)])
    held = store.get(1)
    saved = store.save([offer(1), need(1)])
    assert (saved.added, saved.changed, saved.unchanged) == ((), (), (1, 2))
    assert [record.revision for record in saved.records] == [1, 2]
    assert store.revision() == 2
    assert store.get(1).saved_at == held.saved_at


def test_new_changed_and_same_records_of_both_kinds_go_in_one_save(store: Store) -> None:
    store.save([offer(1), need(1)])
    saved = store.save([offer(2), need(1), offer(1, "自愈涂层"), need(2)])
    assert (saved.added, saved.changed, saved.unchanged) == ((3, 5), (1,), (2,))
    assert [(record.id, record.revision) for record in saved.records] == [(3, 3), (5, 5), (1, 4), (2, 2)]


def test_the_same_number_of_another_source_or_kind_is_another_record(store: Store) -> None:
    saved = store.save(
        [offer(1), replace(offer(1), source="另一处"), Demand(source="成果库", source_id="CG-1", title="需求")]
    )
    assert saved.added == (1, 2, 3)


def test_saving_nothing_changes_nothing(store: Store) -> None:
    assert store.save([]) == Saved((), (), (), (), 0)
    assert store.revision() == 0


def test_a_failed_save_writes_nothing(store: Store) -> None:
    store.save([offer(1)])
    with pytest.raises(sa.exc.IntegrityError):  # two rows of one key
        store.save([offer(1, "改过"), need(1), offer(2), offer(2)])
    assert changes(store) == [(1, "耐蚀涂层")]
    assert store.revision() == 1
    assert store.save([offer(2)]).added == (2,)


def test_a_deletion_is_a_change(store: Store) -> None:
    store.save([offer(1), offer(2), need(1)])
    assert store.delete([2]) == 1
    assert changes(store, after=3) == [(4, None)]
    assert list(store.changes_after(3, 4)) == [Change(id=2, revision=4, record=None)]
    assert store.counts() == {"achievement": 1, "demand": 1}
    with pytest.raises(RecordNotFound, match="没有编号为 2 的记录"):
        store.get(2)


NO_IDS = (9, 0, -1, 2**63, 10**30)


def test_a_deletion_with_a_missing_id_deletes_nothing(store: Store) -> None:
    store.save([offer(1)])
    for missing in NO_IDS:
        with pytest.raises(RecordNotFound, match=f"没有编号为 {missing} 的记录"):
            store.delete([1, missing])
    assert store.counts()["achievement"] == 1
    assert store.revision() == 1


def test_an_id_given_twice_is_deleted_once(store: Store) -> None:
    store.save([offer(1)])
    assert store.delete([1, 1]) == 1
    assert store.revision() == 2


def test_a_record_that_comes_back_after_its_deletion_gets_an_id_never_used(store: Store) -> None:
    store.save([offer(1)])
    store.delete([1])
    assert store.save([offer(1)]).added == (3,)
    assert changes(store) == [(3, "耐蚀涂层"), (2, None)]


def test_only_the_latest_change_of_a_record_is_told(store: Store) -> None:
    store.save([offer(1), offer(2)])
    store.save([offer(1, "第二版")])
    store.save([offer(1, "第三版")])
    assert changes(store) == [(2, "耐蚀涂层"), (4, "第三版")]
    assert changes(store, after=2) == [(4, "第三版")]
    assert changes(store, after=4) == []
    assert [change.revision for change in store.changes_after(0, 2)] == [2]


def test_records_can_be_fetched_while_the_changes_are_being_read(store: Store) -> None:
    store.save([offer(number) for number in range(5)])
    assert [store.get(change.id).title for change in store.changes_after(0, 5)] == ["耐蚀涂层"] * 5


def test_records_are_fetched_by_id(store: Store) -> None:
    store.save([offer(number) for number in range(1200)])
    store.save([need(1)])
    assert store.get_many([3, 1201, 77_777, 3, 0, -1, 10**30]) == {3: offer(2), 1201: need(1)}
    assert len(store.get_many(range(2000))) == 1201
    assert store.get_many([]) == {}


def test_a_missing_record_is_told(store: Store) -> None:
    for missing in NO_IDS:
        with pytest.raises(
            RecordNotFound, match=f"没有编号为 {missing} 的记录。它可能已被删除；请先用搜索找到现有的记录。"
        ):
            store.get(missing)


def test_a_record_is_found_by_its_source_s_number(store: Store) -> None:
    store.save([offer(1), need(1)])
    assert store.find("achievement", "成果库", "CG-1") == offer(1)
    assert store.find("demand", "走访", "XQ-1") == need(1)
    assert store.find("demand", "成果库", "CG-1") is None
    assert store.find("achievement", "成果库", "CG-2") is None


def test_records_are_listed_by_latest_change(store: Store) -> None:
    store.save([offer(number, f"第{number}项") for number in range(1, 5)])
    store.save([need(1)])
    store.save([offer(2, "改过")])
    assert [record.title for record in store.latest("achievement", 10)] == ["改过", "第4项", "第3项", "第1项"]
    assert [record.title for record in store.latest("achievement", 2, before=4)] == ["第3项", "第1项"]
    assert [record.title for record in store.latest("demand", 10, before=10**30)] == ["风机啸叫"]


def test_a_key_as_long_as_a_row_may_state_is_kept(store: Store) -> None:
    """Characters of three bytes that do not repeat, so that PostgreSQL cannot compress them below its limit for keys."""
    different = "".join(chr(0x4E00 + 37 * n % 20_000) for n in range(700))
    record = record_of(Achievement, {"source": different[:200], "source_id": different[200:700], "title": "题"})
    assert store.get(store.save([record]).added[0]) == record


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(record=ANY_RECORD)
def test_any_record_comes_back_as_it_was(store: Store, record: Record) -> None:
    (read,) = store.get_many([store.save([record]).records[0].id]).values()
    assert read == record
    assert public(store.get(read.id)) == public(read)


def test_a_store_that_is_opened_again_holds_everything(lasting_database: str) -> None:
    first = Store(lasting_database)
    first.save([offer(1), offer(2), need(1)])
    first.delete([2])
    first.close()
    again = Store(lasting_database)
    assert changes(again) == [(1, "耐蚀涂层"), (3, "风机啸叫"), (4, None)]
    assert again.save([offer(1), offer(3)]).added == (5,)
    again.close()


def test_two_stores_on_one_database_see_each_other_s_saves_at_once(lasting_database: str) -> None:
    here, there = Store(lasting_database), Store(lasting_database)
    here.save([offer(1)])
    assert there.get(1) == offer(1)
    there.delete([1])
    assert here.revision() == 2
    assert here.get_many([1]) == {}
    here.close()
    there.close()


WRITERS, SAVES = 4, 12


def writing(store: Store, writer: int) -> Callable[[], None]:
    """One writer: adds, changes and deletes its own records, each save under new numbers."""

    def write() -> None:
        for number in range(SAVES):
            mine = offer(100 * writer + number, f"第{writer}位的第{number}项")
            saved = store.save([mine, need(100 * writer + number)])
            store.save([replace(mine, title=mine.title + "，改过")])
            if number % 3 == 0:
                store.delete([saved.added[1]])

    return write


def test_a_reader_that_follows_the_changes_misses_none_while_many_write(store: Store) -> None:
    """Were numbers given out before the commits, it would pass one whose transaction is still open, and never see it."""
    followed: dict[int, Record | None] = {}
    reached: list[int] = [0]
    done = threading.Event()

    def follow() -> None:
        while True:
            is_last = done.is_set()
            upto = store.revision()
            for change in store.changes_after(reached[-1], upto):
                followed[change.id] = change.record
            reached.append(upto)
            if is_last:
                return

    writers = [threading.Thread(target=writing(store, writer)) for writer in range(WRITERS)]
    reader = threading.Thread(target=follow)
    for thread in (reader, *writers):
        thread.start()
    for thread in writers:
        thread.join()
    done.set()
    reader.join()

    everything = {change.id: change.record for change in store.changes_after(0, store.revision())}
    assert followed == everything
    assert reached == sorted(reached)
    assert store.revision() == WRITERS * (3 * SAVES + SAVES // 3)  # every number was given once, and none was lost
    assert store.counts() == {"achievement": WRITERS * SAVES, "demand": WRITERS * (SAVES - SAVES // 3)}


def test_revisions_increase_with_every_change_and_none_is_given_twice(store: Store) -> None:
    writers = [threading.Thread(target=writing(store, writer)) for writer in range(WRITERS)]
    for thread in writers:
        thread.start()
    for thread in writers:
        thread.join()
    revisions = [change.revision for change in store.changes_after(0, store.revision())]
    assert len(revisions) == len(set(revisions))
    by_kind = [[r.revision for r in store.latest(kind, 1000)] for kind in ("achievement", "demand")]
    assert all(numbers == sorted(numbers, reverse=True) for numbers in by_kind)
