"""The experiment on a model at hand, for `atlas doctor inputs-embeds`: what its `hidden_states[0]`
holds, what `inputs_embeds` wants, and the lines that are right."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from atlas.errors import ModelError, UnsuitableError
from atlas.findings.inputs_embeds import code
from atlas.findings.inputs_embeds.data import Row
from atlas.models import checkpoint as checkpoints
from atlas.models import hub
from atlas.models.networks import Network

if TYPE_CHECKING:
    from torch import Tensor

DTYPES = ("float32", "float16", "bfloat16")
_IDS = 6  # tokens that the model is tried on

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
    row       what was measured, as of a family
    dtype     in which floating-point type
    device    where
    versions  of the libraries, by name
    """

    name: str
    row: Row
    dtype: str
    device: str
    versions: dict[str, str]

    def lines(self) -> Iterator[str]:
        """What a person reads, line by line."""
        row = self.row
        libraries = ", ".join(f"{name} {version}" for name, version in self.versions.items())
        yield f"{self.name}: {row.kind}, {self.dtype} on {self.device}, {libraries}"
        yield f"verdict: {row.verdict}. {TOLD[row.verdict]}"
        dropped = "; dropped in training" if row.added.dropout else ""
        yield f"hidden_states[0] = {row.formula}; position: {row.added.position}{dropped}"
        yield ""
        yield f"change of the last layer, relative to its norm (up to {row.near:g} is rounding):"
        for name, change in row.changes.items():
            told = row.reasons.get(name, "cannot be done") if change is None else f"{change:.2g}"
            if change is None:
                yield f"  –      {CHANGES[name]}: {told}"
            else:
                sign = "right" if change <= row.near else "wrong"
                yield f"  {sign}  {told:>8}  {CHANGES[name]}"
        yield ""
        if lines := code.wrong(row):
            yield "wrong:"
            yield from (f"  {line}" for line in lines.splitlines())
        yield "right:"
        yield from (f"  {line}" for line in code.right(row).splitlines())
        padded = code.right(row, padded=True)
        if padded != code.right(row):
            yield "right where padding is on the left:"
            yield from (f"  {line}" for line in padded.splitlines())

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
            "right_padded_left": code.right(self.row, padded=True),
            "measured": self.row.model_dump(mode="json", exclude={"generated", "name"}),
        }


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
    from atlas.findings.inputs_embeds.stages.families import measure

    with tiny.quiet():
        row = measure(network, _ordinary(network))
    versions = {
        "torch": torch.__version__.partition("+")[0],
        "transformers": transformers.__version__,
    }
    return Diagnosis(name, row, dtype, device, versions)


def _loaded(name: str, dtype: str) -> Network:
    """The base model of a checkpoint, in evaluation mode. Raises ModelError."""
    folder = Path(name).expanduser()
    if not folder.is_dir() and (len(Path(name).parts) > 2 or name.startswith((".", "/", "~"))):
        raise ModelError(
            f"{name}: there is no such folder", "Give a folder, or org/name of the hub."
        )
    if folder.is_dir() and not (folder / "config.json").is_file():
        raise ModelError(
            f"{name}: no config.json there", "Give the folder that save_pretrained wrote."
        )
    if not folder.is_dir() and not hub.fetch(name, "main", "config.json"):
        raise ModelError(f"hub:{name}: no config.json there", "Give a model of transformers' own.")
    location = f"path:{folder.resolve()}" if folder.is_dir() else ""
    checkpoints.pretrained(location or "path:")
    import torch
    import transformers

    transformers.logging.set_verbosity_error()
    source = str(folder.resolve()) if location else name
    key = "torch_dtype" if int(transformers.__version__.partition(".")[0]) < 5 else "dtype"
    how: dict[str, Any] = {key: getattr(torch, dtype), "trust_remote_code": False}
    try:
        made: Network = transformers.AutoModel.from_pretrained(source, **how)
    except Exception as problem:
        reason = next(iter(str(problem).strip().splitlines()), type(problem).__name__)
        raise ModelError(
            f"{name}: transformers cannot load it: {reason:.200}",
            "Only models of transformers' own can be examined; a model's own code is never run.",
        ) from problem
    return made.eval()


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
