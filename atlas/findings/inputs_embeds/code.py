"""Lines of code that give a model of a family its `inputs_embeds`, right and wrong: what the doctor
prints and the write-up shows. The tests run them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from atlas.findings.inputs_embeds.data import Row

Way = Literal["look up", "multiply", "take the state", "give the layers theirs", "give ids"]
_SQUARE = 1e-3  # relative distance of a scale's square from the width


def way(row: Row) -> Way:
    """What is right for a family: the first of these that changes nothing. `give ids` where none
    does: then `inputs_embeds` cannot replace them."""
    if row.changes.get("per_layer") is not None and row.verdict == "looks ids up again":
        return "give the layers theirs"
    if _right(row, "lookup"):
        return "look up"
    if _right(row, "scaled"):
        return "multiply"
    if _right(row, "hidden"):
        return "take the state"
    return "give ids"


def right(row: Row, *, padded: bool = False) -> str:
    """The lines that are right, for `model`, `ids` and `mask`; those for a batch that is `padded`
    on the left as well."""
    return "\n".join(_right_lines(row, padded))


def wrong(row: Row) -> str:
    """The lines that people write and that are wrong; empty where the first that comes to mind is
    right."""
    head = "out = " + _call(row, ())
    fed = row.changes.get("hidden")
    if row.verdict == "looks ids up again" or way(row) in ("multiply", "take the state"):
        return f"embeds = model.get_input_embeddings()(ids)\n{head}"
    if row.verdict != "same":
        if fed is not None and fed <= row.near:
            return ""  # a norm whose gains are still those that it began with
        return f"embeds = {_state(row)}\n{head}"
    if "rows" in row.changes:
        return f"embeds = model.get_input_embeddings().weight[ids]\n{head}"
    return ""


def left_padded(row: Row) -> str:
    """The lines that are right for a batch padded on the left; empty where none are."""
    for name, positions in (("left_positions", True), ("left", False)):
        change = {str(key): value for key, value in row.changes.items()}.get(name)
        if change is not None and change <= row.near:
            return right(row, padded=positions)
    return ""


def masked(row: Row) -> bool:
    """Whether a family takes an `attention_mask`."""
    return "right" in row.changes


def script(row: Row, name: str, lines: str) -> str:
    """A whole script of such lines, for the model `name`; it prints how far they are from ids."""
    ids = "model(input_ids=ids" + (", attention_mask=mask" if masked(row) else "")
    last = "encoder_last_hidden_state" if reads(row) else "last_hidden_state"
    if reads(row):
        ids += ", decoder_input_ids=ids[:, :1]"
    body = "\n".join(f"    {line}" for line in lines.splitlines())
    return f"""import torch
from transformers import AutoModel, AutoTokenizer

name = "{name}"
tokenizer = AutoTokenizer.from_pretrained(name)
model = AutoModel.from_pretrained(name).eval()

inputs = tokenizer("Hello, my dog is cute", return_tensors="pt")
ids, mask = inputs["input_ids"], inputs["attention_mask"]
with torch.no_grad():
    by_ids = {ids})
{body}

change = by_ids.{last} - out.{last}
print(change.abs().sum().item())"""


def _right_lines(row: Row, padded: bool) -> Iterator[str]:
    chosen = way(row)
    if chosen == "give ids":
        yield "# inputs_embeds cannot stand for the ids here: the model needs both."
        yield f"out = {_call(row, (), given='input_ids=ids')}"
        return
    if chosen == "take the state":
        yield f"embeds = {_state(row)}"
    else:
        yield "embeds = model.get_input_embeddings()(ids)"
    if chosen == "multiply":
        yield "# ids get this scale, inputs_embeds do not:"
        yield f"embeds = embeds * {_scale(row)}"
    more: tuple[str, ...] = ()
    if chosen == "give the layers theirs":
        yield 'text = getattr(model, "language_model", model)'
        yield "layers = text.get_per_layer_inputs(ids)"
        more = ("per_layer_inputs=layers",)
    if padded and "left_positions" in row.changes:
        start = f" + {row.start}" if row.start else ""
        yield f"positions = (mask.cumsum(1) - 1).clamp(min=0){start}"
        more += ("position_ids=positions",)
    yield f"out = {_call(row, more)}"


def _call(row: Row, more: tuple[str, ...], given: str = "inputs_embeds=embeds") -> str:
    parts: tuple[str, ...] = (given, *(("attention_mask=mask",) if masked(row) else ()), *more)
    if row.heard:
        parts = (_heard(row), *(f"decoder_{part}" for part in parts))
    if reads(row):
        parts += ("decoder_input_ids=ids[:, :1]",)
    line = f"model({', '.join(parts)})"
    if len(line) <= 58:
        return line
    return "model(\n" + "".join(f"    {part},\n" for part in parts) + ")"


def _heard(row: Row) -> str:
    """The argument that a model takes which hears or sees."""
    return f"{row.heard}={row.heard}"


def _state(row: Row) -> str:
    """The expression for what enters the first layer."""
    if row.heard:
        mask = ", decoder_attention_mask=mask" if masked(row) else ""
        return (
            f"model(\n    {_heard(row)},\n    decoder_input_ids=ids{mask},\n"
            "    output_hidden_states=True,\n).decoder_hidden_states[0]"
        )
    if reads(row):
        return (
            "model(\n    input_ids=ids, attention_mask=mask,\n"
            "    decoder_input_ids=ids[:, :1], output_hidden_states=True,\n"
            ").encoder_hidden_states[0]"
        )
    mask = " attention_mask=mask," if masked(row) else ""
    return f"model(\n    input_ids=ids,{mask}\n    output_hidden_states=True,\n).hidden_states[0]"


def reads(row: Row) -> bool:
    """Whether a family is an encoder–decoder."""
    return "decoder_lookup" in row.changes


def _right(row: Row, name: Literal["lookup", "scaled", "hidden"]) -> bool:
    change = row.changes.get(name)
    return change is not None and change <= row.near


def _scale(row: Row) -> str:
    """The expression for the scale of ids alone: a key of the config, √d of the width, or the
    number."""
    if row.outside:
        return f"model.config.{row.outside}"
    if abs(row.added.outside**2 - row.added.embedding) < _SQUARE * row.added.embedding:
        return "embeds.shape[-1] ** 0.5"
    return f"{row.added.outside:.6g}"
