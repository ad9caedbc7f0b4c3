from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from conftest import Built

from atlas import atlas_toml
from atlas.web.headers import FILE as HEADERS
from atlas.web.headers import read_headers

CHECKOUT = Path(__file__).resolve().parent.parent
FILE = CHECKOUT / "netlify.toml"
SETTINGS: dict[str, Any] = tomllib.loads(FILE.read_text(encoding="utf-8"))


def test_the_command_and_the_folder_exist() -> None:
    build = SETTINGS["build"]
    assert build["command"] == "python dev.py netlify" and build["publish"] == "site/public"
    assert "  netlify " in (CHECKOUT / "dev.py").read_text(encoding="utf-8")


def test_headers_are_left_to_the_built_site() -> None:
    assert "headers" not in SETTINGS


def test_each_edition_but_the_first_has_its_redirects() -> None:
    """A redirect by language is Netlify's own, so it stands here and not in a file of the site that
    other hosts read."""
    _, *others = atlas_toml.load(CHECKOUT / "site" / "atlas.toml").site.languages
    assert SETTINGS["redirects"] == [
        *(
            {
                "from": "/",
                "to": f"/{language}/",
                "status": 302,
                "force": True,
                "conditions": {"Language": [language]},
            }
            for language in others
        ),
        *(
            {"from": f"/{language}/*", "to": f"/{language}/404.html", "status": 404}
            for language in others
        ),
    ]


def test_redirects_lead_to_pages(tiny_atlas: Built) -> None:
    for redirect in SETTINGS["redirects"]:
        target = tiny_atlas.public / redirect["to"].lstrip("/")
        assert (target / "index.html" if redirect["to"].endswith("/") else target).is_file()


def wheel(folder: Path, name: str, version: str, needs: str = "") -> None:
    """A wheel without content."""
    told = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{needs}"
    with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as packed:
        place = f"{name}-{version}.dist-info"
        packed.writestr(f"{place}/METADATA", told)
        packed.writestr(
            f"{place}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any"
        )
        packed.writestr(f"{place}/RECORD", "")


def test_with_an_index_of_such_builds_pip_takes_the_torch_without_cuda(tmp_path: Path) -> None:
    """pip, with two indices like those that netlify.toml speaks of."""
    pins = (CHECKOUT / "constraints.txt").read_text(encoding="utf-8")
    version = re.search(r"^torch==(.+)$", pins, re.MULTILINE)[1]  # type: ignore[index]
    with_cuda, without = tmp_path / "usual" / "torch", tmp_path / "cpu" / "torch"
    for folder, local, needs in (
        (with_cuda, "", "Requires-Dist: nvidia-cublas\n"),
        (without, "+cpu", ""),
    ):
        folder.mkdir(parents=True)
        wheel(folder, "torch", f"{version}{local}", needs)
        (name,) = (path.name for path in folder.iterdir())
        (folder / "index.html").write_text(f'<a href="{quote(name)}">{name}</a>')
    command = [
        "-m",
        "pip",
        "install",
        "--dry-run",
        "--ignore-installed",
        "--quiet",
        "--report",
        "-",
        "torch",
        "-c",
    ]
    plain = {name: value for name, value in os.environ.items() if not name.startswith("PIP_")}
    found = subprocess.run(
        [sys.executable, *command, str(CHECKOUT / "constraints.txt")],
        env=plain
        | {
            "PIP_CONFIG_FILE": os.devnull,
            "PIP_INDEX_URL": with_cuda.parent.as_uri(),
            "PIP_EXTRA_INDEX_URL": without.parent.as_uri(),
        },
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    chosen = json.loads(found.stdout)["install"]
    assert [one["metadata"]["version"] for one in chosen] == [f"{version}+cpu"]


PARSE = """
import {resolveConfig} from '@netlify/config';
import {parseAllHeaders} from '@netlify/headers-parser';
import {parseAllRedirects} from '@netlify/redirect-parser';
const {config} = await resolveConfig({config: 'netlify.toml', offline: true, mode: 'cli', context: 'production', branch: 'main'});
const how = {netlifyConfigPath: 'netlify.toml', minimal: true};
const headers = await parseAllHeaders({headersFiles: ['site/public/_headers'], configHeaders: config.headers, ...how});
const redirects = await parseAllRedirects({redirectsFiles: [], configRedirects: config.redirects, ...how});
console.log(JSON.stringify({build: config.build, headers: headers.headers, redirects: redirects.redirects,
  errors: [...headers.errors, ...redirects.errors].map(String)}));
"""


@pytest.mark.slow
def test_netlify_reads_both_files_as_we_do(tiny_atlas: Built, tmp_path: Path) -> None:
    npm, node = shutil.which("npm"), shutil.which("node")
    if not npm or not node:
        pytest.skip("npm is not there")
    shutil.copy(FILE, tmp_path)
    (tmp_path / "package.json").write_text('{"private": true, "type": "module"}')
    (tmp_path / "site" / "public").mkdir(parents=True)
    shutil.copy(tiny_atlas.public / HEADERS, tmp_path / "site" / "public")
    (tmp_path / "parse.mjs").write_text(PARSE)
    packages = [
        "@netlify/config@24.6.0",
        "@netlify/headers-parser@9.0.3",
        "@netlify/redirect-parser@15.0.4",
    ]
    command = [
        npm,
        "install",
        "--ignore-scripts",
        "--no-audit",
        "--no-fund",
        "--fetch-retries=0",
        *packages,
    ]
    installed = subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, timeout=180, check=False
    )
    if installed.returncode:
        pytest.skip(f"npm cannot install Netlify's parsers: {installed.stderr[:200]}")
    done = subprocess.run(
        [node, "parse.mjs"], cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["errors"] == [] and found["build"]["command"] == "python dev.py netlify"
    rules = read_headers((tiny_atlas.public / HEADERS).read_text(encoding="utf-8"))
    assert [(rule["for"], rule["values"]) for rule in found["headers"]] == rules
    assert [entry["to"] for entry in found["redirects"]] == [
        entry["to"] for entry in SETTINGS["redirects"]
    ]
