#!/usr/bin/env python3
"""A cost model of a bulk re-encryption on many machines: time, requests, money, and what bounds the job.

    python3 benches/scale.py                              the table of benches/README.md
    python3 benches/scale.py --records 1e8 --cores 32 ... other numbers; --help lists them
    python3 benches/scale.py --measure target/release/phi-pre    measures the parts on this machine, predicts two jobs from the
                                                          parts, runs the jobs on one and on two workers, and compares

A worker is one machine with --cores cores that runs `phi-pre reencrypt --shard I/N`. Every time is in seconds.

    computing   start + records * (kernel + object) / (workers * cores)
    waiting     start + records * requests * latency / (workers * parallel)        stores alone
    listing     records / 1000 * latency                                           stores alone; each worker lists all names
    time        the largest of the three, which is the bound; "starting" where the start is more than half of the time
    money       requests at their prices, and the time of all cores

Prices are placeholders: set your provider's. The default times of the kernel, a file, a column and the processor time of a request
are measured (AMD EPYC, Zen 5); the latency of a store and the start of a worker are assumptions. --measure measures the kernel,
a file and the start of the command."""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

OPERATION = "re-encrypt from bytes to bytes, every check, by threads"


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--records", type=float, default=1e9)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 10, 100, 1000])
    parser.add_argument("--cores", type=int, default=16, help="of one worker")
    parser.add_argument("--start", type=float, default=30.0, help="seconds until a worker of the scheduler runs (assumed)")
    parser.add_argument("--kernel", type=float, default=62e-6, help="re-encryption of a record from bytes to bytes, one core")
    parser.add_argument("--column", type=float, default=1e-6, help="reading and writing a record in Parquet, one core")
    parser.add_argument("--file", type=float, default=20e-6, help="reading and writing an envelope of 1 KiB as a file, one core")
    parser.add_argument("--request", type=float, default=280e-6, help="processor time of one request to a store")
    parser.add_argument("--latency", type=float, default=0.03, help="of one request to a store (assumed)")
    parser.add_argument("--parallel", type=int, default=32, help="requests of one worker at the same time")
    parser.add_argument("--read-price", type=float, default=0.4, help="of a million GET or HEAD requests (placeholder)")
    parser.add_argument("--write-price", type=float, default=5.0, help="of a million PUT or LIST requests (placeholder)")
    parser.add_argument("--core-hour", type=float, default=0.05, help="price of one core for one hour (placeholder)")
    parser.add_argument("--measure", metavar="PHI-PRE", help="measures the parts and two jobs on this machine")
    return parser.parse_args()


def job_seconds(chosen, workers, start, cores, object_seconds, records=None):
    """The computing time of a job without requests."""
    return start + (records or chosen.records) * (chosen.kernel + object_seconds) / (workers * cores)


def table(chosen):
    million = chosen.records / 1e6
    # A shard of a store reads an object whole, looks whether the output exists, and writes it.
    kinds = [("columns in Parquet", chosen.column, 0), ("files", chosen.file, 0), ("store, one object a record", 3 * chosen.request, 3)]
    print(f"{chosen.records:.0e} records, {chosen.cores} cores a worker, {chosen.kernel * 1e6:.0f} microseconds of kernel a record")
    print()
    print("| job | workers | hours | bound | requests | price of a million records |")
    print("|---|---|---|---|---|---|")
    for name, object_seconds, requests in kinds:
        for workers in chosen.workers:
            times = {"computing": job_seconds(chosen, workers, chosen.start, chosen.cores, object_seconds)}
            lists = 0.0
            if requests:
                waited = chosen.records * requests * chosen.latency / (workers * chosen.parallel)
                lists = chosen.records / 1000 * workers
                times["waiting"] = chosen.start + waited
                times["listing"] = chosen.records / 1000 * chosen.latency
            bound = max(times, key=times.get)
            seconds = times[bound]
            if bound == "computing" and seconds < 2 * chosen.start:
                bound = "starting"
            made = chosen.records * requests + lists
            reads, writes = chosen.records * (requests - 1) if requests else 0, chosen.records * bool(requests) + lists
            price = (reads * chosen.read_price + writes * chosen.write_price) / 1e6
            price += seconds / 3600 * workers * chosen.cores * chosen.core_hour
            print(f"| {name} | {workers} | {seconds / 3600:.3g} | {bound} | {made:.2g} | {price / million:.3g} |")


