"""`generate(inputs_embeds=…)` against `generate(input_ids=…)`, greedy, on a tiny random model."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING

from atlas.findings.inputs_embeds.data import Generated
from atlas.findings.inputs_embeds.stages import tiny
from atlas.findings.inputs_embeds.stages.sides import said
from atlas.models import networks
from atlas.models.networks import Network

if TYPE_CHECKING:
    from torch import Tensor

_PROMPT = (7, 23, 5, 41)
_NEW = 4  # tokens written
_SOFT = 3  # vectors of a soft prompt


def generated(family: tiny.Family) -> Generated | None:
    """What a family's model that writes text does; None where it has none."""
    import torch

    kind = _writer(family)
    if kind is None:
        return None
    try:
        network = tiny.build(tiny.Family(family.name, kind), writes=True)
        network.generation_config.eos_token_id = None
        with torch.no_grad():
            return compare(network, torch.tensor([_PROMPT]))
    except Exception as problem:  # noqa: BLE001  # whatever a family's code raises
        return Generated(
            same=None, prompt=None, cached=None, left=None, soft=None, reason=said(problem)
        )


def compare(network: Network, ids: Tensor) -> Generated:
    """What a model that writes text makes of a prompt's ids (1, n). Raises what its code raises."""
    import torch

    reads = bool(network.config.is_encoder_decoder)
    begun = 1 if reads else ids.shape[1]
    words = networks.embedding(network)(ids)
    by_ids = _written(network, ids)[0, begun:].tolist()
    raw = _written(network, words)[0]
    prompt = not reads and raw[: ids.shape[1]].tolist() == ids[0].tolist()
    by_words = (raw[begun:] if prompt or reads else raw).tolist()
    new = slice(begun if prompt or reads else 0, None)
    plain = _written(network, words, cache=False)[0, new].tolist()
    noise = torch.Generator().manual_seed(4)
    soft = torch.randn(1, _SOFT, words.shape[2], generator=noise).to(words) * words.std()
    return Generated(
        same=by_words == by_ids,
        prompt=prompt,
        cached=plain == by_words,
        left=None if reads else _left(network, ids, new, by_words),
        # Some families number positions otherwise in `generate`, or force the last token.
        soft=_soft(network, torch.cat([soft, words], dim=1))
        if not reads and _single(network, words) == by_ids
        else None,
    )


def _written(
    network: Network, given: Tensor, mask: Tensor | None = None, *, cache: bool = True
) -> Tensor:
    """Ids of the prompt, where the library gives it back, and of what follows."""
    import torch

    name = "inputs_embeds" if given.is_floating_point() else "input_ids"
    mask = torch.ones(given.shape[:2], dtype=torch.long) if mask is None else mask
    made: Tensor = network.generate(
        **{name: given},
        attention_mask=mask.to(given.device),
        use_cache=cache,
        max_new_tokens=_NEW,
        do_sample=False,
        num_beams=1,
        pad_token_id=0,
        eos_token_id=None,
        **({"decoder_start_token_id": 0} if network.config.is_encoder_decoder else {}),
    )
    return made


def _left(network: Network, ids: Tensor, new: slice, wanted: list[int]) -> bool:
    """Whether two pads before the prompt, masked, change no token that is written."""
    import torch

    pads = torch.zeros((1, 2), dtype=torch.long, device=ids.device)
    padded = torch.cat([pads, ids], dim=1)
    mask = torch.cat([pads, torch.ones_like(ids)], dim=1)
    words = networks.embedding(network)(padded)
    made = _written(network, words, mask)[0].tolist()
    return made[-_NEW:] == wanted


def _soft(network: Network, words: Tensor) -> bool:
    """Whether what is written after vectors that are no tokens is what single passes give."""
    return _written(network, words)[0].tolist()[-_NEW:] == _single(network, words)


def _single(network: Network, words: Tensor) -> list[int]:
    """The tokens that follow, by a forward pass over the whole for each."""
    import torch

    found, whole = [], words
    for _ in range(_NEW):
        scores = network(inputs_embeds=whole, attention_mask=torch.ones(whole.shape[:2])).logits
        token = scores[:, -1].argmax(dim=1)
        found.append(int(token))
        whole = torch.cat([whole, networks.embedding(network)(token[None])], dim=1)
    return found


def _writer(family: tiny.Family) -> Network | None:
    """The class of a family's model that writes text, and has `generate`."""
    from transformers.models.auto import modeling_auto

    config = family.kind.config_class
    for name in (
        "MODEL_FOR_CAUSAL_LM_MAPPING",
        "MODEL_FOR_SEQ_TO_SEQ_CAUSAL_LM_MAPPING",
        "MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING",
    ):
        mapping = getattr(modeling_auto, name, {})
        kind = mapping.get(config, None)
        if kind is not None and "inputs_embeds" in inspect.signature(kind.forward).parameters:
            return kind
    return None
