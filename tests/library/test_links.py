"""Links: what goes in comes out to the bit; what is damaged, hostile or too large is refused in one line."""

import base64
import hashlib
import json
import random
import subprocess
import sys
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import atlas_fast as af
from atlas_fast.links import codec, decode, encode, open_workspace

BOWL: dict[str, Any] = {"loss": "x^2 + y^2", "weights": {"x": [1, 1], "y": [1, 1]}}

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

MIB = 2**20


def sealed(payload: bytes) -> str:
    """A link with the right checksum over any payload, written after the description of the format alone."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = packer.compress(payload) + packer.flush()
    digest = hashlib.blake2b(packed, digest_size=8, person=b"atlas://w/1/").digest()
    return "atlas://w/1/" + base64.urlsafe_b64encode(digest + packed).rstrip(b"=").decode()


def refusal(link: str, opening: Callable[[str], Any] = decode) -> str:
    """The one line that a link is refused with."""
    with pytest.raises(af.StoreError) as caught:
        opening(link)
    line = str(caught.value)
    assert line and line.isprintable() and len(line) < 300
    return line


def same(one: np.ndarray[Any, Any], other: np.ndarray[Any, Any]) -> bool:
    return one.dtype == other.dtype and one.shape == other.shape and one.tobytes() == other.tobytes()


# Measured data (decimals), anything finite (subnormal numbers and -0.0 among it), and whole numbers of all sizes.
numbers = st.one_of(
    st.decimals(-1000, 1000, places=2).map(float),
    st.floats(allow_nan=False, allow_infinity=False),
    st.integers(-(2**63), 2**63 - 1).map(float),
)
matrices = hnp.arrays(np.float64, st.tuples(st.integers(1, 7), st.integers(1, 7)), elements=numbers)
words = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
values = st.recursive(
    st.one_of(
        words, st.booleans(), st.integers(1 - 2**63, 2**63 - 1), st.floats(allow_nan=False, allow_infinity=False)
    ),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(words, inner, max_size=4),
    max_leaves=12,
)
fields = st.dictionaries(words.filter(lambda word: word not in ("loss", "data", "weights")), values, max_size=3)


@given(words, fields, st.dictionaries(words, matrices, max_size=3), st.dictionaries(words, matrices, max_size=3))
def test_what_goes_in_comes_out_to_the_bit(
    loss: str, more: dict[str, Any], data: dict[str, Any], weights: dict[str, Any]
) -> None:
    document = {
        **more,
        "loss": loss,
        "data": {name: {"scale": "unit"} for name in data},
        "weights": {name: list(value.shape) for name, value in weights.items()},
    }
    given = data | weights
    link = encode(document, given)
    text, found = decode(link)
    assert text == document
    assert list(text) == list(document)
    assert list(found) == list(given)
    assert all(same(found[name], given[name]) and not found[name].flags.writeable for name in given)
    assert encode(text, found) == link
    assert link.removeprefix("atlas://w/1/").strip(ALPHABET) == ""


def test_numbers_that_are_easily_lost_come_back() -> None:
    awkward = np.array([[-0.0, 0.0, 5e-324, -2.2250738585072014e-308, 0.1 + 0.2, 1 / 3, 1.7976931348623157e308]])
    whole = np.array([[-0.0, 1.0], [2.0**53, 2.0**53 + 2], [-128.0, 127.0], [-129.0, 127.0], [0.1, 1e15 + 0.3]])
    zeros = np.array([[-0.0, 1.0, 0.0], [0.5, -0.0, 2.0], [-0.0, -0.0, -0.0]])
    given = {"X": awkward, "Y": whole, "Z": whole.T.copy(), "W": awkward.T.copy(), "V": zeros}
    _, found = decode(encode({"loss": "x", "data": {name: {} for name in given}}, given))
    assert all(same(found[name], given[name]) for name in given)


def test_measured_data_make_short_links() -> None:
    """The same numbers as JSON make a longer link."""
    for name, shorter in (("iris", 1.2), ("boston_housing", 1.3)):
        data = af.datasets.load(name)
        link = encode({"loss": "x", "data": {part: {} for part in data}}, data)
        text = encode({"loss": "x", "data": {part: {"values": data[part].tolist()} for part in data}}, {})
        assert len(text) > shorter * len(link)


def test_ten_thousand_damaged_links_are_refused() -> None:
    draw = random.Random(0)
    noise = np.random.default_rng(0).normal(size=(2, 5))
    links = [
        encode(BOWL, {}),
        encode(BOWL, {"x": np.array([[-1.5]])}),
        encode({"loss": "||A*X - Y||_2", "data": {"X": {}}}, {"X": noise}),
    ]

    def replaced(link: str) -> str:
        at = draw.randrange(len(link))
        return link[:at] + draw.choice(ALPHABET + "+/=%&#é\0") + link[at + 1 :]

    def flipped(link: str) -> str:
        at = draw.randrange(len(link))
        return link[:at] + chr(ord(link[at]) ^ 1 << draw.randrange(8)) + link[at + 1 :]

    def recased(link: str) -> str:
        at = draw.randrange(len(link))
        return link[:at] + link[at].swapcase() + link[at + 1 :]

    def cut(link: str) -> str:
        return link[: draw.randrange(len(link))]

    def removed(link: str) -> str:
        at, count = draw.randrange(len(link)), draw.randint(1, 5)
        return link[:at] + link[at + count :]

    def inserted(link: str) -> str:
        at = draw.randint(0, len(link))
        return link[:at] + "".join(draw.choices(ALPHABET + "=.", k=draw.randint(1, 5))) + link[at:]

    def swapped(link: str) -> str:
        at, other = sorted(draw.sample(range(len(link)), 2))
        return link[:at] + link[other] + link[at + 1 : other] + link[at] + link[other + 1 :]

    def joined(link: str) -> str:
        return link + draw.choice(["=", "==", "A", "AA", link, link[:12], "&x=1", "#dump="])

    damages = [replaced, flipped, recased, cut, removed, inserted, swapped, joined]
    count = 0
    while count < 10_000:
        link = draw.choice(links)
        damaged = draw.choice(damages)(link)
        if damaged == link:
            continue
        refusal(damaged)
        refusal(damaged, open_workspace)
        count += 1


def test_every_single_character_counts() -> None:
    link = encode(BOWL, {})
    for at in range(len(link)):
        for character in ALPHABET:
            if character != link[at]:
                refusal(link[:at] + character + link[at + 1 :])


def test_what_mail_puts_round_a_link_is_no_matter() -> None:
    link = encode(BOWL, {})
    wrapped = "\r\n".join(link[at : at + 20] for at in range(0, len(link), 20))
    for text in (f"  {link}\n", f"<{link}>", f" <{wrapped}>\n", wrapped):
        assert decode(text) == (BOWL, {})


def test_each_refusal_says_why() -> None:
    link = encode(BOWL, {})
    assert "atlas://w/1/" in refusal("")
    assert "no link of Atlas Fast" in refusal("https://example.org/")
    assert "no link of Atlas Fast" in refusal("atlas://v/1/abc")
    assert "newer version" in refusal(link.replace("/1/", "/2/"))
    assert "newer version" in refusal("atlas://w/99999999999999999999999999/abc")
    assert "damaged" in refusal(link[:-1])
    assert "damaged" in refusal("atlas://w/1/")
    assert "too large" in refusal("atlas://w/1/" + "A" * MIB)
    assert "too large" in refusal("A" * (20 * MIB))
    assert "damaged" in refusal("atlas://w/1/" + base64.urlsafe_b64encode(bytes(8)).decode().rstrip("="))
    with pytest.raises(af.ArgumentError, match="the link is a bytes, a text is wanted"):
        decode(link.encode())  # type: ignore[arg-type]


def test_base64_that_is_written_another_way_is_refused() -> None:
    """Python's decoder takes + for -, / for _, padding, and anything in the last bits that stand for nothing."""
    links = [encode({"loss": "x" * n}, {}) for n in range(1, 400)]
    link = next(link for link in links if "-" in link and "_" in link and len(link[12:]) % 4 == 3)
    for other in (link.replace("-", "+"), link[:12] + link[12:].replace("_", "/"), link + "="):
        assert "damaged" in refusal(other)
    last = ALPHABET.index(link[-1])
    assert last % 4 == 0
    for spare in (1, 2, 3):
        assert "damaged" in refusal(link[:-1] + ALPHABET[last + spare])


