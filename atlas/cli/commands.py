"""The command `atlas`: options, printing and exit codes. Each command imports the modules that it
needs, so that the others start fast."""

from __future__ import annotations

import atexit
import gc
import importlib.util
import json
import os
import shlex
import sys
from collections.abc import Callable
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from atlas import __version__
from atlas.cli.say import count, near, print_error, say, state, talking, warn
from atlas.engine.interrupts import heard
from atlas.errors import AtlasError, UsageError

if TYPE_CHECKING:
    from atlas.pipeline.options import Options, Summary

app = typer.Typer(
    name="atlas",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Publish maps of language models' embedding spaces as a static website.",
    epilog="Example: atlas init my-atlas, then atlas serve my-atlas",
)

_DIR = "Folder of atlas.toml; by default the nearest one upward, else ./site."
Folder = Annotated[Path | None, typer.Argument(metavar="DIR", help=_DIR, show_default=False)]
Only = Annotated[
    list[str] | None,
    typer.Option("--only", help="Only this model or map; may be repeated.", show_default=False),
]
Offline = Annotated[bool, typer.Option("--offline", help="Never use the network.")]
Frozen = Annotated[
    bool, typer.Option("--frozen", help="Compute nothing: render the atlas data in data/.")
]
Jobs = Annotated[
    int | None,
    typer.Option(
        "--jobs", "-j", min=1, help="Worker processes.", show_default="one a core, up to 4"
    ),
]
Executor = Annotated[str, typer.Option("--executor", help="local, serial, or dask:ADDRESS.")]
Device = Annotated[str, typer.Option("--device", help="cpu, cuda, mps, or auto.")]
Output = Annotated[
    Path | None,
    typer.Option("--output", "-o", help="Folder of the built site.", show_default="DIR/public"),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Refresh = Annotated[
    list[str] | None,
    typer.Option(
        "--refresh",
        help="Run this stage again and what follows from it, or `all`.",
        show_default=False,
    ),
]


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"atlas {__version__}")
        raise typer.Exit


Version = Annotated[
    bool,
    typer.Option("--version", "-V", callback=_version, is_eager=True, help="Print the version."),
]


@app.callback()
def _common(
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Show tracebacks.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Say only what went wrong.")] = False,
    version: Version = False,
) -> None:
    state.update(verbose=verbose, quiet=quiet)


@app.command(epilog="Example: atlas init my-atlas --model google-bert/bert-base-uncased")
@talking
def init(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of the new atlas.")] = Path(
        "site"
    ),
    model: Annotated[
        list[str] | None,
        typer.Option(
            "--model",
            "-m",
            metavar="MODEL",
            help="A folder or org/name of the hub; may be repeated.",
            show_default="a small English model",
        ),
    ] = None,
    force: Annotated[
        bool,
        typer.Option("--force", help="Also in a folder that is not empty; nothing is overwritten."),
    ] = False,
    github: Annotated[
        bool,
        typer.Option("--github", help="Also a workflow that publishes it on GitHub Pages."),
    ] = False,
    huggingface: Annotated[
        bool,
        typer.Option("--huggingface", help="Also what makes it a Space of its models."),
    ] = False,
) -> None:
    """Make a new atlas that builds at once."""
    from atlas.cli.new import init as make

    for path in make(
        folder, models=model or (), force=force, github=github, huggingface=huggingface
    ):
        say(f"wrote {path}")
    say(f"Now run: atlas build {shlex.quote(str(folder))}")


@app.command(epilog="Example: atlas build my-atlas --offline --jobs 2")
@talking
def build(
    folder: Folder = None,
    only: Only = None,
    frozen: Frozen = False,
    offline: Offline = False,
    strict: Annotated[bool, typer.Option("--strict", help="Treat warnings as errors.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would run, and stop.")
    ] = False,
    executor: Executor = "local",
    device: Device = "cpu",
    jobs: Jobs = None,
    refresh: Refresh = None,
    verify: Annotated[
        bool,
        typer.Option("--verify", help="Read every file, and make anew what is damaged."),
    ] = False,
    output: Output = None,
    as_json: Json = False,
) -> None:
    """Compute what is missing, and render the site."""
    from atlas.pipeline.options import Options

    if frozen and (refresh or dry_run):
        other = "--refresh" if refresh else "--dry-run"
        raise UsageError(f"--frozen computes nothing, so it cannot go with {other}")
    options = Options(
        tuple(only or ()),
        frozen,
        offline,
        strict,
        dry_run,
        executor,
        _device(device),
        jobs,
        tuple(refresh or ()),
        output,
        verify,
    )
    if dry_run:
        _print_status(folder, options, as_json=as_json)
        return
    _build(folder, options, as_json=as_json)


