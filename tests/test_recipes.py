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
from atlas.models.tensors import TENSORS
from atlas.spaces.config import Corpus, Selection

CHECKPOINT = Checkpoint("path:m", "path:/somewhere/m", "files:0123")
MODEL = Model(id="m", source="path:m", language="ja")

# Name and version of every stage. Raise the version when the stage returns something else.
STAGES = {
    "annotate": 2,
    "architectures": 2,
    "arrange": 1,
    "average": 1,
    "cluster": 4,
    "compare": 5,
    "contextual": 2,
    "describe": 4,
    "foremost": 1,
    "label": 3,
    "landmarks": 1,
    "layers": 3,
    "lexicon": 1,
    "measure": 4,
    "neighbors": 2,
    "occurrences": 3,
    "pitfall": 3,
    "project": 3,
    "seen": 1,
    "select": 1,
    "senses": 3,
    "table_card": 1,
    "table_vectors": 1,
    "table_words": 1,
    "vectors": 3,
    "vocabulary": 5,
    "words": 1,
}
KEYS: dict[str, str] = {
    "m: describe": "a5ba8388a87a",
    "m: vocabulary": "1619ad70a92f",
    "m: annotate": "1d6864bae068",
    "m: vectors": "b0107453132d",
    "m-words: select": "c76b1132cc7d",
    "m-words: neighbors": "39aeee2507a3",
    "m-words: umap": "aba03181b3b8",
    "m-words: tsne": "237381d4c36e",
    "m-words: pca": "c44621a98ca2",
    "m-words: random": "9c058bfd6496",
    "m-words: arrange umap": "37cbb677dc3a",
    "m-words: arrange tsne": "a33ec06ae121",
    "m-words: measure umap": "299d305b9e65",
    "m-words: measure tsne": "bdfc27221ab7",
    "m-words: measure pca": "da6e652893e0",
    "m-words: measure random": "07fef176aaf4",
    "m-words: foremost": "fb2b636cf658",
    "m-words: cluster": "b9441616f876",
    "m-words: label umap": "d0a208ca1358",
    "m-words: label tsne": "fbd2380125ff",
    "m-words: label pca": "c5ae9b95e678",
    "m: lexicon": "4f411ca065a5",
    "m-words: landmarks": "464492fe2d48",
    "m: contextual": "df99f92f1051",
    "m-deep: select": "824587c3e4d5",
    "m-deep: neighbors": "39992ba7861a",
    "m-deep: umap": "ad0935777de9",
    "m-deep: tsne": "19523616a271",
    "m-deep: pca": "adb25431baf4",
    "m-deep: random": "2ab496d22d50",
    "m-deep: arrange umap": "293ae4b0a32f",
    "m-deep: arrange tsne": "938bd0c2d72a",
    "m-deep: measure umap": "44b018890068",
    "m-deep: measure tsne": "4d58d063ea85",
    "m-deep: measure pca": "b0a072807ee4",
    "m-deep: measure random": "27509933fee9",
    "m-deep: foremost": "90778be25715",
    "m-deep: cluster": "59705f8a0715",
    "m-deep: label umap": "2a12e15b6cb3",
    "m-deep: label tsne": "a162d56efe13",
    "m-deep: label pca": "8bfe2b4e68f5",
    "m-deep: landmarks": "c349db58ac46",
    "m-first: neighbors": "3f7da3210b04",
    "m-first: pca": "6ba4c35f5fb7",
    "m-first: random": "1c237c69a35e",
    "m-first: measure pca": "12bffbb81b97",
    "m-first: measure random": "91f2de7fc8f0",
    "m-first: cluster": "22d2478653e1",
    "m-first: label pca": "8ce192814d16",
    "m-first: landmarks": "c843a11971d7",
    "m: text.txt, part 1 of 1": "cb83c22ed377",
    "m-text: average": "e0e2fc330dc4",
    "m-text: seen": "4a0e1d8bb7f4",
    "m-text: neighbors": "309930184110",
    "m-text: umap": "a65153662d80",
    "m-text: tsne": "f9a43c7358cb",
    "m-text: pca": "b68274aa803b",
    "m-text: random": "b181795c38ad",
    "m-text: arrange umap": "8c0c983997ca",
    "m-text: arrange tsne": "8f06abb15e98",
    "m-text: measure umap": "902c034ab05f",
    "m-text: measure tsne": "b4e1ac57878c",
    "m-text: measure pca": "af43c208b19c",
    "m-text: measure random": "da9497e6d57e",
    "m-text: foremost": "047d110c368d",
    "m-text: cluster": "4245371af0ea",
    "m-text: label umap": "b18233e9b35c",
    "m-text: label tsne": "ce4b69e180f7",
    "m-text: label pca": "f371b60dfd86",
    "m-text: landmarks": "f41eca8b74d5",
    "m-words--m-deep: compare": "d9d539c4f383",
    "m-words--m-deep: layers": "e27678c1504e",
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
        (ENCODER, {"contextual", "occurrences", "layers", "senses", "pitfall"}),
        (NEIGHBORS, {"neighbors", "compare", "layers"}),
        (NEAREST, {"measure", "landmarks"}),
        (READ_JSON, {"describe", "vocabulary", "vectors", "pitfall"}),
        (TENSORS, {"vocabulary", "vectors"}),
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
