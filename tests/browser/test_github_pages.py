"""A site as GitHub Pages serves it: below the project's name, from the archive that the workflow's
action makes, with 404.html for what is not there, and without rules of other hosts."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tarfile
from collections.abc import Callable, Iterator
from http import HTTPStatus
from pathlib import Path

import pytest
from chrome import MARKS, Quiet, Watched, serving
from conftest import Built

from atlas.cli.new import WORKFLOW, init

pytestmark = MARKS

PROJECT = "/of-words"


class Pages(Quiet):
    """Serves a folder below PROJECT."""

    def translate_path(self, path: str) -> str:
        inner = path.removeprefix(PROJECT)
        return super().translate_path(inner if inner != path else "/not-of-this-project")

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        body = (Path(self.directory) / "404.html").read_bytes()
        self.send_response(code, message)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture(scope="module")
def site(tiny_atlas: Built, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("pages")
    root = folder / "atlas"
    shutil.copytree(tiny_atlas.root, root, ignore=shutil.ignore_patterns(".atlas"))
    built = Built(root)
    built.edit("[site]\n", f'[site]\nbase_url = "https://ada.github.io{PROJECT}"\n')
    built.build(frozen=True)
    # As actions/upload-pages-artifact does.
    out = ("--exclude=.git", "--exclude=.github")
    command = ["tar", "--dereference", "--hard-dereference", "-C", str(built.public), *out]
    subprocess.run([*command, "-cf", str(folder / "artifact.tar"), "."], check=True)
    with tarfile.open(folder / "artifact.tar") as archive:
        archive.extractall(folder / "served", filter="data")
    with serving(folder / "served", Pages) as address:
        yield f"{address.rstrip('/')}{PROJECT}/"


@pytest.mark.parametrize("page", ["", "ja/", "maps/minilm-words/", "words/"])
def test_pages_are_whole_below_the_project(watch: Callable[..., Watched], page: str) -> None:
    watched = watch()
    watched.open(page, ".stage[data-drawn]" if page.startswith("maps") else "main")
    watched.page.wait_for_load_state("networkidle")
    watched.fine()  # nothing was asked for outside of the project


def test_a_word_is_found_from_a_page_below(watch: Callable[..., Watched]) -> None:
    watched = watch()
    page = watched.open("maps/minilm-words/", "main")
    page.fill("#ask", "king")
    page.press("#ask", "Enter")
    page.wait_for_url("**/words/**")
    page.wait_for_selector("main h1")
    watched.fine()


def test_what_is_not_there_has_our_own_page(watch: Callable[..., Watched], site: str) -> None:
    page = watch().page
    for lost in ("nowhere/", "maps/nowhere/deeper/"):
        answer = page.goto(site + lost)
        assert answer is not None and answer.status == HTTPStatus.NOT_FOUND
        assert page.evaluate("getComputedStyle(document.querySelector('header.top')).display") in (
            "flex",
            "grid",
        )
        page.click("a.brand")
        page.wait_for_url(site)


def test_the_workflow_is_one_by_github_s_own_schema(tmp_path: Path) -> None:
    init(tmp_path, github=True)
    judge = [sys.executable, "-m", "check_jsonschema", "--builtin-schema"]
    told = subprocess.run(
        [*judge, "vendor.github-workflows", str(tmp_path / WORKFLOW)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.returncode == 0, told.stdout
    broken = tmp_path / "broken.yml"
    broken.write_text(
        (tmp_path / WORKFLOW).read_text("utf-8").replace("runs-on", "run-on"), "utf-8"
    )
    assert subprocess.run(
        [*judge, "vendor.github-workflows", str(broken)], check=False, capture_output=True
    ).returncode
