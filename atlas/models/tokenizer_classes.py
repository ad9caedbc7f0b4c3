"""Which of transformers' tokenizer classes a checkpoint has, and of which classes the files alone
say what token stands at which row."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from atlas.models.vocabulary_files import CODES, PIECES, TOKENIZERS

# The special tokens of a tokenizer in the order in which transformers adds those that it lacks.
ROLES = ("bos", "eos", "unk", "sep", "pad", "cls", "mask")


@dataclass(frozen=True)
class Kin:
    """A class whose rows are those of its file, with its special tokens after them where the file
    lacks them. What is said here is held against the installed transformers by a test.

    special    tokens by role that are special unless the checkpoint says otherwise
    file       what its slow class reads, "" where that is left to transformers
    fast       whether there is a class that reads tokenizer.json
    sentinels  how many `<extra_id_N>` are special besides, unless the checkpoint says otherwise
    """

    special: Mapping[str, str] = field(default_factory=dict)
    file: str = ""
    fast: bool = True
    sentinels: int = 0


def _roles(**tokens: str) -> dict[str, str]:
    return tokens


_BERT = _roles(unk="[UNK]", sep="[SEP]", pad="[PAD]", cls="[CLS]", mask="[MASK]")
_END = "<|endoftext|>"
_GPT2 = _roles(bos=_END, eos=_END, unk=_END)
_LLAMA = _roles(bos="<s>", eos="</s>", unk="<unk>")
_ROBERTA = _LLAMA | _roles(sep="</s>", pad="<pad>", cls="<s>", mask="<mask>")
_GEMMA = _roles(bos="<bos>", eos="<eos>", unk="<unk>", pad="<pad>")
_COHERE = _roles(bos="<BOS_TOKEN>", eos="<|END_OF_TURN_TOKEN|>", unk="<UNK>")
_DEBERTA = _BERT | _roles(bos="[CLS]", eos="[SEP]")
_CLIP = _roles(bos="<|startoftext|>", eos=_END, unk=_END, pad=_END)

# By the class's name without "Fast".
KIN: dict[str, Kin] = {
    "PreTrainedTokenizer": Kin(),
    **dict.fromkeys(
        (
            "BertTokenizer",
            "ConvBertTokenizer",
            "DistilBertTokenizer",
            "DPRContextEncoderTokenizer",
            "DPRQuestionEncoderTokenizer",
            "DPRReaderTokenizer",
            "ElectraTokenizer",
            "LayoutLMTokenizer",
            "LxmertTokenizer",
            "MobileBertTokenizer",
            "RoFormerTokenizer",
            "SqueezeBertTokenizer",
        ),
        Kin(_BERT, "vocab.txt"),
    ),
    "BertJapaneseTokenizer": Kin(_BERT, "vocab.txt", fast=False),
    **dict.fromkeys(("GPT2Tokenizer", "CodeGenTokenizer"), Kin(_GPT2, "vocab.json")),
    "GPTNeoXTokenizer": Kin(_GPT2),
    "Qwen2Tokenizer": Kin(_roles(eos=_END, unk=_END, pad=_END), "vocab.json"),
    **dict.fromkeys(
        (
            "BartTokenizer",
            "LEDTokenizer",
            "LongformerTokenizer",
            "MvpTokenizer",
            "RobertaTokenizer",
        ),
        Kin(_ROBERTA, "vocab.json"),
    ),
    "CLIPTokenizer": Kin(_CLIP, "vocab.json"),
    "CTRLTokenizer": Kin(_roles(unk="<unk>"), "vocab.json", fast=False),
    "OpenAIGPTTokenizer": Kin(_roles(unk="<unk>"), "vocab.json"),
    "DebertaTokenizer": Kin(_DEBERTA, "vocab.json"),
    "DebertaV2Tokenizer": Kin(_DEBERTA),
    "XLMRobertaTokenizer": Kin(_ROBERTA),
    "LlamaTokenizer": Kin(_LLAMA),
    "GemmaTokenizer": Kin(_GEMMA),
    "BloomTokenizer": Kin(_LLAMA | _roles(pad="<pad>")),
    "CohereTokenizer": Kin(_COHERE),
    **dict.fromkeys(
        ("T5Tokenizer", "MT5Tokenizer"),
        Kin(_roles(eos="</s>", unk="<unk>", pad="<pad>"), sentinels=100),
    ),
    "AlbertTokenizer": Kin(_DEBERTA | _roles(unk="<unk>", pad="<pad>")),
}

# Classes by model type, for checkpoints that do not name one; the rest is asked of transformers.
TYPES: dict[str, str] = {
    **dict.fromkeys(("bert", "ernie", "megatron-bert", "nezha", "visual_bert"), "BertTokenizer"),
    "convbert": "ConvBertTokenizer",
    "distilbert": "DistilBertTokenizer",
    "electra": "ElectraTokenizer",
    "layoutlm": "LayoutLMTokenizer",
    "lxmert": "LxmertTokenizer",
    "mobilebert": "MobileBertTokenizer",
    "roformer": "RoFormerTokenizer",
    "squeezebert": "SqueezeBertTokenizer",
    "bert-japanese": "BertJapaneseTokenizer",
    **dict.fromkeys(
        ("gpt2", "gpt_neo", "gptj", "gpt_bigcode", "opt", "starcoder2"), "GPT2Tokenizer"
    ),
    **dict.fromkeys(("codegen", "phi"), "CodeGenTokenizer"),
    **dict.fromkeys(("gpt_neox", "mamba", "olmo", "stablelm"), "GPTNeoXTokenizer"),
    **dict.fromkeys(("qwen2", "qwen2_moe", "qwen3", "qwen3_moe"), "Qwen2Tokenizer"),
    "bart": "BartTokenizer",
    "led": "LEDTokenizer",
    "longformer": "LongformerTokenizer",
    "mvp": "MvpTokenizer",
    **dict.fromkeys(("roberta", "ibert", "roberta-prelayernorm"), "RobertaTokenizer"),
    "clip": "CLIPTokenizer",
    "ctrl": "CTRLTokenizer",
    "openai-gpt": "OpenAIGPTTokenizer",
    "deberta": "DebertaTokenizer",
    "deberta-v2": "DebertaV2Tokenizer",
    **dict.fromkeys(("xlm-roberta", "xlm-roberta-xl", "xmod"), "XLMRobertaTokenizer"),
    **dict.fromkeys(("llama", "mistral", "mixtral", "phi3"), "LlamaTokenizer"),
    **dict.fromkeys(("gemma", "gemma2", "gemma3", "gemma3_text"), "GemmaTokenizer"),
    "bloom": "BloomTokenizer",
    "cohere": "CohereTokenizer",
    **dict.fromkeys(("falcon", "modernbert", "nemotron"), "PreTrainedTokenizer"),
    **dict.fromkeys(("t5", "longt5", "umt5", "switch_transformers"), "T5Tokenizer"),
    "mt5": "MT5Tokenizer",
    "albert": "AlbertTokenizer",
}


@dataclass(frozen=True)
class Named:
    """What a checkpoint's files say of its tokenizer's class.

    name     without "Fast"; "" where the model type alone is stated, and is none of TYPES
    stated   whether a class or a model type is stated at all
    pieces   whether a BertJapaneseTokenizer has a SentencePiece model in place of vocab.txt
    """

    name: str
    stated: bool
    pieces: bool = False


def named(config: Mapping[str, Any], tokenizer: Mapping[str, Any]) -> Named:
    """By the contents of config.json and tokenizer_config.json, in the order of AutoTokenizer."""
    kind = config.get("model_type")
    name = tokenizer.get("tokenizer_class") or config.get("tokenizer_class")
    pieces = tokenizer.get("subword_tokenizer_type") == "sentencepiece"
    if isinstance(name, str):
        return Named(name.removesuffix("Fast"), True, pieces)
    return Named(TYPES.get(kind, "") if isinstance(kind, str) else "", bool(kind), pieces)


def file_of(found: Named, there: Callable[[str], bool]) -> str | None:
    """The file that alone says which token stands at which row; None where transformers must be
    asked. `there` tells whether the checkpoint has a file."""
    kin = KIN.get(found.name)
    own = bool(kin and kin.file and not found.pieces and (kin.fast or there(kin.file)))
    if (kin is None or kin.fast or not own) and there("tokenizer.json"):
        return "tokenizer.json" if kin or not found.stated else None
    if kin is not None:
        return kin.file if own and there(kin.file) else None
    if found.stated or there(CODES):
        return None
    return next((name for name in TOKENIZERS if there(name)), None)


def libraries(
    files: Collection[str],
    config: Mapping[str, Any] | None = None,
    tokenizer: Mapping[str, Any] | None = None,
) -> tuple[str, ...]:
    """Distributions whose versions a vocabulary depends on, by the names of a checkpoint's files
    and the contents of config.json and tokenizer_config.json.

    What the files alone say is read here, as JSON and text, whatever is installed. The rest is
    asked of transformers, which has SentencePiece models read by `sentencepiece` and tokenizer.json
    by `tokenizers`.
    """
    found = named(config or {}, tokenizer or {})
    chosen = file_of(found, lambda name: name in files)
    if chosen is not None:
        return ("sentencepiece",) if chosen.endswith(PIECES) else ()
    if "tokenizer.json" in files:
        return ("tokenizers", "transformers")
    pieces = any(name.endswith(PIECES) for name in files)
    if not pieces and not found.stated and CODES not in files:
        return ()
    return ("sentencepiece", "transformers") if pieces else ("transformers",)
