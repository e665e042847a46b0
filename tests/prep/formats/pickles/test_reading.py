"""What pickles hold is read exactly; what they could do is refused."""

import os
import pickle
import tracemalloc
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from prep.formats.pickles.arrays import StoredArray
from prep.formats.pickles.reading import load
from t2i.errors import InputError

_REAL = Path(__file__).parents[5] / "shared" / "data" / "stackgan-layout"
_RANDOM = np.random.default_rng(0)
_ARRAYS = [
    _RANDOM.integers(0, 256, (20, 30, 3), dtype=np.uint8),
    _RANDOM.normal(size=(10, 32)).astype(np.float32),
    np.asfortranarray(_RANDOM.normal(size=(30, 40))),
    _RANDOM.normal(size=(2, 3)).astype(">f4"),
    np.array([True, False]),
    np.array(3.0),
]
_PLAIN = [
    "é", "x" * 1024, 0, 255, -1, 2**40, -(2**62), 1.5, None, True, (), (1,), (1, 2, 3, 4), [[], {}],
    {1: "jay", "ani": [2]},
]  # fmt: skip


def _written(folder: Path, content: bytes) -> Path:
    path = folder / "some.pickle"
    path.write_bytes(content)
    return path


def _refusal(folder: Path, content: bytes) -> str:
    """What is said of a pickle, without the parts that are always the same."""
    path = _written(folder, content)
    with pytest.raises(InputError) as raised:
        load(path)
    head = f"{path}: expected a pickle of lists, numbers, text and numeric arrays, got "
    tail = "; get the file again, from somebody you trust"
    assert str(raised.value).startswith(head)
    assert str(raised.value).endswith(tail)
    return str(raised.value).removeprefix(head).removesuffix(tail)


@pytest.mark.parametrize("protocol", range(6))
def test_values_of_every_protocol_are_read_as_they_were(tmp_path: Path, protocol: int) -> None:
    assert load(_written(tmp_path, pickle.dumps(_PLAIN, protocol))) == _PLAIN
    shared = load(_written(tmp_path, pickle.dumps([_PLAIN, _PLAIN], protocol)))
    assert shared == [_PLAIN, _PLAIN]


@pytest.mark.parametrize("protocol", range(6))
def test_arrays_of_every_protocol_are_read_as_they_were(tmp_path: Path, protocol: int) -> None:
    arrays = load(_written(tmp_path, pickle.dumps(_ARRAYS, protocol)))
    assert isinstance(arrays, list)
    for array, expected in zip(arrays, _ARRAYS, strict=True):
        assert isinstance(array, StoredArray)
        assert (array.shape, array.dtype) == (expected.shape, expected.dtype)
        np.testing.assert_array_equal(array.read(), expected, strict=True)


def test_numpys_scalars_become_plain_numbers(tmp_path: Path) -> None:
    for protocol in range(6):
        content = pickle.dumps([np.int64(7), np.float32(0.5), np.bool_(True)], protocol)
        value = load(_written(tmp_path, content))
        assert value == [7, 0.5, True]
        assert isinstance(value, list)
        assert [type(number) for number in value] == [int, float, bool]


def test_what_python_2_wrote_is_read(tmp_path: Path) -> None:
    """By hand, as there is no Python 2 at hand: an array of cPickle, protocols 0 and 2."""
    text = (
        b"(lp1\ncnumpy.core.multiarray\n_reconstruct\np2\n(cnumpy\nndarray\np3\n(I0\ntp4\nS'b'\np5\n"
        b"tp6\nRp7\n(I1\n(I2\nI2\ntp8\ncnumpy\ndtype\np9\n(S'f4'\np10\nI0\nI1\ntp11\nRp12\n(I3\nS'<'\n"
        b"p13\nNNNI-1\nI-1\nI0\ntp14\nbI00\nS'\\x00\\x00\\x80?\\x00\\x00\\x00@\\x00\\x00@@\\x00\\x00"
        b"\\x80@'\np15\ntp16\nbaS'caf\\xe9'\naL7L\na."
    )
    binary = (
        b"\x80\x02]q\x01(cnumpy.core.multiarray\n_reconstruct\nq\x02cnumpy\nndarray\nq\x03K\x00\x85"
        b"U\x01b\x87Rq\x04(K\x01K\x02K\x02\x86cnumpy\ndtype\nq\x05U\x02f4K\x00K\x01\x87Rq\x06(K\x03"
        b"U\x01<NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb\x89U\x10\x00\x00\x80?\x00\x00\x00@"
        b"\x00\x00@@\x00\x00\x80@tbU\x04caf\xe9\x8a\x01\x07e."
    )
    for content in (text, binary):
        array, word, number = pickle.loads(content, encoding="latin1")
        read = load(_written(tmp_path, content))
        assert isinstance(read, list)
        np.testing.assert_array_equal(read[0].read(), array, strict=True)
        assert read[1:] == [word, number] == ["café", 7]


