"""Packages of npm for tests that hold ours to the programs others run."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest


def installed(folder: Path, package: str) -> str:
    """The path of Node, once a package is installed in a folder, whose modules are ES modules;
    skips the test where it is not to be had."""
    npm, node = shutil.which("npm"), shutil.which("node")
    if not npm or not node:
        pytest.skip("npm is not there")
    (folder / "package.json").write_text('{"private": true, "type": "module"}')
    command = [npm, "install", "--ignore-scripts", "--no-audit", "--no-fund", "--fetch-retries=0"]
    done = subprocess.run(
        [*command, package], cwd=folder, capture_output=True, text=True, timeout=240, check=False
    )
    if done.returncode:
        pytest.skip(f"npm cannot install {package}: {done.stderr[:200]}")
    return node
