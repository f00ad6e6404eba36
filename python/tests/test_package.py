"""Secrets, errors, envelopes, threads, engines, processes; the types and the README."""

import copy
import gc
import multiprocessing
import os
import pickle
import re
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import REPOSITORY

import phi_pre as phi
from phi_pre import hazmat


def secrets(world):
    return [
        phi.SharedSecret.random(),
        phi.DecryptionKey.random(),
        world.k_e,
        world.k_re,
        world.messages[0],
        phi.NamedSecret.random(),
        phi.Vector.random(),
        phi.UserId.random(),
        phi.Salt.from_bytes(bytes(32)),
    ]


def test_secrets_do_not_leak(world):
    prepared = [world.k_e.prepare(), world.k_re.prepare(), phi.Handshake("initiator")]
    for secret in [*secrets(world), *prepared]:
        for way in (pickle.dumps, copy.copy, copy.deepcopy):
            with pytest.raises(phi.Error) as refusal:
                way(secret)
            assert refusal.value.code == "secret"
        assert not hasattr(secret, "__dict__") and not hasattr(secret, "__bytes__")
        shown = f"{secret!r}{secret!s}{secret}"
        if hasattr(secret, "to_bytes"):
            assert "<redacted>" in shown and secret.to_bytes().hex()[:16] not in shown


def test_secrets_compare_and_have_no_hash(world):
    for secret in secrets(world):
        assert secret == secret and secret != 5
        with pytest.raises(TypeError):
            hash(secret)
        if hasattr(secret, "from_bytes"):
            assert type(secret).from_bytes(secret.to_bytes()) == secret
            with pytest.raises(phi.Error) as refusal:
                type(secret).from_bytes(secret.to_bytes()[:-1])
            assert refusal.value.code == "length"


@pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="reads its own memory by /proc")
def test_secrets_are_wiped():
    """The bytes of a key are in memory once while the key lives, and nowhere after it is dropped."""
    script = """
import ctypes, gc, re, phi_pre as phi
from pathlib import Path

mask = bytes(range(7, 39))
needle = bytearray(32)

def places(masked):
    found = 0
    for i in range(32):
        needle[i] = masked[i] ^ mask[i]
    with open("/proc/self/mem", "rb", 0) as memory:
        for line in Path("/proc/self/maps").read_text().splitlines():
            start, end, mode = re.match(r"(\\w+)-(\\w+) (\\S+)", line).groups()
            if mode.startswith("rw") and "[v" not in line:
                start, end = int(start, 16), int(end, 16)
                buffer = bytearray(end - start)
                memory.seek(start)
                memory.readinto(buffer)
                found += buffer.count(needle)
                buffer[:] = bytes(len(buffer))
    needle[:] = bytes(32)
    return found - 1  # the needle itself

key = phi.SharedSecret.random()
raw = key.to_bytes()
masked = [a ^ b for a, b in zip(raw, mask)]
ctypes.memset(id(raw) + bytes.__basicsize__ - 1, 0, 32)
alive = places(masked)
del key
gc.collect()
print(alive, places(masked))
"""
    out = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert out == "1 0\n"


def test_public_values(world):
    capsule = phi.Capsule.from_bytes(world.capsules[0])
    uid, v = phi.UserId.random(), phi.Vector.random()
    header = phi.Header.from_bytes(phi.encrypt(world.params, world.y, b"")[:284])
    a = phi.NamedSecret.random().public(world.params)
    for value in (world.params, world.y, capsule, phi.Pseudonym(uid, v), header, a):
        again = pickle.loads(pickle.dumps(value))
        assert again == value and hash(again) == hash(value) and again is not value
        assert bytes(value) == value.to_bytes() and len(bytes(value)) == type(value).BYTES
        assert bytes(value).hex() in repr(value)
        for cut in (bytes(value)[:-1], bytes(value) + b"x", b""):
            with pytest.raises(phi.Error):
                type(value).from_bytes(cut)
    with pytest.raises(TypeError):
        phi.Capsule.from_bytes("text")
    with pytest.raises(TypeError):
        world.k_e.decapsulate(world.y)


def test_views_with_gaps_are_refused(world):
    """Every argument of bytes: a view that is not one run of bytes would be read beyond its end."""
    numpy = pytest.importorskip("numpy")
    view = memoryview(bytes(range(64)))
    square = numpy.asfortranarray(numpy.arange(4, dtype=numpy.uint8).reshape(2, 2))
    for gaps in (view[::2], view[::-1], view[31::-1], square):
        for call in (
            lambda: phi.encrypt(world.params, world.y, gaps),
            lambda: phi.decrypt(world.k_e, gaps),
            lambda: phi.literal_digest(gaps),
            lambda: phi.Salt.from_bytes(gaps),
            lambda: phi.Capsule.from_bytes(gaps),
            lambda: phi.Scope.record(gaps),
            lambda: phi.shard(gaps, 4),
        ):
            with pytest.raises(phi.Error) as refusal:
                call()
            assert refusal.value.code == "buffer"
    for whole in (view[8:40], numpy.arange(32, dtype=numpy.uint8), bytearray(32)):
        assert phi.Salt.from_bytes(whole).to_bytes() == bytes(whole)


