"""Closed lists: whatever word a person writes for it, the code is one."""

import pytest

from corpus import vocabulary as v
from corpus.codes import Vocabulary
from corpus.errors import UnknownValue
from corpus.records import KINDS, about, stated_fields

LISTS = {
    told.vocabulary().label: told.vocabulary()
    for kind in KINDS.values()
    for name in stated_fields(kind)
    if (told := about(kind, name)).vocabulary
} | {listed.label: listed for listed in (v.KIND, v.IP_KIND, v.IP_STATUS)}
EACH_LIST = pytest.mark.parametrize("listed", LISTS.values(), ids=LISTS)


@EACH_LIST
def test_every_code_means_itself_and_has_a_label(listed: Vocabulary) -> None:
    for code, label in listed.labels.items():
        assert listed.code(code) == listed.code(f" {code} ") == code
        assert listed.name(code) == label


@EACH_LIST
def test_every_label_means_a_code_with_that_label(listed: Vocabulary) -> None:
    assert all(listed.name(listed.code(label)) == label for label in listed.labels.values())


@EACH_LIST
def test_every_further_word_means_a_code_of_the_list_and_is_no_label_of_another(listed: Vocabulary) -> None:
    for word, code in listed.also.items():
        assert listed.code(word) == code
        assert code in listed.labels
        assert word not in listed.labels or word == code


@pytest.mark.parametrize(
    ("listed", "written", "code"),
    [
        (v.STAGE, "中试阶段", "pilot"),
        (v.STAGE, "PILOT", "pilot"),
        (v.TRANSFER_MODE, "独占许可", "license"),
        (v.IP_KIND, "软著", "software"),
        (v.SECURITY, "绝密", "secret"),
        (v.industries(), "C3812", "C3812"),
        (v.industries(), "38", "C38"),
        (v.industries(), "381", "C381"),
        (v.industries(), "农业", "A01"),
        (v.industries(), "3812", "C3812"),
        (v.TRANSFER_MODE, "专利实施许可", "license"),
        (v.STAGE, "实验室阶段", "lab"),
        (v.STAGE, "产业化阶段", "mass"),
        (v.regions(), "杭州", "330100"),
        (v.regions(), "杭州市", "330100"),
        (v.regions(), "浙江", "330000"),
        (v.regions(), "330108", "330108"),
        (v.regions(), "130102", "130102"),
    ],
)
def test_codes_labels_and_other_words_mean_the_code(listed: Vocabulary, written: str, code: str) -> None:
    assert listed.code(written) == code


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("浙江省杭州市", "杭州市"),
        ("浙江杭州", "杭州市"),
        ("杭州市滨江区", "滨江区"),
        ("浙江省杭州市滨江区", "滨江区"),
        ("浙江 - 滨江", "滨江区"),
        ("舟山普陀", "普陀区"),
        ("吉林省吉林市", "吉林市"),
        ("北京市朝阳区", "北京市"),
        ("北京朝阳", "北京市"),
        ("辽宁朝阳", "朝阳市"),
        ("广东省深圳市南山区", "深圳市"),
    ],
)
def test_a_region_named_from_the_outside_in_is_the_innermost_that_is_listed(written: str, name: str) -> None:
    """朝阳 is a city of Liaoning and a district of Beijing, which the list leaves out."""
    assert v.regions().name(v.regions().code(written)) == name


def test_one_name_in_two_regions_is_told_apart_by_the_region_around_it() -> None:
    assert (v.regions().code("上海普陀"), v.regions().code("浙江普陀区")) == ("310107", "330903")


@pytest.mark.parametrize("written", ["浙江省火星区", "杭州市朝阳", "北京大学", "杭州、宁波", "滨江区杭州市"])
def test_regions_that_do_not_lie_in_one_another_are_unknown(written: str) -> None:
    with pytest.raises(UnknownValue, match=f"“地区”不认识“{written}”"):
        v.regions().code(written)


def test_a_label_that_two_levels_share_means_the_wider() -> None:
    """教育 is section P and division P83."""
    assert v.industries().code("教育") == "P"


@pytest.mark.parametrize(
    ("listed", "code", "ancestors", "name"),
    [
        (v.industries(), "C3812", ["C", "C38", "C381"], "电机制造"),
        (v.industries(), "C38", ["C"], "电气机械和器材制造业"),
        (v.industries(), "C", [], "制造业"),
        (v.regions(), "330108", ["330000", "330100"], "滨江区"),
        (v.regions(), "130102", ["130000", "130100"], "石家庄市"),
        (v.regions(), "330000", [], "浙江省"),
        (v.STAGE, "pilot", [], "中试"),
    ],
)
def test_a_code_lies_in_wider_ones_and_is_called_by_the_nearest(
    listed: Vocabulary, code: str, ancestors: list[str], name: str
) -> None:
    assert listed.ancestors(code) == ancestors
    assert listed.name(code) == name


def test_every_finer_code_of_the_long_lists_lies_in_a_listed_one() -> None:
    for listed, outermost in ((v.industries(), 1), (v.regions(), 2)):
        for code in listed.labels:
            is_outermost = len(code.rstrip("0")) <= outermost if listed is v.regions() else len(code) == outermost
            assert bool(listed.ancestors(code)) != is_outermost, code


@pytest.mark.parametrize(
    ("listed", "written", "sentence"),
    [
        (v.WILLINGNESS, "看情况", "“转化意愿”不认识“看情况”。可用：愿意；无意愿；已转化。"),
        (v.CLUSTER, "", "“产业集群”不认识“”。可用：智能物联；生物医药；高端装备；新材料；绿色能源。"),
    ],
)
def test_an_unknown_value_is_told_with_those_there_are(listed: Vocabulary, written: str, sentence: str) -> None:
    with pytest.raises(UnknownValue) as unknown:
        listed.code(written)
    assert str(unknown.value) == sentence


@pytest.mark.parametrize("written", ["Z99", "C99", "火星", "3812x", "99", "990000"])
def test_a_code_outside_the_classification_is_unknown(written: str) -> None:
    for listed in (v.industries(), v.regions()):
        with pytest.raises(UnknownValue, match=r"可用：.*……"):
            listed.code(written)


def test_readiness_has_nine_levels() -> None:
    assert list(v.TRL) == list(range(1, 10))
