"""Columns in and out: every kind of column gives the same, nothing is copied on the way in, and a bad record stays alone."""

import threading
import time

import numpy
import polars
import pyarrow
import pytest

import phi_pre as phi


def arrays(column):
    """The same records as columns of every kind."""
    arrow = pyarrow.array(column)
    return {
        "phi_pre": column,
        "fixed": arrow,
        "chunked": pyarrow.chunked_array([arrow[:33], arrow[33:33], arrow[33:]]),
        "sliced": pyarrow.concat_arrays([arrow[:5], arrow])[5:],
        "binary": arrow.cast(pyarrow.binary()),
        "sliced binary": pyarrow.concat_arrays([arrow[:5], arrow]).cast(pyarrow.binary())[5:],
        "large binary": arrow.cast(pyarrow.large_binary()),
        "binary view": arrow.cast(pyarrow.binary_view()),
        "polars": polars.Series(column),
        "polars in chunks": polars.concat([polars.Series(arrow[:7]), polars.Series(arrow[7:])], rechunk=False),
        "numpy": numpy.asarray(column),
        "flat": numpy.asarray(column).reshape(-1),
        "bytes": bytes(column.buffer()),
        "bytearray": bytearray(column.buffer()),
        "memoryview": memoryview(column.buffer()),
    }


def test_every_column_gives_the_same(world):
    prepared, key = world.k_re.prepare(), world.k_e_prime.prepare()
    expected = [world.k_re.reencrypt(phi.Capsule.from_bytes(c)).to_bytes() for c in pyarrow.array(world.capsules).to_pylist()]
    for name, column in arrays(world.capsules).items():
        batch = prepared.reencrypt(column)
        assert pyarrow.array(batch.values).to_pylist() == expected, name
        assert (len(batch), batch.refused, batch.errors.null_count) == (100, 0, 100), name
        assert phi.reencrypt_each([world.k_re] * 100, column).values[99] == expected[99], name
    for name, column in arrays(batch.values).items():
        messages, errors = key.decapsulate(column)
        assert messages == world.messages, name
        assert errors.null_count == 100, name


def test_a_bad_record_stays_alone(world):
    rows = pyarrow.array(world.capsules).to_pylist()
    rows[3], rows[5], rows[6] = None, rows[5][:200], b""
    rows[7] = rows[7][:-1] + bytes([rows[7][-1] ^ 1])
    rows[8] = bytes(48) + rows[8][48:]
    rows[99] = rows[99] + b"x"
    reasons = {
        3: "null",
        5: "200 bytes where 240 are needed",
        6: "0 bytes where 240 are needed",
        7: "GT: not in the subgroup of order q",
        8: "G1: invalid flag bits",
        99: "241 bytes where 240 are needed",
    }
    prepared = world.k_re.prepare()
    good = pyarrow.array(prepared.reencrypt(world.capsules).values).to_pylist()
    for kind in (pyarrow.binary(), pyarrow.large_binary(), pyarrow.binary_view()):
        column = pyarrow.array(rows, kind)
        for batch in (prepared.reencrypt(column), phi.reencrypt_each([world.k_re] * 100, column)):
            assert {i: text for i, text in enumerate(pyarrow.array(batch.errors).to_pylist()) if text} == reasons
            assert pyarrow.array(batch.values).to_pylist() == [None if i in reasons else c for i, c in enumerate(good)]
            assert batch.refused == len(reasons)
            table = pyarrow.record_batch(batch)
            assert table.column_names == ["value", "error"]
            assert not numpy.asarray(batch.values)[7].any()
        messages, errors = world.k_e.prepare().decapsulate(column)
        assert messages == [None if i in reasons else m for i, m in enumerate(world.messages)]
        assert errors[5] == reasons[5] and errors[0] is None
    # Nulls of a column of a fixed size, whose bytes are there.
    fixed = pyarrow.array(world.capsules)
    masked = pyarrow.Array.from_buffers(fixed.type, 100, [pyarrow.py_buffer(bytes([0xFE] + [0xFF] * 12)), fixed.buffers()[1]])
    assert prepared.reencrypt(masked).errors[0] == "null" and prepared.reencrypt(masked).refused == 1


def test_headers(world):
    envelopes = [phi.encrypt(world.params, world.y, bytes([n])) for n in range(20)]
    heads = pyarrow.array([envelope[:284] for envelope in envelopes], pyarrow.binary(284))
    batch = world.k_re.prepare().reencrypt_headers(heads)
    for n, envelope in enumerate(envelopes):
        assert phi.decrypt(world.k_e_prime, batch.values[n] + envelope[284:]) == bytes([n])
    bad = heads.to_pylist()
    bad[4] = b"X" + bad[4][1:]
    batch = world.k_re.prepare().reencrypt_headers(pyarrow.array(bad, pyarrow.binary()))
    assert (batch.refused, batch.errors[4]) == (1, "envelope: does not start as one")


@pytest.mark.parametrize(
    "column",
    [
        numpy.zeros((3, 239), numpy.uint8),
        numpy.zeros((240, 3), numpy.uint8),
        numpy.zeros((3, 240), numpy.int8),
        numpy.zeros((3, 240), numpy.uint16),
        numpy.zeros((6, 240), numpy.uint8)[::2],
        numpy.zeros((2, 3, 240), numpy.uint8),
        bytes(241),
        5,
        None,
        "text",
        [bytes(240)],
        pyarrow.array([1]),
        pyarrow.array(["text"]),
        pyarrow.array([bytes(239)], pyarrow.binary(239)),
        pyarrow.table({"capsule": [bytes(240)]}),
    ],
)
def test_another_column_is_refused_as_a_whole(world, column):
    for call in (world.k_re.prepare().reencrypt, world.k_e.prepare().decapsulate):
        with pytest.raises(phi.Error) as refusal:
            call(column)
        assert refusal.value.code == "column" and "240 bytes for each record" in str(refusal.value)


