"""What a vocabulary is asked for: signs and words that every writer of Japanese, or everybody,
knows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

# The names of Japanese eras, those of both courts from 1331 to 1392, the southern one's first.
_ERAS = """
大化 白雉 朱鳥 大宝 慶雲 和銅 霊亀 養老 神亀 天平 天平感宝 天平勝宝 天平宝字
天平神護 神護景雲 宝亀 天応 延暦 大同 弘仁 天長 承和 嘉祥 仁寿 斉衡 天安 貞観 元慶
仁和 寛平 昌泰 延喜 延長 承平 天慶 天暦 天徳 応和 康保 安和 天禄 天延 貞元 天元
永観 寛和 永延 永祚 正暦 長徳 長保 寛弘 長和 寛仁 治安 万寿 長元 長暦 長久 寛徳
永承 天喜 康平 治暦 延久 承保 承暦 永保 応徳 寛治 嘉保 永長 承徳 康和 長治 嘉承
天仁 天永 永久 元永 保安 天治 大治 天承 長承 保延 永治 康治 天養 久安 仁平 久寿
保元 平治 永暦 応保 長寛 永万 仁安 嘉応 承安 安元 治承 養和 寿永 元暦 文治 建久
正治 建仁 元久 建永 承元 建暦 建保 承久 貞応 元仁 嘉禄 安貞 寛喜 貞永 天福 文暦
嘉禎 暦仁 延応 仁治 寛元 宝治 建長 康元 正嘉 正元 文応 弘長 文永 建治 弘安 正応
永仁 正安 乾元 嘉元 徳治 延慶 応長 正和 文保 元応 元亨 正中 嘉暦 元徳 元弘 建武
延元 興国 正平 建徳 文中 天授 弘和 元中 正慶 暦応 康永 貞和 観応 文和 延文 康安
貞治 応安 永和 康暦 永徳 至徳 嘉慶 康応 明徳 応永 正長 永享 嘉吉 文安 宝徳 享徳
康正 長禄 寛正 文正 応仁 文明 長享 延徳 明応 文亀 永正 大永 享禄 天文 弘治 永禄
元亀 天正 文禄 慶長 元和 寛永 正保 慶安 承応 明暦 万治 寛文 延宝 天和 貞享 元禄
宝永 正徳 享保 元文 寛保 延享 寛延 宝暦 明和 安永 天明 寛政 享和 文化 文政 天保
弘化 嘉永 安政 万延 文久 元治 慶応 明治 大正 昭和 平成 令和
"""
ERAS = tuple(_ERAS.split())
_PREFECTURES = """
北海道 青森県 岩手県 宮城県 秋田県 山形県 福島県 茨城県 栃木県 群馬県 埼玉県 千葉県
東京都 神奈川県 新潟県 富山県 石川県 福井県 山梨県 長野県 岐阜県 静岡県 愛知県 三重県
滋賀県 京都府 大阪府 兵庫県 奈良県 和歌山県 鳥取県 島根県 岡山県 広島県 山口県 徳島県
香川県 愛媛県 高知県 福岡県 佐賀県 長崎県 熊本県 大分県 宮崎県 鹿児島県 沖縄県
"""
PREFECTURES = tuple(_PREFECTURES.split())
NUMERALS = tuple("一二三四五六七八九十")


class Group(NamedTuple):
    """A part of a set: its name, which may be empty, and its members."""

    name: str
    members: tuple[str, ...]


def members(name: str) -> tuple[Group, ...]:
    """The members of a set in their order, by group; none where the package that knows them is not
    installed."""
    return tuple(group for group in _SETS[name]() if group.members)


def _signs(*spans: tuple[int, int]) -> tuple[str, ...]:
    return tuple(chr(code) for first, last in spans for code in range(first, last + 1))


def _joyo() -> Iterator[Group]:
    """The 2,136 Jōyō kanji of 2010 by school grade, within a grade in the order of Unicode. They
    come from kanji-lists: Babel carries no exemplar characters of CLDR."""
    try:
        from kanji_lists import JOYO, KYOIKU
    except ImportError:
        return
    grades = [getattr(KYOIKU, f"GRADE{number}") for number in range(1, 7)]
    for number, grade in enumerate(grades, 1):
        yield Group(str(number), tuple(sorted(grade & JOYO)))
    yield Group("secondary", tuple(sorted(JOYO.difference(*grades))))


def _hiragana() -> Iterator[Group]:
    yield Group("", _signs((0x3041, 0x3096), (0x309D, 0x309E)))


def _katakana() -> Iterator[Group]:
    yield Group("", _signs((0x30A1, 0x30FA), (0x30FC, 0x30FE)))


def _forms() -> Iterator[Group]:
    yield Group("half", _signs((0xFF61, 0xFF9F)))
    yield Group("full", _signs((0xFF01, 0xFF5E)))


def _eras() -> Iterator[Group]:
    yield Group("", ERAS)


def _prefectures() -> Iterator[Group]:
    yield Group("whole", PREFECTURES)
    yield Group("short", tuple(name[:-1] for name in PREFECTURES if name != "北海道"))


def _emoji() -> Iterator[Group]:
    """Characters that Unicode shows as emoji of themselves, the letters of flags left out."""
    import regex

    shown = regex.compile(r"(?!\p{Regional_Indicator})\p{Emoji_Presentation}")
    blocks = ((0x2300, 0x2BFF), (0x1F000, 0x1FAFF))
    yield Group("", tuple(sign for sign in _signs(*blocks) if shown.fullmatch(sign)))


def _numbers() -> Iterator[Group]:
    for first in range(0, 10_000, 1000):
        yield Group(f"{first:,}–{first + 999:,}", tuple(str(n) for n in range(first, first + 1000)))


_SETS: dict[str, Callable[[], Iterator[Group]]] = {
    "joyo": _joyo,
    "hiragana": _hiragana,
    "katakana": _katakana,
    "forms": _forms,
    "eras": _eras,
    "prefectures": _prefectures,
    "emoji": _emoji,
    "numbers": _numbers,
}
