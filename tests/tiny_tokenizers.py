"""The files of a tiny tokenizer of every class that transformers has, without tokenizer.json."""

from __future__ import annotations

import functools
import importlib
import json
import os
import tempfile
from pathlib import Path
from typing import Any

from tests.tiny_models import ENGLISH, JAPANESE, WORDPIECE, pieces

os.environ.setdefault("USE_TF", "0")
os.environ.setdefault("USE_FLAX", "0")

# What classes need besides their vocabulary.
HOW: dict[str, dict[str, Any]] = {
    "T5Tokenizer": {"extra_ids": 4},
    "MyT5Tokenizer": {"extra_ids": 4},
    "BertJapaneseTokenizer": {"mecab_kwargs": {"mecab_dic": "unidic_lite"}},
    "FSMTTokenizer": {"langs": ["en", "ru"]},
    "TransfoXLTokenizer": {"lower_case": True},
}
_EXTRAS: dict[str, Any] = {
    "emoji.json": {"emoji": {}, "emoji_inv": {}},
    "entity_vocab.json": {"[PAD]": 0, "[UNK]": 1, "[MASK]": 2, "[MASK2]": 3},
    "word_shape.json": {"昭": 1},
    "word_pronunciation.json": {"昭": 1},
    "byte_maps.json": {"decompose_map": {}, "merge_map": {}},
}


# Of music, of two tokenizers in two folders, one that is named without being there, and one whose
# ids are code points, for which no model has a table, and one whose vocabulary is a pickle.
_NONE = {
    "JukeboxTokenizer",
    "RagTokenizer",
    "ParakeetCTCTokenizer",
    "CanineTokenizer",
    "TransfoXLTokenizer",
}


def slow_classes() -> dict[str, str]:
    """Every slow class by name, with a model type that AutoTokenizer maps to it."""
    return _classes(0) | {"DPRContextEncoderTokenizer": "", "DPRReaderTokenizer": ""}


def fast_classes() -> dict[str, str]:
    """Every fast class by name, with a model type that AutoTokenizer maps to it."""
    return _classes(1)


def _classes(place: int) -> dict[str, str]:
    from transformers.models.auto.configuration_auto import CONFIG_MAPPING_NAMES

    found: dict[str, str] = {}
    for kind, pair in _mapping().items():
        if (name := pair[place]) and name not in _NONE:
            found.setdefault(name, "")
            if kind in CONFIG_MAPPING_NAMES:
                found[name] = found[name] or kind
    return dict(sorted(found.items()))


def class_of(name: str) -> Any:
    """A class of transformers by name."""
    return getattr(importlib.import_module("transformers"), name)


def make(name: str, folder: Path, kind: str | None = None) -> None:
    """The files of a slow class, with a tokenizer_config.json that names it, or with a config.json
    that states only the model type."""
    folder.mkdir(parents=True, exist_ok=True)
    for role, file in class_of(name).vocab_files_names.items():
        if file not in ("tokenizer.json", "tokenizer_config.json", "normalizer.json"):
            _write(name, role, folder / file)
    how = HOW.get(name, {})
    if kind is None:
        how = {"tokenizer_class": name, **how}
    if how:
        (folder / "tokenizer_config.json").write_text(json.dumps(how))
    (folder / "config.json").write_text(json.dumps({"model_type": kind} if kind else {}))


def make_fast(name: str, folder: Path) -> None:
    """tokenizer.json and what stands beside it, as a fast class saves it. Raises what transformers
    raises."""
    kind = class_of(name)
    slow = kind.slow_tokenizer_class
    if slow is not None:
        make(slow.__name__, folder / "slow")
        made = kind.from_pretrained(folder / "slow", **HOW.get(slow.__name__, {}))
    else:
        from tokenizers import Tokenizer, decoders, models, pre_tokenizers

        vocab, merges = _bytes()
        pairs = [tuple(line.split(" ")) for line in merges.splitlines()[1:]]
        whole = Tokenizer(models.BPE(vocab=vocab, merges=pairs))
        whole.pre_tokenizer = pre_tokenizers.ByteLevel()
        whole.decoder = decoders.ByteLevel()
        made = kind(tokenizer_object=whole)
    made.save_pretrained(folder)
    (folder / "config.json").write_text("{}")