def held(document: Any, table: Any, rest: bytes = b"") -> str:
    return sealed(json.dumps([document, table]).encode() + b"\n" + rest)


def test_a_right_checksum_is_not_trusted() -> None:
    x = {"loss": "x", "data": {"X": {}}}
    assert decode(held(x, [["X", 1, 2]], b"\x00\x01\x02"))[1]["X"].tolist() == [[1.0, 2.0]]
    refused = {
        "no document": [sealed(b""), sealed(b"no line"), sealed(b"[]\n"), sealed(b"{}\n"), sealed(b"[1, 2, 3]\n")],
        "no loss": [held({}, []), held([], []), held({"loss": 1}, []), held("x", [])],
        "no table": [held({"loss": "x", "data": []}, []), held({"loss": "x", "data": {"X": 1}}, [])],
        "numbers themselves": [held({"loss": "x", "data": {"X": {"file": "/etc/passwd"}}}, [])],
        "neither data nor a weight": [held({"loss": "x"}, [["X", 1, 1]], b"\x00\x01")],
        "table of matrices": [
            held(x, [["X", 0, 1]]),
            held(x, [["X", 1]]),
            held(x, [["X", 1.0, 1]]),
            held(x, [["X", 1, 1], ["X", 1, 1]]),
            held(x, [[["X"], 1, 1]]),
            held(x, [None]),
        ],
        "incomplete": [
            held(x, [["X", 1, 2]]),
            held(x, [["X", 1, 2]], b"\x00\x01"),
            held(x, [["X", 1, 2]], b"\x40" + bytes(99)),
            held(x, [["X", 1, 2]], b"\xff" + bytes(15)),
        ],
        "more numbers than its table": [held(x, [["X", 1, 1]], b"\x00\x01\x02"), held(x, [], b"\x00")],
        "not finite": [
            held(x, [["X", 1, 1]], b"\xff" + np.array([np.nan]).tobytes()),
            held(x, [["X", 1, 1]], b"\xff" + np.array([-np.inf]).tobytes()),
        ],
        "1,000,000,000,000 numbers": [held(x, [["X", 10**6, 10**6]])],
        "no text, number, list or table": [
            held({"loss": "x", "a": None}, []),
            held({"loss": "\ud800"}, []),
            held({"loss": "x", "\udfff": 1}, []),
            held({"loss": "x", "a": 2**63}, []),
        ],
        "nests more than 8 deep": [sealed(b'[{"loss":"x","a":' + b"[" * 20 + b"]" * 20 + b"},[]]\n")],
        "damaged": [
            sealed(b'[{"loss":"x","loss":"y"},[]]\n'),
            sealed(b'[{"loss":"x","a":NaN},[]]\n'),
            sealed(b'[{"loss":"x","a":-Infinity},[]]\n'),
            sealed(b'[{"loss":"x","a":1e999},[]]\n'),
            sealed(b'[{"loss":"x","a":' + b"9" * 10_000 + b"},[]]\n"),
            sealed(b'[{"loss":"\xff"},[]]\n'),
            sealed(b"[" * 100_000 + b"]" * 100_000 + b"\n"),
            sealed(b'{"a":' * 9_000 + b"1" + b"}" * 9_000 + b"\n"),
        ],
        "too large": [held({"loss": "x" * (2 * MIB)}, []), sealed(bytes(99 * MIB))],
        "matrices": [held(x, [[f"X{n}", 1, 1] for n in range(5000)])],
    }
    for why, links in refused.items():
        for link in links:
            assert why in refusal(link)


