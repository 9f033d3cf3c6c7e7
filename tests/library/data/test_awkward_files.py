"""Awkward files: each gives the right data, or one line that names the row, the column and the way out.

A matrix is what `matrix(columns)` gives, features x samples. A message is told by its parts, in their order.
"""

import gzip
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

import atlas_fast as af


class Good(NamedTuple):
    """A file and the matrix that it holds."""

    content: bytes
    arguments: dict[str, Any]
    matrix: list[list[float]]
    columns: Any = None


class Bad(NamedTuple):
    """A file and what its error says."""

    content: bytes
    arguments: dict[str, Any]
    message: list[str]
    columns: Any = None


PLAIN: dict[str, Any] = {}
BARE = {"header": False}
DROP = {"missing": "drop"}
SEMICOLON = {"delimiter": ";"}
AB = [[1.0, 3.0], [2.0, 4.0]]
"""The two columns of a,b / 1,2 / 3,4."""

GOOD = {
    "plain": Good(b"a,b\n1,2\n3,4\n", PLAIN, AB),
    "no newline at the end": Good(b"a,b\n1,2\n3,4", PLAIN, AB),
    "CRLF": Good(b"a,b\r\n1,2\r\n3,4\r\n", PLAIN, AB),
    "CR, of old Macintoshes": Good(b"a,b\r1,2\r3,4\r", PLAIN, AB),
    "mixed newlines": Good(b"a,b\r1,2\r\n3,4\n", PLAIN, AB),
    "BOM": Good(b"\xef\xbb\xbfa,b\n1,2\n3,4\n", PLAIN, [[1.0, 3.0]], "a"),
    "BOM before a quote": Good(b'\xef\xbb\xbf"a","b"\n1,2\n3,4\n', PLAIN, [[1.0, 3.0]], "a"),
    "BOM without a header": Good(b"\xef\xbb\xbf1,2\n3,4\n", BARE, AB),
    "UTF-16, told": Good("a,b\n1,2\n3,4\n".encode("utf-16"), {"encoding": "utf-16"}, AB),
    "Latin-1, told": Good("größe,b\n1,2\n3,4\n".encode("latin-1"), {"encoding": "latin-1"}, [[1.0, 3.0]], "größe"),
    "empty lines at the end": Good(b"a,b\n1,2\n3,4\n\n\r\n  \n\n", PLAIN, AB),
    "empty lines at the start and between": Good(b"\n\na,b\n\n1,2\n\n3,4\n", PLAIN, AB),
    "no header": Good(b"1,2\n3,4\n", BARE, AB),
    "one number": Good(b"7", BARE, [[7.0]]),
    "everything quoted": Good(b'"a","b"\n"1","2"\n"3","4"\n', PLAIN, AB),
    "a delimiter in quotes": Good(b'"a, in m",b\n1,2\n3,4\n', PLAIN, [[1.0, 3.0]], "a, in m"),
    "a newline in quotes": Good(b'a,b,note\n1,2,"one\ntwo"\n3,4,"x"\n', PLAIN, AB, ["a", "b"]),
    "doubled quotes": Good(b'"the ""a""",b\n1,2\n3,4\n', PLAIN, [[1.0, 3.0]], 'the "a"'),
    "blanks round entries": Good(b" a , b\n 1 ,\t2 \n3 , 4\n", PLAIN, AB, ["a", "b"]),
    "blanks before quotes": Good(b'"a", "b"\n"1", "2"\n"3", "4"\n', PLAIN, AB, ["a", "b"]),
    "no-break blanks round numbers": Good("a,b\n1\xa0,2\n3,\xa04\n".encode(), PLAIN, AB),
    "signs, points, exponents": Good(b"a\n+1\n-.5\n2.\n1e3\n1E-3\n-0\n", PLAIN, [[1, -0.5, 2, 1000, 0.001, 0]]),
    "17 digits": Good(
        b"a\n0.30000000000000004\n1.7976931348623157e308\n5e-324\n",
        PLAIN,
        [[0.1 + 0.2, 1.7976931348623157e308, 5e-324]],
    ),
    "a semicolon": Good(b"a;b\n1;2\n3;4\n", SEMICOLON, AB),
    "tabs in .tsv": Good(b"a\tb\n1\t2\n3\t4\n", {"suffix": ".tsv"}, AB),
    "runs of blanks": Good(
        b" 1.5   2\n 3  \t 4 \n", {"header": False, "delimiter": " ", "suffix": ".txt"}, [[1.5, 3], [2, 4]]
    ),
    "runs of blanks and quotes": Good(b'1 2 "a b"\n3  4 "c d"\n', {"header": False, "delimiter": " "}, AB, [1, 2]),
    "text in a column that is not chosen": Good(b"a,name,b\n1,x,2\n3,y,4\n", PLAIN, AB, ["a", "b"]),
    "a missing entry in a column that is not chosen": Good(b"a,c,b\n1,,2\n3,5,4\n", PLAIN, AB, [1, 3]),
    "columns in another order, by name and number": Good(b"a,b\n1,2\n3,4\n", PLAIN, [[2, 4], [1, 3]], ["b", 1]),
    "two columns of one name, by number": Good(b"a,a\n1,2\n3,4\n", PLAIN, AB, [1, 2]),
    "a column without a name": Good(b",a,b\n0,1,2\n1,3,4\n", PLAIN, AB, [2, 3]),
    "years as names": Good(b"land,1990,2000\nChad,1,2\nMali,3,4\n", PLAIN, AB, ["1990", "2000"]),
    "rows with every kind of missing entry dropped": Good(
        b"a,b\n1,2\n,0\nNA,0\n0,NaN\nnull,0\n0,?\n0,n/a\n-nan,0\n0, \n3,4\n", DROP, AB
    ),
    "a row of delimiters only dropped": Good(b"a,b\n1,2\n3,4\n,\n", DROP, AB),
    "text in a dropped row only": Good(b"a,b\n1,2\nsee below,\n3,4\n", DROP, AB),
    "an empty line between the rows of one column, dropped": Good(b"a\n1\n\n3\n\n", DROP, [[1, 3]]),
    "100,000 columns": Good(b",".join(b"%d" % i for i in range(100_000)), BARE, [[float(i)] for i in range(100_000)]),
    "a quote inside an unquoted entry": Good(b'size,a,b\n5" pipe,1,2\n6" pipe,3,4\n', PLAIN, AB, ["a", "b"]),
}

