"""Re-encrypts a column of capsules, or a store of envelopes, by Ray Data.

    python ray_job.py capsules  --rekey ab.rekey --in CAPSULES --out NEW       Parquet with columns id and capsule
    python ray_job.py envelopes --rekey ab.rekey --in ENVELOPES --out NEW      headers of 284 bytes; folders or s3://...

Each of --workers processes prepares the key once and then takes batches. Ray repeats the batches of a worker that dies; the
same record gives the same bytes, so each record is in the result once. Every worker reads the key file by its path, so the key
does not travel through Ray. A refused record has its reason in the column error (capsules) or in the printed list (envelopes).
Exit code 0 means that no record was refused."""

import os
import sys
import time

import pyarrow
import pyarrow.dataset
import ray

import phi_pre
from common import Store, arguments, checked, closed, reencrypt_headers


class Reencrypt:
    """Equation 2 on batches of capsules."""

    def __init__(self, rekey: str, threads: int) -> None:
        phi_pre.set_threads(threads)
        self.prepared = phi_pre.ReKey.read(rekey).prepare()

    def __call__(self, table: pyarrow.Table) -> pyarrow.Table:
        batch = self.prepared.reencrypt(table["capsule"])
        new = table.set_column(table.schema.get_field_index("capsule"), "capsule", pyarrow.array(batch.values))
        return new.append_column("error", pyarrow.array(batch.errors))


class ReencryptHeaders(Reencrypt):
    """Equation 2 on the headers of the objects of a store."""

    def __init__(self, rekey: str, threads: int, source: str, target: str) -> None:
        super().__init__(rekey, threads)
        self.source, self.target = Store(source), Store(target)

    def __call__(self, table: pyarrow.Table) -> pyarrow.Table:
        return reencrypt_headers(self.prepared, table["name"].to_pylist(), self.source, self.target)


# What a worker takes of Ray's count of processors. The rest is left to the tasks that read and write: without a processor for
# them, a job would wait for ever.
SHARE = 0.5


def capsules(rekey: str, source: str, target: str, number: int, threads: int = 1) -> int:
    """Writes Parquet to target. Returns the number of refused capsules."""
    data = ray.data.read_parquet(source, override_num_blocks=8 * number).map_batches(
        Reencrypt,
        fn_constructor_kwargs={"rekey": rekey, "threads": threads},
        compute=ray.data.ActorPoolStrategy(size=number),
        batch_format="pyarrow",
        batch_size=4096,
        num_cpus=SHARE * threads,
    )
    data.write_parquet(target)
    return int(pyarrow.dataset.dataset(target).count_rows(filter=pyarrow.dataset.field("error").is_valid()))


def envelopes(rekey: str, source: str, target: str, number: int, threads: int = 1) -> list[tuple[str, str]]:
    """Writes headers to target. Returns the refused objects with their reasons."""
    names = pyarrow.table({"name": pyarrow.array(Store(source).names(), pyarrow.string())})
    data = ray.data.from_arrow(names).repartition(8 * number).map_batches(
        ReencryptHeaders,
        fn_constructor_kwargs={"rekey": rekey, "threads": threads, "source": source, "target": target},
        compute=ray.data.ActorPoolStrategy(size=number),
        batch_format="pyarrow",
        batch_size=1024,
        num_cpus=SHARE * threads,
    )
    return [(row["name"], row["error"]) for row in data.take_all() if row["error"] is not None]


def main() -> int:
    parser = arguments(__doc__)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--address", help="of a running cluster; without it, a cluster on this machine is started")
    chosen = parser.parse_args()
    job = (checked(chosen.rekey), chosen.source, chosen.target, chosen.workers)
    modules = os.path.dirname(os.path.abspath(__file__))
    ray.init(address=chosen.address, log_to_driver=False, runtime_env={"env_vars": {"PYTHONPATH": modules}})
    start = time.monotonic()
    refused = capsules(*job) if chosen.what == "capsules" else envelopes(*job)
    return closed(refused, time.monotonic() - start)


if __name__ == "__main__":
    sys.exit(main())
