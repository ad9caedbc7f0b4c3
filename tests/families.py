"""Tiny models of many families, made by transformers and saved as it saves the large ones."""

from __future__ import annotations

from pathlib import Path
from typing import Any

ROWS, WIDTH = 40, 16
_BERT = {
    "hidden_size": WIDTH,
    "num_hidden_layers": 3,
    "num_attention_heads": 2,
    "intermediate_size": WIDTH,
    "max_position_embeddings": 40,
    "pad_token_id": 0,
}
_LLAMA = _BERT | {"num_key_value_heads": 2, "head_dim": 8}
_MOE = _LLAMA | {
    "moe_intermediate_size": 8,
    "num_experts": 2,
    "num_local_experts": 2,
    "num_experts_per_tok": 1,
}
_GPT = {"n_embd": WIDTH, "n_layer": 3, "n_head": 2, "n_positions": 40, "n_inner": WIDTH}
_BART = {
    "d_model": WIDTH,
    "encoder_layers": 3,
    "decoder_layers": 2,
    "encoder_attention_heads": 2,
    "decoder_attention_heads": 2,
    "encoder_ffn_dim": WIDTH,
    "decoder_ffn_dim": WIDTH,
    "max_position_embeddings": 40,
    "pad_token_id": 0,
    "decoder_start_token_id": 0,
}
_T5 = {
    "d_model": WIDTH,
    "d_kv": 8,
    "d_ff": WIDTH,
    "num_layers": 3,
    "num_decoder_layers": 2,
    "num_heads": 2,
    "decoder_start_token_id": 0,
}
_DEBERTA = _BERT | {"relative_attention": True, "pos_att_type": ["c2p", "p2c"]}
_MAMBA = {"hidden_size": WIDTH, "num_hidden_layers": 3, "state_size": 4}
_TEXT = _BERT | {"vocab_size": ROWS, "eos_token_id": 3}
_SEE = {
    "hidden_size": WIDTH,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "intermediate_size": WIDTH,
    "image_size": 8,
    "patch_size": 4,
}

