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
    "measure": 7,
    "neighbors": 3,
    "occurrences": 3,
    "orders": 2,
    "pitfall": 3,
    "portable": 1,
    "project": 5,
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
    "m-words: neighbors": "6af936c100b7",
    "m-words: umap": "0ec657b08989",
    "m-words: tsne": "7123a118b1b0",
    "m-words: pca": "d96d90c03cd1",
    "m-words: random": "78c2c4aa3b8a",
    "m-words: arrange umap": "000e5251f8a6",
    "m-words: arrange tsne": "7ad11ff0c6b3",
    "m-words: arrange pca": "2c6dd48c940c",
    "m-words: measure": "b5f2e7cd22c3",
    "m-words: foremost": "5b4fbeb22e63",
    "m-words: cluster": "d16d31e499ae",
    "m: lexicon": "d91f8fa0967a",
    "m-words: titles": "56e55eccb58a",
    "m-words: label umap": "b17322435dae",
    "m-words: label tsne": "7f483ef3ddd9",
    "m-words: label pca": "e5d126774766",
    "m-words: landmarks": "1a6502a3c3c0",
    "m: suspect": "0ce75f7dec46",
    "m: contextual": "df99f92f1051",
    "m-deep: select": "c5bf23d4e624",
    "m-deep: neighbors": "a338ab78b5da",
    "m-deep: umap": "0212db662658",
    "m-deep: tsne": "39c2f9765c28",
    "m-deep: pca": "e12a5ce2c9bb",
    "m-deep: random": "094ff0f2cacd",
    "m-deep: arrange umap": "985466d33bab",
    "m-deep: arrange tsne": "4f62f587e3d8",
    "m-deep: arrange pca": "2761c9a0caf8",
    "m-deep: measure": "22694550b380",
    "m-deep: foremost": "8a62b43f2c83",
    "m-deep: cluster": "26d1742c5f02",
    "m-deep: titles": "3163f72718b6",
    "m-deep: label umap": "46576485797a",
    "m-deep: label tsne": "0bd44e29734a",
    "m-deep: label pca": "523586ca8636",
    "m-deep: landmarks": "3cc740ec0b09",
    "m-first: neighbors": "c7fcbcd9b502",
    "m-first: pca": "c6d2d29e9269",
    "m-first: random": "32c9d56d8bf5",
    "m-first: arrange pca": "a0bb9aa860f8",
    "m-first: measure": "17057132acfd",
    "m-first: cluster": "d8715aa92686",
    "m-first: titles": "277322077785",
    "m-first: label pca": "f90af85f3d27",
    "m-first: landmarks": "2795444d0507",
    "m: text.txt, part 1 of 1": "cb83c22ed377",
    "m-text: average": "e01c99208066",
    "m-text: seen": "b3d7c3fe3ed7",
    "m-text: neighbors": "06a40343d786",
    "m-text: umap": "bce480fb0dec",
    "m-text: tsne": "51e005258d00",
    "m-text: pca": "7a6c9c60d3ae",
    "m-text: random": "1a05035311ba",
    "m-text: arrange umap": "5bccb73e7839",
    "m-text: arrange tsne": "81f2e1171186",
    "m-text: arrange pca": "58c5c4c057bc",
    "m-text: measure": "bbfc30735b5e",
    "m-text: foremost": "1ac2d16d2e43",
    "m-text: cluster": "53ad5353e031",
    "m-text: titles": "9de723e0d933",
    "m-text: label umap": "f15ef2bd7d63",
    "m-text: label tsne": "2f5a07507be8",
    "m-text: label pca": "316b726782b8",
    "m-text: landmarks": "183e4b7cfbd0",
    "m-words--m-deep: compare": "96005a91e942",
    "m-words--m-deep: layers": "f5d1560eb742",
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