class _Trap:
    """Leaves a file behind when its pickle is run."""

    def __init__(self, place: Path) -> None:
        self.place = place

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, (str(self.place),)


@pytest.mark.parametrize("protocol", range(6))
def test_nothing_in_a_pickle_runs(tmp_path: Path, protocol: int) -> None:
    trap = tmp_path / "sprung"
    refusal = _refusal(tmp_path, pickle.dumps([_Trap(trap)], protocol))
    assert refusal.startswith(f"the name '{os.name}.mkdir', which could do anything, before byte ")
    assert not trap.exists()


@pytest.mark.parametrize(
    ("content", "refusal"),
    [
        (b"(S'id'\nios\nsystem\n.", "the name 'os.system', which could do anything, before byte"),
        (b"cbuiltins\neval\n(S'1'\ntR.", "the name 'builtins.eval', which could do anything,"),
        (b"cnumpy\nload\n.", "the name 'numpy.load', which could do anything,"),
        (b"cnumpy\nndarray\n)\x81.", "the operation NEWOBJ before byte 17"),
        (b"\x82\x01.", "the operation EXT1 before byte 1"),
        (b"Pother\n.", "the operation PERSID before byte 1"),
        (b"\xff", r"the operation b'\xff' before byte 1"),
        (b"K\x01K\x02R.", "a call of no function"),
        (b"cnumpy\nndarray\n)R.", "a call of ndarray with what it doesn't take"),
        (b"]}b.", "a state for an object without one"),
        (b"", "the end before byte 0"),
        (b"]", "the end before byte 1"),
        (b".", "an operation without its value"),
        (b"K\x01(a.", "an operation without its value"),
        (b"e.", "an operation without its mark"),
        (b"K\x01K\x02a.", "values for a list without one"),
        (b"}K\x01u.", "an operation without its mark"),
        (b"}(K\x01u.", "keys and values for a dict without one"),
        (b"}))s.", "a dict with other keys than integers and text"),
        (b"h\x05.", "nothing under the number 5"),
        (b"I12x\n.", "the integer b'12x'"),
        (b"I" + b"9" * 5000 + b"\n.", "the integer b'99999999999999999999'"),
        (b"\x8a\x09" + bytes(9) + b".", "an integer of 9 bytes"),
        (b"Fone\n.", "the number b'one'"),
        (b"I12", "a line without an end"),
        (b"Sopen\n.", "a string without its quotes"),
        (b"S'\\x1'\n.", "a string with broken escapes"),
        (b"X\x01\0\0\0\xff.", "text that is no utf-8"),
        (b"X\xff\xff\xff\xffab.", "a length of 4294967295 with 3 bytes to go"),
        (b"T\xff\xff\xff\xffab.", "a length of -1 with 3 bytes to go"),
        (b"\x8e" + b"\xff" * 8 + b"ab", "a length of 18446744073709551615 with 2 bytes to go"),
        (b"(lp0\r\nI1\r\na.", "lines that end in CRLF (git's core.autocrlf does that to pickles"),
    ],
)  # fmt: skip
def test_what_is_no_plain_value_is_refused(tmp_path: Path, content: bytes, refusal: str) -> None:
    assert _refusal(tmp_path, content).startswith(refusal)


@pytest.mark.parametrize(
    ("value", "refusal"),
    [
        (Fraction(1, 2), "the name 'fractions.Fraction', which could do anything,"),
        ({1, 2}, "the operation EMPTY_SET"),
        (np.array(["a"]), "an array of 'U1'"),
        (np.array([None]), "an array of 'O8'"),
        (np.zeros(1, [("a", "f4")]), "an array of 'V4'"),
        (np.array([1j]), "an array of 'c16'"),
        (np.zeros((0, 3)), "an array of 0 bytes in 2 dimensions"),
    ],
)
def test_other_objects_are_refused(tmp_path: Path, value: object, refusal: str) -> None:
    assert _refusal(tmp_path, pickle.dumps(value, 4)).startswith(refusal)