# Name: the stem of its config, the class that is saved, and what differs from the config's own.
FAMILIES: dict[str, tuple[str, str, dict[str, Any]]] = {
    "BERT": ("Bert", "BertForMaskedLM", _BERT),
    "RoBERTa": ("Roberta", "RobertaForMaskedLM", _BERT | {"pad_token_id": 1}),
    "XLM-R XL": ("XLMRobertaXL", "XLMRobertaXLForMaskedLM", _BERT | {"pad_token_id": 1}),
    "CamemBERT": ("Camembert", "CamembertForMaskedLM", _BERT | {"pad_token_id": 1}),
    "ALBERT": ("Albert", "AlbertForMaskedLM", _BERT | {"embedding_size": 8}),
    "ALBERT, groups": (
        "Albert",
        "AlbertForMaskedLM",
        _BERT | {"embedding_size": 8, "num_hidden_groups": 3},
    ),
    "ELECTRA": ("Electra", "ElectraForMaskedLM", _BERT | {"embedding_size": WIDTH}),
    "ELECTRA-small": ("Electra", "ElectraForMaskedLM", _BERT | {"embedding_size": 8}),
    "RemBERT": (
        "RemBert",
        "RemBertForMaskedLM",
        _BERT | {"input_embedding_size": 8, "output_embedding_size": 12},
    ),
    "ConvBERT": (
        "ConvBert",
        "ConvBertForMaskedLM",
        _BERT | {"embedding_size": 8, "head_ratio": 1, "conv_kernel_size": 3},
    ),
    "DistilBERT": (
        "DistilBert",
        "DistilBertForMaskedLM",
        {"dim": WIDTH, "n_layers": 3, "n_heads": 2, "hidden_dim": WIDTH},
    ),
    "MobileBERT": (
        "MobileBert",
        "MobileBertForMaskedLM",
        _BERT
        | {
            "embedding_size": 8,
            "intra_bottleneck_size": 8,
            "true_hidden_size": 8,
            "num_feedforward_networks": 1,
        },
    ),
    "SqueezeBERT": (
        "SqueezeBert",
        "SqueezeBertForMaskedLM",
        _BERT
        | {"embedding_size": WIDTH}
        | {
            f"{part}_groups": 1
            for part in ("q", "k", "v", "post_attention", "intermediate", "output")
        },
    ),
    "I-BERT": ("IBert", "IBertForMaskedLM", _BERT | {"pad_token_id": 1}),
    "Megatron-BERT": ("MegatronBert", "MegatronBertForMaskedLM", _BERT),
    "DeBERTa": ("Deberta", "DebertaForMaskedLM", _DEBERTA),
    "DeBERTa v3": (
        "DebertaV2",
        "DebertaV2ForMaskedLM",
        _DEBERTA | {"position_biased_input": False, "type_vocab_size": 0},
    ),
    "MPNet": ("MPNet", "MPNetForMaskedLM", _BERT | {"pad_token_id": 1}),
    "ERNIE": ("Ernie", "ErnieForMaskedLM", _BERT),
    "ESM": ("Esm", "EsmForMaskedLM", _BERT | {"mask_token_id": 4}),
    "RoFormer": ("RoFormer", "RoFormerForMaskedLM", _BERT | {"embedding_size": WIDTH}),
    "Nyströmformer": (
        "Nystromformer",
        "NystromformerForMaskedLM",
        _BERT | {"num_landmarks": 2, "segment_means_seq_len": 2},
    ),
    "FNet": (
        "FNet",
        "FNetForMaskedLM",
        {"hidden_size": WIDTH, "num_hidden_layers": 3, "intermediate_size": WIDTH},
    ),
    "Funnel": (
        "Funnel",
        "FunnelForMaskedLM",
        {"d_model": WIDTH, "n_head": 2, "d_head": 8, "d_inner": WIDTH, "block_sizes": [1, 2]},
    ),
    "Longformer": ("Longformer", "LongformerForMaskedLM", _BERT | {"attention_window": [4, 4, 4]}),
    "BigBird": ("BigBird", "BigBirdForMaskedLM", _BERT),
    "ModernBERT": ("ModernBert", "ModernBertForMaskedLM", _BERT | {"reference_compile": False}),
    "XLNet": (
        "XLNet",
        "XLNetLMHeadModel",
        {"d_model": WIDTH, "n_layer": 3, "n_head": 2, "d_inner": WIDTH},
    ),
    "XLM": (
        "XLM",
        "XLMWithLMHeadModel",
        {"emb_dim": WIDTH, "n_layers": 3, "n_heads": 2, "pad_index": 0},
    ),
    "FlauBERT": (
        "Flaubert",
        "FlaubertWithLMHeadModel",
        {"emb_dim": WIDTH, "n_layers": 3, "n_heads": 2, "pad_index": 0},
    ),
    "T5": ("T5", "T5ForConditionalGeneration", _T5),
    "mT5": ("MT5", "MT5ForConditionalGeneration", _T5),
    "Switch": (
        "SwitchTransformers",
        "SwitchTransformersForConditionalGeneration",
        _T5 | {"num_experts": 2, "num_sparse_encoder_layers": 1, "num_sparse_decoder_layers": 1},
    ),
    "BART": ("Bart", "BartForConditionalGeneration", _BART),
    "mBART": ("MBart", "MBartForConditionalGeneration", _BART),
    "Marian": ("Marian", "MarianMTModel", _BART | {"scale_embedding": True}),
    "Pegasus": ("Pegasus", "PegasusForConditionalGeneration", _BART),
    "M2M-100": ("M2M100", "M2M100ForConditionalGeneration", _BART),
    "LED": (
        "LED",
        "LEDForConditionalGeneration",
        _BART
        | {
            "attention_window": [4, 4, 4],
            "max_encoder_position_embeddings": 40,
            "max_decoder_position_embeddings": 40,
        },
    ),
    "ProphetNet": (
        "ProphetNet",
        "ProphetNetForConditionalGeneration",
        {
            "hidden_size": WIDTH,
            "num_encoder_layers": 3,
            "num_decoder_layers": 2,
            "num_encoder_attention_heads": 2,
            "num_decoder_attention_heads": 2,
            "encoder_ffn_dim": WIDTH,
            "decoder_ffn_dim": WIDTH,
        },
    ),
    "GPT": ("OpenAIGPT", "OpenAIGPTLMHeadModel", _GPT),
    "GPT-2": ("GPT2", "GPT2LMHeadModel", _GPT),
    "GPT-Neo": (
        "GPTNeo",
        "GPTNeoForCausalLM",
        {
            "hidden_size": WIDTH,
            "num_layers": 2,
            "num_heads": 2,
            "attention_types": [[["global", "local"], 1]],
        },
    ),
    "GPT-NeoX": ("GPTNeoX", "GPTNeoXForCausalLM", _BERT),
    "GPT-J": ("GPTJ", "GPTJForCausalLM", _GPT | {"rotary_dim": 4}),
    "CTRL": (
        "CTRL",
        "CTRLLMHeadModel",
        {"n_embd": WIDTH, "n_layer": 3, "n_head": 2, "dff": WIDTH, "n_positions": 40},
    ),
    "BLOOM": ("Bloom", "BloomForCausalLM", {"hidden_size": WIDTH, "n_layer": 3, "n_head": 2}),
    "OPT": (
        "OPT",
        "OPTForCausalLM",
        _BERT | {"ffn_dim": WIDTH, "word_embed_proj_dim": WIDTH},
    ),
    "OPT, projected": (
        "OPT",
        "OPTForCausalLM",
        _BERT | {"ffn_dim": WIDTH, "word_embed_proj_dim": 8},
    ),
    "Falcon": ("Falcon", "FalconForCausalLM", _BERT),
    "MPT": (
        "Mpt",
        "MptForCausalLM",
        {"d_model": WIDTH, "n_layers": 3, "n_heads": 2, "max_seq_len": 40},
    ),
    "Llama": ("Llama", "LlamaForCausalLM", _LLAMA | {"tie_word_embeddings": False}),
    "Mistral": ("Mistral", "MistralForCausalLM", _LLAMA),
    "Qwen2": ("Qwen2", "Qwen2ForCausalLM", _LLAMA),
    "Qwen3": ("Qwen3", "Qwen3ForCausalLM", _LLAMA),
    "Qwen3-MoE": ("Qwen3Moe", "Qwen3MoeForCausalLM", _MOE),
    "Qwen3-Next": (
        "Qwen3Next",
        "Qwen3NextForCausalLM",
        _MOE
        | {
            "layer_types": ["linear_attention", "full_attention", "linear_attention"],
            "linear_key_head_dim": 4,
            "linear_value_head_dim": 4,
            "linear_num_key_heads": 2,
            "linear_num_value_heads": 2,
            "shared_expert_intermediate_size": 8,
        },
    ),
    "Mixtral": ("Mixtral", "MixtralForCausalLM", _MOE),
    "Phi": ("Phi", "PhiForCausalLM", _BERT),
    "Phi-3": ("Phi3", "Phi3ForCausalLM", _LLAMA),
    "Gemma": ("Gemma", "GemmaForCausalLM", _LLAMA),
    "Gemma 2": ("Gemma2", "Gemma2ForCausalLM", _LLAMA),
    "Gemma 3": ("Gemma3Text", "Gemma3ForCausalLM", _LLAMA),
    "OLMo 2": ("Olmo2", "Olmo2ForCausalLM", _LLAMA),
    "Cohere": ("Cohere", "CohereForCausalLM", _LLAMA),
    "StableLM": ("StableLm", "StableLmForCausalLM", _LLAMA),
    "RWKV": (
        "Rwkv",
        "RwkvForCausalLM",
        {
            "hidden_size": WIDTH,
            "attention_hidden_size": WIDTH,
            "intermediate_size": WIDTH,
            "num_hidden_layers": 3,
        },
    ),
    "Mamba": ("Mamba", "MambaForCausalLM", _MAMBA),
    "Mamba 2": (
        "Mamba2",
        "Mamba2ForCausalLM",
        _MAMBA | {"num_heads": 4, "head_dim": 8, "n_groups": 1, "chunk_size": 8},
    ),
    "Falcon-Mamba": ("FalconMamba", "FalconMambaForCausalLM", _MAMBA),
    "RecurrentGemma": (
        "RecurrentGemma",
        "RecurrentGemmaForCausalLM",
        _BERT | {"lru_width": WIDTH, "num_key_value_heads": 1},
    ),
    "CLIP": (
        "CLIP",
        "CLIPModel",
        {"text_config": _TEXT, "vision_config": _SEE, "projection_dim": 8},
    ),
    "SigLIP": (
        "Siglip",
        "SiglipModel",
        {"text_config": _TEXT | {"projection_size": WIDTH}, "vision_config": _SEE},
    ),
}


def build(name: str) -> Any:
    """The tiny model of a family, no weight of it trivial."""
    import torch
    import transformers

    stem, kind, how = FAMILIES[name]
    own = {} if "text_config" in how else {"vocab_size": ROWS}
    config = getattr(transformers, f"{stem}Config")(**own, **how)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        made = getattr(transformers, kind)(config)
        with torch.no_grad():
            for weight in made.parameters():
                if weight.requires_grad:
                    weight.add_(torch.randn_like(weight) * 0.2)
    return made.float().eval()


def save(model: Any, folder: Path, *, safe: bool = True) -> Path:
    """The model, and a tokenizer of whole words that puts [CLS] and [SEP] around a text."""
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    words = special + [f"w{number}" for number in range(ROWS - len(special))]
    made = Tokenizer(models.WordLevel({word: row for row, word in enumerate(words)}, "[UNK]"))
    made.pre_tokenizer = pre_tokenizers.Whitespace()
    made.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    PreTrainedTokenizerFast(
        tokenizer_object=made, pad_token="[PAD]", unk_token="[UNK]", model_max_length=32
    ).save_pretrained(folder)
    model.save_pretrained(folder, safe_serialization=safe)
    return folder