@given(st.binary(max_size=60), st.integers(0, 9), st.integers(0, 9), st.binary(max_size=30))
def test_any_payload_with_a_right_checksum_is_opened_or_refused(
    text: bytes, rows: int, columns: int, rest: bytes
) -> None:
    table = json.dumps([{"loss": "x", "data": {"X": {}}}, [["X", rows, columns]]]).encode()
    for payload in (text, text + b"\n" + rest, table + b"\n" + rest, b"[" + text + b",[]]\n" + rest):
        try:
            _, found = decode(sealed(payload))
        except af.StoreError as error:
            assert str(error).isprintable()
        else:
            assert all(np.isfinite(value).all() for value in found.values())


@given(fields)
def test_any_document_is_opened_or_refused_in_one_line(more: dict[str, Any]) -> None:
    link = encode({"loss": "x", "training": {"optimizer": "SGD", "epochs": 1, **more}, **more}, {})
    try:
        open_workspace(link)
    except af.StoreError as error:
        assert "\n" not in str(error)


MEASURE = """
import json, os, sys, time
from pathlib import Path
import atlas_fast as af

def now(key):
    return next(int(line.split()[1]) / 1024 for line in open("/proc/self/status") if line.startswith(key))

links = Path(sys.argv[1]).read_text().split()
af.open_link(links[0])  # what is loaded once is loaded
for link in links:
    # Each in a process of its own: what one has freed would be there for the next.
    if os.fork():
        os.wait()
        continue
    Path("/proc/self/clear_refs").write_text("5")  # the peak starts again at what is in use (man proc)
    before, start = now("VmRSS"), time.process_time()
    told = ""
    try:
        af.open_link(link)
    except af.AtlasError as error:
        told = str(error)
    print(json.dumps((now("VmHWM") - before, time.process_time() - start, told)), flush=True)
    os._exit(0)
"""


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="only Linux says a process's peak of memory")
def test_bombs_take_at_most_64_mib_and_a_second(tmp_path: Path) -> None:
    """Memory is what the process grows by at its peak; the second is of processor time, as the machine may be busy.

    Each is opened as a problem: those that hold many numbers in few characters, many names, a long loss.
    """
    most = codec.JSON_BYTES - 100
    tall = np.ones((codec.NUMBERS, 1))
    full = b'[{"loss":"x","data":{"X":{}}},[["X",512,512]]]\n'
    links = [
        encode(BOWL, {}),
        sealed(bytes(100 * MIB)),
        sealed(b"[" + b"{}," * (most // 3) + b"1]\n"),
        sealed(b"[" + b'{"a":{"a":{}}},' * (most // 15) + b"1]\n"),
        sealed('["\U0001f600",'.encode() + b"{}," * (most // 3) + b"1]\n"),
        sealed(b"[{" + b",".join(b'"%x":1' % n for n in range(most // 10)) + b"}]\n"),
        sealed(b'[{"loss":"x","a":[' + b"{}," * (most // 3) + b"1]},[]]\n"),
        sealed(b'[{"loss":"x","weights":{"x":[[' + b"1.5," * (most // 4) + b"1]]}},[]]\n"),
        *(
            sealed(b"[" + (b"[" * deep + b"]" * deep + b",") * (lists // deep) + b"1]\n")
            for deep in (1, 3, 400)
            for lists in (codec.LISTS - 9, most // 3)
        ),
        *(
            sealed(b"[" + (b'{"a":' * deep + b"1" + b"}" * deep + b",") * (tables // deep) + b"1]\n")
            for deep in (1, 400)
            for tables in (codec.TABLES, most // 9)
        ),
        sealed(b"[{" + b",".join(b'"%s":1' % base64.b85encode(n.to_bytes(3)) for n in range(most // 9)) + b"}]\n"),
        sealed(b"[" + b",".join(b'"%x"' % n for n in range(most // 9)) + b"]\n"),
        sealed(
            b'[{"loss":"||X*w||","data":{"X":{}},"weights":{"w":['
            + b"[1.5]," * (codec.NUMBERS - 9)
            + b'[1]]}},[["X",1,%d]]]\n\xff' % codec.NUMBERS
            + bytes(8 * codec.NUMBERS)
        ),
        sealed(b"[" + b"9" * MIB + b"]\n"),
        sealed(b'[{"loss":"x"},[' + b",".join(b'["X%d",1,1]' % n for n in range(90_000)) + b"]]\n"),
        sealed(full + b"\x00" * 512 + bytes(512 * 512)),
        sealed(full + b"\xff" * 512 + bytes(512 * 512 * 8)),
        "#dump=" + base64.b64encode(zlib.compress(b"{" + b" " * (100 * MIB), 9)).decode(),
        "#dump=" + base64.b64encode(zlib.compress(b"[" + b"{}," * (most // 3) + b"1]", 9)).decode(),
        "#dump=" + base64.b64encode(zlib.compress(old_data(most // 4), 9)).decode(),
        "#dump=" + base64.b64encode(zlib.compress(old_rows(b"[1],", b"Matrix"), 9)).decode(),
        "#dump=" + base64.b64encode(zlib.compress(old_rows(b"1.5,", b"Vector"), 9)).decode(),
        "#dump=" + base64.b64encode(zlib.compress(old_rows(b"[[1]],", b"Matrix"), 9)).decode(),
        "#dump=" + "%41" * 340_000,
        "#dump=" + "%41B" * 260_000,
        "#dump=" + "%zz" * 340_000,
        encode({"loss": "||X*x||", "data": {"X": {}}, "weights": {"x": [1, 1]}}, {"X": tall}),
        encode({"loss": "||X*x||", "data": {"X": {"scale": "unit"}}, "split": {"test": 0.5}}, {"X": tall.T.copy()}),
        encode({"loss": "||w||", "weights": {"w": list(tall.shape)}}, {"w": tall}),
        encode({"loss": "||w||", "weights": {"w": list(tall.T.shape)}}, {"w": tall.T.copy()}),
        sealed(b'[{"loss":"||w||","weights":{"w":[' + b"[1.5]," * (most // 6 - 20) + b"[1]]}},[]]\n"),
        sealed(b'[{"loss":"||w||","weights":{"w":[' + b"[[1]]," * (most // 6 - 20) + b"[1]]}},[]]\n"),
        sealed(b'[{"loss":"||X*a||","data":{"X":{"values":[' + b"[1.5]," * (most // 6 - 20) + b"[1]]}}},[]]\n"),
        sealed(b'[{"loss":"x","weights":{' + b",".join(b'"w%d":[1,1]' % n for n in range(80_000)) + b"}},[]]\n"),
        sealed(b'[{"loss":"x","weights":{"' + b"w" * (most - 100) + b'":[1,1]}},[]]\n'),
        *(
            sealed(json.dumps([{"loss": unit * (size // len(unit)) + "x"}, []]).encode() + b"\n")
            for unit in ("x*x^2*", "x+", "-", "A*x+", "logsumexp(x)+", "tan(x)*", "||x||_2+", "-(x)^2*")
            for size in (codec.LONGEST_LOSS - 1, 60_000)
        ),
        sealed(json.dumps([{"loss": "x", "data": {"X": {"dataset": "iris", "part": "X"}}}, []]).encode() + b"\n"),
    ]
    assert max(map(len, links)) <= codec.LONGEST
    (tmp_path / "links").write_text("\n".join(links))
    command = [sys.executable, "-c", MEASURE, str(tmp_path / "links")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    for link, line in zip(links, done.stdout.splitlines(), strict=True):
        memory, seconds, told = json.loads(line)
        print(link[:40], memory, seconds, told[:80])
        assert memory <= 64, link[:80]
        assert seconds <= 1, link[:80]
        assert len(told) < 1000


def old_rows(row: bytes, kind: bytes) -> bytes:
    """260,000 rows of one entry."""
    return (
        b'{"expression":"||X||_2a","variables":[{"name":"X","type":"%s","shape":[260000,1],"length":260000,"data":['
        % kind
        + row * 259_999
        + row.rstrip(b",")
        + b']},{"name":"a","type":"Scalar","trainable":true}]}'
    )


def old_data(count: int) -> bytes:
    row = b"1.5," * (count - 200) + b"1"
    return (
        b'{"expression":"||aX||_2","settings":{"optimizer":"SGD","learningRate":1,"epochs":1},"variables":[{"name":"X",'
        b'"type":"Matrix","shape":[1,%d],"data":[[' % (count - 199) + row + b']]},{"name":"a","type":"Scalar",'
        b'"trainable":true}]}'
    )


def test_what_is_too_large_is_not_made() -> None:
    data = {"loss": "x", "data": {"X": {}}}
    noise = np.random.default_rng(0).normal(size=(400, 600))
    with pytest.raises(af.StoreError, match=r"too large: [\d,]+ characters, 1,048,576 at most .* with its files"):
        encode(data, {"X": noise})
    with pytest.raises(af.StoreError, match="too large: 1,000,000 numbers, 262,144 at most"):
        encode(data, {"X": np.zeros((1000, 1000))})
    with pytest.raises(af.StoreError, match="too large: 2,000,018 bytes of text"):
        encode({"loss": "x", "notes": "x" * 1_999_990}, {})
    for dense in ([{}] * 10_000, [[]] * 280_000):
        with pytest.raises(af.StoreError, match="too many lists and tables"):
            encode({"loss": "x", "a": dense}, {})
    with pytest.raises(af.StoreError, match="too large: a loss of 16,385 characters, 16,384 at most"):
        encode({"loss": "x" * 16_385}, {})
    with pytest.raises(af.StoreError, match="too large: 1,001 names, 1,000 at most"):
        encode({"loss": "x", "weights": {f"w{n}": [1, 1] for n in range(1001)}}, {})
    with pytest.raises(af.StoreError, match=r"too large: the name 'w{58}… has more than 100 characters"):
        encode({"loss": "x", "weights": {"w" * 101: [1, 1]}}, {})
    with pytest.raises(af.StoreError, match="too large: 1,001 names"):
        names = [f"X{n}" for n in range(1001)]
        encode({"loss": "x", "data": {name: {} for name in names}}, {name: np.ones((1, 1)) for name in names})


def test_what_no_link_holds_is_not_made() -> None:
    for document in ({"loss": "x", "a": None}, {"loss": "x", "a": (1, 2)}, {"loss": "x", "a": np.nan}, {}, {"loss": 1}):
        with pytest.raises(af.StoreError, match="the link cannot be used"):
            encode(document, {})
    for origin, what in (("file", "a file"), ("dataset", "a data set")):
        with pytest.raises(af.StoreError, match=f"'X' are {what}, and a link carries the numbers themselves"):
            encode({"loss": "x", "data": {"X": {origin: "iris"}}}, {})
    for bad in (np.nan, np.inf):
        with pytest.raises(af.DataError, match="X holds"):
            encode({"loss": "x", "data": {"X": {}}}, {"X": np.array([[bad]])})
