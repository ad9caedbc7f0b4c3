"""Tokens that look untrained, put to the model: can it repeat them?

After Land & Bartolo 2024 (arXiv 2405.05417): a token counts as untrained where no prompt that asks
for it gives it a chance of one in a hundred. Ordinary tokens are asked in the same way, since a
small model may not repeat these either.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Literal

import numpy as np

from atlas.engine.stage import GIB, Work, stage
from atlas.errors import ModelError
from atlas.findings.tables.data import Asked, Verified
from atlas.models import checkpoint as checkpoints
from atlas.models import tokenizer_asked
from atlas.models.checkpoint import READ_JSON, read_json
from atlas.numeric.threads import torch_threads
from atlas.spaces.records import Suspicion, Vocabulary

LEAST = 0.01  # the chance below which a token was not repeated
MOST = 200  # tokens asked, those that look most untrained
OTHERS = 100  # ordinary ones, at random
_BATCH = 32

Head = Literal["causal", "masked", "none"]
Model = Any  # of transformers, whose classes have no types that hold for every family
# What stands before a token, between its first and its second place, and behind that.
_PROMPTS = (("", "", ""), ('Repeat: "', '"\nRepeated: "', '"'), ("one, one, two, two, ", ", ", ","))
_AGAIN = 3  # times that it stands before, in the first prompt


@stage("verify", version=1, weight=30, uses=(READ_JSON,), parallel=True, gpu=True, memory=4 * GIB)
def verify(
    vocabulary: Vocabulary, suspicion: Suspicion, *, seed: int = 0, work: Work = Work()
) -> Verified:
    """How large a chance a model gives tokens that it is asked to repeat: those that look most
    untrained, and ordinary ones. Raises ModelError when it cannot be loaded."""
    facts = suspicion.facts
    known = {row for rows in facts["references"].values() for row in rows}
    scores = np.asarray(suspicion.scores)
    suspects = sorted(set(facts["flagged"]) - known, key=lambda row: (-scores[row], row))[:MOST]
    away = known | set(facts["flagged"])
    plain = [row for row, kind in enumerate(vocabulary.kinds) if kind == "word" and row not in away]
    head = head_of(work.location)
    if head == "none" or not suspects:
        return Verified(head=head, least=LEAST, suspects=(), others=())
    random = np.random.default_rng(seed)
    others = sorted(random.choice(plain, min(OTHERS, len(plain)), replace=False).tolist())
    with torch_threads(work.threads):
        chances = _chances(head, [*suspects, *others], work)

    def asked(rows: Sequence[int]) -> tuple[Asked, ...]:
        return tuple(
            Asked(id=row, text=vocabulary.texts[row], chance=round(chances[row], 4)) for row in rows
        )

    return Verified(head=head, least=LEAST, suspects=asked(suspects), others=asked(others))


def head_of(location: str) -> Head:
    """The head for words that a checkpoint's architecture has: for the next one, or for one behind
    a mask."""
    told = (read_json(location, "config.json") or {}).get("architectures")
    names = [str(name) for name in told] if isinstance(told, list) else []
    if any(end in name for name in names for end in ("CausalLM", "LMHeadModel")):
        return "causal"
    return "masked" if any("MaskedLM" in name for name in names) else "none"


def _chances(head: Head, rows: Sequence[int], work: Work) -> dict[int, float]:
    """The largest chance that a prompt gives each token."""
    import torch

    tokenizer = tokenizer_asked.tokenizer(work.location)
    model = _model(head, work)

    def ids(text: str) -> list[int]:
        return list(tokenizer(text, add_special_tokens=False)["input_ids"]) if text else []

    best = dict.fromkeys(rows, 0.0)
    with torch.inference_mode():
        for number, parts in enumerate(_PROMPTS):
            before, between, behind = map(ids, parts)
            mask = [int(tokenizer.mask_token_id)] if head == "masked" else []
            for batch in _batches(rows):
                asked = [
                    _prompt(
                        tokenizer, head, [*before, *[row] * (1 if before else _AGAIN), *between]
                    )
                    + ([*mask, *(behind or [row] * _AGAIN), *_end(tokenizer)] if mask else [])
                    for row in batch
                ]
                at = len(asked[0]) - 1
                if mask:
                    at -= len(behind or [0] * _AGAIN) + len(_end(tokenizer))
                found = model(input_ids=torch.tensor(asked, device=work.device)).logits[:, at]
                told = found.float().softmax(-1)[range(len(batch)), torch.tensor(batch)].tolist()
                best |= {row: max(best[row], one) for row, one in zip(batch, told, strict=True)}
            work.progress((number + 1) / len(_PROMPTS))
    return best


def _prompt(tokenizer: Model, head: Head, ids: list[int]) -> list[int]:
    """Ids behind what a text begins with."""
    first = tokenizer.cls_token_id if head == "masked" else tokenizer.bos_token_id
    return ([] if first is None else [int(first)]) + ids


def _end(tokenizer: Model) -> list[int]:
    return [] if tokenizer.sep_token_id is None else [int(tokenizer.sep_token_id)]


def _batches(rows: Sequence[int]) -> Iterator[list[int]]:
    for begin in range(0, len(rows), _BATCH):
        yield list(rows[begin : begin + _BATCH])


def _model(head: Head, work: Work) -> Model:
    """The model with its head, in float32. Raises ModelError."""
    name, revision = checkpoints.pretrained(work.location)
    import torch
    from transformers import AutoModelForCausalLM, AutoModelForMaskedLM

    load: Callable[..., Model] = (
        AutoModelForCausalLM if head == "causal" else AutoModelForMaskedLM
    ).from_pretrained
    try:
        made = load(name, revision=revision, trust_remote_code=False, dtype=torch.float32)
    except Exception as problem:
        reason = (str(problem).strip() or type(problem).__name__).splitlines()[0]
        raise ModelError(
            f"{name}: transformers cannot load it with its head: {reason}",
            "Leave `verify` out of [tables], or use a checkpoint of transformers' own.",
        ) from problem
    return made.to(work.device).eval()