def test_empty_columns(world):
    for column in (b"", pyarrow.array([], pyarrow.binary(240)), numpy.zeros((0, 240), numpy.uint8)):
        batch = world.k_re.prepare().reencrypt(column)
        assert (len(batch), batch.refused, numpy.asarray(batch.values).shape) == (0, 0, (0, 240))
    capsules, messages = world.y.prepare(world.params).encapsulate_many(0)
    assert (len(capsules), messages) == (0, [])


def test_empty_slices_and_chunks(world):
    """The values of an empty slice begin behind the first byte."""
    column = pyarrow.array(world.capsules)
    prepared = world.k_re.prepare()
    for kind in (pyarrow.binary(240), pyarrow.binary(), pyarrow.large_binary(), pyarrow.binary_view()):
        cast = column.cast(kind)
        assert len(prepared.reencrypt(cast[100:])) == len(prepared.reencrypt(cast[3:3])) == 0
        chunks = pyarrow.chunked_array([cast[1:2], cast[100:], cast[5:5], cast[2:3]])
        assert pyarrow.array(prepared.reencrypt(chunks).values).equals(pyarrow.array(prepared.reencrypt(cast[1:3]).values))


class Twice:
    """Gives the same capsules twice, which the protocol forbids."""

    def __init__(self, array):
        self.capsules = array.__arrow_c_array__()

    def __arrow_c_array__(self, requested_schema=None):
        return self.capsules


class Breaking:
    """Ends in the middle."""

    def __arrow_c_stream__(self, requested_schema=None):
        def batches():
            yield pyarrow.record_batch({"x": [1]})
            raise RuntimeError("broken")

        return pyarrow.RecordBatchReader.from_batches(pyarrow.schema({"x": "int64"}), batches()).__arrow_c_stream__()


def test_objects_that_break_the_protocol(world):
    twice = Twice(pyarrow.array(world.capsules).cast(pyarrow.binary()))
    prepared = world.k_re.prepare()
    assert len(prepared.reencrypt(twice)) == 100
    for column in (twice, Breaking(), polars.Series([])):
        with pytest.raises(phi.Error) as refusal:
            prepared.reencrypt(column)
        assert refusal.value.code == "column"


def test_limits(world):
    prepared = world.y.prepare(world.params)
    for n in (2**22 + 1, 2**40, 2**60, 2**63):
        with pytest.raises(phi.Error) as refusal:
            prepared.encapsulate_many(n)
        assert refusal.value.code == "limit"
    for counts in ((2**40, 1, 1), (1, 2**40, 1), (1, 1, 2**40), (2**63, 2**63, 2**63), (10_000, 10, 10_000)):
        with pytest.raises(phi.Error) as refusal:
            phi.exposure(*counts)
        assert refusal.value.code == "limit"


def test_rows(world):
    column = world.k_re.prepare().reencrypt(world.capsules).values
    assert column[-1] == column[99] and column[-100] == column[0]
    for row in (100, -101, 2**63, -(2**70)):
        with pytest.raises(IndexError):
            column[row]
    with pytest.raises(phi.Error):
        world.k_re.prepare().reencrypt(world.capsules).errors.buffer()
    with pytest.raises(phi.Error) as refusal:
        phi.reencrypt_each([world.k_re], world.capsules)
    assert refusal.value.code == "length"


def test_arrays_are_views(world):
    column = world.k_re.prepare().reencrypt(world.capsules).values
    view, again = numpy.asarray(column), numpy.asarray(column)
    assert view.ctypes.data == again.ctypes.data and not view.flags.writeable
    assert pyarrow.array(column).buffers()[1].address == view.ctypes.data
    with pytest.raises(ValueError):
        numpy.asarray(column, dtype=numpy.uint16, copy=False)
    assert numpy.asarray(column, dtype=numpy.uint8, copy=False).ctypes.data == view.ctypes.data
    assert numpy.asarray(column, dtype=numpy.uint16).dtype == numpy.uint16
    copy = numpy.array(column, copy=True)
    assert copy.flags.writeable and copy.ctypes.data != view.ctypes.data


def test_nothing_is_copied_on_the_way_in(world):
    """A column of 240 MB is refused record by record; the memory grows by its output alone."""
    resource = pytest.importorskip("resource")
    rows = 100_000
    column = pyarrow.FixedSizeBinaryArray.from_buffers(
        pyarrow.binary(240), rows, [None, pyarrow.py_buffer(numpy.zeros(rows * 240, numpy.uint8))]
    )
    numpy.frombuffer(column.buffers()[1], numpy.uint8).sum()  # its pages are there
    prepared = world.k_re.prepare()
    prepared.reencrypt(column[:5000])
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    batch = prepared.reencrypt(column)
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024
    assert batch.refused == rows
    assert grown < 1.6 * rows * (240 + 30), grown  # values, and errors of some 21 bytes with their offsets


def test_the_interpreter_is_free_meanwhile(world):
    """Another thread of Python runs while a column is computed."""
    column = pyarrow.concat_arrays([pyarrow.array(world.capsules)] * 100)
    prepared, turns, done = world.k_re.prepare(), [], threading.Event()

    def turn():
        while not done.wait(0.001):
            turns.append(time.monotonic())

    thread = threading.Thread(target=turn)
    thread.start()
    start = time.monotonic()
    prepared.reencrypt(column)
    end = time.monotonic()
    done.set()
    thread.join()
    assert sum(start < turn < end for turn in turns) > 10