def test_given_randomness_is_checked(world):
    one, zero = bytes(31) + b"\1", bytes(32)
    for call in (
        lambda: hazmat.encrypt(world.params, world.y, b"x", "aes-256-gcm", zero, one),
        lambda: hazmat.encrypt(world.params, world.y, b"x", "aes-256-gcm", one, zero),
        lambda: hazmat.encapsulate(world.params, world.y, one, zero),
    ):
        with pytest.raises(phi.Error) as refusal:
            call()
        assert refusal.value.code == "identity"
    for n in (0, 31, 33):
        with pytest.raises(phi.Error) as refusal:
            hazmat.handshake("initiator", bytes(n))
        assert refusal.value.code == "length"


def test_errors_have_codes(world):
    for call, code in [
        (lambda: phi.ReKey(world.k_e, world.k_e), "same-key"),
        (lambda: phi.Capsule.from_bytes(b"x"), "length"),
        (lambda: phi.PublicKey.from_bytes(b"\xc0" + bytes(191)), "identity"),
        (lambda: phi.decrypt(world.k_e_prime, phi.encrypt(world.params, world.y, b"x")), "refused"),
        (lambda: phi.decrypt(world.k_e, b"no envelope" * 40), "magic"),
        (lambda: phi.encrypt(world.params, world.y, b"x", "rot13"), "suite"),
        (lambda: phi.inspect_file("/no/such/file"), "io"),
        (lambda: phi.set_engine("magic"), "engine"),
        (lambda: phi.set_threads(0), "threads"),
        (lambda: phi.set_threads(100_000), "threads"),
        (lambda: phi.shard("name", 0), "shard"),
        (lambda: phi.Handshake("me"), "party"),
        (lambda: phi.Salt.from_bytes(bytes(32)).prove(b"x", 1, 1), "range"),
        (lambda: phi.check_vectors("/no/such/folder"), "io"),
    ]:
        with pytest.raises(phi.Error) as refusal:
            call()
        assert refusal.value.code == code and str(refusal.value)


def test_handshake():
    user, hospital = phi.Handshake("initiator"), phi.Handshake("responder")
    session = phi.Session(("user", user.share), (b"hospital", hospital.share))
    signed = []
    sk = user.finish(session, lambda statement: signed.append(statement) or True)
    assert signed == [session.statement("responder")]
    assert hospital.finish(session, lambda _: True) == sk
    for call in (lambda: user.finish(session, lambda _: True), lambda: user.share):
        with pytest.raises(phi.Error) as refusal:
            call()
        assert refusal.value.code == "spent"
    for verify, code in [(lambda _: True, "foreign-share"), (lambda _: False, "foreign-share")]:
        with pytest.raises(phi.Error) as refusal:
            phi.Handshake("initiator").finish(session, verify)
        assert refusal.value.code == code
    other = phi.Handshake("initiator")
    mine = phi.Session((b"user", other.share), (b"hospital", hospital_share := phi.Handshake("responder").share))
    assert hospital_share != other.share
    with pytest.raises(phi.Error) as refusal:
        other.finish(mine, lambda _: False)
    assert refusal.value.code == "unauthenticated"
    raising = phi.Handshake("initiator")
    theirs = phi.Session((b"user", raising.share), (b"hospital", hospital_share))
    with pytest.raises(ZeroDivisionError):
        raising.finish(theirs, lambda _: 1 / 0)


@pytest.mark.parametrize("suite", ["aes-256-gcm", "chacha20-poly1305"])
def test_envelopes_and_files(world, tmp_path, suite):
    record = os.urandom(200_000)
    envelope = phi.encrypt(world.params, world.y, memoryview(record), suite)
    assert phi.decrypt(world.k_e, envelope) == record
    again = phi.reencrypt(world.k_re, envelope)
    assert phi.decrypt(world.k_e_prime, again) == record and again[284:] == envelope[284:]
    for cut in (envelope[:-1], envelope[:283], b""):
        with pytest.raises(phi.Error):
            phi.decrypt(world.k_e, cut)
    (tmp_path / "record").write_bytes(record)
    sealed = phi.encrypt_file(world.params, world.y, tmp_path / "record", str(tmp_path / "envelope"), suite)
    assert sealed.bytes == len(record) and len(sealed.commitment) == 32
    shown = phi.inspect_file(tmp_path / "envelope")
    assert (shown.record_bytes, shown.chunks, shown.header.suite) == (len(record), 4, suite)
    new = phi.reencrypt_file(world.k_re, tmp_path / "envelope", tmp_path / "for-b")
    assert new == shown.header.reencrypt(world.k_re)
    assert phi.decrypt_file(world.k_e_prime, tmp_path / "for-b", tmp_path / "received") == sealed
    assert (tmp_path / "received").read_bytes() == record
    assert phi.reencrypt_file(world.k_re, tmp_path / "envelope") == new
    for call in (
        lambda: phi.decrypt_file(world.k_e_prime, tmp_path / "for-b", tmp_path / "received"),
        lambda: phi.encrypt_file(world.params, world.y, tmp_path / "record", tmp_path / "envelope"),
    ):
        with pytest.raises(phi.Error) as refusal:
            call()
        assert refusal.value.code == "io" and "exists already" in str(refusal.value)