def _mapping() -> dict[str, tuple[str | None, str | None]]:
    from transformers.models.auto.tokenization_auto import TOKENIZER_MAPPING_NAMES

    return dict(TOKENIZER_MAPPING_NAMES)


def _write(name: str, role: str, path: Path) -> None:
    if path.suffix in (".model", ".spm", ".tokenizer") and name != "ProphetNetTokenizer":
        path.write_bytes(_pieces(name))
    elif path.name in ("vocab.txt", "dict.txt", "prophetnet.tokenizer"):
        path.write_text("\n".join(_lines(name)) + "\n", encoding="utf-8")
    elif path.name in ("merges.txt", "bpe.codes"):
        path.write_text(_merges(name), encoding="utf-8")
    elif path.name in _EXTRAS:
        path.write_text(json.dumps(_EXTRAS[path.name]))
    elif path.suffix == ".json":
        path.write_text(json.dumps(_entries(name)), encoding="utf-8")


@functools.cache
def _trained(kind: str, options: tuple[tuple[str, Any], ...]) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        return pieces(Path(folder) / "m.model", kind, **dict(options)).read_bytes()


def _pieces(name: str) -> bytes:
    if name in ("LlamaTokenizer", "CodeLlamaTokenizer", "GemmaTokenizer", "GPTSw3Tokenizer"):
        return _trained("bpe", (("vocab_size", 480), ("byte_fallback", True)))
    if name == "SpeechT5Tokenizer":
        return _trained("char", (("vocab_size", 120),))
    if name in ("T5Tokenizer", "MT5Tokenizer", "PegasusTokenizer", "UdopTokenizer"):
        ids = (("pad_id", 0), ("eos_id", 1), ("unk_id", 2), ("bos_id", -1))
        return _trained("unigram", (("vocab_size", 200), *ids))
    return _trained("unigram", (("vocab_size", 200),))


def _lines(name: str) -> list[str]:
    if name in ("PhobertTokenizer", "BertweetTokenizer", "BartphoTokenizer"):
        return ["xin 1234", "ch@@ 22", "ào 7"]
    if name in ("GPTNeoXJapaneseTokenizer", "GPTSanJapaneseTokenizer"):
        return ["る,ル", "<|endoftext|>", "<|startoftext|>", "東京", "猫"]
    if name == "CpmAntTokenizer":
        return ["</_>", "</n>", "<d>", "</d>", "<s>", "</s>", "<pad>", "<unk>", "东京", "猫"]
    return WORDPIECE


@functools.cache
def _bytes() -> tuple[dict[str, int], str]:
    from tokenizers.implementations import ByteLevelBPETokenizer

    trained = ByteLevelBPETokenizer()
    trained.train_from_iterator(
        [ENGLISH + JAPANESE] * 3, vocab_size=330, min_frequency=1, show_progress=False
    )
    with tempfile.TemporaryDirectory() as folder:
        trained.save_model(folder)
        merges = (Path(folder) / "merges.txt").read_text(encoding="utf-8")
    return dict(trained.get_vocab()), merges


def _entries(name: str) -> dict[str, int]:
    if name in ("M2M100Tokenizer", "MarianTokenizer", "Speech2TextTokenizer"):
        return {t: i for i, t in enumerate(["<s>", "<pad>", "</s>", "<unk>", "▁the", "▁a", "x"])}
    if name in ("CTRLTokenizer", "OpenAIGPTTokenizer", "BioGptTokenizer"):
        return {"<unk>": 0, "th": 1, "e</w>": 2, "the</w>": 3}
    return _bytes()[0]


def _merges(name: str) -> str:
    if name in ("CTRLTokenizer", "OpenAIGPTTokenizer", "BioGptTokenizer", "PhobertTokenizer"):
        return "#version: 0.2\nth e</w>" + ("\n" if name == "OpenAIGPTTokenizer" else " 3\n")
    return _bytes()[1]
