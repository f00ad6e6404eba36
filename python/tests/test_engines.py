"""The jobs for Ray and Spark, with two workers of which one is killed in the middle: the results equal those of one process, byte
for byte, each record once. Prints the rates with one and with two workers."""

import hashlib
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pyarrow
import pyarrow.parquet
import pytest

import phi_pre as phi

EXAMPLES = Path(__file__).parents[1] / "examples"
sys.path.insert(0, str(EXAMPLES))
CAPSULES = int(os.environ.get("PHI_PRE_JOB_CAPSULES", "100000"))
ENVELOPES = 3000
psutil = pytest.importorskip("psutil", reason="needs psutil, to find the workers")


def key_file(path, title, key):
    raw = key.to_bytes()
    path.write_text(f"phi-pre {title}, version 1\n{raw.hex()}\n{hashlib.sha256(raw).hexdigest()[:16]}\n")
    path.chmod(0o600)
    return str(path)


@pytest.fixture(scope="module")
def job(world, tmp_path_factory):
    """Parquet of capsules with two bad ones among them, a folder of envelopes, and the results of one process."""
    folder = tmp_path_factory.mktemp("job")
    rekey = key_file(folder / "ab.rekey", "re-encryption key (k_re)", world.k_re)
    column = pyarrow.array(world.y.prepare(world.params).encapsulate_many(CAPSULES)[0])
    rows = {7: bytes(240), CAPSULES - 1: column[0].as_py()[:-1] + b"\xff"}
    bad = pyarrow.array([rows.get(i) for i in range(CAPSULES)], pyarrow.binary(240))
    column = pyarrow.compute.coalesce(bad, column)
    (folder / "capsules").mkdir()
    files = 16
    for i in range(files):
        part = pyarrow.table({"id": range(i, CAPSULES, files), "capsule": column.take(list(range(i, CAPSULES, files)))})
        pyarrow.parquet.write_table(part, folder / "capsules" / f"{i:02}.parquet", row_group_size=4096)
    start = time.monotonic()
    alone = world.k_re.prepare().reencrypt(column)
    seconds = time.monotonic() - start
    print(f"\none process, {phi.threads()} threads, in memory: {CAPSULES / seconds:.0f} capsules a second")
    assert alone.refused == 2
    for i in range(ENVELOPES):
        path = folder / "envelopes" / f"{i % 7}" / f"{i:05}.phi"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(phi.encrypt(world.params, world.y, b"record %d" % i))
    (folder / "envelopes" / "notes.txt").write_text("no envelope")
    expected = pyarrow.table({"id": range(CAPSULES), "capsule": pyarrow.array(alone.values), "error": pyarrow.array(alone.errors)})
    return folder, rekey, expected


def check_capsules(target, expected):
    found = pyarrow.parquet.read_table(target).sort_by("id")
    assert found["id"].to_pylist() == expected["id"].to_pylist()
    assert found["capsule"].cast(pyarrow.binary()).equals(expected["capsule"].cast(pyarrow.binary()))
    assert found["error"].cast(pyarrow.string()).equals(expected["error"].cast(pyarrow.string()))


def check_envelopes(world, folder, target, refused):
    assert [name for name, _ in refused] == ["notes.txt"]
    assert "11 bytes where 284 are needed" in refused[0][1]
    names = sorted(path.relative_to(target) for path in target.rglob("*") if path.is_file())
    assert len(names) == ENVELOPES
    for i, name in enumerate(sorted(names, key=lambda name: name.name)):
        header, envelope = (target / name).read_bytes(), (folder / "envelopes" / name).read_bytes()
        assert header == phi.reencrypt(world.k_re, envelope)[:284]
        if i % 500 == 0:
            assert phi.decrypt(world.k_e_prime, header + envelope[284:]) == b"record %d" % i


class Killer(threading.Thread):
    """Kills one worker by SIGKILL once it has computed for half a second."""

    def __init__(self, is_worker):
        super().__init__(daemon=True)
        self.is_worker, self.killed, self.ended = is_worker, None, False

    def run(self):
        while not self.ended and self.killed is None:
            for process in psutil.Process().children(recursive=True):
                try:
                    if self.is_worker(process) and process.cpu_times().user > 0.5:
                        os.kill(process.pid, signal.SIGKILL)
                        self.killed = process.pid
                        break
                except psutil.Error:
                    continue
            time.sleep(0.02)


def timed(kind, workers, run):
    start = time.monotonic()
    result = run()
    seconds = time.monotonic() - start
    print(f"{kind}, {workers} workers: {CAPSULES / seconds:.0f} capsules a second, with the start of the workers")
    return result


@pytest.fixture(scope="module")
def ray_job():
    ray = pytest.importorskip("ray", reason="Ray is not installed")
    import ray_job

    environment = {"PYTHONPATH": str(EXAMPLES)}
    ray.init(num_cpus=2, log_to_driver=False, include_dashboard=False, runtime_env={"env_vars": environment})
    ray.data.DataContext.get_current().enable_progress_bars = False
    yield ray_job
    ray.shutdown()


