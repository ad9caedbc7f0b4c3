"""The table of families: what `hidden_states[0]` holds and what `inputs_embeds` wants, measured on
a tiny random model of every family of transformers that accepts `inputs_embeds`."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

from atlas.engine.stage import GIB, Work, stage
from atlas.errors import UnsuitableError
from atlas.findings.inputs_embeds.data import (
    Added,
    Change,
    Families,
    NotMade,
    Row,
    Verdict,
)
from atlas.findings.inputs_embeds.stages import tiny
from atlas.findings.inputs_embeds.stages.generation import generated
from atlas.findings.inputs_embeds.stages.probe import Probe, apart
from atlas.findings.inputs_embeds.stages.sides import Side, other_input, said, sides
from atlas.findings.inputs_embeds.stages.tiny import Family
from atlas.models import checkpoint as checkpoints
from atlas.models.networks import Network
from atlas.numeric.threads import torch_threads

if TYPE_CHECKING:
    from torch import Tensor

IDS = (7, 23, 5, 41, 12, 60)
_SAME = 1e-4  # relative difference of a scale from the one that a config holds
_PADS = 2  # before or behind, where padding is tried
Changes = dict[Change, float | None]
Reasons = dict[Change, str]
_Given = tuple["Tensor", "Tensor | None"]  # ids or embeddings, and what each layer gets of its own
_Give = Callable[["Tensor", "Tensor"], _Given]  # of ids and a mask


@stage(
    "families",
    version=3,
    weight=60,
    libraries=("torch", "transformers"),
    parallel=True,
    memory=4 * GIB,
)
def families(*, only: tuple[str, ...] = (), work: Work = Work()) -> Families:
    """A row for each family that can be made tiny, and why for each other; `only` those with these
    names, if any."""
    checkpoints.pretrained("path:")
    import torch
    import transformers

    begin = time.process_time()
    rows: list[Row] = []
    left: list[NotMade] = []
    with torch_threads(work.threads), tiny.quiet():
        every = [tiny.family(name) for name in only] if only else list(tiny.families())
        for number, family in enumerate(every):
            try:
                rows.append(row(family))
            except Exception as problem:  # noqa: BLE001  # whatever a family's code raises
                reason = problem.message if isinstance(problem, UnsuitableError) else said(problem)
                left.append(NotMade(name=family.name, kind=family.kind.__name__, reason=reason))
            work.progress((number + 1) / len(every))
    return Families(
        rows=tuple(rows),
        left_out=tuple(left),
        versions={
            "torch": torch.__version__.partition("+")[0],
            "transformers": transformers.__version__,
        },
        seconds=time.process_time() - begin,
    )


def row(family: Family) -> Row:
    """The row of a family. Raises UnsuitableError, and what its code raises."""
    import torch

    network = tiny.build(family)
    found = measure(network, torch.tensor(IDS))
    return found.model_copy(update={"name": family.name, "generated": generated(family)})


def measure(network: Network, ids: Tensor) -> Row:
    """The row of a model, measured on token ids (n,), all different. Raises UnsuitableError."""
    side, decoder = sides(network)
    probe = Probe(side, ids)
    added = probe.added()
    start = _start(probe, added)
    changes, reasons = _changes(probe, added, start)
    if decoder is not None:
        more = _decoder(decoder, ids)
        changes |= more[0]
        reasons |= more[1]
    searches = probe.searches()
    enters = probe.enters(probe.words)
    added = added.model_copy(update={"dropout": probe.drops()})
    return Row(
        name=str(network.config.model_type),
        kind=side.kind,
        verdict=sort(added, changes, searches, probe.near.leaves, settled=probe.settled()),
        formula=added.formula,
        added=added,
        changes=changes,
        reasons=reasons,
        generated=None,
        start=start,
        outside=_named(network, added.outside),
        near=probe.near.leaves,
        differs=apart(enters, probe.truth.states[0][0]) > probe.near.enters,
        exact=changes["lookup"] == 0,
        searches=searches,
        heard=other_input(network),
    )


def sort(added: Added, changes: Changes, searches: bool, near: float, *, settled: bool) -> Verdict:
    """The word for a family: the first that holds of what follows. It reads its table although it
    is given embeddings; the way of ids alone has a scale; looked-up embeddings do not do, nor does
    `hidden_states[0]`; that is what it wants; a projection, a norm, a shift, a scale."""
    lookup, hidden = changes["lookup"], changes["hidden"]
    right = settled and hidden is not None and hidden < near
    scaled = changes.get("scaled")
    if searches or added.refuses:
        return "looks ids up again"
    if scaled is not None and scaled < near:
        return "scaled"
    if not right and (lookup is None or lookup >= near):
        return "looks ids up again"
    if right:
        return "same"
    if added.projection or added.mixed or added.layered:
        return "projected"
    if added.norm:
        return "normed"
    if added.position in ("learned", "sinusoidal") or added.segment or added.bias:
        return "shifted"
    return "scaled"


def _named(network: Network, scale: float) -> str:
    """The key of a model's config that holds a scale; empty for 1, and where none does."""
    values = network.config.to_dict() if scale != 1 else {}
    for key, value in values.items():
        if isinstance(value, float) and abs(value / scale - 1) < _SAME:
            return str(key)
    return ""


