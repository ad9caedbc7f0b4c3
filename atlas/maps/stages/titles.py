"""What clusters are, where one property says it of most of their tokens: numbers, rows that no text
uses, bytes, the words of a landmark, runs of spaces, letters of another script than the map's,
single letters and signs, rare characters.

The tokens that name such a cluster tell a reader less than the property does, or nothing at all.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from atlas.engine.stage import Work, stage
from atlas.maps.names import SPACE, cluster_name
from atlas.maps.records import Clusters, ClusterTitles, Lexicon
from atlas.maps.wording import (
    BLANK,
    BYTES,
    COLON,
    LEFTOVERS,
    NUMBERS,
    RARE,
    SCRIPTS,
    SIGNS,
    SINGLE,
    SPACES,
    UNUSED,
)
from atlas.numeric.density import members
from atlas.spaces.readable import bare
from atlas.spaces.records import Selection, Vocabulary

Titles = dict[str, str]  # by language

MOST = 0.6  # the share of a cluster's tokens, from which a landmark or a property covers it
WHOLE = 0.8  # that of scripts, which may hold words of any sense
# A script that less than this share of a map is in says something of a cluster; of several scripts
# each must be rarer.
_OTHER, _SELDOM = 0.25, 0.05
_SIGNS = frozenset({"Punctuation", "Symbols"})
_NO_LETTERS = _SIGNS | {"", "Digits", "Other", "Kanji and kana"}
_FEW = 0.1  # the share of unused rows, from which a cluster of rare characters names them, too
_BLANK = frozenset(f"{SPACE}⏎␍⇥")  # a space, the ends of a line, a tab, as they are read
_LEVEL_2 = 48  # the first row of the second level of JIS X 0208, after the characters in common use


@stage("titles", version=7, weight=0.2)
def cluster_titles(
    clusters: Clusters,
    vocabulary: Vocabulary,
    selection: Selection,
    *lexicons: Lexicon,
    language: str,
    wording: Mapping[str, Mapping[str, str]],
    work: Work = Work(),
) -> ClusterTitles:
    """The titles of clusters that one property covers, by language, or the landmarks that cover
    them; no two of a level are equal.

    `language` is the model's, `wording` says properties in the languages of the site. Clusters of a
    level that have one property in common go by their tokens, and so does a fine one of the
    property of a coarse one; beside tokens that few can read the property stands as well, unless
    the coarse cluster around has told it.
    """
    sets = {row["name"]: frozenset(row["ids"]) for each in lexicons for row in each.sets}
    tokens = _Tokens.of(vocabulary, selection, language)
    colon = wording[COLON]
    found: list[Titles] = []
    covered: list[str] = []
    around: dict[int | None, _Property | None] = {}  # by key of coarse cluster
    for level, keys in (("coarse", clusters.coarse), ("fine", clusters.fine)):
        entries = [entry for entry in clusters.entries if entry["level"] == level]
        properties = [_property(tokens, rows.tolist(), sets) for rows in members(keys)]
        covered += _once(properties, covered)
        plain = [_said(one, wording) if one else {} for one in properties]
        shared = Counter(pair for title in (*plain, *found) for pair in title.items())
        for entry, one, title in zip(entries, properties, plain, strict=True):
            if one and one.told_by(around.get(entry["parent"])):
                title = {}
            elif one and any(shared[pair] > 1 for pair in title.items()):
                own = tokens.name(entry["central"], one.beside)
                title = {code: f"{title[code]}{colon[code]}{own}" for code in title if own}
            found.append(title)
        around = dict(enumerate(properties))
    return ClusterTitles(tuple(found), tuple(covered))


class _Tokens(NamedTuple):
    """The tokens of a map: ids, texts, kinds and scripts (n); the share of the map in each script,
    and whether it tells something that characters are rare: in Japanese, where not most are."""

    ids: list[int]
    texts: list[str]
    kinds: list[str]
    scripts: list[str]
    shares: Mapping[str, float]
    telling: bool

    @classmethod
    def of(cls, vocabulary: Vocabulary, selection: Selection, language: str) -> _Tokens:
        ids = selection.ids.tolist()
        scripts = [vocabulary.scripts[token] for token in ids]
        counts = Counter(scripts)
        texts = [vocabulary.texts[token] for token in ids]
        return cls(
            ids,
            texts,
            [vocabulary.kinds[token] for token in ids],
            scripts,
            {name: count / len(ids) for name, count in counts.items()},
            language.split("-")[0] == "ja" and 2 * sum(map(rare, texts)) < len(texts),
        )

    def seldom(self, row: int) -> bool:
        """Whether a token is of a script that few of the map are in."""
        script = self.scripts[row]
        return bool(script) and self.shares[script] < _SELDOM

    def name(self, central: Sequence[int], among: Collection[int]) -> str:
        """The name of a cluster by those of its central tokens that are among some; empty where
        none is."""
        return cluster_name([self.texts[row] for row in central if row in among])


class _Property(NamedTuple):
    """The name of a property, the ends of its range, and the tokens that have it and beside which
    it is told, where these alone say little; or the name of a landmark."""

    name: str
    first: int = 0
    last: int = 0
    beside: Collection[int] = ()
    landmark: bool = False

    def told_by(self, around: _Property | None) -> bool:
        """Whether the property of the cluster around says it: where it is the same, and of unused
        rows in any case, among which ranges overlap and mean nothing."""
        if around is None or self.name != around.name or self.landmark != around.landmark:
            return False
        return self.name == UNUSED or (self.first, self.last) == (around.first, around.last)


def _property(
    tokens: _Tokens, rows: Sequence[int], landmarks: Mapping[str, Collection[int]]
) -> _Property | None:
    """What covers the cluster of these rows, the more telling first; None where nothing does."""
    kinds = Counter(tokens.kinds[row] for row in rows)
    if 2 * kinds["unused"] > len(rows):  # what they do not cover is of the same sort
        unused = [tokens.ids[row] for row in rows if tokens.kinds[row] == "unused"]
        return _Property(UNUSED, unused[0], unused[-1])
    if kinds["byte"] >= MOST * len(rows):
        return _Property(BYTES)
    if ends := number_range([tokens.texts[row] for row in rows]):
        return _Property(NUMBERS, *ends)
    strange = sum(_strange(tokens, row) for row in rows)
    if kinds["unused"] >= _FEW * len(rows) and strange >= WHOLE * len(rows):
        return _Property(LEFTOVERS)
    return _landmark(tokens, rows, landmarks) or _of_signs(tokens, rows)


def number_range(texts: Sequence[str]) -> tuple[int, int] | None:
    """The ends of the range of the numbers that more than two thirds of the texts are, without the
    lowest and the highest twentieth; None where they are fewer, or all equal."""
    numbers = sorted(int(text) for each in texts if (text := each.removeprefix("##")).isdecimal())
    if 3 * len(numbers) <= 2 * len(texts) or numbers[0] == numbers[-1]:
        return None
    outer = len(numbers) // 20
    return numbers[outer], numbers[-1 - outer]


def _landmark(
    tokens: _Tokens, rows: Sequence[int], landmarks: Mapping[str, Collection[int]]
) -> _Property | None:
    """The landmark of which most of these tokens are words; of several the smallest."""
    ids = [tokens.ids[row] for row in rows]
    covering = [
        name
        for name, own in landmarks.items()
        if sum(token in own for token in ids) >= MOST * len(ids)
    ]
    smallest = min(covering, key=lambda name: len(landmarks[name]), default="")
    return _Property(smallest, landmark=True) if smallest else None


def _of_signs(tokens: _Tokens, rows: Sequence[int]) -> _Property | None:
    """A script, or several, or none, of which most of these tokens are; or that each is a sign."""
    blank = [text for row in rows if _BLANK.issuperset(text := tokens.texts[row])]
    if len(blank) >= MOST * len(rows):
        return _of_blanks(blank)
    counts = Counter(tokens.scripts[row] for row in rows)
    signs = [row for row in rows if tokens.scripts[row] in _SIGNS]
    if len(signs) >= MOST * len(rows):
        return _Property(SIGNS, beside=signs)
    uncommon = sum(rare(tokens.texts[row]) for row in rows) if tokens.telling else 0
    if counts["Han"] >= WHOLE * len(rows) and uncommon >= MOST * counts["Han"]:
        return _Property(RARE, beside=rows)
    script, count = counts.most_common(1)[0]
    if count >= WHOLE * len(rows) and script not in _NO_LETTERS and tokens.shares[script] < _OTHER:
        own = [row for row in rows if tokens.scripts[row] == script]
        return _Property(script, beside=own if tokens.shares[script] < _SELDOM else ())
    told = [row for row in rows if tokens.seldom(row) or len(bare(tokens.texts[row])) == 1]
    if sum(map(tokens.seldom, rows)) >= WHOLE * len(rows):
        return _Property(SCRIPTS, beside=told)
    single = sum(single_sign(tokens.texts[row]) for row in rows)
    return _Property(SINGLE, beside=told) if single >= WHOLE * len(rows) else None


def _of_blanks(texts: Sequence[str]) -> _Property:
    """Runs of spaces, by the shortest and the longest, where most of these blank texts are such."""
    runs = sorted(len(text) for text in texts if text.strip(SPACE) == "")
    if len(runs) >= MOST * len(texts) and runs[0] < runs[-1]:
        return _Property(SPACES, runs[0], runs[-1])
    return _Property(BLANK)


def _strange(tokens: _Tokens, row: int) -> bool:
    """Whether a token says nothing to most readers: an unused row, a single letter or sign, or one
    of a script that is rare here."""
    return tokens.kinds[row] == "unused" or single_sign(tokens.texts[row]) or tokens.seldom(row)


def single_sign(text: str) -> bool:
    """Whether a text is one letter or sign, and no ideograph, which is a word of its own."""
    sign = bare(text)
    return len(sign) == 1 and not _ideograph(sign)


def _ideograph(sign: str) -> bool:
    return unicodedata.name(sign, "").startswith("CJK")


def rare(text: str) -> bool:
    """Whether a text is one ideograph beyond the first level of JIS X 0208, which holds those in
    common use."""
    sign = text.strip("#␣")
    if len(sign) != 1 or not _ideograph(sign):
        return False
    code = sign.encode("euc_jp", "ignore")
    return len(code) != 2 or code[0] - 0xA0 >= _LEVEL_2


def _once(properties: Sequence[_Property | None], before: Collection[str]) -> list[str]:
    """The landmark of each cluster that is one's alone, and none of `before`; empty for others."""
    names = [one.name if one and one.landmark else "" for one in properties]
    counts = Counter(names)
    return [name if counts[name] == 1 and name not in before else "" for name in names]


def _said(found: _Property, words: Mapping[str, Mapping[str, str]]) -> Titles:
    """A property in words; empty for a landmark, and where there are none for it."""
    return (
        {}
        if found.landmark
        else {
            language: text.replace("%(first)s", str(found.first)).replace(
                "%(last)s", str(found.last)
            )
            for language, text in words.get(found.name, {}).items()
        }
    )
