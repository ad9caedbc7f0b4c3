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
    "m-words: neighbors": "191795db714c",
    "m-words: umap": "5bc9fcdea293",
    "m-words: tsne": "c5ce526bd93b",
    "m-words: pca": "fcf2f3ec9939",
    "m-words: random": "82cf00f37b7b",
    "m-words: arrange umap": "78bc1ddf24ea",
    "m-words: arrange tsne": "1aa9e79ceb61",
    "m-words: measure umap": "730553f6552c",
    "m-words: measure tsne": "ab7e95193e7e",
    "m-words: measure pca": "e164108dc6f9",
    "m-words: measure random": "35e087b3acea",
    "m-words: foremost": "720f448c3fef",
    "m-words: cluster": "38cfc1279519",
    "m-words: label umap": "f522cdb5ba0c",
    "m-words: label tsne": "53d9a8d0232f",
    "m-words: label pca": "521ee1387ce9",
    "m: lexicon": "4f411ca065a5",
    "m-words: landmarks": "fb17af2b3ea0",
    "m: contextual": "df99f92f1051",
    "m-deep: select": "824587c3e4d5",
    "m-deep: neighbors": "92fab8e3d085",
    "m-deep: umap": "7c568d9b8ef1",
    "m-deep: tsne": "7ddba0c55552",
    "m-deep: pca": "7e5852fdedb7",
    "m-deep: random": "b006c0cae388",
    "m-deep: arrange umap": "a56ba8ada9f0",
    "m-deep: arrange tsne": "87569b10ca87",
    "m-deep: measure umap": "843bc1e2f377",
    "m-deep: measure tsne": "a78d689d62b5",
    "m-deep: measure pca": "9c867112707e",
    "m-deep: measure random": "f6c34bee6c12",
    "m-deep: foremost": "b6ae0cbd56f1",
    "m-deep: cluster": "1e0f5eba7297",
    "m-deep: label umap": "d661bfcd04c0",
    "m-deep: label tsne": "b59eee0465de",
    "m-deep: label pca": "fdaa07514dec",
    "m-deep: landmarks": "48d45d773edd",
    "m-first: neighbors": "fe18cd150a42",
    "m-first: pca": "ba68f60c7f4b",
    "m-first: random": "b0634c0335b3",
    "m-first: measure pca": "01b72c2318e6",
    "m-first: measure random": "c9854391bcad",
    "m-first: cluster": "f4fd070bad86",
    "m-first: label pca": "d1bb738bc89b",
    "m-first: landmarks": "0d5b577952b2",
    "m: text.txt, part 1 of 1": "cb83c22ed377",
    "m-text: average": "e0e2fc330dc4",
    "m-text: seen": "4a0e1d8bb7f4",
    "m-text: neighbors": "b9b8b790f967",
    "m-text: umap": "a3b85edf15ef",
    "m-text: tsne": "d083710b263f",
    "m-text: pca": "4c578c5f8460",
    "m-text: random": "c79d0e63be52",
    "m-text: arrange umap": "40d22ae578e2",
    "m-text: arrange tsne": "6b80939d9fc3",
    "m-text: measure umap": "0596075f371e",
    "m-text: measure tsne": "69ad50f886ba",
    "m-text: measure pca": "89bda7a81355",
    "m-text: measure random": "5f79cd471875",
    "m-text: foremost": "971354ac47c4",
    "m-text: cluster": "1a5eed50a7a7",
    "m-text: label umap": "5a264e656024",
    "m-text: label tsne": "d5e8b72741dd",
    "m-text: label pca": "ee70f87b601c",
    "m-text: landmarks": "f6543a0b24fc",
    "m-words--m-deep: compare": "3f41db1a5d11",
    "m-words--m-deep: layers": "6f1fc7e9fea7",
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
