"""The rate of a column through the package, beside the rate of `phi-pre bench` from bytes to bytes in the same run.

    python columns.py PHI-PRE [--rounds N]

PHI-PRE is the command, built from the same commit. Both take turns; the medians are compared, on one thread and on all cores.
The exit code is 1 if a ratio is below the threshold of 0.95."""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pyarrow

import phi_pre as phi

OPERATION = "re-encrypt from bytes to bytes, every check, by threads"
ROWS = 20_000


def command(program: str) -> dict[int, float]:
    """Records a second of the command, by threads."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "figures.json"
        arguments = [program, "bench", "--only", OPERATION, "--rounds", "3", "--json", str(path)]
        subprocess.run(arguments, check=True, stdout=subprocess.DEVNULL)
        figures = json.loads(path.read_text(encoding="utf-8"))["figures"]
    return {figure["threads"]: 1 / figure["median_seconds"] for figure in figures if figure["engine"] == phi.engine()}


def column(prepared: phi.PreparedReKey, capsules: pyarrow.Array, threads: int) -> float:
    """Records a second of one column to another."""
    phi.set_threads(threads)
    start = time.perf_counter()
    batch = prepared.reencrypt(capsules)
    values = pyarrow.array(batch.values)
    seconds = time.perf_counter() - start
    assert len(values) == ROWS and batch.refused == 0
    return ROWS / seconds


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command")
    parser.add_argument("--rounds", type=int, default=5)
    chosen = parser.parse_args()
    params = phi.Params.random()
    k_d, k_d_prime = phi.DecryptionKey.random(), phi.DecryptionKey.random()
    k_re = phi.ReKey(k_d.encryption_key(params), k_d_prime.encryption_key(params))
    capsules = pyarrow.array(k_d.public_key(params).prepare(params).encapsulate_many(ROWS)[0])
    prepared, counts = k_re.prepare(), sorted({1, os.cpu_count() or 1})
    rates: dict[tuple[str, int], list[float]] = {}
    for _ in range(chosen.rounds):
        found = command(chosen.command)
        for threads in counts:
            rates.setdefault(("command", threads), []).append(found[threads])
            rates.setdefault(("column", threads), []).append(column(prepared, capsules, threads))
    print(f"engine {phi.engine()}; records a second, medians of {chosen.rounds} rounds")
    least = 1.0
    for threads in counts:
        bench, own = (statistics.median(rates[kind, threads]) for kind in ("command", "column"))
        print(f"{threads} threads: phi-pre bench {bench:.0f}, column to column {own:.0f}, ratio {own / bench:.3f}")
        least = min(least, own / bench)
    return 0 if least >= 0.95 else 1


if __name__ == "__main__":
    sys.exit(main())
