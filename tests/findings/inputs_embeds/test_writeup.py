"""The write-up from config to page, on tiny models."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import Built, Silent
from hypothesis import example, given
from hypothesis import strategies as st

from atlas import atlas_toml as config
from atlas.errors import ConfigError, DataError
from atlas.findings import finding as findings
from atlas.findings.inputs_embeds import data as writeup
from atlas.findings.inputs_embeds.config import QUESTION
from atlas.web.charts import chart, digits, ticks

URL = "write-ups/inputs-embeds"
TOML = """
[site]
title = "Pitfall"

[pitfall.sentences]
en = ["the quick brown fox"]

[[models]]
id = "m"
source = "path:{model}"

[[models.maps]]
projections = ["pca"]
clusters = {{ coarse = 4, fine = 2 }}

[[models.maps]]
name = "encoder-input"
space = "encoder-input"
projections = ["pca"]
clusters = {{ coarse = 4, fine = 2 }}

[[compare]]
maps = ["m-words", "m-encoder-input"]
"""


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory, models_folder: Callable[[str], Path]) -> Built:
    """An atlas with a write-up, built where there is no TensorFlow. Read only."""
    built = Built(tmp_path_factory.mktemp("study"))
    built.toml.write_text(
        TOML.format(model=models_folder("wordpiece").as_posix()), encoding="utf-8"
    )
    with pytest.MonkeyPatch.context() as patch:
        run_in(patch, "torch")
        built.build()
    return built


def run_in(patch: pytest.MonkeyPatch, *frameworks: str) -> None:
    """Let these frameworks count as installed."""
    patch.setattr("atlas.models.frameworks.installed", lambda: frameworks)


@pytest.fixture
def copied(study: Built, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Built:
    shutil.copytree(study.root, tmp_path / "atlas")
    run_in(monkeypatch, "torch")
    return Built(tmp_path / "atlas")


def read(built: Built) -> writeup.WriteUp:
    found = findings.read(
        built.root / "data", writeup.NAME, writeup.WriteUp, writeup.SCHEMA_VERSION
    )
    assert found is not None
    return found


def page(built: Built, language: str = "en") -> str:
    folder = built.public if language == "en" else built.public / language
    return (folder / URL / "index.html").read_text(encoding="utf-8")


def test_the_page_says_what_was_measured(study: Built) -> None:
    found = read(study)
    (measured,) = found.models
    assert [one.text for one in measured.runs[0].sentences] == [QUESTION, "the quick brown fox"]
    wrong = measured.runs[0].sentences[0].segments[0].variants["hidden"]
    assert wrong and wrong.sum > 0
    for language in ("en", "ja"):
        text = page(study, language)
        assert text.count(f"{wrong.sum:.3f}") >= 2 and '<strong class="right">0.0</strong>' in text
        assert text.count('<figure class="chart"') == 3 and text.count('class="where shown"') == 2
    assert json.loads((study.public / "data" / writeup.NAME).read_text())["recipe"] == found.recipe


def test_the_way_back_is_told_of_every_sentence_in_either_segment(study: Built) -> None:
    ways = [
        part.back
        for sentence in read(study).models[0].runs[0].sentences
        for part in sentence.segments
    ]
    assert len(ways) == 4 and all(way.exact for way in ways)
    mantissa, power = f"{max(max(way.nearest) for way in ways):.1e}".split("e")
    far = f"{min(min(way.second) for way in ways):.2f}"
    found = f"every token is found again in 4 of 4 inputs. The nearest is at most {mantissa} × 10<sup>−{-int(power)}</sup> away"
    assert found in page(study)
    assert f"the second nearest at least {far} (" in page(
        study
    ) and f"少なくとも {far} です" in page(study, "ja")


def test_with_tensorflow_its_numbers_stand_beside(copied: Built) -> None:
    """The file is given a second run, other in its numbers, so that no column can be taken for
    another."""
    file = copied.root / "data" / writeup.NAME
    found = json.loads(file.read_text())
    run = json.loads(json.dumps(found["models"][0]["runs"][0])) | {"framework": "tensorflow"}
    for sentence in run["sentences"]:
        for part in sentence["segments"]:
            part["variants"]["hidden"]["sum"] += 1000 * (1 + part["segment"])
    found["models"][0]["runs"].append(run)
    file.write_text(json.dumps(found | {"missing": []}))
    copied.build(frozen=True)
    text = page(copied)
    assert (
        re.findall(r'colspan="3">(\w+)', text) == ["PyTorch", "TensorFlow"]
        and "was not run" not in text
    )
    wrong = run["sentences"][0]["segments"][0]["variants"]["hidden"]["sum"]
    assert f"TensorFlow gives {wrong:,.3f} and 0.0." in text
    for sentence in run["sentences"]:
        for part in sentence["segments"]:
            assert f'<td class="n">{part["variants"]["hidden"]["sum"]:,.3f}</td>' in text


def test_every_word_is_translated(study: Built) -> None:
    """What stands between tags of the English page and again in the Japanese one is code, numbers,
    or a name."""

    def words(text: str) -> set[str]:
        body = re.sub(
            r"<(pre|svg|code)\b.*?</\1>",
            "",
            text[text.index("<main") : text.index("</main")],
            flags=re.DOTALL,
        )
        return {
            part.strip()
            for part in re.findall(r">([^<>]+)<", body)
            if re.search(r"[a-z]{3,} [a-z]{2,}", part)
        }

    assert words(page(study)) & words(page(study, "ja")) <= {
        "the quick brown fox",
        "Hello, my dog is cute",
    }


def test_without_tensorflow_page_and_build_say_so(study: Built, copied: Built) -> None:
    assert read(study).missing == ("tensorflow",)
    assert "TensorFlow was not installed where this page was built" in page(study)
    assert "TensorFlow がなかった" in page(study, "ja") and re.findall(
        r'colspan="3">(\w+)', page(study)
    ) == ["PyTorch"]
    told: list[str] = []
    from atlas.pipeline.build import build
    from atlas.pipeline.options import Options

    build(
        config.load(copied.toml),
        Options(offline=True, executor="serial", strict=True),
        Silent(),
        told.append,
    )
    assert [line for line in told if "tensorflow" in line and "pip install" in line]


def test_both_maps_mark_the_same_words(study: Built) -> None:
    pictures = re.findall(r'class="where shown">.*?</svg>', page(study), re.DOTALL)
    marked = [re.findall(r"<text[^>]*>([^<]+)</text>", picture) for picture in pictures]
    assert marked[0] == marked[1] and marked[0]
    assert "compare/m-words--m-encoder-input/" in page(study)


def test_a_second_build_runs_nothing_and_another_sentence_one_task(copied: Built) -> None:
    ran = Silent()
    assert copied.build(ran).written == 0 and ran.ran == []
    copied.edit("the quick brown fox", "the fox running")
    copied.build(ran)
    assert ran.ran == ["m: pitfall, torch"] and "the fox running" in page(copied, "ja")
    copied.edit('[pitfall.sentences]\nen = ["the fox running"]', "")
    copied.build()
    assert (
        not (copied.public / URL).exists()
        and "write-ups/" not in (copied.public / "index.html").read_text()
    )


def test_with_tensorflow_a_column_more_is_wanted(
    copied: Built, monkeypatch: pytest.MonkeyPatch
) -> None:
    from atlas.pipeline.options import Options
    from atlas.pipeline.status import status

    run_in(monkeypatch, "torch", "tensorflow")
    rows = status(config.load(copied.toml), Options(offline=True))
    assert [row["task"] for row in rows if row["state"] == "to run"] == ["m: pitfall, tensorflow"]


def test_frozen_builds_render_it_and_miss_it(study: Built, copied: Built) -> None:
    shutil.rmtree(copied.public)
    copied.build(frozen=True)
    assert page(copied) == page(study)
    file = copied.root / "data" / writeup.NAME
    file.write_text(file.read_text().replace('"missing":', '"misses":'))
    with pytest.raises(DataError, match=r"inputs-embeds\.json: m"):
        copied.build(frozen=True)
    file.unlink()
    with pytest.raises(DataError, match=r"missing.*\[pitfall\]|inputs-embeds"):
        copied.build(frozen=True)


def test_only_leaves_the_write_up_as_it_is(copied: Built) -> None:
    before = page(copied)
    ran = Silent()
    copied.build(ran, only=("m-words",))
    assert (
        ran.ran == []
        and (copied.public / URL).exists()
        and before.count("where shown") == 2
        and page(copied).count("where shown") == 0
    )


def test_an_optional_model_that_fails_is_left_out_of_it(copied: Built, tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    shutil.copytree(Path(re.search(r"path:([^\"]+)", copied.toml.read_text())[1]), broken)  # type: ignore[index]
    text = json.loads((broken / "config.json").read_text())
    (broken / "config.json").write_text(
        json.dumps(text | {"num_hidden_layers": 3})
    )  # layers that its weights lack
    copied.edit(
        "[[compare]]",
        f'[[models]]\nid = "x"\nsource = "path:{broken.as_posix()}"\noptional = true\n\n[[compare]]',
    )
    summary = copied.build()
    assert any("x" in line for line in summary.warnings) or [
        one.model for one in read(copied).models
    ] == ["m"]
    assert [one.model for one in read(copied).models] == ["m"]


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """A write-up whose first model cannot be run, whose second changes nothing, and whose others
    have narrow embeddings. Read only."""
    import families

    built = Built(tmp_path_factory.mktemp("many"))
    text = '[site]\ntitle = "Many"\n[pitfall]\n'
    for one, name in {
        "clip": "CLIP",
        "llama": "Llama",
        "albert": "ALBERT",
        "mobile": "MobileBERT",
    }.items():
        families.save(families.build(name), built.root / one)
        text += f'[[models]]\nid = "{one}"\nsource = "path:{one}"\n'
        text += '[[models.maps]]\nprojections = ["pca"]\nclusters = { coarse = 4, fine = 2 }\n'
    built.toml.write_text(text)
    with pytest.MonkeyPatch.context() as patch:
        run_in(patch, "torch")
        built.build()
    return built


def test_one_model_does_not_stop_a_site(many: Built) -> None:
    found = {one.model: one.runs[0] for one in read(many).models}
    assert not found["clip"].sentences and "takes no inputs_embeds" in found["clip"].reason
    assert found["albert"].known and found["mobile"].sentences and not found["mobile"].formula
    for language in ("en", "ja"):
        text = page(many, language)
        assert found["clip"].reason in text and "projection(LayerNorm(" in text
        assert 'class="wrong"' not in text  # none of these is an example of what is wrong
    assert "clip" in page(many) and "cannot be run:" in page(many)
    assert "Fed hidden_states[0]" in (many.public / "index.html").read_text()


def test_bad_tables_are_told(tmp_path: Path) -> None:
    toml = tmp_path / "atlas.toml"
    toml.write_text(
        '[pitfall]\nsentence = ["a"]\n[pitfall.sentences]\nen = []\n[[models]]\nid = "m"\nsource = "path:x"\npitfal = true\n'
    )
    with pytest.raises(ConfigError) as problem:
        config.load(toml)
    told = "\n".join(problem.value.problems)
    assert (
        "pitfall.sentence: unknown key (did you mean sentences?)" in told
        and "pitfall.sentences.en: needs at least one entry" in told
    )
    assert "models[0].pitfal: unknown key (did you mean pitfall?)" in told


@given(st.floats(1e-6, 1e9))
def test_ticks_are_round_and_hold_the_value(most: float) -> None:
    step, top = ticks(most)
    assert top >= most * (1 - 1e-9) and 2 <= round(top / step) <= 11 and f"{step:e}"[0] in "125"
    told = [f"{step * number:.{digits(step)}f}" for number in range(round(top / step) + 1)]
    assert [float(text) for text in told] == pytest.approx(
        [step * number for number in range(len(told))], rel=1e-6
    )


@example([5e-324], False)
@given(st.lists(st.just(0.0) | st.floats(1e-6, 1e6), min_size=1, max_size=30), st.booleans())
def test_marks_stand_where_their_values_are(values: list[float], percent: bool) -> None:
    made = chart([str(number) for number in range(len(values))], {"a": values, "b": None}, percent)
    (line,) = made.series
    heights = [made.bottom - y for _, y in line.marks]
    assert all(0 <= x <= made.wide and 0 <= y <= made.high for x, y in line.marks)
    if max(values) > 0:
        scale = max(heights) / max(values)
        assert heights == pytest.approx([value * scale for value in values], abs=0.21)


def test_lines_of_another_length_are_refused() -> None:
    with pytest.raises(ValueError, match="a value for each label"):
        chart(["a"], {"x": [1.0, 2.0]})
