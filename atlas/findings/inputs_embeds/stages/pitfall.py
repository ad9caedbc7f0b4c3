"""The `inputs_embeds` experiment: what a model answers when it is given `hidden_states[0]`, and
other things, for its embeddings.

`hidden_states[0]` is what enters the first layer. In a BERT that is LayerNorm(word + position +
segment), while `inputs_embeds` wants the word embeddings alone: whoever feeds the one for the other
has positions, segments and LayerNorm applied twice.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence

import numpy as np

from atlas.engine.stage import GIB, Progress, Work, silent, stage
from atlas.errors import ModelError, StageError, UnsuitableError
from atlas.findings.inputs_embeds.data import (
    Back,
    Difference,
    Run,
    Segment,
    Sentence,
    Sinusoids,
    Size,
)
from atlas.models import anatomy, frameworks
from atlas.models.anatomy import ANATOMY
from atlas.models.checkpoint import READ_JSON, read_json
from atlas.models.encoder import ENCODER
from atlas.numeric.threads import torch_threads
from atlas.numeric.types import Floats

# The largest residual, relative, at which the parts of hidden_states[0] count as known.
KNOWN = 1e-4
_LIMIT = 900  # seconds that TensorFlow's process may take


@stage(
    "pitfall",
    version=3,
    weight=10,
    uses=(ENCODER, ANATOMY, READ_JSON),
    parallel=True,
    memory=4 * GIB,
)
def pitfall(*, framework: str, sentences: Sequence[str], work: Work = Work()) -> Run:
    """The experiment on one model in one framework.

    Of each sentence are measured every position in segment 0 and, where the model has segments,
    every position in segment 1. In TensorFlow a model that is no BERT has no sentences, and a model
    has none on which it cannot be run: `reason` then says why. Raises ModelError when the framework
    cannot load the model, StageError when its process fails.
    """
    if framework == "tensorflow":
        config = read_json(work.location, "config.json") or {}
        if config.get("model_type") != "bert":
            # TFBertModel would load what it can and make up the rest.
            return Run(framework=framework, sentences=(), identity=0)
        return _elsewhere(work.location, list(sentences))
    try:
        with torch_threads(work.threads):
            return measure(frameworks.torch(work.location), framework, sentences, work.progress)
    except UnsuitableError as problem:
        return Run(framework=framework, sentences=(), reason=problem.message, identity=0)


def measure(
    model: frameworks.Runner,
    framework: str,
    sentences: Sequence[str],
    progress: Progress = silent,
) -> Run:
    """What `pitfall` measures, of a model that is loaded."""
    parts = model.anatomy
    measured = []
    residual, layers, width = 0.0, 0, 0
    for number, text in enumerate(sentences):
        ids = [
            int(token)
            for token in model.tokenizer(text, truncation=True, max_length=_room(model))[
                "input_ids"
            ]
        ]
        if not ids:
            continue
        states = model.states(ids, 0 if parts.segment is not None else None)
        layers, width = len(states) - 1, states.shape[2]
        residual = max(residual, parts.residual(ids, states[0]))
        both = parts.segment is not None and len(parts.segment) > 1
        measured.append(
            Sentence(
                text=text,
                ids=tuple(ids),
                tokens=tuple(str(token) for token in model.tokenizer.convert_ids_to_tokens(ids)),
                segments=tuple(
                    _segment(model, ids, segment) for segment in ((0, 1) if both else (0,))
                ),
            )
        )
        progress((number + 1) / len(sentences))
    if not measured:
        raise UnsuitableError("Its tokenizer makes no token of the sentences.")
    return Run(
        framework=framework,
        versions=model.versions,
        kind=model.kind,
        formula=parts.formula if parts.width == width else "",
        layers=layers,
        dimensions=width,
        vocabulary=len(parts.word),
        identity=residual,
        known=residual < KNOWN,
        sinusoids=_sinusoids(parts),
        sentences=tuple(measured),
    )


def _segment(model: frameworks.Runner, ids: list[int], segment: int) -> Segment:
    """All that is measured on one sentence with every position in one segment."""
    parts = model.anatomy
    given = segment if parts.segment is not None else None
    states = model.states(ids, given)
    known = parts.width == states.shape[2]
    recovered, nearest, second = parts.nearest(states[0], segment) if known else ([], [], [])
    variants = {
        name: None
        if values is None or values.shape[1] != parts.word.shape[1]
        else _difference(model.states(values, given), states)
        for name, values in _variants(model, ids, states[0], segment, recovered).items()
    }
    return Segment(
        segment=segment,
        parts=_sizes(parts, ids, states[0], segment),
        variants=variants,
        back=Back(
            ids=tuple(recovered),
            exact=recovered == ids,
            nearest=tuple(nearest),
            second=tuple(second),
        ),
        change=_difference(states, model.states(ids, 0)) if segment else None,
    )


def _variants(
    model: frameworks.Runner, ids: list[int], state: Floats, segment: int, recovered: list[int]
) -> dict[str, Floats | None]:
    """What is given as `inputs_embeds` (n, e) for the ids (n,), by name; None where a model has no
    such parts.

    hidden       hidden_states[0], (n, h)
    subtracted   the same less position and segment embeddings
    sinusoidal   the same less sinusoidal positions and the segment
    lookup       the input embeddings looked up
    recovered    those of the tokens that were found from hidden_states[0] alone
    """
    parts = model.anatomy
    fits = state.shape[1] == parts.word.shape[1]
    subtracted = sinusoidal = None
    if fits and (parts.position is not None or parts.segment is not None):
        subtracted = (state - parts.added(len(ids), segment)).astype(np.float32)
    if fits and parts.position is not None:
        waves = anatomy.sinusoids(parts.first + len(ids), state.shape[1])[parts.first :]
        other = parts.segment[segment] if parts.segment is not None else 0.0
        sinusoidal = (state - waves - other).astype(np.float32)
    return {
        "hidden": state,
        "subtracted": subtracted,
        "sinusoidal": sinusoidal,
        "lookup": model.lookup(ids),
        "recovered": model.lookup(recovered) if recovered else None,
    }


def _difference(given: Floats, states: Floats) -> Difference:
    """Absolute differences of hidden states (layers + 1, n, h) and (layers + 1, n, h)."""
    apart = np.abs(given.astype(np.float64) - states)
    layers = tuple(
        Size(
            sum=float(gap.sum()),
            max=float(gap.max()),
            relative=float(np.linalg.norm(gap) / (np.linalg.norm(state) or 1.0)),
        )
        for gap, state in zip(apart, states.astype(np.float64), strict=True)
    )
    return Difference(
        **dict(layers[-1]), layers=layers, positions=tuple(apart[-1].sum(axis=1).tolist())
    )


def _sizes(
    parts: anatomy.Anatomy, ids: list[int], state: Floats, segment: int
) -> dict[str, tuple[float, ...]]:
    """Norms by position (n,): of the word, position and segment embeddings, and of the hidden state
    that is made of them."""
    word = parts.word[ids] * np.float32(parts.scale)
    sizes = {"word": word}
    if parts.position is not None:
        sizes["position"] = parts.position[parts.first : parts.first + len(ids)]
    if parts.segment is not None:
        sizes["segment"] = np.repeat(parts.segment[segment][None], len(ids), axis=0)
    sizes["hidden"] = state
    return {name: tuple(np.linalg.norm(values, axis=1).tolist()) for name, values in sizes.items()}


def _sinusoids(parts: anatomy.Anatomy) -> Sinusoids | None:
    """How far the learned positions are from sinusoidal ones of the same shape: `relative` is
    |sinusoids - learned| / |learned| by the Frobenius norm, `scaled` the same after the best
    scale, and `cosine` the mean over positions."""
    if parts.position is None:
        return None
    learned = parts.position[parts.first :].astype(np.float64)
    waves = anatomy.sinusoids(len(parts.position), learned.shape[1])[parts.first :]
    scale = float((waves * learned).sum() / (waves * waves).sum())
    norm = float(np.linalg.norm(learned)) or 1.0
    norms = np.linalg.norm(learned, axis=1) * np.linalg.norm(waves, axis=1)
    there = norms > 0
    cosine = (waves * learned).sum(axis=1)[there] / norms[there]
    return Sinusoids(
        positions=len(learned),
        relative=float(np.linalg.norm(waves - learned)) / norm,
        scaled=float(np.linalg.norm(scale * waves - learned)) / norm,
        cosine=float(cosine.mean()) if there.any() else 0.0,
    )


def _room(model: frameworks.Runner) -> int:
    table = model.anatomy.position
    return min(len(table) - model.anatomy.first if table is not None else 512, 512)


def _elsewhere(location: str, sentences: list[str]) -> Run:
    """TensorFlow's half, in a process of its own: transformers decides at its import which
    frameworks there are."""
    given = json.dumps({"location": location, "sentences": sentences})
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    try:
        ran = subprocess.run(  # noqa: S603  # this very module
            [sys.executable, "-m", __name__],
            input=given,
            capture_output=True,
            text=True,
            timeout=_LIMIT,
            env=environment,
            check=False,
        )
    except subprocess.TimeoutExpired as problem:
        raise StageError(
            f"TensorFlow took more than {_LIMIT} s.",
            "Is the model very large? Set pitfall = false for it.",
        ) from problem
    try:
        line = ran.stdout.splitlines()[-1]
        error = json.loads(line).get("error")
    except (ValueError, IndexError) as problem:
        last = (ran.stderr.strip().splitlines() or [f"exit {ran.returncode}"])[-1]
        raise StageError(
            f"TensorFlow's process failed: {last}",
            "Try `import tensorflow` in the same environment.",
        ) from problem
    if error:
        raise ModelError(*error)
    return Run.model_validate_json(line)


def _main() -> None:
    given = json.load(sys.stdin)
    try:
        model = frameworks.tensorflow(given["location"])
        line = measure(model, "tensorflow", given["sentences"]).model_dump_json()
    except ModelError as problem:
        line = json.dumps({"error": [problem.message, problem.hint]})
    sys.stdout.write(f"\n{line}\n")


if __name__ == "__main__":
    _main()