def test_an_array_must_be_what_it_says(tmp_path: Path) -> None:
    content = pickle.dumps(np.zeros((10, 70, 3), np.uint8), 4)
    assert _refusal(tmp_path, content.replace(b"K\x0aKF", b"K\x0bKF")).startswith(
        "2100 bytes for an array (11, 70, 3) of uint8"
    )
    huge = content.replace(b"K\x0aKF", b"J\xff\xff\xff\x7fJ\xff\xff\xff\x7f")
    assert "2100 bytes for an array (2147483647, 2147483647, 3)" in _refusal(tmp_path, huge)


@pytest.mark.parametrize(
    "content",
    [
        b"]" * 50_000 + b"a" * 49_999,
        b"(" + b"}" * 50_000 + b"t",
        b"(" * 200_000 + b"N",
        b"N" + b"".join(b"r" + i.to_bytes(4, "little") for i in range(100_000)),
        b"(" + b"K\xff" * 200_000 + b"l",
        b"(" + b"".join(b"M" + i.to_bytes(2, "little") for i in range(50_000)) * 2 + b"d",
        b"(" + "U\x01é".encode("latin1") * 100_000 + b"l",
        b"X\xe8\x03\0\0" + b"a" * 996 + "\N{CAT}".encode() + b"0",
    ],
    ids=["lists", "dicts", "marks", "memo", "numbers", "keys", "strings", "text"],
)
def test_a_pickle_takes_no_more_memory_than_it_may(
    tmp_path: Path, content: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("prep.formats.pickles.reading._MAX_MEMORY", 3_000_000)
    path = _written(tmp_path, content * (2000 if content[:1] == b"X" else 1) + b".")
    tracemalloc.start()
    with pytest.raises(InputError, match="got so much that it would fill 3000000 bytes"):
        load(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 3_500_000


def test_small_pickles_cant_ask_for_much(tmp_path: Path) -> None:
    """A high memo number, and lists of one list a million times over."""
    for content in (b"Nr\xff\xff\xff\xff.", b"(lp0\n0(l" + b"(lp1\n" + b"g0\na" * 50_000 + b"."):
        path = _written(tmp_path, content)
        tracemalloc.start()
        load(path)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 1_000_000


def test_arrays_stay_in_the_file_until_they_are_read(tmp_path: Path) -> None:
    for protocol in (0, 2, 5):
        arrays = [np.full((200, 200, 3), i, np.uint8) for i in range(100)]
        path = _written(tmp_path, pickle.dumps(arrays, protocol))
        tracemalloc.start()
        read = load(path)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 20 * arrays[0].nbytes
        assert isinstance(read, list)
        np.testing.assert_array_equal(read[7].read(), arrays[7])


def test_a_file_cut_while_it_is_read_is_no_crash(tmp_path: Path) -> None:
    path = _written(tmp_path, pickle.dumps(np.zeros(2000, np.uint8), 4))
    array = load(path)
    path.write_bytes(path.read_bytes()[:300])
    assert isinstance(array, StoredArray)
    with pytest.raises(InputError, match=r"expected 2000 bytes at \d+ as a moment ago, got others"):
        array.read()


def test_a_missing_pickle_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError) as raised:
        load(tmp_path / "no.pickle")
    expected = f"{tmp_path}/no.pickle: expected a pickle, got no such file; check the name"
    assert str(raised.value) == expected


@pytest.mark.skipif(not _REAL.is_dir(), reason="shared/data/stackgan-layout is not here")
@pytest.mark.parametrize(("split", "count", "classes"), [("train", 8855, 150), ("test", 2933, 50)])
def test_the_released_pickles_are_read(split: str, count: int, classes: int) -> None:
    names, ids = (load(_REAL / split / f"{name}.pickle") for name in ("filenames", "class_info"))
    assert isinstance(names, list)
    assert isinstance(ids, list)
    assert len(names) == len(ids) == count
    assert len(set(ids)) == classes
    assert [int(name.partition(".")[0]) for name in names] == ids
