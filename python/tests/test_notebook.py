"""The notebook runs from its first cell to its last, and its kept outputs are small."""

import pytest
from conftest import REPOSITORY

NOTEBOOK = REPOSITORY / "examples" / "notebook.ipynb"


def test_the_notebook_runs():
    nbclient = pytest.importorskip("nbclient", reason="needs nbclient, to run a notebook")
    nbformat = pytest.importorskip("nbformat")
    for module in ("ipykernel", "matplotlib", "py_ecc"):
        pytest.importorskip(module, reason=f"the notebook needs {module}")
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    kept = [len(cell.get("outputs", [])) for cell in notebook.cells]
    client = nbclient.NotebookClient(notebook, timeout=600, resources={"metadata": {"path": str(NOTEBOOK.parent)}})
    client.execute()
    assert [len(cell.get("outputs", [])) for cell in notebook.cells] == kept


def test_the_kept_outputs_are_small():
    assert NOTEBOOK.stat().st_size < 100_000
