"""Telling: what each sentence of a rambling note does: it opens a matter, goes on with one, asks, sets a condition, or is talk.

By rule: words of faults and of asking, wordings of the thesaurus, amounts; against words of meals, roads, greetings, policy and praise.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from indexer.need import SENTENCE, is_condition, is_story
from indexer.talk import pertinence

_TURN = (
    r"另外|此外|除此之外|除此以外|还有一|还有个|还有就是|还有件|再一个|再有|再就是|再者|其次|第[一二三四五六七八九](?=[个件条点家户项是，,、：:呢]|就是)|另一|"
    r"[一二三四五六七八九][是、，]|其[一二三四五六]|[（(][一二三四五六七八九\d][）)]|\d{1,2}[.、)）](?!\d)|[①-⑨]|"
    r"还有(?!待|所|可能|改善)|临走|顺便|最后(?:[一还]|说|提)|对了|隔壁|同时还"
)
TURNING = re.compile(
    rf"^\W*(?:[他她]们?|厂里|老板)?(?:{_TURN})|还有(?:个|一个|件|桩)|也是个(?:事|问题|难题)|是另一|^[^，,]{{2,12}}也(?:不|老|是|常|有(?:问题|毛病))|又提了一|另一个|另外一"
)
"""Words with which a speaker goes over to another matter."""
_BREAK = re.compile(rf"[，,](?=\s*(?:{_TURN}))")
_CLAUSE = re.compile(r"[^，,]+[，,]*")
_RUN_ON = 40
"""Characters of a sentence whose clauses are weighed one by one for talk among them."""
_ASIDE = -0.4
"""Pertinence below which a clause of a long sentence is an aside."""

FAULT = re.compile(
    r"毛病|问题(?:是|，)|大问题|难题|头疼|头痛|发愁|最愁|犯愁|苦恼|棘手|卡脖子|瓶颈|缺陷|不良|次品|废品|报废|返工|返修|退货|退回|退了|投诉|抱怨|告状|索赔|误报|漏检|漏判|"
    r"超标|超限|漏[油水气液电风料粉了得一]|老漏|泄漏|泄露|渗[水油漏出]|堵[死塞住了得]?|[开断碎破爆崩裂]裂|裂[纹缝开了]|断[裂了线丝头经股]|一.就断|脆[断裂性]?|"
    r"烧[伤坏掉了焦]|焦[边糊]|糊[满死住]|发[黄白黑粘黏霉臭热烫抖脆软飘]|变[形色质味软硬慢差]|翘[曲边起]?|开胶|脱[胶层落粉皮]|起[泡皮毛皱球霜]|皱[了褶]|掉[皮色粉漆渣件料速]|"
    r"磨[损坏掉穿了出]|磨得快|虚焊|假焊|气孔|缩[松孔水]|流痕|有纹|波动|温升|乱套|闪爆|粉尘大|灰也?大|一头\w一头|一批\w{1,2}一批|也(?:老|旧|不)|只能|流痕|椭圆|偏心|不圆|打滑|结[块垢霜冰露焦]|污染|绿霉|长毛|腐[烂蚀败]|生锈|锈[蚀斑]|臭|异味|味道?[重大呛]|嫌呛|呛|"
    r"噪[声音]|噪|嗡|啸|异响|振动|震动|抖动|干扰|丢[脉包件]|滚走|卡住|卡[死料纸]|出水(?!质|口|量|率)|往外[钻冒漏渗]|钻绒|跑[偏毛]|偷死|死亡|死了|得病|爆[腰边]|氢脆|点蚀|剥落|失效|失灵|衰减|退化|老化|"
    r"不[准稳均匀齐行灵够牢好动开了]|不[合达][格标]|不过关|不耐|忽高忽低|忽大忽小|时好时坏|对不上|[看测认扫捡分算查管]不(?:出|清|准|到|住|了|干净|过来)|分不干净|"
    r"压不[下住]|救不回|分不开|赶不净|来不及|跟不上|吃不消|受不了|没地方去|没人[要收干管看会]|带不出|太[慢贵高低重短大差软硬]|费[电时工料气劲]|耗[电气能]|成本[高降]|亏[损一了]|赔|浪费|损失|寿命[也]?[短低]|"
    r"全靠|只能靠|要靠|靠(?:人|手|眼|老师傅|经验)|凭(?:经验|感觉|手感|老)|拿(?:手|眼睛?|剪刀|锤子)|人工[捡挑剪修补看检]|老师傅|合格率|良率|成品率|优等品率|重染率|爆边率|"
    r"老(?:是|断|漏|堵|坏|响|掉|超|出|裂|粘|卡|被|有)|总是|总(?:有|会|出)|经常|一道道|得厉害|越来越多|停[机炉窑产车]|冒[黑白]烟|排放|难[控做除测以]"
)
ASK = re.compile(
    r"(?<![梦理思])想(?!来|到过|象|法|必|起|不通|当)|希望|有没有|有无|能不能|能否|可否|可不可以|行不行|怎么|如何|为什么|请(?:人|专家|高校|老师)|"
    r"求(?!多|学|职)|需要|急需|亟需|需求|寻求|寻找|征集|要求|目标|要(?:找|能|是有|有懂)|要一[个套种]|要个|做到|控制在|降到|降低|提高到?|提升|提到|压到|压缩|缩短|撑到|"
    r"最好|要的是|要是\w{0,14}(?:就好|肯定)|期望|盼着|巴不得|盘算|琢磨|打算|拟(?:开发|采用|建|研)|听说[有能可]|认不认识|晓得|在催|不知道(?:是|成)|(?:给个|有个|出个)(?:说法|办法)|谁能|哪里有|有什么办法|有没|替代|不(?:能)?[低高大小少多超](?:于|过)|以[内下上]"
)
TRIED = re.compile(
    r"(?:换|试|调|改|做|加|烤|垫|查|请|补|算|找|涂|洗|修)过|(?:换|试|调|改|加|补|修)了|都试了|排查|摸了一年|补焊了又|还是(?!靠)|也一样|照样|没用|不顶用|没效果|"
    r"[用买筛看请来找上装砸配问打听]过(?![程滤度渡敏])|买了|都(?:做|用|弄|试)|觉得|主因|原因是?|作用有限|不明显|没效果|效果(?:不|一般)|改不了|轮着来|没[撑挡]|哪个也|也上了|试了|拿不定|找不到|没结论|说不清|没人说得准|未见|怀疑|疑似|可能(?:是|跟|也|和)|拆开|我们自己测|两头堵|效率掉|成本高|吃力"
)
"""Words of what was tried and of what is suspected: they go on with a matter."""
_GOES_ON = re.compile(
    r"跟着这个|^\W*(?:他们?|她|厂里|老板|厂长|企业|总工|我们)?(?:也|又|就|还)?(?:怀疑|希望|想|要求|目标|最好|问|急需|能不能|有没有|关键|现在要|补了一句|试过|换过|换了|做过|已|拆开|材料是|底材是|"
    r"[^，,]{2,12}后又|配方|同一|其中|现在(?!最)|这样|这个|因为|所以|但|可是|不过|要不|或者|节拍|指标|预算|结果|慢了|快了|温度|压力|一套|一台|一个|一年|一吨|一条)"
)
_MEASURED = re.compile(
    r"[\d一二两三四五六七八九十百千万几半]+(?:来|多)?(?:成|吨|度|块|倍|公斤|丝|毫米|厘|[个]?月|天|小时|分钟|秒|次|遍|%|‰|[a-zA-Zμ]+)|百分之|千分之"
)
_DUE = re.compile(r"^[^，,]{0,10}(?:限期|期限|截止)")
_ADDS = re.compile(r"^\W*(?:他们?|我们|厂里|企业)?还(?:想|要|希望|需要)")
TALK = re.compile(
    r"成立于|注册资本|现有员工|占地|专注\w{0,10}年|产值|税收|营业额|高新技术企业|专精特新|曾?获[得评]|荣获|上市|融资|外贸|出口|"
    r"^\W*我(?:[厂司]|们)\w{0,8}做(?!过)|老厂|老字号|路上|高铁|地铁|公里|天气|下雨|大雾|雾散|雾很|风景|景色|旅游|博物馆|讲解|喝酒|便饭|[早午晚]饭|[早中]餐|吃饭|食堂|餐厅|盛情|"
    r"[儿孩]子|女儿|女婿|媳妇|夫妻|爱人|老板娘|读书|毕业|大笑|都笑|乐|聊|说起|讲起|讲话|谈到|感慨|热情|接待|办公[楼室]|会议室|照片|画册|合影|直播|广告|品牌|"
    r"补贴|政策|贷款|基金|资本|招工|用工|年轻人|宿舍|空调|狗|猫|鱼缸|金鱼|气派|艺术|花园|绿化|樱花|桂花|会议|代表|书记|镇长|管委会|街道|县里|村里|规划|陪同|调研|"
    r"一起去|一道去|各位|您好|领导|谢谢|感谢|期待|欢迎|莅临|随时可以|有空|下次|共建|建设|厂房|行情|涨价|形势|资金|题外话|简单说|声明|别的没有|没什么|小时车|多小时船|导航|"
    r"[新老]楼|走访|(?:去了|来到)\w{1,12}(?:企业|公司|厂|家)|参观|[很真挺]热闹|约了|兴趣|军人|总监再三|嘱咐|捐|希望小学|安全检查"
)
"""Words of talk: of the way, of meals and families, of policy and of the firm itself."""
_CUE, _AGAINST = 0.45, 0.5
"""What words of faults, of asking and of trying add to a sentence's pertinence, and what words of talk take from it."""
_NEEDFUL, _TALK = 0.0, 0.0
"""Pertinence from which a sentence is of a need, and up to which it is talk; what lies between goes with its neighbours."""