GERMAN = b"a;b\n1,5;2\n2,5;4\n"

BAD = {
    "empty": Bad(b"", PLAIN, ["awkward.csv is empty"]),
    "empty lines only": Bad(b"\n\r\n \n", PLAIN, ["awkward.csv is empty"]),
    "a BOM only": Bad(b"\xef\xbb\xbf", PLAIN, ["awkward.csv is empty"]),
    "a header only": Bad(b"a,b\n", PLAIN, ["awkward.csv has a header and no rows"]),
    "a row that is short": Bad(
        b"a,b\n1,2\n3\n", PLAIN, ["line 3 has 1 entry, line 1 has 2 entries", "delimiter missing"]
    ),
    "a row that is long": Bad(b"a,b\n1,2\n3,4,5\n", PLAIN, ["line 3 has 3 entries, line 1 has 2", "double quotes"]),
    "a delimiter at the end of rows": Bad(
        b"a,b\n1,2,\n3,4,\n", PLAIN, ["line 2 has 3", "take out the delimiter at its end"]
    ),
    "a header without the name of the first column": Bad(
        b'"a","b"\n"1",5,x\n"2",6,y\n', PLAIN, ["line 2 has 3 entries, line 1 has 2", "R's write.table", "write.csv"]
    ),
    "a first row that is long": Bad(b"a,b\n1,2,3\n4,5\n", PLAIN, ["line 2 has 3 entries", "double quotes"]),
    "a mark for Excel": Bad(
        b"sep=;\na;b\n1;2\n",
        PLAIN,
        ["line 1 is no row, it tells Excel that ';'", "take it out, and give delimiter=';'"],
    ),
    "a mark for Excel, read as it says": Bad(
        b"\xef\xbb\xbfsep=;\r\na;b\r\n1;2\r\n",
        {"delimiter": ";"},
        ["line 1 is no row", "delimits the rows: take it out"],
    ),
    "a row that is long below a quoted newline": Bad(
        b'a,b\n"1\n",2\n3,4,5\n', PLAIN, ["line 4 has 3 entries, line 1 has 2"]
    ),
    "a title above the header": Bad(b"My data\na,b\n1,2\n", PLAIN, ["line 2 has 2 entries, line 1 has 1", "a title"]),
    "text among numbers": Bad(
        b"a,b\n1,2\n3,many\n", PLAIN, ["awkward.csv line 3, column 2 (b) holds 'many', a number is wanted", "onehot"]
    ),
    "text below a quoted newline": Bad(
        b'note,b\n"x\ny",2\n\nz,many\n', PLAIN, ["line 5, column 2 (b) holds 'many'"], "b"
    ),
    "text far below numbers": Bad(
        b"a,b\n" + b"1,2\n" * 70_000 + b"1,x\n1,y\n", PLAIN, ["line 70,002, column 2 (b) holds 'x'"]
    ),
    "a missing entry": Bad(
        b"a,b\n1,2\n3,\n5,\n", PLAIN, ["line 3, column 2 (b) is missing (the first of 2)", 'missing="drop"']
    ),
    "NA": Bad(b"a\n1\nNA\n", PLAIN, ["line 3, column 1 (a) is missing:"]),
    "NaN": Bad(b"a\n1\nNaN\n", PLAIN, ["line 3, column 1 (a) is missing:"]),
    "null": Bad(b"a\n1\nnull\n", PLAIN, ["line 3, column 1 (a) is missing:"]),
    "a question mark": Bad(b"1\n?\n", BARE, ["line 2, column 1 is missing:"]),
    "an empty line between the rows of one column": Bad(b"a\n1\n\n3\n", PLAIN, ["line 3, column 1 (a) is missing:"]),
    "a missing entry in each row": Bad(
        b"a,b,c\n1,,\n2,NA,1\n", DROP, ["each of the 2 rows of awkward.csv", "2 of them in column 2 (b)"]
    ),
    "inf": Bad(b"a\n1\n-inf\n", PLAIN, ["line 3, column 1 (a) holds '-inf'", "infinite"]),
    "a number beyond float64": Bad(b"a\n1\n1e999\n", PLAIN, ["line 3, column 1 (a) holds '1e999'", "1.8e308"]),
    "thousands separators": Bad(
        b'a,b\n1,"1,234,567"\n', PLAIN, ["line 2, column 2 (b) holds '1,234,567'", "separators"]
    ),
    "blanks between thousands": Bad(b"a\n12 345,5\n", SEMICOLON, ["line 2, column 1 (a)", "separators"]),
    "decimal commas": Bad(GERMAN, SEMICOLON, ["line 2, column 1 (a) holds '1,5'", "decimal point", "decimal=','"]),
    "decimal commas read with a comma": Bad(GERMAN, PLAIN, ["line 2 has 2 entries, line 1 has 1", "delimiter=';'"]),
    "an underscore that Python's float takes": Bad(
        b"a\n1\n1_000\n", PLAIN, ["line 3, column 1 (a) holds '1_000'", "digits"]
    ),
    "digits of another script": Bad("a\n١٢\n".encode(), PLAIN, ["line 2, column 1 (a) holds '١٢'", "digits"]),
    "hexadecimal": Bad(b"a\n0x1F\n", PLAIN, ["line 2, column 1 (a) holds '0x1F'", "decimal number"]),
    "a typeset minus": Bad("a\n−5\n".encode(), PLAIN, ["line 2, column 1 (a) holds '−5'", "minus sign"]),
    "per cent": Bad(b"a\n5%\n", PLAIN, ["line 2, column 1 (a) holds '5%'", "the number alone"]),
    "a date": Bad(b"a\n2020-01-31\n", PLAIN, ["line 2, column 1 (a) holds '2020-01-31'", "onehot"]),
    "semicolons, a quoted comma in the header": Bad(
        b'"size, cm";b\n1,5;2,5\n3,5;4,5\n', PLAIN, ["line 1 has text after a closing double quote: try delimiter=';'"]
    ),
    "semicolons, a plain comma in the header": Bad(
        b"size, cm;b\n1,5;2\n3,5;4,5\n", PLAIN, ["line 3 has 3 entries, line 1 has 2 entries: try delimiter=';'"]
    ),
    "semicolons, a comma in the header, decimal points": Bad(
        b"size, cm;b\n1.5;2.5\n3.5;4.5\n", PLAIN, ["line 2 has 1 entry, line 1 has 2 entries: try delimiter=';'"]
    ),
    "tabs, a comma in the header": Bad(
        b"size, cm\tb\n1.5\t2.5\n", PLAIN, [r"line 2 has 1 entry, line 1 has 2 entries: try delimiter='\t'"]
    ),
    "semicolons that split unevenly are no delimiter": Bad(
        b"a,b;c\n1,2;3;4\n3,4,5\n", PLAIN, ["line 3 has 3 entries, line 1 has 2 entries: put an entry", "double quotes"]
    ),
    "a semicolon read with a comma": Bad(b"a;b\n1;2\n", PLAIN, ["line 2, column 1 (a;b) holds '1;2'", "delimiter=';'"]),
    "a semicolon read with a comma, by name": Bad(b"a;b\n1;2\n", PLAIN, ["no column 'b'", "delimiter=';'"], "b"),
    "tabs read with a comma": Bad(b"a\tb\n1\t2\n", PLAIN, ["line 2, column 1 (a b)", r"delimiter='\t'"]),
    "blanks read with a comma": Bad(b"1 2\n3 4\n", BARE, ["line 1, column 1 holds '1 2'", "delimiter=' '"]),
    "numbers where names should be": Bad(b"1,2\n3,4\n", PLAIN, ["line 1 holds numbers only", "header=False"]),
    "a number where a name should be": Bad(
        b"5.1,x\n4.9,y\n", PLAIN, ["line 1 holds the number 5.1", "header=False"], 1
    ),
    "names where numbers should be": Bad(b"a,b\n1,2\n", BARE, ["line 1 holds no number", "header=True"]),
    "a column that is not there": Bad(
        b"length,b\n1,2\n", PLAIN, ["no column 'lenght'", "did you mean 'length'?"], "lenght"
    ),
    "column 0": Bad(b"a,b\n1,2\n", PLAIN, ["no column number 0", "counted from 1 to 2"], [0, 1]),
    "a number too high": Bad(b"a,b\n1,2\n", PLAIN, ["no column number 3", "counted from 1 to 2"], 3),
    "a number as a text": Bad(b"a,b\n1,2\n", PLAIN, ["no column '2'", "leave out the quotes"], "2"),
    "two columns of one name": Bad(b"a,b,a\n1,2,3\n", PLAIN, ["2 columns 'a'", "number, 1 and 3"], "a"),
    "Latin-1": Bad(
        "a,b\n1,2\nü,4\n".encode("latin-1"), PLAIN, ["line 3 is not written in utf-8", "0xFC", 'encoding="cp1252"']
    ),
    "Latin-1 with CR": Bad("a,b\r1,2\rü,4\r".encode("latin-1"), PLAIN, ["line 3 is not written in utf-8", "0xFC"]),
    "Latin-1 far down": Bad(b"a\r\n" + b"1\r\n" * 50_000 + b"\xe9\r\n", PLAIN, ["line 50,002 is not written", "0xE9"]),
    "UTF-8 cut off": Bad(b"a\n1\n\xc3", PLAIN, ["line 3 is not written in utf-8", "0xC3"]),
    "UTF-16": Bad("a,b\n1,2\n".encode("utf-16"), PLAIN, ["line 1 begins as UTF-16", 'encoding="utf-16"']),
    "UTF-16 without a BOM": Bad("a,b\n1,2\n".encode("utf-16-le"), PLAIN, ["line 1 holds a NUL byte", "utf-16"]),
    "ASCII read as UTF-16": Bad(b"a,b\n1,2\n", {"encoding": "utf-16"}, ["line 1 is not written in utf-16", "utf-8"]),
    "a NUL byte": Bad(b"a,b\n1,2\n3,\x004\n", PLAIN, ["line 3 holds a NUL byte"]),
    "a quote that is never closed": Bad(
        b'a,b\n1,2\n"3,4\n5,6\n', PLAIN, ["line 3 begins a quoted entry that never ends"]
    ),
    "a quote that is never closed in a long file": Bad(
        b'a,b\n1,2\n"3,4\n' + b"5,6\n" * 50_000,
        PLAIN,
        ["line 3 holds an entry of more than 131,072 characters", "quote"],
    ),
    "text after a closing quote": Bad(b'a,b\n1,2\n"3"x,4\n', PLAIN, ["line 3 has text after a closing double quote"]),
    "gzip": Bad(gzip.compress(b"a,b\n1,2\n"), PLAIN, ["awkward.csv is a gzip file", "unpack"]),
    "an Excel workbook": Bad(b"PK\x03\x04rest", PLAIN, ["awkward.csv is a zip archive", "save the table as .csv"]),
    "a long entry": Bad(b"a\n" + b"x" * 1_000 + b"\n", PLAIN, ["line 2, column 1 (a) holds 'xxxx", "…', a number"]),
}


def read(folder: Path, case: Good | Bad) -> np.ndarray:
    arguments = dict(case.arguments)
    path = folder / f"awkward{arguments.pop('suffix', '.csv')}"
    path.write_bytes(case.content)
    return af.Table.read(path, **arguments).matrix(case.columns)


def test_there_are_forty() -> None:
    assert len(GOOD) + len(BAD) >= 40


@pytest.mark.parametrize("name", GOOD)
def test_the_right_data(tmp_path: Path, name: str) -> None:
    found = read(tmp_path, GOOD[name])
    assert found.dtype == np.float64
    assert found.flags.c_contiguous
    assert not found.flags.writeable
    np.testing.assert_array_equal(found, GOOD[name].matrix)


@pytest.mark.parametrize("name", BAD)
def test_one_line_that_names_the_place(tmp_path: Path, name: str) -> None:
    with pytest.raises(af.DataError) as caught:
        read(tmp_path, BAD[name])
    message = str(caught.value)
    assert "\n" not in message
    assert len(message) < 250
    assert caught.value.__cause__ is None
    position = 0
    for part in BAD[name].message:
        assert part in message[position:], message
        position = message.index(part, position)
