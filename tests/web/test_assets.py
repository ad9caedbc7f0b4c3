"""How styles and scripts are published: bundled, or as the modules they are."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from types import ModuleType

import pytest
from conftest import CHECKOUT

from atlas.errors import AtlasError
from atlas.web import assets, theme
from atlas.web.assets import Assets, publish_assets
from atlas.web.writer import Writer

SOURCES = {
    "assets/site.js": 'import "./shared/dom.js";\n',
    "assets/shared/dom.js": "export const one = 1;\n",
    "assets/frame.js": "var old = true\n",
    "maps/map.js": 'import "./map/index.js";\n',
    "maps/map/index.js": 'import "../../assets/shared/dom.js";\n',
}
INPUTS = {
    "site": ["assets/shared/dom.js", "assets/site.js"],
    "map": ["assets/shared/dom.js", "maps/map.js", "maps/map/index.js"],
}


@pytest.fixture
def hook() -> ModuleType:
    spec = importlib.util.spec_from_file_location("hatch_build", CHECKOUT / "hatch_build.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def put(folder: Path, files: dict[str, str]) -> None:
    for place, text in files.items():
        (folder / place).parent.mkdir(parents=True, exist_ok=True)
        (folder / place).write_text(text, encoding="utf-8")


@pytest.fixture
def ships(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hook: ModuleType) -> Path:
    """A theme with two bundled scripts and a style."""
    folder = tmp_path / "theme"
    made = {
        "plotly-map.min.js": "1",
        "plotly-map.css": "2",
        "scripts/list.json": json.dumps(INPUTS),
    }
    for name, inputs in INPUTS.items():
        stamp = hook.digest({place: SOURCES[place].encode() for place in inputs})
        made[f"scripts/{name}.js"] = f"/* atlas {stamp} recipe */\n{name}()"
    put(folder, {**SOURCES, "maps/map.css": "a {}"})
    put(folder / "assets" / "vendor", made)
    monkeypatch.setattr(theme, "theme", lambda: folder)
    return folder


def publish(root: Path) -> tuple[Assets, Path]:
    public = root / "public"
    return publish_assets(root, Writer(public, root / "old", {}), pytest.fail), public


def script(found: Assets, name: str, **data: str) -> str:
    return str(found.script(lambda place: f"../{place}", name, **data))


def test_a_bundle_is_a_classic_script(ships: Path, tmp_path: Path) -> None:
    found, public = publish(tmp_path)
    assert {name: one.module for name, one in found.scripts.items()} == {
        "site": False,
        "map": False,
    }
    assert (public / found.scripts["map"].path).read_text() == "map()"  # without its stamp
    assert script(found, "map") == f'<script src="../{found.scripts["map"].path}" defer></script>'
    assert script(found, "map", runtime='"x').endswith(' defer data-runtime="&#34;x"></script>')
    assert not list(public.glob("assets/scripts.*"))
    style = found.style(lambda place: f"../{place}", "map")
    assert str(style) == f'<link rel="stylesheet" href="../{found.styles["map"]}">' and found.strict


@pytest.mark.parametrize("shadowed", ["map/index.js", "map.js"])
def test_a_theme_that_shadows_a_module_gets_modules(
    ships: Path, tmp_path: Path, shadowed: str
) -> None:
    put(tmp_path / "templates", {f"maps/{shadowed}": "own()"})
    found, public = publish(tmp_path)
    assert found.scripts["map"].module and not found.scripts["site"].module
    assert 'type="module"' in script(found, "map") and "defer" not in script(found, "map")
    (folder,) = public.glob("assets/scripts.*")
    assert found.scripts["map"].path == f"assets/{folder.name}/maps/map.js"
    assert (folder / "maps" / shadowed).read_text() == "own()"
    assert (folder / "assets" / "shared" / "dom.js").read_text() == SOURCES["assets/shared/dom.js"]
    assert not (folder / "assets" / "frame.js").exists() and not (folder / "assets/vendor").exists()


def test_what_all_scripts_use_unbundles_all(ships: Path, tmp_path: Path) -> None:
    put(tmp_path / "templates", {"assets/shared/dom.js": "own()"})
    found, _ = publish(tmp_path)
    assert all(one.module for one in found.scripts.values())
    folder = found.scripts["map"].path.split("/")[1]
    put(tmp_path / "templates", {"assets/shared/dom.js": "other()"})
    assert publish(tmp_path)[0].scripts["map"].path.split("/")[1] != folder


@pytest.mark.parametrize("gone", ["list.json", "map.js"])
def test_without_a_bundle_there_are_modules(ships: Path, tmp_path: Path, gone: str) -> None:
    (ships / "assets" / "vendor" / "scripts" / gone).unlink()
    assert publish(tmp_path)[0].scripts["map"].module


def test_a_new_kind_of_page_brings_its_own(ships: Path, tmp_path: Path) -> None:
    put(tmp_path / "templates", {"toys/toys.js": "toys()", "toys/toys.css": "b {}"})
    found, public = publish(tmp_path)
    assert found.scripts["toys"].module and not found.scripts["map"].module
    assert (public / found.scripts["toys"].path).read_text() == "toys()"
    assert (public / found.styles["toys"]).read_text() == "b {}"
    put(tmp_path / "templates", {"more/toys.js": ""})
    with pytest.raises(AtlasError, match="has the same name"):
        publish(tmp_path)


def test_a_name_that_is_not_there_is_told(ships: Path, tmp_path: Path) -> None:
    found, _ = publish(tmp_path)
    for tag in (found.script, found.style):
        with pytest.raises(LookupError, match="would be templates"):
            tag(str, "toys")


def test_the_hook_knows_what_is_stale(ships: Path, hook: ModuleType, tmp_path: Path) -> None:
    packages = {f"assets/{name}": "" for name in hook.RECIPES}
    put(ships, packages)
    assert hook.stale(ships) == ["runtime.mjs", "tokenizers.mjs", "scripts.mjs"]
    bundles = list((ships / "assets" / "vendor" / "scripts").glob("*.js"))
    for path in bundles:
        text = path.read_text().replace("recipe", hook.stamp(ships / "assets", "scripts.mjs"))
        path.write_text(text)
    assert hook.stale(ships) == ["runtime.mjs", "tokenizers.mjs"]
    for place in ("maps/map/index.js", "assets/scripts.mjs"):
        before = (ships / place).read_text()
        put(ships, {place: f"{before} "})
        assert "scripts.mjs" in hook.stale(ships)
        put(ships, {place: before})
    put(ships, {"toys/toys.js": ""})
    assert "scripts.mjs" in hook.stale(ships)


def test_hook_and_site_stamp_alike(hook: ModuleType) -> None:
    sources = {place: text.encode() for place, text in SOURCES.items()}
    assert hook.digest(sources) == assets.digest(sources)
    assert hook.FRAME == assets.FRAME


def test_every_script_of_the_theme_is_bundled_where_the_hook_ran(hook: ModuleType) -> None:
    templates = CHECKOUT / "templates"
    if not (templates / "assets" / "vendor" / "scripts" / "list.json").is_file():
        pytest.skip("the scripts were not bundled on this machine")
    assert hook.stale(templates) == [], "install again, or: python hatch_build.py"