class Role(Enum):
    """What a sentence does in a note."""

    OPENS = "opens"
    """Says of a thing what is wrong with it."""
    ASKS = "asks"
    GOES_ON = "goes on"
    """Tells what was tried, suspected or measured."""
    CONDITION = "condition"
    """Speaks of money, time or the form of cooperation."""
    NEUTRAL = "neutral"
    TALK = "talk"


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence, or a part of one, with its place in the note."""

    start: int
    end: int
    text: str
    role: Role
    pertinence: float = 1.0
    turns: bool = False
    """Whether it begins by going over to another matter."""
    goes_on: bool = False
    """Whether it begins as one does that goes on with a matter."""
    asks: bool = False
    tries: bool = False
    faults: bool = False
    is_measured: bool = False
    """Whether it has an amount."""
    adds: bool = False
    """Whether it adds something to what was asked (还想…): another matter, unless it speaks of the same thing."""

    @property
    def is_telling(self) -> bool:
        """Whether it has a word of a fault, of asking or of trying."""
        return self.faults or self.asks or self.tries

    @property
    def is_needful(self) -> bool:
        return self.role in (Role.OPENS, Role.ASKS, Role.GOES_ON)


def sentences(note: str, own: Path | None = None) -> list[Sentence]:
    """The sentences of a note in their order; `own` is the operator's folder of word lists."""
    pieces = [(start, text) for start, text in _pieces(note, own) if text.strip()]
    scores = pertinence([text for _, text in pieces], own)
    return [
        Sentence(
            start,
            start + len(text),
            text,
            _role(text, score + _cued(text)),
            pertinence=score,
            turns=bool(TURNING.search(text)),
            goes_on=bool(_GOES_ON.search(text)),
            asks=bool(ASK.search(text)),
            tries=bool(TRIED.search(text)),
            faults=bool(FAULT.search(text)),
            is_measured=bool(_MEASURED.search(text)),
            adds=bool(_ADDS.search(text)),
        )
        for (start, text), score in zip(pieces, scores, strict=True)
    ]


