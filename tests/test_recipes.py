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
from atlas.findings.inputs_embeds.stages.families import families
from atlas.findings.inputs_embeds.stages.pitfall import pitfall
from atlas.findings.senses.stages.senses import senses
from atlas.maps.config import Map, Model
from atlas.maps.landmarks import Claim, Landmark
from atlas.maps.plan import MapTarget, plan_map
from atlas.maps.stages.measure import NEAREST
from atlas.maps.stages.neighbors import NEIGHBORS
from atlas.models.checkpoint import READ_JSON, Checkpoint
from atlas.models.encoder import ENCODER
from atlas.models.tensors import TENSORS
from atlas.spaces.config import Corpus, Selection

CHECKPOINT = Checkpoint("path:m", "path:/somewhere/m", "files:0123")
MODEL = Model(id="m", source="path:m", language="ja")

# Name and version of every stage. Raise the version when the stage returns something else.
STAGES = {
    "annotate": 2,
    "arrange": 1,
    "arrange_axes": 1,
    "average": 1,
    "cluster": 10,
    "compare": 5,
    "contextual": 2,
    "counted": 1,
    "describe": 4,
    "families": 3,
    "foremost": 2,
    "label": 8,
    "landmarks": 2,
    "layers": 3,
    "lexicon": 2,
    "measure": 6,
    "neighbors": 3,
    "occurrences": 3,
    "orders": 2,
    "pitfall": 3,
    "portable": 1,
    "project": 4,
    "rows": 3,
    "seen": 1,
    "select": 1,
    "senses": 3,
    "shape": 5,
    "shared": 2,
    "splits": 1,
    "suspect": 2,
    "table_card": 1,
    "table_vectors": 1,
    "table_words": 1,
    "titles": 7,
    "vectors": 3,
    "verify": 1,
    "vocabulary": 6,
    "wall": 1,
    "words": 1,
}
KEYS: dict[str, str] = {
    "m: describe": "a5ba8388a87a",
    "m: vocabulary": "01069de3088f",
    "m: annotate": "510d9c9d125d",
    "m: vectors": "b0107453132d",
    "m-words: select": "1faae6667462",
    "m-words: neighbors": "36a2e4933be1",
    "m-words: umap": "a578da9bdc84",
    "m-words: tsne": "9ce51fc05e8f",
    "m-words: pca": "2a14af59e53e",
    "m-words: random": "ce9e2f74fbff",
    "m-words: arrange umap": "2fb00f8a8613",
    "m-words: arrange tsne": "268a1407e9be",
    "m-words: arrange pca": "1b29d8c18b4c",
    "m-words: measure": "f84f4c1cc034",
    "m-words: foremost": "9db336f18b40",
    "m-words: cluster": "b793a34d8315",
    "m: lexicon": "d91f8fa0967a",
    "m-words: titles": "c1627e2e49b3",
    "m-words: label umap": "bf879891769e",
    "m-words: label tsne": "d0cea8746629",
    "m-words: label pca": "4b0daeb3204a",
    "m-words: landmarks": "d99e4dbecf77",
    "m: suspect": "0ce75f7dec46",
    "m: contextual": "df99f92f1051",
    "m-deep: select": "c5bf23d4e624",
    "m-deep: neighbors": "5006c82bec35",
    "m-deep: umap": "f3d2963eba30",
    "m-deep: tsne": "d31e9533552e",
    "m-deep: pca": "ce9a5da1ad66",
    "m-deep: random": "0e227cf6114f",
    "m-deep: arrange umap": "6c31a13f0355",
    "m-deep: arrange tsne": "0048af674af8",
    "m-deep: arrange pca": "6e6781b70645",
    "m-deep: measure": "68278647ec9b",
    "m-deep: foremost": "0ea050b2067a",
    "m-deep: cluster": "9e0a5a086eb1",
    "m-deep: titles": "e3846720ad12",
    "m-deep: label umap": "025b8b6f0f93",
    "m-deep: label tsne": "c1e542d6b20f",
    "m-deep: label pca": "ddbc591457ff",
    "m-deep: landmarks": "7b29a82e3c23",
    "m-first: neighbors": "5b857b5768ef",
    "m-first: pca": "ab032965ed66",
    "m-first: random": "a63413b336bf",
    "m-first: arrange pca": "6385c023acee",
    "m-first: measure": "021af39d611d",
    "m-first: cluster": "f6abe13de5f6",
    "m-first: titles": "78c422f2f7e8",
    "m-first: label pca": "7f10e9cd6192",
    "m-first: landmarks": "3cecf683463d",
    "m: text.txt, part 1 of 1": "cb83c22ed377",
    "m-text: average": "e01c99208066",
    "m-text: seen": "b3d7c3fe3ed7",
    "m-text: neighbors": "53c1c1fd3383",
    "m-text: umap": "1efe32d315fc",
    "m-text: tsne": "a0efa2afc3e5",
    "m-text: pca": "0c3e97f88434",
    "m-text: random": "b377d6c0eebf",
    "m-text: arrange umap": "5dfaea891ded",
    "m-text: arrange tsne": "f8a8c23d4a8c",
    "m-text: arrange pca": "4889eee73ae5",
    "m-text: measure": "80c3ce8671d7",
    "m-text: foremost": "89bcd4fb6ac0",
    "m-text: cluster": "8917e82f622c",
    "m-text: titles": "694ec0576687",
    "m-text: label umap": "9097d913ce8c",
    "m-text: label tsne": "8a80e2d5e33a",
    "m-text: label pca": "ac721a4e21ef",
    "m-text: landmarks": "674f4fe31edc",
    "m-words--m-deep: compare": "a5df46017c46",
    "m-words--m-deep: layers": "40db8a326a12",
    "senses": "45e503c12021",
    "pitfall": "dab0613da588",
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
        (ENCODER, {"contextual", "occurrences", "layers", "senses", "pitfall", "orders"}),
        (NEIGHBORS, {"neighbors", "compare", "layers"}),
        (NEAREST, {"measure", "landmarks", "cluster"}),
        (READ_JSON, {"describe", "vocabulary", "vectors", "pitfall", "rows", "verify"}),
        (TENSORS, {"vocabulary", "vectors", "rows", "suspect"}),
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
                dataclasses.replace(one, version=one.version + 1) if one == helper else one
                for one in stage.uses
            ),
            libraries=stage.libraries,
        )
        assert (Task(mended).key != Task(stage).key) == (stage.name in users)


def test_results_that_libraries_make_have_their_versions() -> None:
    recipe = Task(families).recipe
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
