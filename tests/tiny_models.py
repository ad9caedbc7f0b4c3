"""Tiny real checkpoints with random weights, saved by the libraries that save the large ones."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

os.environ.setdefault("USE_TF", "0")
os.environ.setdefault("USE_FLAX", "0")

WIDTH = 16

ENGLISH = """The quick brown fox jumps over the lazy dog. The dogs were running, and the foxes ran as well.
In 1999 the victory of France was won by kilometers; in 2024 it was naïve to say so. Café, façade, Zürich, œuvre.
She sells sea shells on the sea shore: “sure,” he said — 12,345.67 of them! Москва и Ленинград, Αθήνα, שלום, مرحبا.
"""
JAPANESE = """昭和の初め、フランスから三メートルの荷物が届いた。吾輩は猫である。名前はまだ無い。東京と京都の間を走る。
日本語の文章は、漢字とひらがなとカタカナで書かれている。食べる、食べた、食べない。😀🎉
"""

WORDPIECE = (  # noqa: SIM905  # words read better so
    "[PAD] [UNK] [CLS] [SEP] [MASK] [unused0] [unused1] the quick brown fox run ##ning ##s ##é café naïve 1999 ##9 ½ , . ! ## $ + "
    "Москва αθήνα שלום 三 昭和 フランス ##ランス 食べ ##る 東京 한국 ไทย a b c d e ##a ##b ##c"
).split()
JAPANESE_PIECES = [
    "[PAD]",
    "[UNK]",
    "[CLS]",
    "[SEP]",
    "[MASK]",
    "[unused1]",
    "、",
    "。",
    "「",
    "の",
    "に",
    "は",
    "を",
    "た",
    "が",
    "で",
    "三",
    "昭和",
    "フランス",
    "メートル",
    "東京",
    "食べ",
    "##る",
    "##ない",
    "##ランス",
    "##都",
    "お母さん",
    "日本",
    "1",
    "##9",
    "A",
    "ー",
    "㍻",
    "々",
]


def wordpiece(folder: Path, **how: Any) -> Path:
    """A BERT with vocab.txt and tokenizer.json."""
    from transformers import BertConfig, BertModel, BertTokenizerFast

    folder.mkdir(parents=True)
    (folder / "vocab.txt").write_text("\n".join(WORDPIECE) + "\n", encoding="utf-8")
    tokenizer = BertTokenizerFast(str(folder / "vocab.txt"), do_lower_case=True)
    tokenizer.save_pretrained(folder)
    config = BertConfig(
        len(WORDPIECE),
        hidden_size=WIDTH,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=WIDTH,
        max_position_embeddings=32,
    )
    return save(BertModel(config), folder, **how)


def japanese(folder: Path, **how: Any) -> Path:
    """A BERT of the Tohoku kind: BertJapaneseTokenizer, vocab.txt, no tokenizer.json."""
    from transformers import BertConfig, BertForMaskedLM, BertJapaneseTokenizer

    folder.mkdir(parents=True)
    (folder / "vocab.txt").write_text("\n".join(JAPANESE_PIECES) + "\n", encoding="utf-8")
    BertJapaneseTokenizer(
        str(folder / "vocab.txt"),
        word_tokenizer_type="mecab",
        subword_tokenizer_type="wordpiece",
        mecab_kwargs={"mecab_dic": "unidic_lite"},
    ).save_pretrained(folder)
    size = len(JAPANESE_PIECES)
    config = BertConfig(
        size, hidden_size=WIDTH, num_hidden_layers=1, num_attention_heads=2, intermediate_size=WIDTH
    )
    return save(BertForMaskedLM(config), folder, **how)


def bytelevel(folder: Path, padding: int = 0, fast: bool = True, **how: Any) -> Path:
    """A GPT-2 with byte-level BPE trained on a few lines; `padding` rows more than tokens; without
    tokenizer.json if not `fast`."""
    from tokenizers.implementations import ByteLevelBPETokenizer
    from transformers import GPT2Config, GPT2LMHeadModel, GPT2TokenizerFast

    folder.mkdir(parents=True)
    trained = ByteLevelBPETokenizer()
    trained.train_from_iterator(
        [ENGLISH, JAPANESE] * 3,
        vocab_size=420,
        min_frequency=1,
        special_tokens=[],
        show_progress=False,
    )
    trained.save_model(str(folder))
    tokenizer = GPT2TokenizerFast(str(folder / "vocab.json"), str(folder / "merges.txt"))
    tokenizer.add_tokens(["two words", "日本の"])
    tokenizer.save_pretrained(folder)
    if not fast:
        (folder / "tokenizer.json").unlink()
    config = GPT2Config(
        vocab_size=len(tokenizer) + padding, n_positions=32, n_embd=WIDTH, n_layer=1, n_head=2
    )
    config.bos_token_id = config.eos_token_id = tokenizer.eos_token_id
    return save(GPT2LMHeadModel(config), folder, **how)


def roberta(folder: Path, **how: Any) -> Path:
    """A RoBERTa: byte-level BPE whose special tokens come first."""
    from tokenizers.implementations import ByteLevelBPETokenizer
    from transformers import RobertaConfig, RobertaForMaskedLM, RobertaTokenizerFast

    folder.mkdir(parents=True)
    trained = ByteLevelBPETokenizer()
    special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    trained.train_from_iterator(
        [ENGLISH] * 3, vocab_size=380, min_frequency=1, special_tokens=special, show_progress=False
    )
    trained.save_model(str(folder))
    tokenizer = RobertaTokenizerFast(str(folder / "vocab.json"), str(folder / "merges.txt"))
    tokenizer.save_pretrained(folder)
    config = RobertaConfig(
        len(tokenizer),
        hidden_size=WIDTH,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=WIDTH,
    )
    return save(RobertaForMaskedLM(config), folder, **how)


def pieces(path: Path, kind: str = "unigram", **options: Any) -> Path:
    """A SentencePiece model trained on a few lines."""
    import io

    from sentencepiece import SentencePieceTrainer

    out = io.BytesIO()
    text = iter([line for line in (ENGLISH + JAPANESE).splitlines() for _ in range(4)])
    SentencePieceTrainer.train(
        sentence_iterator=text,
        model_writer=out,
        model_type=kind,
        hard_vocab_limit=False,
        minloglevel=2,
        character_coverage=0.98,
        num_threads=1,
        **options,
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(out.getvalue())
    return path


def t5(folder: Path, fast: bool = True, **how: Any) -> Path:
    """A T5: Unigram SentencePiece, with sentinels after the vocabulary; tokenizer.json if `fast`,
    else spiece.model alone."""
    from transformers import T5Config, T5EncoderModel, T5Tokenizer, T5TokenizerFast

    model = pieces(folder / "spiece.model", vocab_size=200, pad_id=0, eos_id=1, unk_id=2, bos_id=-1)
    slow = T5Tokenizer(str(model), extra_ids=4, legacy=False)
    size = len(slow)
    (T5TokenizerFast(str(model), extra_ids=4) if fast else slow).save_pretrained(folder)
    config = T5Config(
        vocab_size=size + 5, d_model=WIDTH, d_kv=8, d_ff=WIDTH, num_layers=1, num_heads=2
    )
    return save(T5EncoderModel(config), folder, **how)


def llama(folder: Path, fast: bool = False, **how: Any) -> Path:
    """A Llama: SentencePiece BPE with byte fallback; tokenizer.model alone unless `fast`."""
    from transformers import LlamaConfig, LlamaForCausalLM, LlamaTokenizer, LlamaTokenizerFast

    model = pieces(folder / "tokenizer.model", "bpe", vocab_size=480, byte_fallback=True)
    tokenizer = LlamaTokenizerFast(str(model)) if fast else LlamaTokenizer(str(model), legacy=False)
    tokenizer.save_pretrained(folder)
    config = LlamaConfig(
        len(tokenizer),
        WIDTH,
        WIDTH,
        num_hidden_layers=1,
        num_attention_heads=2,
        num_key_value_heads=2,
        tie_word_embeddings=False,
    )
    return save(LlamaForCausalLM(config), folder, **how)


def xlm_roberta(folder: Path, **how: Any) -> Path:
    """An XLM-RoBERTa without tokenizer.json: its ids are not those of its SentencePiece model."""
    from transformers import XLMRobertaConfig, XLMRobertaModel, XLMRobertaTokenizer

    model = pieces(folder / "sentencepiece.bpe.model", vocab_size=200)
    tokenizer = XLMRobertaTokenizer(str(model))
    tokenizer.save_pretrained(folder)
    config = XLMRobertaConfig(
        len(tokenizer),
        hidden_size=WIDTH,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=WIDTH,
    )
    return save(XLMRobertaModel(config), folder, **how)


def save(
    model: Any, folder: Path, *, shards: bool = False, safe: bool = True, dtype: str = "float32"
) -> Path:
    """The weights: one safetensors file, many with an index (`shards`), or pytorch_model.bin (not
    `safe`)."""
    import torch

    torch.manual_seed(0)
    table = model.get_input_embeddings().weight
    with torch.no_grad():
        table.copy_(torch.randn(table.shape))
    model = model.to(getattr(torch, dtype))
    model.save_pretrained(
        folder, safe_serialization=safe, max_shard_size="2KB" if shards else "1GB"
    )
    return folder


def plain(folder: Path, rows: int, width: int, ballast: int) -> Path:
    """A BERT of about `ballast` bytes more than its input table, written without a model library:
    the table is one tensor of many."""
    import numpy as np
    from safetensors.numpy import save_file

    folder.mkdir(parents=True)
    words = [
        "[PAD]",
        "[UNK]",
        "[CLS]",
        "[SEP]",
        "[MASK]",
        *(f"word{number}" for number in range(rows - 5)),
    ]
    (folder / "vocab.txt").write_text("\n".join(words) + "\n", encoding="utf-8")
    facts = {
        "architectures": ["BertModel"],
        "model_type": "bert",
        "vocab_size": rows,
        "hidden_size": width,
    }
    (folder / "config.json").write_text(json.dumps(facts), encoding="utf-8")
    random = np.random.default_rng(0)
    tensors = {
        "bert.embeddings.word_embeddings.weight": random.standard_normal(
            (rows, width), dtype=np.float32
        )
    }
    for layer in range(12):
        shape = (ballast // 48 // width, width)
        tensors[f"bert.encoder.layer.{layer}.output.dense.weight"] = random.standard_normal(
            shape, dtype=np.float32
        )
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    return folder


MAKERS: dict[str, Any] = {
    "wordpiece": wordpiece,
    "wordpiece-sharded": lambda folder: wordpiece(folder, shards=True),
    "wordpiece-bin": lambda folder: wordpiece(folder, safe=False),
    "wordpiece-bf16": lambda folder: wordpiece(folder, dtype="bfloat16"),
    "wordpiece-f16": lambda folder: wordpiece(folder, dtype="float16"),
    "japanese": japanese,
    "bytelevel": bytelevel,
    "bytelevel-slow-padded": lambda folder: bytelevel(folder, padding=7, fast=False),
    "roberta": roberta,
    "t5": t5,
    "t5-slow": lambda folder: t5(folder, fast=False),
    "llama": lambda folder: llama(folder, fast=True),
    "llama-slow": llama,
    "xlm-roberta-slow": xlm_roberta,
}
