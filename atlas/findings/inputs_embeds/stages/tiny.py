"""Tiny models of every family that transformers has and that accepts `inputs_embeds`, found by
introspection: the mapping from configs to models, the signature of a model's `forward`, and the
names of a config's numbers.

Random weights near zero would hide what a model adds, so that every weight gets noise of 0.2.
"""

from __future__ import annotations

import inspect
import itertools
import logging
import re
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from atlas.models.networks import Network

VOCABULARY = 96  # rows of every input table
WIDTH, NARROW = 32, 16  # dimensions of layers, and of embeddings where a family has fewer
SPECIAL = 80  # ids of special tokens begin here, the pad's excepted
_HEADS, _HEAD, _ROOM = 4, 8, 64
_LIMIT = 20_000_000  # weights that a tiny model may have

# What a number of a config becomes, by its key; the first pattern that matches the whole key holds.
_RULES = tuple(
    (re.compile(f"({pattern})\\Z"), value)
    for pattern, value in (
        (r"type_vocab_size|num_token_types", None),
        (r"\w*vocab_size\w*|n_vocab|n_words|num_embeddings", VOCABULARY),
        (r"num_nextn_\w+|first_k_dense_replace|num_kv_shared_layers|num_dense_layers", 0),
        (r"embedding_size|input_embedding_size|output_embedding_size", NARROW),
        (r"q_lora_rank|kv_lora_rank|\w*projection_dim|time_step_rank", NARROW),
        (r"hidden_size_per_layer_input|laurel_rank|chunk_size|\w*chunk_size", _HEAD),
        (r"\w*head_dim|d_kv|d_head|\w*d_head|\w*state_size|\w*d_state|attention_head_size", _HEAD),
        (r"kv_channels|rotary_dim|image_size|query_pre_attn_scalar|\w*sliding_window", _HEAD),
        (r"local_window_size|\w*block_size|\w*block_length|num_landmarks", _HEAD),
        (r"n_group|topk_group|n_groups|\w*_groups|head_ratio|num_mem_blocks|num_groups", 1),
        (r"num_key_value_heads_per_\w+|num_attention_heads_per_\w+", 1),
        (r"\w*(top_?k|experts_per_tok\w*|num_selected_experts|shared_experts)", 2),
        (r"\w*experts\w*", _HEADS),
        (r"\w*heads?(_kv)?|\w*attention_heads\w*|patch_size|mamba_n_heads|num_heads\w*", _HEADS),
        (r"\w*(layers?|blocks|depth)|[lrx]_layers|depths|decoder_ffn_layers", 2),
        (r"\w*max\w*_position\w*|n_positions|n_ctx|max_seq\w*|max_\w*len\w*", _ROOM),
        (r"\w*(hidden|intermediate|ffn|inner|ff|embed|emb|mlp)_?(\w*_)?(size|dim)\w*", WIDTH),
        (r"d_model|dim|n_embd|n_inner|d_ff|dff|d_inner|lru_width|width|hidden_sizes?", WIDTH),
        (r"encoder_ffn_dim|d_cross|model_dim|bottleneck_size|true_hidden_size|dim_ff", WIDTH),
        (r"mamba_d_ssm|mamba_intermediate\w*|ssm_intermediate\w*", 2 * WIDTH),
    )
)
_ID = re.compile(r"\w*(token|start|pad|bos|eos|mask)_?(token_)?(id|ids|index|indices)\Z")


_LAYERS = ("num_hidden_layers", "n_layer", "n_layers", "num_layers")
_FIXED = ("axial", "2d", "proportional")  # of towers that see
_DEFAULT = {"rope_type": "default", "rope_theta": 10000.0}
_MROPE = _DEFAULT | {"mrope_section": [2, 1, 1]}
_STATES = {"mamba_n_heads": 8, "mamba_d_head": 8, "mamba_d_ssm": 64, "mamba_n_groups": 1}
# What some families need besides, by their names: keys that have no default, or that must fit
# others.
_OWN: tuple[tuple[re.Pattern[str], dict[str, Any]], ...] = tuple(
    (re.compile(f"({pattern})\\Z"), values)
    for pattern, values in (
        (
            r"(qwen(2|2_5|3)_(vl|omni).*|glm\w*|paddleocr_vl.*|ernie4_5_vl.*)",
            {"rope_scaling": _MROPE, "rope_parameters": _MROPE},
        ),
        (r"glm|glm4|glm4_moe\w*", {"rope_scaling": None, "rope_parameters": _DEFAULT}),
        (r"bamba|falcon_h1|granitemoehybrid", _STATES),
        (r"granitemoehybrid", {"layer_types": ["mamba", "attention"]}),
        (r"mamba2", {"num_heads": 8, "head_dim": 8, "n_groups": 1}),
        (r"jamba|zamba", {"use_mamba_kernels": False}),
        (r"esm", {"vocab_size": VOCABULARY, "mask_token_id": SPECIAL, "pad_token_id": 1}),
        (r"longformer", {"attention_window": [4, 4]}),
        (r"led", {"attention_window": [4, 4], "max_encoder_position_embeddings": _ROOM}),
        (
            r"gpt_neo",
            {
                "attention_types": [[["global", "local"], 1]],
                "attention_layers": ["global", "local"],
            },
        ),
        (r"nystromformer", {"num_landmarks": 2, "segment_means_seq_len": 2}),
        (r"xmod", {"default_language": "en_XX"}),
        (r"nemotron|ministral|dots1|hunyuan.*", {"head_dim": _HEAD, "num_key_value_heads": _HEADS}),
        (
            r"deepseek_v2|deepseek_v3|longcat_flash|mistral4",
            {
                "head_dim": _HEAD,
                "qk_head_dim": 16,
                "num_experts_per_tok": 2,
                "n_routed_experts": 4,
                "n_group": 1,
                "topk_group": 1,
            },
        ),
        (
            r"dots1",
            {"n_routed_experts": 4, "num_experts_per_tok": 2, "n_group": 1, "topk_group": 1},
        ),
        (r"jetmoe", {"kv_channels": _HEAD, "num_key_value_heads": 2}),
        (
            r"mobilebert",
            {"embedding_size": NARROW, "true_hidden_size": WIDTH, "trigram_input": True},
        ),
        (
            r"reformer",
            {"axial_pos_embds_dim": [16, 16], "axial_pos_shape": [8, 8], "axial_pos_embds": False},
        ),
        (r"gemma4.*|embedding_gemma2.*|dots3_note.*", {"per_layer_config": None}),
        (r"granite\w*|falcon_h1", {"embedding_multiplier": 12.0}),
        (r"(m|pl)bart|marian|pegasus\w*|blenderbot\S*", {"scale_embedding": True}),
        (
            r"deberta(-v2)?",  # as their checkpoints have it
            {
                "relative_attention": True,
                "pos_att_type": ["c2p", "p2c"],
                "position_biased_input": False,
                "type_vocab_size": 0,
            },
        ),
        (r"xlstm", {"qk_dim_factor": 1.0, "v_dim_factor": 1.0}),
    )
)


