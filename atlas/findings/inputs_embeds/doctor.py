"""The experiment on a model at hand, for `atlas doctor inputs-embeds`: what its `hidden_states[0]`
holds, what `inputs_embeds` wants, and the lines that are right."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from atlas.errors import ModelError, UnsuitableError
from atlas.findings.inputs_embeds import code
from atlas.findings.inputs_embeds.data import Change, Row
from atlas.models import checkpoint as checkpoints
from atlas.models import hub
from atlas.models.networks import Network

if TYPE_CHECKING:
    from torch import Tensor

DTYPES = ("float32", "float16", "bfloat16")
_IDS = 6  # tokens that the model is tried on
_ELSE = "Give it ids: this version of transformers takes no embeddings in their place."
_SMALL = 2_000_000_000  # bytes that any machine is taken to have

TOLD = {
    "same": "hidden_states[0] is the looked-up embeddings: feeding it back is right.",
    "scaled": "A scale follows the look-up: done twice if hidden_states[0] is fed back, or done on "
    "the way of ids alone.",
    "shifted": "Something is added to the embeddings, and twice if hidden_states[0] is fed back.",
    "normed": "The embeddings are normed, and twice if hidden_states[0] is fed back.",
    "projected": "hidden_states[0] has been through a projection: it is no inputs_embeds at all.",
    "looks ids up again": "The model needs the ids besides: embeddings alone do not do, or cost a "
    "search of the whole table.",
}


@dataclass(frozen=True)
class Diagnosis:
    """What was found of a model.

    name      as it was asked for
    row       what was measured, as of a family; of a model in 16 bits in float32, where that fits
    own       how much the last layer changes in its own type; none where that is the row's
    dtype     in which floating-point type
    device    where
    versions  of the libraries, by name
    """

    name: str
    row: Row
    dtype: str
    device: str
    versions: dict[str, str]
    own: dict[Change, float | None] | None = None

    def lines(self) -> Iterator[str]:
        """What a person reads, line by line."""
        row = self.row
        libraries = ", ".join(f"{name} {version}" for name, version in self.versions.items())
        yield f"{self.name}: {row.kind}, {self.dtype} on {self.device}, {libraries}"
        if row.heard:
            yield f"It reads {row.heard}, no text: its decoder was examined, beside noise."
        told = SETTLED if row.verdict == "same" and row.added.norm else TOLD[row.verdict]
        yield f"verdict: {row.verdict}. {told}"
        dropped = "; dropped in training" if row.added.dropout else ""
        side = "decoder_" if row.heard else ""
        yield f"{side}hidden_states[0] = {row.formula}; position: {row.added.position}{dropped}"
        yield ""
        yield from self._changes()
        yield ""
        if lines := code.wrong(row):
            yield "wrong:"
            yield from (f"  {line}" for line in lines.splitlines())
        yield "right:"
        yield from (f"  {line}" for line in code.right(row).splitlines())
        padded = code.left_padded(row)
        if padded and padded != code.right(row):
            yield "right where padding is on the left:"
            yield from (f"  {line}" for line in padded.splitlines())
        elif not padded and any(row.changes.get(name) for name in ("left", "left_positions")):
            behind = row.changes.get("right")
            alone = behind is None or behind > row.near
            instead = "do not pad" if alone else "pad on the right"
            yield f"where padding is on the left none of these is right: {instead}."

    def _changes(self) -> Iterator[str]:
        """How much the last layer changes, by what is done."""
        row = self.row
        where = "" if self.own is None else ", in float32"
        yield (
            "change of the last layer, relative to its norm "
            f"(up to {row.near:g} is rounding{where}):"
        )
        for name, change in row.changes.items():
            if change is None:
                yield f"  –      {CHANGES[name]}: {row.reasons.get(name, 'cannot be done')}"
                continue
            sign = "right" if change <= row.near else "wrong"
            line = f"  {sign}  {change:>8.2g}  {CHANGES[name]}"
            own = None if self.own is None else self.own.get(name)
            yield line if own is None else f"{line} ({own:.2g} in {self.dtype})"

    def facts(self) -> dict[str, Any]:
        """The same for programs: what stands in JSON."""
        return {
            "model": self.name,
            "verdict": self.row.verdict,
            "dtype": self.dtype,
            "device": self.device,
            "tolerance": self.row.near,
            "versions": self.versions,
            "way": code.way(self.row),
            "wrong": code.wrong(self.row),
            "right": code.right(self.row),
            "right_padded_left": code.left_padded(self.row),
            "measured": self.row.model_dump(mode="json", exclude={"generated", "name"}),
            **({} if self.own is None else {"in_dtype": self.own}),
        }


SETTLED = (
    "hidden_states[0] is the looked-up embeddings after a norm, which changes nothing when it is "
    "done again: feeding it back is right."
)
CHANGES = {
    "lookup": "looked-up embeddings",
    "hidden": "hidden_states[0] fed back",
    "scaled": "looked up, times the scale that ids get",
    "per_layer": "looked up, with per_layer_inputs",
    "rows": "rows of the table's weight",
    "twice": "the scale once more",
    "right": "padding behind, with attention_mask",
    "left": "padding before, with attention_mask",
    "left_ids": "the same by input_ids",
    "left_positions": "padding before, with attention_mask and position_ids",
    "unmasked": "padding before, without attention_mask",
    "decoder_lookup": "looked up, as decoder_inputs_embeds",
    "decoder_hidden": "decoder_hidden_states[0] fed back",
}


def examine(name: str, *, device: str = "cpu", dtype: str = "float32") -> Diagnosis:
    """The diagnosis of a model, a folder or `org/name` on the hub. Raises ModelError where it
    cannot be loaded, UnsuitableError where it has no such input."""
    network = _loaded(name, dtype).to(device)
    import torch
    import transformers

    from atlas.findings.inputs_embeds.stages import tiny

    with tiny.quiet():
        row, own = _measured(network, dtype)
    versions = {
        "torch": torch.__version__.partition("+")[0],
        "transformers": transformers.__version__,
    }
    return Diagnosis(name, row, dtype, device, versions, own)


def _measured(network: Network, dtype: str) -> tuple[Row, dict[Change, float | None] | None]:
    """The row of a model, and its changes in 16 bits where it is not sorted by these. What is wrong
    may change less than what is right and rounded to 16 bits does, so that such a model is sorted
    by the same weights in float32, where there is memory for them. Raises UnsuitableError."""
    from atlas.findings.inputs_embeds.stages.families import measure

    ids = _ordinary(network)
    if dtype == "float32":
        try:
            return measure(network, ids), None
        except UnsuitableError as problem:
            raise UnsuitableError(problem.message, problem.hint or _ELSE) from problem
    try:
        row = measure(network, ids)
    except UnsuitableError as problem:
        raise UnsuitableError(problem.message, f"Not in {dtype}? Try --dtype float32.") from problem
    if not _fits(network):
        return row, None
    return measure(network.float(), ids), row.changes


def _fits(network: Network) -> bool:
    """Whether a device has memory for a model's weights in float32; of the machine's own memory
    Linux alone says what is free."""
    import torch

    wanted = 4 * sum(int(one.numel()) for one in network.parameters())
    place = next(network.parameters()).device
    if place.type == "cuda":
        return wanted < int(torch.cuda.mem_get_info(place)[0])
    try:
        [free] = re.findall(r"MemAvailable: +(\d+) kB", Path("/proc/meminfo").read_text())
    except (OSError, ValueError):
        return wanted < _SMALL
    return wanted < int(free) * 1024 * 3 // 4


def _loaded(name: str, dtype: str) -> Network:
    """The base model of a checkpoint, in evaluation mode. Raises ModelError."""
    folder = Path(name).expanduser()
    if folder.is_file():
        raise ModelError(f"{name}: is a file", "Give the folder that it stands in.")
    if not folder.is_dir() and (len(Path(name).parts) > 2 or name.startswith((".", "/", "~"))):
        raise ModelError(
            f"{name}: there is no such folder", "Give a folder, or org/name of the hub."
        )
    if folder.is_dir() and not (folder / "config.json").is_file():
        adapter = (folder / "adapter_config.json").is_file()
        raise ModelError(
            f"{name}: no config.json there",
            "It is an adapter: give the model that it is for, or merge it into that."
            if adapter
            else "Give the folder that save_pretrained wrote.",
        )
    if not folder.is_dir() and not hub.fetch(name, "main", "config.json"):
        raise ModelError(f"hub:{name}: no config.json there", "Give a model of transformers' own.")
    location = f"path:{folder.resolve()}" if folder.is_dir() else ""
    if location:
        checkpoints.read_json(location, "config.json")
    checkpoints.pretrained(location or "path:")
    import torch
    import transformers

    transformers.logging.set_verbosity_error()
    source = str(folder.resolve()) if location else name
    key = "torch_dtype" if int(transformers.__version__.partition(".")[0]) < 5 else "dtype"
    how: dict[str, Any] = {key: getattr(torch, dtype), "trust_remote_code": False}
    try:
        made = _made(source, how)
    except Exception as problem:
        lines = [line.strip() for line in str(problem).strip().splitlines()]
        told = (
            [type(problem).__name__] if not lines else lines[:2] if _open(lines[0]) else lines[:1]
        )
        reason = " ".join(told)
        raise ModelError(f"{name}: transformers cannot load it: {reason:.240}", _why(source)) from (
            problem
        )
    return made.eval()


def _open(line: str) -> bool:
    """Whether what a message says follows in its next line, as of weights of another shape."""
    return line.endswith(":")


def _why(source: str) -> str:
    """What is to be done about a model that cannot be loaded."""
    import transformers

    with suppress(Exception):  # whatever is wrong with its config
        transformers.AutoConfig.from_pretrained(source, trust_remote_code=False)
        return (
            "Its family is known, but not its weights: are the files whole, and those of a model?"
        )
    return "Only models of transformers' own can be examined; a model's own code is never run."


def _made(source: str, how: dict[str, Any]) -> Network:
    """The base model; of an encoder and a decoder in one, which have none, the model itself."""
    import transformers

    config = transformers.AutoConfig.from_pretrained(source, trust_remote_code=False)
    bases = transformers.AutoModel._model_mapping
    if type(config) not in bases or _decodes(bases[type(config)], config):
        for name in config.architectures or ():
            if kind := getattr(transformers, name, None):
                return kind.from_pretrained(source, **how)
    return transformers.AutoModel.from_pretrained(source, **how)


def _decodes(base: object, config: Network) -> bool:
    """Whether a checkpoint is a decoder alone, of a family whose base model has an encoder too."""
    forward = getattr(base, "forward", None)  # of Funnel there are two
    takes = inspect.signature(forward).parameters if forward else ()
    return "decoder_input_ids" in takes and config.is_encoder_decoder is False


def _ordinary(network: Network) -> Tensor:
    """Ids all over the vocabulary (n,), none that the config names for a purpose."""
    import torch

    from atlas.models.networks import embedding

    rows = int(embedding(network).weight.shape[0])
    config = network.config.to_dict()
    named = {
        value
        for one in (config, *(part for part in config.values() if isinstance(part, dict)))
        for key, value in one.items()
        if isinstance(value, int) and ("token" in str(key) or str(key).endswith("_id"))
    }
    free = [row for row in range(rows // 20, rows) if row not in named]
    if len(free) < _IDS:
        raise UnsuitableError(f"{type(network).__name__} has only {rows} tokens.")
    step = len(free) // _IDS
    return torch.tensor(free[step // 2 :: step][:_IDS])