def _start(probe: Probe, added: Added) -> int:
    """The first of `position_ids`: RoBERTa's are rows of its table, OPT's are counted from 0."""
    import torch

    if not added.first or not probe.side.can("position_ids"):
        return 0
    places = torch.arange(len(probe.ids)) + added.first
    try:
        rows = probe.side.run(probe.words, positions=places)
    except UnsuitableError:
        return 0
    return added.first if apart(rows.last, probe.truth.last) < probe.near.leaves else 0


def _changes(probe: Probe, added: Added, start: int) -> tuple[Changes, Reasons]:
    """How much the last layer changes by what is done, and why what cannot be done cannot."""
    side, words = probe.side, probe.words
    state = probe.truth.states[0][0]
    fits = state.shape == words.shape
    scale = added.within if added.within != 1 else added.scale
    tried: dict[Change, Callable[[], float]] = {"lookup": lambda: _fed(probe, words)}
    if fits:
        tried["hidden"] = lambda: _fed(probe, state)
    if added.outside != 1:
        tried["scaled"] = lambda: _fed(probe, words * added.outside)
    if side.can("per_layer_inputs"):
        with suppress(AttributeError, RuntimeError, TypeError):  # a model without such tables
            layers = side.layers(probe.ids)
            tried["per_layer"] = lambda: _fed(probe, words, layers)
    if added.within != 1 or added.own:
        tried["rows"] = lambda: _fed(probe, probe.rows().to(words))
    if scale != 1:
        tried["twice"] = lambda: _fed(probe, words * scale)
    changes, reasons = _try(tried)
    if side.can("attention_mask"):
        give = _giver(probe, added.outside, changes)
        padded: dict[Change, Callable[[], float]] = {
            "right": lambda: _padded(probe, give, before=0),
            "left": lambda: _padded(probe, give),
            "left_ids": lambda: _padded(probe, _ids),
            "unmasked": lambda: _padded(probe, give, masked=False),
        }
        if side.can("position_ids"):
            padded["left_positions"] = lambda: _padded(probe, give, first=start)
            padded["unmasked"] = lambda: _padded(probe, give, masked=False, first=start)
        more = _try(padded)
        changes, reasons = changes | more[0], reasons | more[1]
    if not fits:
        changes["hidden"] = None
        reasons["hidden"] = f"{state.shape[-1]} wide where {words.shape[-1]} is expected"
    return changes, reasons


def _try(tried: dict[Change, Callable[[], float]]) -> tuple[Changes, Reasons]:
    changes: Changes = {}
    reasons: Reasons = {}
    for name, measured in tried.items():
        try:
            changes[name] = measured()
        except UnsuitableError as problem:
            changes[name], reasons[name] = None, problem.message
    return changes, reasons


def _fed(probe: Probe, given: Tensor, layers: Tensor | None = None) -> float:
    made = probe.side.run(given, layers=layers)
    return apart(made.last[0], probe.truth.last[0])


def _ids(ids: Tensor, mask: Tensor) -> _Given:
    return ids, None


def _giver(probe: Probe, scale: float, changes: Changes) -> _Give:
    """How embeddings of a padded text are made: in the first way that is right without padding, and
    looked up where none is."""
    side = probe.side

    def state(ids: Tensor, mask: Tensor) -> _Given:
        return side.run(ids, mask=mask).states[0][0], None

    ways: dict[Change, _Give] = {
        "lookup": lambda ids, mask: (side.lookup(ids), None),
        "scaled": lambda ids, mask: (side.lookup(ids) * scale, None),
        "per_layer": lambda ids, mask: (side.lookup(ids), side.layers(ids)),
        "hidden": state,
    }
    for name, way in ways.items():
        change = changes.get(name)
        if change is not None and change < probe.near.leaves:
            return way
    return ways["lookup"]


def _padded(
    probe: Probe,
    give: _Give,
    *,
    before: int = _PADS,
    masked: bool = True,
    first: int | None = None,
) -> float:
    """The change at the text's own positions when pads stand before or behind it; with
    `position_ids` where the `first` position is given."""
    import torch

    pad = getattr(probe.side.network.config, "pad_token_id", None)
    fill = torch.tensor([pad if isinstance(pad, int) and pad >= 0 else 0] * _PADS)
    own = torch.ones(len(probe.ids), dtype=torch.long)
    none = torch.zeros(_PADS, dtype=torch.long)
    order = slice(None, None, 1 if before else -1)
    padded = torch.cat([fill, probe.ids][order])
    mask = torch.cat([none, own][order])
    given, layers = give(padded, mask)
    made = probe.side.run(
        given,
        layers=layers,
        mask=mask if masked else torch.ones_like(mask),
        positions=None if first is None else (mask.cumsum(0) - 1).clamp(min=0) + first,
    )
    return apart(made.last[0][before : before + len(own)], probe.truth.last[0])


def _decoder(side: Side, ids: Tensor) -> tuple[Changes, Reasons]:
    """The same two of an encoder–decoder's `decoder_inputs_embeds`."""
    try:
        truth = side.run(ids)
        words, state = side.lookup(ids), truth.states[0][0]
    except UnsuitableError as problem:
        return {"decoder_lookup": None}, {"decoder_lookup": problem.message}
    tried: dict[Change, Callable[[], float]] = {
        "decoder_lookup": lambda: apart(side.run(words).last[0], truth.last[0])
    }
    if state.shape == words.shape:
        tried["decoder_hidden"] = lambda: apart(side.run(state).last[0], truth.last[0])
    return _try(tried)