@dataclass(frozen=True)
class Family:
    """A config's name in transformers, `model_type`, and the class of its base model."""

    name: str
    kind: Network  # a class of transformers


def families() -> Iterator[Family]:
    """Every family of the installed transformers whose base model accepts `inputs_embeds`."""
    from transformers.models.auto.configuration_auto import CONFIG_MAPPING

    for name in sorted(CONFIG_MAPPING.keys()):
        with suppress(Exception):  # a family whose libraries are not installed
            yield family(name)


def family(name: str) -> Family:
    """The family of a `model_type`. Raises KeyError where there is none, or none whose base model
    accepts `inputs_embeds`, and what the import of its module raises."""
    from transformers.models.auto.configuration_auto import CONFIG_MAPPING
    from transformers.models.auto.modeling_auto import MODEL_MAPPING

    kinds: Network = MODEL_MAPPING[CONFIG_MAPPING[name]]
    for kind in kinds if isinstance(kinds, list | tuple) else (kinds,):
        if "inputs_embeds" in inspect.signature(kind.forward).parameters:
            return Family(name, kind)
    raise KeyError(name)


def build(family: Family, *, writes: bool = False) -> Network:
    """The tiny model of a family, in evaluation mode and float32; one that `writes` text reads it
    from left to right. Raises what the library raises."""
    import torch

    with quiet(), torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        config = config_of(family)
        kind = family.kind
        if writes and not config.is_encoder_decoder:
            config.is_decoder = True
        size = 0
        with suppress(NotImplementedError), torch.device("meta"):
            size = sum(weight.numel() for weight in kind(config).parameters())
        if size > _LIMIT:
            raise ValueError(f"made small, it still has {size / 1e6:.0f} million weights")
        made = kind(config)
        with torch.no_grad():
            for weight in made.parameters():
                if weight.requires_grad and weight.is_floating_point():
                    weight.add_(torch.randn_like(weight) * 0.2)
    return made.float().eval()


def config_of(family: Family) -> Network:
    """The config of a family, its numbers made small."""
    whole = family.kind.config_class()
    own: dict[str, Any] = {}
    for pattern, values in _OWN:
        if pattern.match(family.name):
            own |= values
    config = type(whole).from_dict(shrunk(whole.to_dict(), own))
    config._attn_implementation = "eager"
    return config


def shrunk(values: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    """The dictionary of a config with every number made small that its key tells the meaning of,
    and what a family needs of its `own` wherever it has that key."""
    layers = next((values[key] for key in _LAYERS if isinstance(values.get(key), int)), 0)
    special = itertools.count(SPECIAL)
    made: dict[str, Any] = {}
    for key, value in values.items():
        if key in own and not (isinstance(value, dict) and value.get("rope_type") in _FIXED):
            made[key] = own[key]
        elif isinstance(value, dict):
            made[key] = value if any(str(one).isdigit() for one in value) else shrunk(value, own)
        elif _ID.match(key) and isinstance(value, int):
            made[key] = min(value, 1) if "pad" in key else next(special)
        elif isinstance(value, list) and len(value) == layers and key != "architectures":
            made[key] = [value[0], next((one for one in value if one != value[0]), value[0])]
        elif isinstance(value, list):
            made[key] = [_small(key, one, values) for one in value]
        else:
            made[key] = _small(key, value, values)
    return made


def _small(key: str, value: object, others: Mapping[str, object]) -> object:
    """One value of a config, made small if it is a number and its key tells what of."""
    if not isinstance(value, int) or isinstance(value, bool) or value <= 0:
        return value
    if key == "embedding_size" and value == others.get("hidden_size"):
        return WIDTH
    small = next((number for pattern, number in _RULES if pattern.match(key)), None)
    return value if small is None else min(value, small)


@contextmanager
def quiet() -> Iterator[None]:
    """Keeps libraries from saying what is of no use to anyone about tiny models."""
    logger = logging.getLogger("transformers")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            yield
        finally:
            logger.setLevel(level)
