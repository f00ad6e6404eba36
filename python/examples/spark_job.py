"""Re-encrypts a column of capsules, or a store of envelopes, by Spark.

    spark-submit --py-files common.py spark_job.py capsules  --rekey ab.rekey --in CAPSULES --out NEW
    spark-submit --py-files common.py spark_job.py envelopes --rekey ab.rekey --in ENVELOPES --out NEW

Input and output as of ray_job.py. mapInArrow hands each task an iterator of Arrow batches, so a task prepares the key once.
Spark repeats a task whose worker dies, and its committer gives the output of each task once. Every worker reads the key file
by its path, so the key does not travel through Spark. Exit code 0 means that no record was refused."""

import sys
import time
from collections.abc import Callable, Iterator

import pyarrow
from pyspark.sql import SparkSession
from pyspark.sql.types import StringType, StructField, StructType

import phi_pre
from common import Store, arguments, checked, closed, reencrypt_headers

Batches = Iterator[pyarrow.RecordBatch]


def reencrypt(rekey: str, threads: int) -> Callable[[Batches], Batches]:
    """Equation 2 on the column capsule."""

    def task(batches: Batches) -> Batches:
        phi_pre.set_threads(threads)
        prepared = phi_pre.ReKey.read(rekey).prepare()
        for batch in batches:
            again = prepared.reencrypt(batch["capsule"])
            columns = {name: batch[name] for name in batch.schema.names}
            columns["capsule"] = pyarrow.array(again.values).cast(pyarrow.binary())
            columns["error"] = pyarrow.array(again.errors)
            yield pyarrow.RecordBatch.from_pydict(columns)

    return task


def reencrypt_store(rekey: str, threads: int, source: str, target: str) -> Callable[[Batches], Batches]:
    """Equation 2 on the headers of the objects of a store."""

    def task(batches: Batches) -> Batches:
        phi_pre.set_threads(threads)
        prepared, before, after = phi_pre.ReKey.read(rekey).prepare(), Store(source), Store(target)
        for batch in batches:
            yield from reencrypt_headers(prepared, batch["name"].to_pylist(), before, after).to_batches()

    return task


def capsules(spark: SparkSession, rekey: str, source: str, target: str, threads: int = 1) -> int:
    """Writes Parquet to target. Returns the number of refused capsules."""
    data = spark.read.parquet(source)
    schema = StructType([*data.schema.fields, StructField("error", StringType())])
    data.mapInArrow(reencrypt(rekey, threads), schema).write.parquet(target)
    return spark.read.parquet(target).where("error is not null").count()


def envelopes(spark: SparkSession, rekey: str, source: str, target: str, threads: int = 1) -> list[tuple[str, str]]:
    """Writes headers to target. Returns the refused objects with their reasons."""
    names = [(name,) for name in Store(source).names()]
    tasks = 8 * spark.sparkContext.defaultParallelism
    data = spark.createDataFrame(names, "name string").repartition(tasks)
    done = data.mapInArrow(reencrypt_store(rekey, threads, source, target), "name string, error string")
    return [(row["name"], row["error"]) for row in done.where("error is not null").collect()]


def main() -> int:
    chosen = arguments(__doc__).parse_args()
    rekey = checked(chosen.rekey)
    job = (SparkSession.builder.appName("phi-pre").getOrCreate(), rekey, chosen.source, chosen.target)
    start = time.monotonic()
    refused = capsules(*job) if chosen.what == "capsules" else envelopes(*job)
    return closed(refused, time.monotonic() - start)


if __name__ == "__main__":
    sys.exit(main())
