"""Recipes: what is kept of a build made by another release. A key that changes here costs every
user a computation, so it changes on purpose, with its stage's version."""

from __future__ import annotations

import dataclasses
import importlib
import pkgutil
from pathlib import Path

import pytest

import atlas
from atlas.engine.stage import AnyStage, Helper, Stage
from atlas.engine.task import Task, order
from atlas.findings.comparisons.config import Compare
from atlas.findings.comparisons.plan import plan_comparison
from atlas.findings.inputs_embeds.stages.architectures import architectures
from atlas.findings.inputs_embeds.stages.pitfall import pitfall
from atlas.findings.senses.stages.senses import senses
from atlas.maps.config import Map, Model
from atlas.maps.landmarks import Claim, Landmark
from atlas.maps.plan import MapTarget, plan_map
from atlas.maps.stages.measure import NEAREST
from atlas.maps.stages.neighbors import NEIGHBORS
from atlas.models.checkpoint import READ_JSON, Checkpoint
from atlas.models.encoder import ENCODER
from atlas.spaces.config import Corpus, Selection

CHECKPOINT = Checkpoint("path:m", "path:/somewhere/m", "files:0123")
MODEL = Model(id="m", source="path:m", language="ja")

# Name and version of every stage. Raise the version when the stage returns something else.
STAGES = {
    "annotate": 2,
    "architectures": 2,
    "average": 1,
    "cluster": 4,
    "compare": 5,
    "contextual": 2,
    "describe": 3,
    "label": 3,
    "landmarks": 1,
    "layers": 3,
    "lexicon": 1,
    "measure": 3,
    "neighbors": 2,
    "occurrences": 3,
    "pitfall": 2,
    "project": 2,
    "seen": 1,
    "select": 1,
    "senses": 3,
    "table_card": 1,
    "table_vectors": 1,
    "table_words": 1,
    "vectors": 2,
    "vocabulary": 4,
    "words": 1,
}
KEYS: dict[str, str] = {
    "m: describe": "c5264ede711e",
    "m: vocabulary": "ef382770af93",
    "m: annotate": "93c347a31730",
    "m: vectors": "414f861f9565",
    "m-words: select": "df0d90837d28",
    "m-words: neighbors": "655671c5f196",
    "m-words: umap": "7e507a618e20",
    "m-words: tsne": "81ba33ef3287",
    "m-words: pca": "9d953b2017bb",
    "m-words: random": "17cda176396a",
    "m-words: cluster": "c36c42e6eda3",
    "m-words: label umap": "5b4706cfaff8",
    "m-words: label tsne": "d01d1f334ca8",
    "m-words: label pca": "a306969268db",
    "m-words: measure umap": "32b6dcf1964f",
    "m-words: measure tsne": "4c78f5b3a464",
    "m-words: measure pca": "d8de3bb0e9d5",
    "m-words: measure random": "d3d3dc4a2795",
    "m: lexicon": "220b184bf7c4",
    "m-words: landmarks": "2694c2a555eb",
    "m: contextual": "b8d031d0973b",
    "m-deep: select": "2b6a1ccc1df8",
    "m-deep: neighbors": "37e945413c94",
    "m-deep: umap": "4d89e2273ad7",
    "m-deep: tsne": "f6f529bdc756",
    "m-deep: pca": "ba606eb32c1f",
    "m-deep: random": "858a929c2526",
    "m-deep: cluster": "078b7cef1135",
    "m-deep: label umap": "3946223d15a5",
    "m-deep: label tsne": "b4fa7c8eb736",
    "m-deep: label pca": "fbcef4559429",
    "m-deep: measure umap": "80920dbe55dd",
    "m-deep: measure tsne": "e0f2cb515417",
    "m-deep: measure pca": "70296edd9a07",
    "m-deep: measure random": "e82b1341b9e5",
    "m-deep: landmarks": "0aaa14a852cb",
    "m-first: neighbors": "11f154349f3a",
    "m-first: pca": "3be62bdaf9b2",
    "m-first: random": "d21f80cfb8d1",
    "m-first: cluster": "975e60e417cd",
    "m-first: label pca": "663c94991ef6",
    "m-first: measure pca": "4055f3b1d3ac",
    "m-first: measure random": "561dcbca9f8d",
    "m-first: landmarks": "2dc1529ee7c8",
    "m: text.txt, part 1 of 1": "d1ad57602d34",
    "m-text: average": "9a5b2aea26b0",
    "m-text: seen": "d6ff8434f124",
    "m-text: neighbors": "ca67ee74d904",
    "m-text: umap": "5506db847edf",
    "m-text: tsne": "49a365626201",
    "m-text: pca": "cb577fe89819",
    "m-text: random": "c0a4e125195c",
    "m-text: cluster": "5c15a29c0985",
    "m-text: label umap": "9df1ca108e32",
    "m-text: label tsne": "8a4110ff4e70",
    "m-text: label pca": "8ca73117c453",
    "m-text: measure umap": "1bdca927d483",
    "m-text: measure tsne": "82db54c6b256",
    "m-text: measure pca": "15f60091fce5",
    "m-text: measure random": "2a27f190bf58",
    "m-text: landmarks": "97f6a0cb5499",
    "m-words--m-deep: compare": "4f9d180f92ba",
    "m-words--m-deep: layers": "b4c3dbdadd4f",
    "senses": "2cea89e7899e",
    "pitfall": "fd653a567553",
}