def kernel_seconds(program, folder):
    """Re-encryption of a record on one core by the fastest engine."""
    path = folder / "figures.json"
    subprocess.run([program, "bench", "--only", OPERATION, "--rounds", "5", "--json", path], check=True, stdout=subprocess.DEVNULL)
    figures = json.loads(path.read_text(encoding="utf-8"))["figures"]
    path.unlink()
    return min(figure["median_seconds"] for figure in figures if figure["threads"] == 1)


def envelopes(program, folder, count):
    """A folder of envelopes of 1 KiB for a key pair, and a re-encryption key. Jobs do not look into the bodies."""
    run = lambda *words: subprocess.run([program, *words], cwd=folder, check=True, stdout=subprocess.DEVNULL)
    for name in "ab":
        run("keygen", name)
    run("rekey", "--from", "a.secret", "--to", "b.secret", "ab.rekey")
    (folder / "record").write_bytes(bytes(1024 - 284 - 16))
    originals = []
    for i in range(64):
        run("encrypt", "--to", "a.public", "record", f"{i}.phi")
        originals.append((folder / f"{i}.phi").read_bytes())
    (folder / "in").mkdir()
    for i in range(count):
        (folder / "in" / f"{i:07}.phi").write_bytes(originals[i % 64])


def run_job(program, folder, workers, source):
    """Seconds of a job by workers of one core each."""
    # A new output each time: some file systems make files slowly for minutes after others were removed.
    out = tempfile.mkdtemp(prefix="out", dir=folder)
    cores = sorted(os.sched_getaffinity(0))

    def shard(i):
        words = ["taskset", "-c", str(cores[i]), program, "reencrypt", "--rekey", "ab.rekey", "--in", source, "--out", out]
        subprocess.run([*words, "--shard", f"{i}/{workers}"], cwd=folder, check=True, stdout=subprocess.DEVNULL)

    start = time.monotonic()
    with ThreadPoolExecutor(workers) as pool:
        list(pool.map(shard, range(workers)))
    return time.monotonic() - start


def measure(chosen):
    """Measures the parts with small jobs, predicts large ones, and measures the large ones."""
    program = str(Path(chosen.measure).resolve())
    with tempfile.TemporaryDirectory(dir=os.environ.get("PHI_PRE_BENCH_DIR")) as place:
        folder = Path(place)
        large, small = 24_000, 3_000
        envelopes(program, folder, large)
        (folder / "few").mkdir()
        for i in range(small):
            shutil.copy(folder / "in" / f"{i:07}.phi", folder / "few")
        run_job(program, folder, 1, "few")  # touches what is used for the first time
        chosen.kernel = kernel_seconds(program, folder)
        (folder / "one").mkdir()
        shutil.copy(folder / "in" / "0000000.phi", folder / "one")
        started = statistics.median(run_job(program, folder, 1, "one") for _ in range(5))
        few = statistics.median(run_job(program, folder, 1, "few") for _ in range(5))
        chosen.file = max(0.0, (few - started) / small - chosen.kernel)
        print(f"parts: kernel {chosen.kernel * 1e6:.1f} microseconds, file {chosen.file * 1e6:.1f}, start {started * 1e3:.0f} ms")
        worst = 0.0
        for workers in (1, 2):
            predicted = job_seconds(chosen, workers, started, 1, chosen.file, large)
            found = statistics.median(run_job(program, folder, workers, "in") for _ in range(3))
            off = predicted / found - 1
            worst = max(worst, abs(off))
            rate = large / found
            print(f"{workers} workers, {large} files: predicted {predicted:.2f} s, measured {found:.2f} s ({rate:.0f} a second), off by {off:+.1%}")
    return 0 if worst <= 0.15 else 1


def main():
    chosen = arguments()
    if chosen.measure:
        return measure(chosen)
    table(chosen)
    return 0


if __name__ == "__main__":
    sys.exit(main())
