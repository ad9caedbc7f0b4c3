"""A model run in PyTorch or in TensorFlow, on one sentence at a time: hidden states in, hidden
states out, as NumPy arrays."""

from __future__ import annotations

import importlib.util
import inspect
import os
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Protocol

import numpy as np

from atlas.errors import ModelError, UnsuitableError
from atlas.models import anatomy, encoder, networks
from atlas.models import checkpoint as checkpoints
from atlas.numeric.types import Floats

FRAMEWORKS = ("torch", "tensorflow")


def installed() -> tuple[str, ...]:
    """The frameworks in which a model can be run here. TensorFlow counts with tf-keras and a
    transformers that has TFBertModel."""
    try:
        tensorflow = all(importlib.util.find_spec(name) for name in ("tensorflow", "tf_keras"))
        tensorflow = tensorflow and int(version("transformers").partition(".")[0]) < 5
    except (ImportError, ValueError, PackageNotFoundError):  # something keeps them from being found
        tensorflow = False
    return FRAMEWORKS if tensorflow else FRAMEWORKS[:1]


class Runner(Protocol):
    """One model in evaluation mode and float32.

    tokenizer     transformers' own
    anatomy       what it makes of its input embeddings
    versions      of the libraries, by name
    kind          the class of the model
    """

    tokenizer: Any
    anatomy: anatomy.Anatomy
    versions: dict[str, str]
    kind: str

    def lookup(self, ids: list[int]) -> Floats:
        """The input embeddings (n, e) as the library looks them up."""
        ...

    def states(self, given: list[int] | Floats, segment: int | None) -> Floats:
        """`hidden_states` (layers + 1, n, h) for token ids, or for `inputs_embeds` (n, e); every
        position in one segment."""
        ...


@dataclass
class Torch:
    """PyTorch."""

    tokenizer: Any
    model: Any

    def __post_init__(self) -> None:
        import torch
        import transformers

        self.model.eval()
        self.anatomy = anatomy.of_torch(self.model)
        self.versions = {
            "torch": torch.__version__.partition("+")[0],
            "transformers": transformers.__version__,
        }
        self.kind = type(self.model).__name__

    def lookup(self, ids: list[int]) -> Floats:
        """The input embeddings (n, e) as the library looks them up."""
        import torch

        with torch.inference_mode():
            found = networks.embedding(self.model)(torch.tensor(ids))
            # I-BERT's table gives its scale with them.
            found = found[0] if isinstance(found, tuple) else found
            return np.array(found.numpy(), np.float32)

    def states(self, given: list[int] | Floats, segment: int | None) -> Floats:
        """`hidden_states` (layers + 1, n, h) for token ids, or for `inputs_embeds` (n, e)."""
        import torch

        what = "input_ids" if isinstance(given, list) else "inputs_embeds"
        if what not in inspect.signature(self.model.forward).parameters:
            raise UnsuitableError(f"{self.kind} takes no {what}, so that nothing can be fed to it.")
        more = {} if segment is None else {"token_type_ids": torch.full((1, len(given)), segment)}
        try:
            with torch.inference_mode():
                output = self.model(
                    **{what: torch.tensor(given)[None]}, **more, output_hidden_states=True
                )
        except Exception as problem:
            reason = (str(problem).strip() or type(problem).__name__).splitlines()[0]
            raise UnsuitableError(
                f"{self.kind} does not run on {what} alone: {reason:.200}"
            ) from problem
        states = [state[0].numpy() for state in output.hidden_states]
        if any(len(state) != len(given) for state in states):
            raise UnsuitableError(
                f"{self.kind} pools tokens: not every layer has a vector for each."
            )
        if any(state.shape != states[0].shape for state in states):
            raise UnsuitableError(f"The layers of {self.kind} differ in width.")
        if not all(np.isfinite(state).all() for state in states):
            raise UnsuitableError(f"{self.kind} gives values that are not finite.")
        return np.stack(states)


@dataclass
class TensorFlow:
    """TensorFlow, through TFBertModel."""

    tokenizer: Any
    model: Any

    def __post_init__(self) -> None:
        import tensorflow as tf
        import tf_keras
        import transformers

        self.anatomy = anatomy.of_tensorflow(self.model)
        self.versions = {
            "tensorflow": tf.__version__,
            "tf-keras": tf_keras.__version__,
            "transformers": transformers.__version__,
        }
        self.kind = type(self.model).__name__

    def lookup(self, ids: list[int]) -> Floats:
        """The input embeddings (n, e) as the library looks them up."""
        import tensorflow as tf

        return np.array(tf.gather(self.model.bert.embeddings.weight, ids).numpy(), np.float32)

    def states(self, given: list[int] | Floats, segment: int | None) -> Floats:
        """`hidden_states` (layers + 1, n, h) for token ids, or for `inputs_embeds` (n, e)."""
        import tensorflow as tf

        what = "input_ids" if isinstance(given, list) else "inputs_embeds"
        more = {} if segment is None else {"token_type_ids": tf.fill((1, len(given)), segment)}
        output = self.model(
            {what: tf.constant(given)[None], **more}, output_hidden_states=True, training=False
        )
        return np.stack([state[0].numpy() for state in output.hidden_states])


def torch(location: str) -> Torch:
    """A checkpoint in PyTorch. Raises ModelError."""
    loaded = encoder.load(location)
    return Torch(loaded.tokenizer, loaded.model)


def tensorflow(location: str) -> TensorFlow:
    """A BERT in TensorFlow. To be called in a process of its own: which frameworks transformers
    sees is decided when it is imported. Raises ModelError."""
    name, revision = checkpoints.pretrained(location)
    os.environ.update(
        USE_TF="1",
        TF_USE_LEGACY_KERAS="1",
        TF_CPP_MIN_LOG_LEVEL="3",
        TOKENIZERS_PARALLELISM="false",
    )
    os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
    try:
        from transformers import AutoTokenizer, TFBertModel

        tokenizer = AutoTokenizer.from_pretrained(name, revision=revision, trust_remote_code=False)
        # By `from_pt`, since its own way asks to iterate over a safetensors file, which safetensors
        # 0.6 and later refuse (huggingface/transformers#40028).
        model = TFBertModel.from_pretrained(name, revision=revision or "main", from_pt=True)
    except (OSError, ValueError, ImportError, RuntimeError) as problem:
        reason = (str(problem).strip() or type(problem).__name__).splitlines()[0]
        hint = (
            "Install the extra `tensorflow`, which keeps transformers below 5: "
            "later versions have no TFBertModel."
        )
        raise ModelError(f"{name}: TensorFlow cannot load it: {reason}", hint) from problem
    return TensorFlow(tokenizer, model)