def stages() -> dict[str, AnyStage]:
    """Every stage of the package by its name."""
    found: dict[str, AnyStage] = {}
    for module in pkgutil.walk_packages(atlas.__path__, "atlas."):
        if ".stages." in module.name:
            for thing in vars(importlib.import_module(module.name)).values():
                if isinstance(thing, Stage):
                    assert found.setdefault(thing.name, thing) is thing, thing.name
    return found


# Of a table of vectors, whose stages are its own.
TABLE = Checkpoint("vectors:t.gguf", "vectors:/somewhere/t.gguf", "files:0123", table="gguf")
TABLE_KEYS = {
    "m: table_card": "de2e84d07545",
    "m: table_words": "67eb80542e71",
    "m: table_vectors": "21ba8a6cf649",
}


def planned(root: Path) -> list[MapTarget]:
    (root / "text.txt").write_text("the fox\n", encoding="utf-8")
    landmarks = [Landmark(name="years", pattern="^19"), Landmark(name="few", tokens=("犬", "猫"))]
    claims = [Claim(set="years"), Claim(words=("犬", "猫"))]
    maps = [
        Map(selection=Selection(kinds=("word",), first=1500)),
        Map(name="deep", space="contextual"),
        Map(name="first", space="encoder-input", projections=("pca",)),
        Map(name="text", space="contextual", corpus=Corpus(path="text.txt", least=2)),
    ]
    return [plan_map(root, MODEL, entry, CHECKPOINT, landmarks, claims) for entry in maps]


def every_task(root: Path) -> dict[str, Task]:
    maps = planned(root)
    compared = plan_comparison(Compare(maps=("m-words", "m-deep")), maps[0], maps[1])
    tasks = [task for plan in maps for task in plan.tasks()] + list(compared.tasks())
    tasks.append(Task(senses, {"occurrences": [["a", "b", "c"]], "layer": -1}, source="files:0"))
    tasks.append(Task(pitfall, {"framework": "torch", "sentences": ["a"]}, source="files:0"))
    return {task.label or task.stage: task for task in order(tasks)}


def test_names_and_versions_of_stages() -> None:
    assert {name: stage.version for name, stage in sorted(stages().items())} == STAGES


def test_keys_are_those_of_the_release_before(tmp_path: Path) -> None:
    keys = {label: task.key[:12] for label, task in every_task(tmp_path).items()}
    assert keys == KEYS


def test_a_table_of_vectors_has_stages_of_its_own(tmp_path: Path) -> None:
    found = plan_map(tmp_path, MODEL, Map(projections=("pca",)), TABLE)
    own = {task.label: task.key[:12] for task in (found.card, found.vocabulary, found.vectors)}
    assert own == TABLE_KEYS
    assert found.vectors.recipe.get("libraries") is None
    read = dataclasses.replace(TABLE, libraries=("gguf",))
    recipe = plan_map(tmp_path, MODEL, Map(), read).vectors.recipe
    assert list(recipe["libraries"]) == ["gguf"]


def test_a_key_does_not_depend_on_where_things_are(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    here = every_task(tmp_path)
    there = every_task(tmp_path / "elsewhere")
    assert [task.key for task in here.values()] == [task.key for task in there.values()]


@pytest.mark.parametrize(
    ("helper", "users"),
    [
        (ENCODER, {"contextual", "occurrences", "layers", "senses", "pitfall"}),
        (NEIGHBORS, {"neighbors", "compare", "layers"}),
        (NEAREST, {"measure", "landmarks"}),
        (READ_JSON, {"describe", "vocabulary", "vectors", "pitfall"}),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_a_mended_helper_changes_the_recipes_of_those_that_use_it(
    helper: Helper, users: set[str]
) -> None:
    assert {name for name, stage in stages().items() if helper in stage.uses} == users
    for stage in stages().values():
        mended = Stage(
            stage.function,
            stage.name,
            version=stage.version,
            uses=tuple(
                dataclasses.replace(one, version=2) if one == helper else one for one in stage.uses
            ),
            libraries=stage.libraries,
        )
        assert (Task(mended).key != Task(stage).key) == (stage.name in users)


def test_results_that_libraries_make_have_their_versions() -> None:
    recipe = Task(architectures).recipe
    assert list(recipe["libraries"]) == ["torch", "transformers"]
    assert "libraries" not in planned_vocabulary(CHECKPOINT).recipe
    read = dataclasses.replace(CHECKPOINT, libraries=("sentencepiece", "transformers"))
    assert list(planned_vocabulary(read).recipe["libraries"]) == ["sentencepiece", "transformers"]


def planned_vocabulary(checkpoint: Checkpoint) -> Task:
    return plan_map(Path(), MODEL, Map(), checkpoint).vocabulary


def test_every_stage_returns_a_class_and_runs_where_a_worker_finds_it() -> None:
    from atlas.engine.stage import address, stage_at

    for stage in stages().values():
        assert stage_at(address(stage)) is stage
        assert isinstance(stage.record, type)
        assert stage.weight > 0


def test_nothing_is_cast_that_is_read_from_the_store() -> None:
    package = Path(atlas.__file__).parent
    for path in [*package.rglob("plan.py"), package / "maps" / "gather.py"]:
        assert "cast(" not in path.read_text(encoding="utf-8"), path