@pytest.mark.parametrize("workers", [1, 2])
def test_ray_capsules(ray_job, job, tmp_path, workers):
    folder, rekey, expected = job
    source, target = str(folder / "capsules"), str(tmp_path / "out")
    refused = timed("Ray", workers, lambda: ray_job.capsules(rekey, source, target, workers))
    assert refused == 2
    check_capsules(target, expected)


def test_ray_with_a_killed_worker(ray_job, job, tmp_path):
    folder, rekey, expected = job
    killer = Killer(lambda process: "MapWorker" in " ".join(process.cmdline()) or "MapWorker" in process.name())
    killer.start()
    refused = ray_job.capsules(rekey, str(folder / "capsules"), str(tmp_path / "out"), 2)
    killer.ended = True
    killer.join()
    assert killer.killed is not None, "no worker was killed"
    assert refused == 2
    check_capsules(tmp_path / "out", expected)


def test_ray_envelopes(ray_job, job, world, tmp_path):
    folder, rekey, _ = job
    for _ in range(2):  # the second job finds the outputs of the first
        refused = ray_job.envelopes(rekey, str(folder / "envelopes"), str(tmp_path / "out"), 2)
        check_envelopes(world, folder, tmp_path / "out", refused)


def spark_session(workers):
    pytest.importorskip("pyspark", reason="Spark is not installed")
    if shutil.which("java") is None:
        pytest.skip("no Java runtime")
    from pyspark.sql import SparkSession

    os.environ["PYSPARK_PYTHON"] = sys.executable
    os.environ["PYTHONPATH"] = str(EXAMPLES)
    # A task is tried four times. On a machine without a network, the driver is the loopback address.
    builder = SparkSession.builder.master(f"local[{workers},4]").config("spark.ui.enabled", "false").config("spark.ui.showConsoleProgress", "false")
    builder = builder.config("spark.driver.bindAddress", "127.0.0.1").config("spark.driver.host", "127.0.0.1")
    builder = builder.config("spark.log.level", "OFF").config("spark.sql.files.maxPartitionBytes", "2m")
    return builder.getOrCreate()


@pytest.fixture
def spark(request):
    session = spark_session(request.param)
    yield session
    session.stop()


@pytest.mark.parametrize("spark, workers", [(1, 1), (2, 2)], indirect=["spark"])
def test_spark_capsules(spark, workers, job, tmp_path):
    import spark_job

    folder, rekey, expected = job
    source, target = str(folder / "capsules"), str(tmp_path / "out")
    refused = timed("Spark", workers, lambda: spark_job.capsules(spark, rekey, source, target))
    assert refused == 2
    check_capsules(target, expected)


@pytest.mark.parametrize("spark", [2], indirect=True)
def test_spark_with_a_killed_worker(spark, job, tmp_path):
    import spark_job

    folder, rekey, expected = job

    def is_worker(process):
        return "pyspark.daemon" in " ".join(process.cmdline()) and "pyspark.daemon" in " ".join(process.parent().cmdline())

    killer = Killer(is_worker)
    killer.start()
    refused = spark_job.capsules(spark, rekey, str(folder / "capsules"), str(tmp_path / "out"))
    killer.ended = True
    killer.join()
    assert killer.killed is not None, "no worker was killed"
    assert refused == 2
    check_capsules(tmp_path / "out", expected)


@pytest.mark.parametrize("spark", [2], indirect=True)
def test_spark_envelopes(spark, job, world, tmp_path):
    import spark_job

    folder, rekey, _ = job
    refused = spark_job.envelopes(spark, rekey, str(folder / "envelopes"), str(tmp_path / "out"))
    check_envelopes(world, folder, tmp_path / "out", refused)


def test_an_output_of_another_key_stays(world, tmp_path):
    from common import Store, reencrypt_headers

    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a").write_bytes(phi.encrypt(world.params, world.y, b"a"))
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "a").write_bytes(b"mine")
    done = reencrypt_headers(world.k_re.prepare(), ["a", "b"], Store(str(tmp_path / "in")), Store(str(tmp_path / "out")))
    first, second = done["error"].to_pylist()
    assert "the output exists" in first and "b" in second
    assert (tmp_path / "out" / "a").read_bytes() == b"mine"


def test_the_commands_say_what_they_do(job, tmp_path):
    """The Ray job from the command line, with a key that is no key file."""
    pytest.importorskip("ray", reason="Ray is not installed")
    folder, rekey, _ = job
    (tmp_path / "bad.rekey").write_text("no key\n")
    arguments = [sys.executable, str(EXAMPLES / "ray_job.py"), "envelopes", "--in", str(folder / "envelopes")]
    ran = subprocess.run([*arguments, "--rekey", str(tmp_path / "bad.rekey"), "--out", str(tmp_path / "out")], capture_output=True, text=True)
    assert ran.returncode == 1 and "not a phi-pre re-encryption key" in ran.stderr and not (tmp_path / "out").exists()
    ran = subprocess.run([*arguments, "--rekey", rekey, "--out", str(tmp_path / "out"), "--workers", "1"], capture_output=True, text=True)
    assert ran.returncode == 1, ran.stderr
    assert "refused   'notes.txt'" in ran.stdout and "1 refused" in ran.stdout
