"""Links: a document and its matrices as one text that can be mailed, and back.

In: a document (the workspace's nested dict) and named float64 matrices. Out: `atlas://w/1/` and base64url, or what
such a link holds, to the bit. A link that comes from outside is not trusted: it is refused in one line, or it is
whole. Opening it as a problem takes at most 64 MiB and a second of one core, whatever it claims to hold: measured on
links that were made to take much, after a first one, which loads the compiler. Training takes what it takes.

Version 1 is base64url, without padding, of 8 bytes of BLAKE2b over the rest, and of a raw deflate stream (RFC 1951) of

    [document, [[name, rows, columns], ..]]    JSON in UTF-8 on one line
    one byte a line of the matrices            how its numbers stand
    the lines                                  each along the longer side of its matrix

A line whose numbers are whole numbers divided by a power of ten, as measured data are, is kept as those whole numbers
in as few bytes as hold the largest, all lowest bytes first. Any other line is float64. All are little-endian. A link of
the data sets that come along is a fifth to a quarter shorter than with its numbers in JSON.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import math
import zlib
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..arguments import ArgumentError
from ..errors import StoreError, clipped, named_type
from ..matrices import Matrix, matrix

Document = dict[str, Any]

SCHEME = "atlas://w/"
VERSION = 1
PREFIX = f"{SCHEME}{VERSION}/"

LONGEST = 2**20
"""Characters of a link. Firefox opens no longer address; Chrome takes twice as much, mail and chat much less."""

NUMBERS = 2**18
"""Numbers in all matrices, 2 MiB."""

MATRICES = 1000
"""Matrices, and names of data and weights."""

LONGEST_NAME = 100

LONGEST_LOSS = 2**14
"""Characters of a loss; the compiler reads longer ones, in more than half a second (measured on `x*x^2*..`)."""

JSON_BYTES = 3 * 2**19
"""Bytes of JSON."""

LISTS, TABLES = NUMBERS + 10_000, 10_000
"""Opening brackets and braces in it, those in texts as well: a list takes 44 times its two bytes, a table more. The
original has a list for each row of a matrix."""

UNPACKED = JSON_BYTES + 9 * NUMBERS
"""Bytes that the deflate stream may unpack to: a number takes 8 at most, and a line one more."""

DEPTH = 8
"""How deep a document may nest; a matrix of a workspace is at depth 5."""

DIGEST = 8
"""Bytes of the checksum: it misses one damage in 2^64, where CRC-32 would miss one in 2^32."""

RAW = 0xFF
"""The code of a line of float64. Any other is 16 log2(bytes of a whole number) + decimals."""

DECIMALS = 16
"""Powers of ten that are tried. 10^15 and whole numbers below 2^53 are exact, so that their quotient is the float64
nearest to the decimal number (IEEE 754), and the other way round."""

WHOLE = tuple(np.dtype(f"<i{size}") for size in (1, 2, 4, 8))

DAMAGED = "the link is damaged: something in it was lost or changed on the way, ask for it again"


def encode(document: Mapping[str, Any], matrices: Mapping[str, Matrix]) -> str:
    """The link of a document (what JSON and TOML both hold) and of matrices (finite, float64), the same each time.

    Raises StoreError where the link would be longer than LONGEST characters, and for a document that no link holds;
    DataError for matrices that are none.
    """
    _check(document, matrices)
    whole = {name: matrix(name, value) for name, value in matrices.items()}
    _check_size(sum(value.size for value in whole.values()), len(whole))
    shapes = [[name, *value.shape] for name, value in whole.items()]
    text = json.dumps([document, shapes], ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
    if len(text) > JSON_BYTES:
        raise StoreError(_too_long(f"{len(text):,} bytes of text, {JSON_BYTES:,} at most are taken"))
    if _is_dense(text):
        raise StoreError(_too_long("its text has too many lists and tables"))
    codes, lines = bytearray(), []
    for line in (line for value in whole.values() for line in _lines(value)):
        code, content = _pack(line)
        codes.append(code)
        lines.append(content)
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    packed = packer.compress(b"".join([text, b"\n", codes, *lines])) + packer.flush()
    link = PREFIX + base64.urlsafe_b64encode(_digest(packed) + packed).rstrip(b"=").decode()
    if len(link) > LONGEST:
        raise StoreError(_too_long(f"{len(link):,} characters, {LONGEST:,} at most are taken"))
    return link


def decode(link: str) -> tuple[Document, dict[str, Matrix]]:
    """The document and the read-only matrices of a link. White space that mail put in and <> round it are no matter.

    Raises StoreError, in one line, for a link that is damaged, too large, of a newer version, or none.
    """
    body = opened(link)
    if not body.startswith(SCHEME):
        raise StoreError(f"this is no link of Atlas Fast, which begins with {PREFIX}")
    version, slash, text = body[len(SCHEME) :].partition("/")
    if not (slash and version.isascii() and version.isdecimal() and version[0] != "0"):
        raise StoreError(DAMAGED)
    if version != str(VERSION):
        raise StoreError(
            f"the link was made by a newer version of Atlas Fast (format {version[:9]}): upgrade to open it"
        )
    payload = _payload(text)
    end = payload.find(b"\n")
    if end < 0:
        raise StoreError(_unusable("it holds no document"))
    held = read_json(payload[:end])
    if not (isinstance(held, list) and len(held) == 2 and isinstance(held[1], list)):
        raise StoreError(_unusable("it holds no document"))
    matrices = _matrices(_shapes(held[1]), memoryview(payload)[end + 1 :])
    _check(held[0], matrices)
    return held[0], matrices


def opened(link: str) -> str:
    """A link without what mail and people put round it. Raises StoreError where it is too long to be read."""
    if not isinstance(link, str):
        raise ArgumentError(f"the link is {named_type(link)}, a text is wanted")
    if len(link) > 2 * LONGEST:  # twice, for white space
        raise StoreError(f"the link is too large: {len(link):,} characters, {LONGEST:,} at most are read")
    body = "".join(link.split()).removeprefix("<").removesuffix(">")
    if len(body) > LONGEST:
        raise StoreError(f"the link is too large: {len(body):,} characters, {LONGEST:,} at most are read")
    return body


def unpack(packed: bytes, most: int, bits: int) -> bytes:
    """What a deflate stream holds, if that is no more than `most` bytes. bits: zlib's, of the stream's kind.

    Raises StoreError where it is more, and for a stream that is damaged or goes on after its end.
    """
    stream = zlib.decompressobj(bits)
    try:
        found = stream.decompress(packed, most + 1)
    except zlib.error:
        raise StoreError(DAMAGED) from None
    if len(found) > most:
        raise StoreError(f"the link is too large: it unpacks to more than {most / 2**20:g} MiB")
    if not stream.eof or stream.unused_data:
        raise StoreError(DAMAGED)
    return found


def read_json(content: bytes, encoding: str = "utf-8") -> Any:
    """What a JSON text of at most JSON_BYTES, LISTS and TABLES holds.

    All numbers are finite, no key stands twice, and it nests within Python's stack.

    Raises StoreError for anything else.
    """
    if len(content) > JSON_BYTES:
        raise StoreError(f"the link is too large: its text unpacks to more than {JSON_BYTES / 2**20:g} MiB")
    if _is_dense(content):
        raise StoreError(f"the link is too large: it has more than {LISTS:,} lists or {TABLES:,} tables")
    try:
        return json.loads(
            content.decode(encoding),
            object_pairs_hook=_unique,
            parse_int=_whole,
            parse_float=_finite,
            parse_constant=_finite,
        )
    except (ValueError, RecursionError):
        raise StoreError(DAMAGED) from None


def _is_dense(content: bytes) -> bool:
    return content.count(b"[") > LISTS or content.count(b"{") > TABLES


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key twice")
    return found


def _whole(text: str) -> int | float:
    # 64 bits have 19 digits and a sign; Python refuses to read more than 4,300.
    return int(text) if len(text) <= 20 else _finite(text)


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("a number that is not finite")
    return number


def _payload(text: str) -> bytes:
    """What the base64 of a link unpacks to, if its checksum is right."""
    try:
        found = base64.b64decode(text + "=" * (-len(text) % 4), altchars="-_", validate=True)
    except (ValueError, binascii.Error):
        raise StoreError(DAMAGED) from None
    # Python takes + for - and / for _, and any unused last bits: the one way to write these bytes is ours.
    if base64.urlsafe_b64encode(found).rstrip(b"=").decode() != text or found[:DIGEST] != _digest(found[DIGEST:]):
        raise StoreError(DAMAGED)
    return unpack(found[DIGEST:], UNPACKED, -zlib.MAX_WBITS)


def _digest(packed: bytes) -> bytes:
    return hashlib.blake2b(packed, digest_size=DIGEST, person=PREFIX.encode()).digest()


def _shapes(listed: list[Any]) -> dict[str, tuple[int, int]]:
    found: dict[str, tuple[int, int]] = {}
    for entry in listed[: MATRICES + 1]:
        match entry:
            case [str(name), int(rows), int(columns)] if name not in found and rows >= 1 and columns >= 1:
                found[name] = int(rows), int(columns)  # true is an int
            case _:
                raise StoreError(_unusable("its table of matrices cannot be read"))
    _check_size(sum(rows * columns for rows, columns in found.values()), len(listed))
    return found


def _matrices(shapes: Mapping[str, tuple[int, int]], content: memoryview) -> dict[str, Matrix]:
    """The matrices of the table, from the codes of their lines and the lines. The table is checked, they are not."""
    codes = bytes(content[: sum(min(shape) for shape in shapes.values())])
    at, number, found = len(codes), 0, {}
    for name, (rows, columns) in shapes.items():
        lines = np.empty((min(rows, columns), max(rows, columns)))
        for line in lines:
            code = codes[number] if number < len(codes) else RAW
            size = 8 if code == RAW else 1 << (code >> 4)
            if (code != RAW and code >= 16 * len(WHOLE)) or len(content) - at < size * line.size:
                raise StoreError(_unusable(f"the numbers of {_shown(name)} are incomplete"))
            _unpack(code, content[at : at + size * line.size], line)
            number, at = number + 1, at + size * line.size
        if not np.isfinite(lines).all():
            raise StoreError(_unusable(f"{_shown(name)} holds numbers that are not finite"))
        value = np.ascontiguousarray(lines.T) if rows > columns else lines
        value.flags.writeable = False
        found[name] = value
    if at != len(content):
        raise StoreError(_unusable("it holds more numbers than its table says"))
    return found


def _lines(value: Matrix) -> Iterator[NDArray[np.float64]]:
    """The lines along a matrix's longer side: few, so that each one's overhead is small."""
    yield from np.ascontiguousarray(value.T) if value.shape[0] > value.shape[1] else value


def _pack(line: NDArray[np.float64]) -> tuple[int, bytes]:
    """The code of a line, and the line."""
    for decimals in range(DECIMALS):
        with np.errstate(over="ignore"):
            scaled = np.rint(line * 10.0**decimals)
        if not np.abs(scaled).max() < 2**53:
            break
        whole = scaled.astype(np.int64)
        # Compared as bytes: -0.0 is not 0.
        if (whole / 10.0**decimals).tobytes() == line.tobytes():
            width, kind = next(
                (width, kind)
                for width, kind in enumerate(WHOLE)
                if np.iinfo(kind).min <= whole.min() and whole.max() <= np.iinfo(kind).max
            )
            return 16 * width + decimals, _shuffled(whole.astype(kind).view(np.uint8), kind.itemsize).tobytes()
    return RAW, line.astype("<f8").tobytes()


def _unpack(code: int, content: memoryview, line: NDArray[np.float64]) -> None:
    """Fill a line."""
    if code == RAW:
        line[:] = np.frombuffer(content, "<f8")
        return
    kind = WHOLE[code >> 4]
    bytes_ = _shuffled(np.frombuffer(content, np.uint8), line.size)
    np.divide(bytes_.view(kind), 10.0 ** (code & 15), out=line)


def _shuffled(content: NDArray[np.uint8], width: int) -> NDArray[np.uint8]:
    """Bytes in rows of `width`, read by columns. Deflate finds more in what is alike side by side."""
    return np.ascontiguousarray(content.reshape(-1, width).T).reshape(-1)


def _check(document: Any, matrices: Mapping[str, Any]) -> None:
    """Refuse a document that is none, names matrices that are not there, or has something read where it is opened."""
    _check_values(document)
    if not (isinstance(document, dict) and isinstance(document.get("loss"), str)):
        raise StoreError(_unusable("it holds no loss"))
    if len(document["loss"]) > LONGEST_LOSS:
        raise StoreError(
            _too_long(f"a loss of {len(document['loss']):,} characters, {LONGEST_LOSS:,} at most are taken")
        )
    data, weights = document.get("data", {}), document.get("weights", {})
    if not (isinstance(data, dict) and isinstance(weights, dict)):
        raise StoreError(_unusable("its data or weights are no tables"))
    if len(data) + len(weights) > MATRICES:
        raise StoreError(_too_long(f"{len(data) + len(weights):,} names, {MATRICES:,} at most are taken"))
    for name in (*data, *weights):
        if len(str(name)) > LONGEST_NAME:
            raise StoreError(_too_long(f"the name {_shown(name)} has more than {LONGEST_NAME} characters"))
    for name, row in data.items():
        if not isinstance(row, dict):
            raise StoreError(_unusable(f"the data {_shown(name)} are no table"))
        for origin, what in (("file", "file"), ("dataset", "data set")):
            if origin in row:
                raise StoreError(
                    _unusable(f"the data {_shown(name)} are a {what}, and a link carries the numbers themselves")
                )
    stray = [name for name in matrices if name not in data and name not in weights]
    if stray:
        raise StoreError(_unusable(f"it holds numbers of {_shown(stray[0])}, which is neither data nor a weight"))


def _check_values(document: Any) -> None:
    """Refuse what TOML does not hold: null, numbers beyond 64 bits, halves of characters, depths beyond DEPTH."""
    level: list[Any] = [document]
    for _ in range(DEPTH):
        below: list[Any] = []
        for value in level:
            if isinstance(value, dict):
                below += [*value, *value.values()]
            elif isinstance(value, list):
                below += value
            elif not _plain(value):
                raise StoreError(_unusable("its document holds something that is no text, number, list or table"))
        level = below
    if level:
        raise StoreError(_unusable(f"its document nests more than {DEPTH} deep"))


def _plain(value: Any) -> bool:
    if isinstance(value, str):
        try:
            value.encode()
        except UnicodeEncodeError:
            return False
        return True
    if isinstance(value, float):
        return math.isfinite(value)
    return isinstance(value, int) and abs(value) < 2**63


def _check_size(numbers: int, matrices: int) -> None:
    if numbers > NUMBERS:
        raise StoreError(_too_long(f"{numbers:,} numbers, {NUMBERS:,} at most are taken"))
    if matrices > MATRICES:
        raise StoreError(_too_long(f"{matrices:,} matrices, {MATRICES:,} at most are taken"))


def _too_long(what: str) -> str:
    return f"the link is too large: {what}; send the workspace with its files instead of a link"


def _unusable(why: str) -> str:
    return f"the link cannot be used: {why}"


def _shown(name: Any) -> str:
    return clipped(repr(name))