def _build(folder: Path | None, options: Options, *, as_json: bool = False) -> Summary:
    from atlas import atlas_toml as config
    from atlas.cli.progress import Terminal
    from atlas.pipeline.build import build as run

    settings = config.load(config.find(folder))
    with Terminal(quiet=state["quiet"]) as report:
        done = run(settings, options, report, warn, report.pages)
    if as_json:
        ran = [{"task": label, "seconds": round(took, 3)} for label, took in report.finished]
        told = {**vars(done), "output": str(done.output), "seconds": round(done.seconds, 3)}
        typer.echo(json.dumps({**told, "stages": ran}, ensure_ascii=False, indent=1))
        return done
    stages = (
        f" ({done.cached} of {done.cached + done.computed} stages cached)"
        if done.cached + done.computed
        else ""
    )
    files = f"{count(done.written, 'file')} written" if done.written else "nothing changed"
    warned = f", {count(len(done.warnings), 'warning')}" if done.warnings else ""
    size = f"{count(done.pages, 'page')} from {count(done.maps, 'map')}{stages}"
    say(f"Built {size} in {done.seconds:.1f} s, {files}{warned} → {near(done.output)}")
    return done


@app.command(epilog="Example: atlas serve my-atlas --port 9000")
@talking
def serve(
    folder: Folder = None,
    host: Annotated[str, typer.Option("--host", help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[
        int | None,
        typer.Option(
            "--port",
            "-p",
            min=0,
            max=65535,
            help="Port.",
            show_default="8000, or the next free one",
        ),
    ] = None,
    open_browser: Annotated[bool, typer.Option("--open", help="Open a browser.")] = False,
    only: Only = None,
    offline: Offline = False,
    frozen: Frozen = False,
    device: Device = "cpu",
    jobs: Jobs = None,
) -> None:
    """Build, serve, and rebuild when a file changes."""
    from atlas import atlas_toml as config
    from atlas.cli.serve import serve as run
    from atlas.pipeline.options import Options
    from atlas.pipeline.places import Places

    path = config.find(folder)
    output = Places(path.resolve().parent, path.resolve().parent / "public").output
    chosen, names = _device(device), tuple(only or ())

    def rebuild(pages_only: bool) -> None:
        _build(
            path,
            Options(
                only=names,
                frozen=frozen or pages_only,
                offline=offline,
                device=chosen,
                jobs=jobs,
                drafts=True,
            ),
        )

    run(
        path,
        output,
        rebuild,
        host=host,
        port=port,
        open_browser=open_browser,
        say=say,
        complain=print_error,
    )


@app.command(epilog="Example: atlas status my-atlas --json")
@talking
def status(
    folder: Folder = None, only: Only = None, offline: Offline = False, as_json: Json = False
) -> None:
    """Say what is cached, what would run, and why."""
    from atlas.pipeline.options import Options

    _print_status(folder, Options(only=tuple(only or ()), offline=offline), as_json=as_json)


def _print_status(folder: Path | None, options: Options, *, as_json: bool) -> None:
    from atlas import atlas_toml as config
    from atlas.pipeline.status import status as rows

    table = rows(config.load(config.find(folder)), options)
    if as_json:
        typer.echo(json.dumps(table, indent=1))
        return
    width = max((len(row["task"]) for row in table), default=0)
    for row in table:
        note = f"{row['seconds']:.1f} s" if row["seconds"] is not None else row["why"]
        typer.echo(f"{row['state']:7} {row['task']:{width}}  {note}")
    waiting = sum(row["state"] == "to run" for row in table)
    say(f"{waiting} of {len(table)} stages would run.")


@app.command(epilog="Example: atlas check my-atlas")
@talking
def check(
    folder: Folder = None,
    as_json: Json = False,
    store: Annotated[
        bool, typer.Option("--store", help="Also hash every artifact of the store.")
    ] = False,
    host: Annotated[
        str | None,
        typer.Option(
            "--host",
            help="Also what cloudflare, github, netlify or huggingface take.",
            show_default=False,
        ),
    ] = None,
    output: Output = None,
) -> None:
    """Check the built site: its files' digests, links, anchors, ids, page weight."""
    from atlas import atlas_toml as config
    from atlas.cli.progress import Terminal
    from atlas.engine.local import cores
    from atlas.pipeline.places import Places
    from atlas.web.check import check as run
    from atlas.web.hosts import HOSTS, beyond

    settings = config.load(config.find(folder))
    places = Places.of(settings, output)
    if host is not None and host not in HOSTS:
        raise UsageError(f"--host {host}: no host that is known", f"Use {', '.join(HOSTS)}.")
    with Terminal(quiet=state["quiet"]) as report:
        problems = run(places.output, jobs=cores(), progress=report.files)
    too_much = list(beyond(places.output, host)) if host else []
    problems += too_much
    if store:
        problems += [
            ("store", line)
            for key in sorted(places.store.keys())
            for line in places.store.verify(key)
        ]
    if as_json:
        typer.echo(
            json.dumps([{"file": file, "problem": problem} for file, problem in problems], indent=1)
        )
    else:
        for file, problem in problems:
            typer.echo(f"{file}: {problem}")
    if problems:
        raise AtlasError(
            f"{count(len(problems), 'problem')} found",
            f"Make smaller, or leave out, what {host} does not take."
            if problems == too_much
            else "Run `atlas build --verify`, which makes anew what is damaged; what stays then is "
            "at fault in what a page is made of: a text in content/, a redirect, a template.",
        )
    say("No problem found.")


@app.command(epilog="Example: atlas export minilm-words my-atlas --format csv")
@talking
def export(
    map_id: Annotated[
        str, typer.Argument(metavar="MAP", help="Id of the map, such as minilm-words.")
    ],
    folder: Folder = None,
    kind: Annotated[
        str,
        typer.Option("--format", "-f", help="parquet, csv, embedding-atlas, tensorboard, or html."),
    ] = "parquet",
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", help="Where to write it.", show_default="here, named after the map"
        ),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite what is there.")] = False,
) -> None:
    """Write one map for other tools."""
    from atlas import atlas_toml as config
    from atlas.export.export import export as run
    from atlas.pipeline.places import Places

    settings = config.load(config.find(folder))
    for path in run(settings, Places.of(settings), map_id, kind, output, force=force, warn=warn):
        if path.is_file():  # a pipe may be this very output
            say(f"wrote {path}")


@app.command(epilog="Example: atlas words king queen")
@talking
def words(
    asked: Annotated[list[str], typer.Argument(metavar="WORD…", help="Words, in any script.")],
    folder: Annotated[
        Path | None, typer.Option("--dir", "-d", metavar="DIR", help=_DIR, show_default=False)
    ] = None,
    as_json: Json = False,
) -> None:
    """Say what each model makes of a word: tokens, split, neighbors."""
    from atlas import atlas_toml as config
    from atlas.cli.answers import lines, look_up
    from atlas.pipeline.places import Places

    try:
        settings = config.load(config.find(folder))
    except UsageError as problem:
        raise UsageError(str(problem), "Name its folder: atlas words WORD… --dir DIR") from problem
    found = look_up(settings, Places.of(settings), asked)
    if as_json:
        typer.echo(json.dumps(found, ensure_ascii=False, indent=1))
    else:
        for line in lines(found):
            typer.echo(line)
    if unknown := [one["word"] for one in found if one["models"] is None]:
        raise AtlasError(
            f"Not known: {', '.join(unknown)}",
            "No vocabulary has it as a token, and no tokenizer is on this machine. Add it to "
            "`list` in the table [words] of atlas.toml and run `atlas build`, which asks every "
            "tokenizer.",
        )


@app.command(epilog="Example: atlas clean my-atlas")
@talking
def clean(
    folder: Folder = None,
    store: Annotated[
        bool, typer.Option("--store", help="Also remove artifacts that no map needs.")
    ] = False,
    output: Output = None,
) -> None:
    """Remove the built site, and nothing that the atlas did not write."""
    from atlas import atlas_toml as config
    from atlas.engine.task import order
    from atlas.pipeline.options import Options
    from atlas.pipeline.places import Places
    from atlas.pipeline.plan import plan
    from atlas.web.swap import clean as remove

    settings = config.load(config.find(folder))
    places = Places.of(settings, output)
    say(f"removed {count(remove(places.output), 'file')} from {near(places.output)}")
    if store:
        keep = {task.key for task in order(plan(settings, Options(offline=True), warn).tasks())}
        gone, size = places.store.prune(keep)
        say(f"removed {count(gone, 'artifact')}, {size / 1e6:.1f} MB")


@app.command(epilog="Example: atlas doctor inputs-embeds models/mine")
@talking
def doctor(
    topic: Annotated[str, typer.Argument(metavar="TOPIC", help="What to examine: inputs-embeds.")],
    model: Annotated[
        str, typer.Argument(metavar="MODEL", help="A folder, or org/name on the hub.")
    ],
    device: Device = "cpu",
    dtype: Annotated[
        str, typer.Option("--dtype", help="float32, float16 or bfloat16.")
    ] = "float32",
    offline: Offline = False,
    as_json: Json = False,
) -> None:
    """Examine a model: what hidden_states[0] holds, and which inputs_embeds are right."""
    from atlas.findings.inputs_embeds.doctor import DTYPES, examine

    if topic != "inputs-embeds":
        raise UsageError(f"{topic}: no such topic", "Write: atlas doctor inputs-embeds MODEL")
    if dtype not in DTYPES:
        raise UsageError(f"--dtype {dtype}: no such type", f"Use {', '.join(DTYPES)}.")
    if importlib.util.find_spec("transformers") is None:
        raise AtlasError(
            "atlas doctor needs torch and transformers, which are not installed",
            "pip install 'atlas-embeddings[models]'",
        )
    if offline:
        os.environ["HF_HUB_OFFLINE"] = "1"
    found = examine(model, device=_device(device), dtype=dtype)
    if as_json:
        typer.echo(json.dumps(found.facts(), indent=1))
        return
    for line in found.lines():
        typer.echo(line)


@app.command(epilog="Example: atlas messages fr my-atlas")
@talking
def messages(
    language: Annotated[
        str, typer.Argument(metavar="LANGUAGE", help="Code of the language, such as fr or pt-BR.")
    ],
    folder: Folder = None,
) -> None:
    """Begin or complete the catalogue of a further language, beside atlas.toml."""
    from atlas import atlas_toml as config
    from atlas.config.languages import LANGUAGES, USUAL, written
    from atlas.web.languages import begin_catalogue

    root = config.find(folder).absolute().parent
    language = written(language)
    try:
        name = LANGUAGES[language].name
    except KeyError as problem:
        raise UsageError(f"{language}: no language", "Use its code, such as fr.") from problem
    if language in USUAL:
        raise UsageError(f"{language}: every message is there", "Name another language.")
    path, lacks = begin_catalogue(root, language)
    say(f"{name}: {count(lacks, 'message')} to translate in {near(path)}")
    say(f'Then add "{language}" to `languages` of [site].')


@app.command(epilog="Example: atlas schema > atlas.schema.json")
@talking
def schema() -> None:
    """Print the JSON Schema of atlas.toml, for editors."""
    from atlas import atlas_toml as config

    typer.echo(json.dumps(config.schema(), indent=1))


def _device(name: str) -> str:
    if name == "cpu":
        return name
    if name not in ("cuda", "mps", "auto"):
        raise UsageError(f"--device {name}: no such device", "Use cpu, cuda, mps or auto.")
    if importlib.util.find_spec("torch") is None:
        raise AtlasError(
            f"--device {name} needs torch, which is not installed",
            "pip install 'atlas-embeddings[models]'",
        )
    import torch

    available = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if name == "auto":
        return next((device for device, usable in available.items() if usable), "cpu")
    if not available[name]:
        raise UsageError(f"--device {name}: torch finds none on this machine", "Use --device auto.")
    return name


def _fault(problem: Exception) -> int:
    """Tell an error that nobody foresaw."""
    if state["verbose"]:
        import traceback

        traceback.print_exc()
    line = " ".join(str(problem).split())[:300]
    print_error(
        AtlasError(
            f"{type(problem).__name__}: {line}",
            "This is a fault of the atlas itself. Run it with -v, and report what it prints.",
        )
    )
    return AtlasError.exit_code


def main(arguments: list[str] | None = None) -> None:
    """Run the command and exit: 0 fine, 1 failed, 2 usage, 130 interrupted."""
    for stream in (sys.stdout, sys.stderr):  # of a locale that cannot write what is said
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    atexit.register(gc.freeze)  # what is left is not worth a last collection
    sys.exit(_run(lambda: app(arguments)))


def _run(command: Callable[[], object]) -> int:
    try:
        with heard():
            command()
    except AtlasError as error:
        if state["verbose"]:
            import traceback

            traceback.print_exc()
        print_error(error)
        return error.exit_code
    except KeyboardInterrupt:  # before or after the command itself
        return 130
    except BrokenPipeError:
        # The reader is gone; what is still buffered goes nowhere.
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115, PTH123
        return 0
    except OSError as problem:
        return _refused(problem)
    except SystemExit as leave:
        return int(leave.code or 0) if not isinstance(leave.code, str) else 1
    except Exception as problem:  # noqa: BLE001  # a fault of ours, told as one
        return _fault(problem)
    return 0


def _refused(problem: OSError) -> int:
    """Tell which file the system refused, where no one closer to it has."""
    if state["verbose"]:
        import traceback

        traceback.print_exc()
    file, why = problem.filename, problem.strerror or problem
    what = f"{why}" if file is None else f"{file}: {why}"
    print_error(AtlasError(what, "Check the permissions and the disk there."))
    return AtlasError.exit_code