def test_exposure():
    found = phi.exposure(100, 7, 20)
    assert found["by_uid"] == 0 and found["by_uid_and_one_vector"] == 15 and found["by_uid_and_all_vectors"] == 100


def test_engines_give_the_same(world):
    first = phi.engine()
    try:
        results = set()
        for name in phi.engines():
            phi.set_engine(name)
            assert phi.engine() == name and phi.is_constant_time() == (name != "plain")
            results.add(bytes(world.k_re.prepare().reencrypt(world.capsules).values.buffer()))
        assert len(results) == 1
    finally:
        phi.set_engine(first)


def test_threads(world):
    first = phi.threads()
    try:
        expected = bytes(world.k_re.prepare().reencrypt(world.capsules).values.buffer())
        for n in (1, 3, 2):
            phi.set_threads(n)
            assert phi.threads() == n
            assert bytes(world.k_re.prepare().reencrypt(world.capsules).values.buffer()) == expected
    finally:
        phi.set_threads(first)


def child(k_re, capsules, queue):
    queue.put((phi.threads(), bytes(phi.ReKey.from_bytes(k_re).prepare().reencrypt(capsules).values.buffer())))


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_child_processes_compute(world, method):
    """A forked child has no threads of its parent, and starts its own."""
    if method not in multiprocessing.get_all_start_methods():
        pytest.skip("this system has no fork")
    expected = bytes(world.k_re.prepare().reencrypt(world.capsules).values.buffer())
    context = multiprocessing.get_context(method)
    queue = context.Queue()
    process = context.Process(target=child, args=(world.k_re.to_bytes(), bytes(world.capsules.buffer()), queue))
    process.start()
    threads, found = queue.get(timeout=60)
    process.join(60)
    assert process.exitcode == 0 and found == expected and threads >= 1


def python(*arguments, **options):
    return subprocess.run([sys.executable, *arguments], capture_output=True, text=True, **options)


def readme_example(folder):
    text = (REPOSITORY / "python" / "README.md").read_text(encoding="utf-8")
    path = folder / "example.py"
    path.write_text("\n".join(re.findall(r"```python\n(.*?)```", text, re.DOTALL)), encoding="utf-8")
    return path


def test_the_readme_runs_and_has_types(tmp_path):
    example = readme_example(tmp_path)
    ran = python(str(example))
    assert ran.returncode == 0, ran.stderr
    typed = python("-m", "mypy", "--strict", "--cache-dir", str(tmp_path / "cache"), str(example))
    assert typed.returncode == 0, typed.stdout


def test_the_stubs_are_those_of_the_package(tmp_path):
    checked = python("-m", "mypy.stubtest", "phi_pre", "--concise", cwd=tmp_path)
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_everything_has_a_docstring():
    for name in phi.__all__:
        value = getattr(phi, name)
        if callable(value):
            assert value.__doc__, name
            if isinstance(value, type):
                for method, member in vars(value).items():
                    if not method.startswith("_") and callable(getattr(value, method)):
                        assert getattr(value, method).__doc__, f"{name}.{method}"


def test_objects_are_freed(world):
    gc.collect()
    before = len(gc.get_objects())
    for _ in range(100):
        world.k_re.prepare().reencrypt(world.capsules)
    gc.collect()
    assert len(gc.get_objects()) - before < 50


def test_the_manifests_are_well_formed():
    yaml = pytest.importorskip("yaml", reason="needs PyYAML")
    text = (REPOSITORY / "cli" / "SHARDS.md").read_text(encoding="utf-8")
    (script,) = re.findall(r"```bash\n(.*?)```", text, re.DOTALL)
    assert subprocess.run(["bash", "-n"], input=script, text=True).returncode == 0
    (manifest,) = re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
    spec = yaml.safe_load(manifest)["spec"]
    (container,) = spec["template"]["spec"]["containers"]
    assert f'--shard "$JOB_COMPLETION_INDEX/{spec["completions"]}"' in container["args"][0]
    assert spec["completionMode"] == "Indexed"
