"""The address of a site, as hosts tell it."""

from __future__ import annotations

from pathlib import Path

import pytest

from atlas import atlas_toml
from atlas.config.hosts import address
from atlas.errors import ConfigError

NETLIFY = {"NETLIFY": "true", "URL": "https://a.example", "DEPLOY_PRIME_URL": "https://b.example"}
VERCEL = {"VERCEL": "1", "VERCEL_URL": "x1.vercel.app", "VERCEL_BRANCH_URL": "x-git.vercel.app"}
PAGES = {"GITHUB_ACTIONS": "true", "GITHUB_PAGES": "true"}


@pytest.mark.parametrize(
    ("environ", "told"),
    [
        ({}, ""),
        ({**NETLIFY, "CONTEXT": "production"}, "https://a.example"),
        ({**NETLIFY, "CONTEXT": "deploy-preview"}, "https://b.example"),
        ({"URL": "https://elsewhere.example"}, ""),
        (VERCEL, "https://x-git.vercel.app"),
        (
            {**VERCEL, "VERCEL_ENV": "production", "VERCEL_PROJECT_PRODUCTION_URL": "x.example"},
            "https://x.example",
        ),
        ({"CF_PAGES": "1", "CF_PAGES_URL": "https://1.a.pages.dev"}, "https://1.a.pages.dev"),
        ({**PAGES, "GITHUB_REPOSITORY": "Ada/Maps"}, "https://ada.github.io/Maps"),
        ({**PAGES, "GITHUB_REPOSITORY": "Ada/ada.github.io"}, "https://ada.github.io"),
        ({"GITHUB_ACTIONS": "true", "GITHUB_REPOSITORY": "Ada/Maps"}, ""),
        ({**NETLIFY, "ATLAS_BASE_URL": "https://c.example/d"}, "https://c.example/d"),
    ],
)
def test_each_host_names_the_address_of_its_deploy(environ: dict[str, str], told: str) -> None:
    assert address(environ) == told


MODEL = '[[models]]\nid = "m"\nsource = "path:m"\n[[models.maps]]\n'


@pytest.mark.parametrize(
    ("own", "found"),
    [
        ("", "https://a.example"),
        ('[site]\nbase_url = "https://o.example/p"\n', "https://o.example/p"),
    ],
)
def test_the_site_s_own_address_goes_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, own: str, found: str
) -> None:
    for name, value in {**NETLIFY, "CONTEXT": "production"}.items():
        monkeypatch.setenv(name, value)
    (tmp_path / "atlas.toml").write_text(own + MODEL, encoding="utf-8")
    assert atlas_toml.load(tmp_path / "atlas.toml").site.base_url == found


def test_an_address_that_is_none_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ATLAS_BASE_URL", "https://a.example/?q")
    (tmp_path / "atlas.toml").write_text(MODEL, encoding="utf-8")
    with pytest.raises(ConfigError, match="names an address"):
        atlas_toml.load(tmp_path / "atlas.toml")
