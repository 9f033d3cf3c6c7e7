"""Entries as numbers: the fast way over many agrees with the careful one over each."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from atlas_fast.data import numerals

ODD = [
    *numerals.MISSING,
    "NaN",
    " NA ",
    "+nan",
    "inf",
    "-Infinity",
    "1_0",
    "1e400",
    "-1e400",
    "٣",
    "\xa05",
    "0x1",
    "1,5",
    "x",
]
entries = st.one_of(st.sampled_from(ODD), st.floats().map(repr), st.integers().map(str), st.text(max_size=4))


@given(st.lists(entries, max_size=8))
def test_many_at_once_are_each_by_itself(texts: list[str]) -> None:
    each = [numerals.number(text) for text in texts]
    found = numerals.numbers(texts)
    if None in each:
        assert found is None
    else:
        assert found is not None
        np.testing.assert_array_equal(found, np.array(each, np.float64))


@given(entries)
def test_an_entry_is_a_finite_number_or_missing_or_neither(text: str) -> None:
    value = numerals.number(text)
    assert value is None or math.isfinite(value) or (math.isnan(value) and numerals.missing(text))
    assert not numerals.missing(text) or (value is not None and math.isnan(value))


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_what_is_a_number_is_what_python_s_float_says(value: float) -> None:
    assert numerals.number(f" {value!r}\t") == value


@pytest.mark.parametrize(
    ("entry", "part"),
    [
        ("1,234", "separators"),
        ("1'234'567.5", "separators"),
        ("1\u202f234,5", "separators"),
        ("-1.234.567", "separators"),
        ("3,14", "decimal point"),
        (",5e3", "decimal point"),
        ("-0b101", "decimal number"),
        ("$3.50", "the number alone"),
        ("3,50 €", "the number alone"),
        ("−1", "minus sign"),
        ("1e309", "1.8e308"),
        ("Infinity", "infinite"),
        ("1_000", "digits alone"),
        ("New York", ""),
        ("12 km", ""),
    ],
)
def test_the_way_out_fits_the_entry(entry: str, part: str) -> None:
    assert numerals.number(entry) is None
    found = numerals.way_out(entry)
    assert part in found
    assert bool(found) == bool(part)
