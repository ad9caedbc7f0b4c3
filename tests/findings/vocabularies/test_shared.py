"""What two vocabularies share: every text is counted once, whatever marks its tokens bear."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from atlas.findings.vocabularies.data import Counts
from atlas.findings.vocabularies.stages.shared import fold, joined, shared
from atlas.spaces.readable import bare
from atlas.spaces.records import Vocabulary
from atlas.spaces.stages.vocabulary import readable

WORDS = st.lists(
    st.text(st.sampled_from("abcdeÀé昭和フラガ１2Ж"), min_size=1, max_size=4),
    min_size=1,
    max_size=25,
    unique=True,
)


def wordpiece(names: Sequence[str]) -> Vocabulary:
    return readable(names, "wordpiece", {0}, set())


def sentencepiece(names: Sequence[str]) -> Vocabulary:
    return readable(names, "sentencepiece", {0}, set())


def bytelevel(names: Sequence[str]) -> Vocabulary:
    return readable(names, "byte-level-bpe", {0}, set())


def whole(counts: Counts) -> int:
    return counts.shared + counts.first + counts.second


def test_written_forms_of_a_word_are_one_text() -> None:
    one = wordpiece(["[UNK]", "victory", "##victory", "##ing", "[unused1]"])
    for other in (
        bytelevel(["<|endoftext|>", "Ġvictory", "ing", "x"]),
        sentencepiece(["<unk>", "▁victory", "ing", "x"]),
    ):
        found = shared(one, other)
        assert (found.texts.shared, found.texts.first, found.texts.second) == (2, 2, 2)
        assert found.same_kind == 2  # a word in both, and a continuation in both
        assert found.kinds["special"] == Counts(shared=0, first=1, second=1)
        rows = {row.text: (row.first, row.second) for row in joined(one, other)}
        assert rows["victory"] == ([1, 2], [1]) and rows["ing"] == ([3], [2])


def test_what_differs_in_case_width_and_accents_is_shared_when_folded() -> None:
    one = wordpiece(["[UNK]", "Café", "ＡＢＣ", "がく"])
    other = wordpiece(["[UNK]", "cafe", "abc", "かく"])
    found = shared(one, other)
    assert found.texts.shared == 1 and found.folded.shared == 3
    assert fold("が") == "が" != fold("か"), "the marks of kana make other sounds"


@given(WORDS, WORDS)
def test_each_text_is_in_both_or_in_one(first: list[str], second: list[str]) -> None:
    one, other = wordpiece(["[UNK]", *first]), sentencepiece(["<unk>", *(f"▁{w}" for w in second)])
    found = shared(one, other)
    texts = {bare(text) for text in one.texts}, {bare(text) for text in other.texts}
    assert found.texts.shared == len(texts[0] & texts[1])
    assert found.texts.first == len(texts[0] - texts[1])
    assert found.texts.second == len(texts[1] - texts[0])
    assert sum(map(whole, found.kinds.values())) == whole(found.texts)
    assert sum(map(whole, found.scripts.values())) <= whole(found.texts)
    assert found.folded.shared <= whole(found.folded) <= whole(found.texts)
    back = shared(other, one)
    assert (back.texts.shared, back.texts.first) == (found.texts.shared, found.texts.second)
    assert len(joined(one, other)) == whole(found.texts)


@given(WORDS)
def test_a_vocabulary_is_wholly_its_own(names: list[str]) -> None:
    one = wordpiece(["[UNK]", *names])
    found = shared(one, one)
    assert found.texts.first == found.texts.second == found.moved == 0
    assert found.same_id == found.ids == len(one) and found.changed == ()


def test_versions_of_one_vocabulary_tell_which_ids_changed() -> None:
    names = ["[UNK]", *(f"w{n}" for n in range(40))]
    later = names.copy()
    later[7], later[9] = later[9], "new"
    found = shared(wordpiece(names), wordpiece([*later, "more"]))
    assert [(one.id, one.first, one.second) for one in found.changed] == [
        (7, "w6", "w8"),
        (9, "w8", "new"),
    ]
    assert (found.ids, found.same_id, found.moved) == (41, 39, 1)
    stranger = shared(wordpiece(names), wordpiece(names[::-1]))
    assert stranger.changed == (), "two vocabularies that are not versions have no changed ids"


def test_padding_is_no_token() -> None:
    found = shared(wordpiece(["[UNK]", "a", "<row 2>"]), wordpiece(["[UNK]", "b", "<row 2>"]))
    assert found.texts.shared == 1


def test_a_quarter_of_a_million_tokens_make_a_small_file() -> None:
    names = tuple(f"t{n}" for n in range(250_000))
    one, other = (
        Vocabulary(tokens, tokens, ("word",) * 250_000, ("Latin",) * 250_000, "wordpiece")
        for tokens in (names, (*names[5:], *"vwxyz"))
    )
    found = shared(one, other)
    assert found.texts == Counts(shared=249_995, first=5, second=5)
    assert len(found.model_dump_json()) < 60_000
