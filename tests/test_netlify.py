from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest

CHECKOUT = Path(__file__).resolve().parent.parent
FILE = CHECKOUT / "netlify.toml"
SETTINGS: dict[str, Any] = tomllib.loads(FILE.read_text(encoding="utf-8"))
RULES: dict[str, dict[str, str]] = {rule["for"]: rule["values"] for rule in SETTINGS["headers"]}

PAGES = [
    "/",
    "/404.html",
    "/maps/m-words/",
    "/maps/m-words/clusters/",
    "/maps/m-words/clusters/9-region/",
    "/models/m/",
    "/about/",
]
PAGES += ["/embedding/", "/compare/a--b/", "/write-ups/inputs-embeds/"]
PAGES += ["/ja" + path for path in PAGES]
EMBEDS = ["/embed/m-words/", "/ja/embed/m-words/"]
FILES = [
    "/assets/map.9e16a5066d.js",
    "/assets/site.3f2dcb9b88.css",
    "/assets/maps/m-words.points.5bf5b46e25.bin",
    "/data/m-words.json",
]
FILES += [
    "/oembed/m-words.json",
    "/ja/oembed/m-words.json",
    "/frame.js",
    "/robots.txt",
    "/sitemap.xml",
    "/feed.xml",
    "/ja/feed.xml",
]


def matching(path: str) -> list[str]:
    """Rules for a path, as Netlify matches: exactly, or anything after a final `*`."""
    return [
        rule
        for rule in RULES
        if rule == path or (rule.endswith("/*") and (path + "/").startswith(rule[:-1]))
    ]


def test_the_command_and_the_folder_exist() -> None:
    build = SETTINGS["build"]
    assert build["command"] == "python dev.py netlify" and build["publish"] == "site/public"
    assert "  netlify " in (CHECKOUT / "dev.py").read_text(encoding="utf-8")


@pytest.mark.parametrize("path", PAGES + EMBEDS + FILES)
def test_one_rule_for_each_path(path: str) -> None:
    assert len(matching(path)) == 1


def test_rules_are_named_once() -> None:
    assert len(RULES) == len(SETTINGS["headers"])


def test_pages_are_treated_alike() -> None:
    assert len({json.dumps(RULES[matching(path)[0]], sort_keys=True) for path in PAGES}) == 1
    for path in EMBEDS:
        assert RULES[matching(path)[0]] == RULES["/"] | {
            "Content-Security-Policy": "frame-ancestors *"
        }
    assert RULES["/"]["Content-Security-Policy"] == "frame-ancestors 'self'"


def test_only_names_with_a_digest_are_kept_for_long() -> None:
    assert "immutable" in RULES["/assets/*"]["Cache-Control"]
    assert "Cache-Control" not in RULES["/data/*"]  # m-words.parquet has no digest in its name
    assert "Cache-Control" not in RULES["/frame.js"]
    for rule in ("/assets/*", "/data/*", "/oembed/*", "/frame.js"):
        assert RULES[rule]["Access-Control-Allow-Origin"] == "*"


def test_every_file_of_a_built_site_has_its_rule(tiny_atlas: Any) -> None:
    for file in tiny_atlas.public.rglob("*"):
        path = "/" + file.relative_to(tiny_atlas.public).as_posix().removesuffix("index.html")
        if file.is_file() and not file.name.startswith("."):
            assert len(matching(path)) == 1, path


def test_what_is_kept_for_long_has_a_digest_of_its_content(tiny_atlas: Any) -> None:
    kept = [
        path
        for path in (tiny_atlas.public / "assets").rglob("*")
        if path.is_file() and path.suffix != ".txt"
    ]  # a licence
    assert len(kept) > 15
    for path in kept:
        assert re.fullmatch(r"[\w.-]+\.[0-9a-f]{10}\.\w+", path.name), path
        assert (
            hashlib.sha256(path.read_bytes()).hexdigest().startswith(path.name.split(".")[-2])
            or path.suffix == ".json"
        )


def test_redirects_lead_to_pages(tiny_atlas: Any) -> None:
    for redirect in SETTINGS["redirects"]:
        target = tiny_atlas.public / redirect["to"].lstrip("/")
        assert (target / "index.html" if redirect["to"].endswith("/") else target).is_file()


PARSE = """
import {resolveConfig} from '@netlify/config';
import {parseAllHeaders} from '@netlify/headers-parser';
import {parseAllRedirects} from '@netlify/redirect-parser';
const {config} = await resolveConfig({config: 'netlify.toml', offline: true, mode: 'cli', context: 'production', branch: 'main'});
const how = {netlifyConfigPath: 'netlify.toml', minimal: true};
const headers = await parseAllHeaders({headersFiles: [], configHeaders: config.headers, ...how});
const redirects = await parseAllRedirects({redirectsFiles: [], configRedirects: config.redirects, ...how});
console.log(JSON.stringify({build: config.build, headers: headers.headers, redirects: redirects.redirects,
  errors: [...headers.errors, ...redirects.errors].map(String)}));
"""


@pytest.mark.slow
def test_netlify_reads_it_as_we_do(tmp_path: Path) -> None:
    npm, node = shutil.which("npm"), shutil.which("node")
    if not npm or not node:
        pytest.skip("npm is not there")
    shutil.copy(FILE, tmp_path)
    (tmp_path / "package.json").write_text('{"private": true, "type": "module"}')
    (tmp_path / "site" / "public").mkdir(parents=True)
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
        [node, "parse.mjs"], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["errors"] == [] and found["build"]["command"] == "python dev.py netlify"
    assert {rule["for"]: rule["values"] for rule in found["headers"]} == RULES
    assert [entry["to"] for entry in found["redirects"]] == [
        entry["to"] for entry in SETTINGS["redirects"]
    ]
