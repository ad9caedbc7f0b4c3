"""Models of transformers: the part of each family that reads text, made from a checkpoint, and how
that part is called."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from atlas.errors import ModelError, UnsuitableError
from atlas.models import checkpoint as checkpoints
from atlas.models import tokenizer_asked

if TYPE_CHECKING:
    from torch import Tensor

# Of transformers, whose classes have no types that hold for every family.
Network = Any
Tokenizer = Any
_Config = Any

_OWN = (
    "A contextual space needs a model and a tokenizer of transformers' own; "
    "a model's own code is never run."
)
# Keys of a config that hold something for each layer.
_LISTS = (
    *("layer_types", "layers_block_type", "attention_window", "attention_layers", "block_types"),
    *("no_rope_layers", "layer_block_types"),
)
_CLOSE = 1e-3  # difference of states that is rounding, relative to the largest value


@dataclass(frozen=True)
class Loaded:
    """What a checkpoint holds.

    layers   how many it has, where fewer were made; 0 where all were
    """

    tokenizer: Tokenizer
    network: Network
    layers: int


@dataclass(frozen=True)
class Tried:
    """What a try on short texts told.

    aligned   for each entry of `hidden_states`, whether it has one vector a token
    pads      whether padding a text changes nothing
    """

    aligned: tuple[bool, ...]
    pads: bool


def load(location: str, upto: int = -1) -> Loaded:
    """The tokenizer of a checkpoint, and the part of its model that reads text, with no more layers
    than the outputs up to layer `upto` and one more need; all for -1. Raises ModelError,
    UnsuitableError."""
    name, revision = checkpoints.pretrained(location)
    tokenizer = _tokenizer(location)
    from transformers import AutoConfig, logging

    logging.set_verbosity_error()  # what matters of what it says is told here
    how = {"revision": revision, "trust_remote_code": False}
    try:
        config = AutoConfig.from_pretrained(name, **how)
    except Exception as problem:
        raise _not_loaded(name, problem) from problem
    if upto >= 0 and (layers := _cut(config, upto)):
        with suppress(Exception):  # few layers are a matter of time, and some families want all
            network = _network(name, config, how)
            made = _called(network, _some(network))
            if len(made) == upto + 2:
                return Loaded(tokenizer, network, layers)
        config = AutoConfig.from_pretrained(name, **how)
    return Loaded(tokenizer, _network(name, config, how), 0)


def _tokenizer(location: str) -> Tokenizer:
    try:
        return tokenizer_asked.tokenizer(location)
    except tokenizer_asked.Lacking:
        raise
    except ModelError as problem:
        raise UnsuitableError(problem.message, problem.hint) from problem


def embedding(network: Network) -> Network:
    """The module that looks input embeddings up, with its `weight`. Raises UnsuitableError."""
    with suppress(NotImplementedError, AttributeError):
        found = network.get_input_embeddings()
        if getattr(getattr(found, "weight", None), "ndim", 0) == 2:
            return found
    for place in (network, getattr(network, "embeddings", None)):
        for name in ("token_embedding", "word_embeddings", "embed_tokens"):
            found = getattr(place, name, None)
            if getattr(getattr(found, "weight", None), "ndim", 0) == 2:
                return found
    raise UnsuitableError(f"{type(network).__name__} has no single table of input embeddings.")


def states(network: Network, ids: Tensor, mask: Tensor) -> Sequence[Tensor]:
    """`hidden_states` for token ids (n, l), where `mask` (n, l) is 1 on texts and 0 behind them; as
    it reads them alone in families that take no mask."""
    given: dict[str, object] = (
        {"attention_mask": mask} if "attention_mask" in _takes(network) else {}
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of what a family's code will not do in a later torch
        made = network(input_ids=ids, **given, output_hidden_states=True)
    return getattr(made, "hidden_states", None) or ()


def tried(
    network: Network, device: str, before: Sequence[int], after: Sequence[int], rows: int
) -> Tried:
    """Run a model on a text of three tokens, and on one of one token beside it. Raises
    UnsuitableError when it gives no hidden states for texts."""
    import torch

    long, short = ([*before, *(number % rows for number in some), *after] for some in (_FEW, _ONE))
    made = _called(network, torch.tensor([long], device=device))
    aligned = tuple(tuple(state.shape[:2]) == (1, len(long)) for state in made)
    if not aligned[-1]:
        raise UnsuitableError(f"{type(network).__name__} gives no vector for each token.")
    with torch.inference_mode(), suppress(Exception):
        alone = states(
            network,
            torch.tensor([short], device=device),
            torch.ones(1, len(short), dtype=torch.long, device=device),
        )
        ids = torch.tensor([long, short + [0] * (len(long) - len(short))], device=device)
        mask = torch.tensor(
            [[1] * len(long), [1] * len(short) + [0] * (len(long) - len(short))], device=device
        )
        both = states(network, ids, mask)
        return Tried(
            aligned,
            "attention_mask" in _takes(network)
            and all(
                _alike(one[0], two[1, : len(short)]) and _alike(three[0], two[0])
                for one, two, three, there in zip(alone, both, made, aligned, strict=True)
                if there
            ),
        )
    return Tried(aligned, pads=False)


_FEW, _ONE = (9, 11, 10), (11,)  # ids of the tokens that are tried


def _alike(one: Tensor, other: Tensor) -> bool:
    return bool((one - other).abs().max() <= _CLOSE * other.abs().max())


def _called(network: Network, ids: Tensor) -> Sequence[Tensor]:
    """`hidden_states` of a try. Raises UnsuitableError."""
    import torch

    kind = type(network).__name__
    try:
        with torch.inference_mode():
            made = states(network, ids, torch.ones_like(ids))
    except Exception as problem:
        reason = (str(problem).strip() or type(problem).__name__).splitlines()[0]
        raise UnsuitableError(
            f"{kind} does not run on texts alone: {reason:.200}",
            "Only models that take token ids have contextual embeddings here.",
        ) from problem
    if not made or not all(isinstance(state, torch.Tensor) and state.ndim == 3 for state in made):
        raise UnsuitableError(
            f"{kind} gives no hidden states by layer.",
            "Only models that give output_hidden_states have contextual embeddings here.",
        )
    return made


def _some(network: Network) -> Tensor:
    import torch

    rows = int(embedding(network).weight.shape[0])
    return torch.tensor([[number % rows for number in _FEW]])


def _takes(network: Network) -> Iterable[str]:
    return inspect.signature(network.forward).parameters


def _cut(config: _Config, upto: int) -> int:
    """Ask for one layer more than `upto`, and say how many there are; 0 where layers depend on
    their number, or it cannot be changed."""
    own = config
    if not isinstance(getattr(config, "num_hidden_layers", None), int):
        own = config.get_text_config()
    layers = getattr(own, "num_hidden_layers", None)
    shared = getattr(own, "num_kv_shared_layers", 0) or getattr(own, "num_hidden_groups", 1) > 1
    if not isinstance(layers, int) or upto >= layers or shared:
        return 0
    try:
        own.num_hidden_layers = upto + 1
    except (NotImplementedError, AttributeError):
        return 0
    for key in _LISTS:
        value = getattr(own, key, None)
        if isinstance(value, list) and len(value) == layers:
            setattr(own, key, value[: upto + 1])
    return layers


def _network(name: str, config: _Config, how: dict[str, Any]) -> Network:
    """The part of a model that reads text, by AutoModel, or, where its names are not those of the
    weights, by the class that config.json names. Raises ModelError."""
    from transformers import AutoModel

    try:
        model, missing = _made(AutoModel, name, config, how)
        part = _reader(model)
        lacking = _lacking(model, part, missing)
        if part is getattr(model, "text_model", None) and (whole := _text_model(name, config, how)):
            return whole
        if lacking and (again := _by_architecture(name, config, how, type(part))):
            part, lacking = again
    except Exception as problem:
        raise _not_loaded(name, problem) from problem
    if lacking:
        raise ModelError(f"{name}: its weights lack {min(lacking)}", "Is the checkpoint complete?")
    return part


def _made(
    kind: Network, name: str, config: _Config, how: dict[str, Any]
) -> tuple[Network, Iterable[str]]:
    model, told = kind.from_pretrained(name, config=config, output_loading_info=True, **how)
    return model, told["missing_keys"]


def _text_model(name: str, config: _Config, how: dict[str, Any]) -> Network | None:
    """The text's tower as a model of its own, as CLIP and its kin have one; None where the weights
    do not fit it."""
    import transformers

    own = f"{type(config.text_config).__name__.removesuffix('Config')}Model"
    kind = getattr(transformers, own, transformers.AutoModel)
    with suppress(Exception):  # the part of the whole is there
        model, missing = _made(kind, name, config.text_config, how)
        if not _lacking(model, model, missing):
            return model
    return None


def _by_architecture(
    name: str, config: _Config, how: dict[str, Any], wanted: type
) -> tuple[Network, list[str]] | None:
    """The part within the model that the checkpoint was saved from, and what it lacks: Gemma 3's
    text models have other names than AutoModel expects, and tied tables may be written once."""
    import transformers

    for architecture in getattr(config, "architectures", None) or ():
        kind = getattr(transformers, str(architecture), None)
        if isinstance(kind, type) and issubclass(kind, transformers.PreTrainedModel):
            model, missing = _made(kind, name, config, how)
            part = next((one for one in model.modules() if type(one) is wanted), None)
            if part is not None:
                return part, _lacking(model, part, missing)
    return None


def _reader(model: Network) -> Network:
    """The part of a model that reads text."""
    if hasattr(model, "encoder") and hasattr(model, "decoder") and hasattr(model, "get_encoder"):
        encoder = model.get_encoder()
        if "input_ids" in _takes(encoder):
            return encoder
    for name in ("text_model", "language_model"):
        part = getattr(model, name, None)
        if part is not None and "input_ids" in _takes(part):
            return part
    return model


def _lacking(model: Network, part: Network, missing: Iterable[str]) -> list[str]:
    """Of the weights that a checkpoint lacks those that a token's vector passes through and that
    were made up. Sinusoids are no weights, and in no file."""
    mine = {id(weight) for weight in part.parameters() if weight.requires_grad}
    names = {
        own for own, weight in model.named_parameters(remove_duplicate=False) if id(weight) in mine
    }
    return [name for name in missing if name in names and "pooler" not in name]


def _not_loaded(name: str, problem: Exception) -> ModelError:
    """What is said where transformers cannot load a checkpoint: of a family that it does not have
    it holds for ever, of a file that is missing it does not."""
    if isinstance(problem, ModelError):
        return problem
    reason = (str(problem).strip() or type(problem).__name__).splitlines()[0]
    lasting = isinstance(problem, ValueError | KeyError | TypeError | AttributeError)
    kind = UnsuitableError if lasting else ModelError
    return kind(f"{name}: transformers cannot load it: {reason}", _OWN)