def _pieces(note: str, own: Path | None) -> Iterator[tuple[int, str]]:
    """Sentences with where they start, broken where a speaker turns to another matter within one, and around talk in a long one."""
    for found in SENTENCE.finditer(note):
        start, at = found.start(), 0
        text = found.group()
        for cut in [*(broken.end() for broken in _BREAK.finditer(text)), len(text)]:
            yield from _parted(start + at, text[at:cut], own)
            at = cut


def _parted(start: int, text: str, own: Path | None) -> Iterator[tuple[int, str]]:
    clauses = [(found.start(), found.group()) for found in _CLAUSE.finditer(text)]
    if len(text) <= _RUN_ON or len(clauses) < 3:
        yield start, text
        return
    scores = pertinence([clause for _, clause in clauses], own)
    aside = [
        score + _cued(clause) < _ASIDE and bool(TALK.search(clause)) and not ASK.search(clause)
        for (_, clause), score in zip(clauses, scores, strict=True)
    ]
    first = 0
    for number in range(1, len(clauses) + 1):
        if number == len(clauses) or aside[number] != aside[number - 1]:
            end = clauses[number][0] if number < len(clauses) else len(text)
            yield start + clauses[first][0], text[clauses[first][0] : end]
            first = number


def _cued(sentence: str) -> float:
    told = sum(bool(cue.search(sentence)) for cue in (FAULT, ASK, TRIED))
    return _CUE * min(told, 2) - _AGAINST * min(len(TALK.findall(sentence)), 3)


def _role(sentence: str, score: float) -> Role:
    """What one sentence does, by its words and its pertinence."""
    fault, asks = bool(FAULT.search(sentence)), bool(ASK.search(sentence))
    if (is_condition(sentence) or _DUE.search(sentence)) and not fault:
        return Role.CONDITION
    if is_story(sentence) or score <= _TALK:
        return Role.TALK
    if score <= _NEEDFUL:
        return Role.OPENS if TURNING.search(sentence) else Role.NEUTRAL
    head = _CLAUSE.findall(sentence)[0]
    if _GOES_ON.search(sentence) or ASK.search(head) or TRIED.search(head):
        return Role.ASKS if asks else Role.GOES_ON
    return Role.OPENS
