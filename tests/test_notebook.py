"""The notebook of examples/, run by a real Jupyter kernel on the small atlas."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import plotly.graph_objects as go
import pytest
from chrome import MARKS, READY, drawn, offline
from conftest import CHECKOUT, Built

nbformat = pytest.importorskip("nbformat")
pytest.importorskip("ipykernel")

NOTEBOOK = CHECKOUT / "examples" / "atlas.ipynb"
FIGURE = "application/vnd.plotly.v1+json"
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def outputs(tiny_atlas: Built, tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """What the notebook's code cells show, each by media type."""
    from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel
    from nbclient import NotebookClient

    folder = tmp_path_factory.mktemp("notebook")
    (folder / "site").symlink_to(tiny_atlas.root)
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", os.pathsep.join([str(CHECKOUT), *sys.path]))
        patch.setenv("IPYTHONDIR", str(folder / "ipython"))
        try:
            KernelSpecManager().get_kernel_spec("python3")
        except NoSuchKernel:
            pytest.skip("no kernel python3 here")
        where = {"metadata": {"path": str(folder)}}
        NotebookClient(notebook, timeout=300, resources=where).execute()
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    errors = [output for cell in cells for output in cell.outputs if "data" not in output]
    assert errors == []
    return [output.data for cell in cells for output in cell.outputs]


def test_no_output_is_committed() -> None:
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    nbformat.validate(notebook)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert all(cell.outputs == [] and cell.execution_count is None for cell in code)


def test_tables_and_figure(outputs: list[dict[str, Any]]) -> None:
    ids, head, _, near, figure, map_ = outputs
    assert ids["text/plain"] == "['minilm-words', 'ja-aozora-words']"
    assert head["text/html"].count("<tr") == 6  # a header and five rows
    assert "5 rows × 25 columns" in head["text/html"]
    assert near["text/html"].count("<tr") == 6
    shown = go.Figure({key: figure[FIGURE][key] for key in ("data", "layout")})
    assert len(shown.data[0].text) == 1500
    assert map_["text/plain"] == "Map('minilm-words', 1500 tokens)"


class TestInChromium:
    pytestmark = MARKS

    def test_the_map_is_drawn_in_its_frame(
        self, outputs: list[dict[str, Any]], chromium: Any, tmp_path: Path
    ) -> None:
        page = f'<!doctype html><link rel="icon" href="data:,">{outputs[-1]["text/html"]}'
        with offline(chromium, page, tmp_path / "cell.html") as tab:
            inner = tab.frames[1]
            inner.wait_for_selector(READY)
            assert drawn(inner) > 300
            assert inner.locator("input[name=find]").is_visible()
            assert inner.locator(".legend li").count() > 0
