"""Names: what a letter is, Greek, how a run of letters is cut, and which name was probably meant.

An undeclared run such as BX is cut into declared names and single letters with their digits: fewest undeclared
pieces, then fewest pieces. At most one piece may be undeclared, so that a slip never becomes a product of weights.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from .functions import CONSTANTS, FUNCTIONS

GREEK = {
    "alpha": "α",
    "beta": "β",
    "gamma": "γ",
    "delta": "δ",
    "epsilon": "ε",
    "zeta": "ζ",
    "eta": "η",
    "theta": "θ",
    "iota": "ι",
    "kappa": "κ",
    "lambda": "λ",
    "mu": "μ",
    "nu": "ν",
    "xi": "ξ",
    "rho": "ρ",
    "sigma": "σ",
    "tau": "τ",
    "upsilon": "υ",
    "phi": "φ",
    "chi": "χ",
    "psi": "ψ",
    "omega": "ω",
    "Gamma": "Γ",
    "Delta": "Δ",
    "Theta": "Θ",
    "Lambda": "Λ",
    "Xi": "Ξ",
    "Sigma": "Σ",
    "Phi": "Φ",
    "Psi": "Ψ",
    "Omega": "Ω",
}
"""Spelled names of the Greek letters that have a LaTeX command of the same name."""

_SPELLED = {letter: name for name, letter in GREEK.items()}
_GREEK_RUN = re.compile(f"(?:{'|'.join(GREEK)})[0-9]*")


def is_letter(c: str) -> bool:
    """A letter of a name. Modifier letters such as ᵀ are signs of the language."""
    return c.isalpha() and (c.isascii() or unicodedata.category(c) != "Lm")


def is_digit(c: str) -> bool:
    """An ASCII digit: str.isdigit() also holds for superscripts."""
    return c in _DIGITS


_DIGITS = frozenset("0123456789")


def word_end(text: str, start: int) -> int:
    """Where the word that begins at `start` ends: a letter, then letters, digits and _; `start` if none does."""
    if start >= len(text) or not is_letter(text[start]):
        return start
    end = start + 1
    while end < len(text) and (is_letter(text[end]) or text[end] in _DIGITS or text[end] == "_"):
        end += 1
    return end


def is_name(text: str) -> bool:
    return bool(text) and word_end(text, 0) == len(text)


def is_greek(run: str) -> bool:
    """A spelled Greek name, digits after it or not: one name without being declared."""
    return _GREEK_RUN.fullmatch(run) is not None


def spelled(name: str) -> str:
    """The name with its Greek letters spelled and look-alikes unified: equal for α and alpha."""
    folded = unicodedata.normalize("NFKC", name)
    return "".join(_SPELLED.get(letter, letter) for letter in folded)


@dataclass(frozen=True)
class Cut:
    """How a run is read. undeclared: how many pieces are; more than one is no reading. readings: two, each its
    pieces, where the rule does not decide."""

    pieces: tuple[str, ...]
    undeclared: int
    readings: tuple[tuple[str, ...], ...] = ()


def cut(run: str, declared: Collection[str]) -> Cut:
    """Cut a run of letters and digits by the rule of this module; `declared` is a set."""
    if run in declared or run in CONSTANTS:
        return Cut((run,), 0)
    if "_" in run or is_greek(run):
        return Cut((run,), 1)
    ends = [unit.end() for unit in re.finditer(r"[^\W\d_][0-9]*", run)]
    if len(ends) == 1:
        return Cut((run,), 1)
    lengths = sorted({len(name) for name in (*declared, *CONSTANTS)})
    begins = [0, *ends[:-1]]
    # For each position: the cost of the best reading of what comes before, and the starts of its last pieces.
    best: dict[int, tuple[tuple[int, int], list[int]]] = {0: ((0, 0), [])}
    for begin, end in zip(begins, ends, strict=True):
        boundaries = {end: 1}
        for length in lengths:
            name = run[begin : begin + length]
            if len(name) == length and (name in declared or name in CONSTANTS):
                boundaries[begin + length] = 0
        for boundary, undeclared in boundaries.items():
            count, pieces = best[begin][0]
            cost = (count + undeclared, pieces + 1)
            known = best.get(boundary)
            if known is None or cost < known[0]:
                best[boundary] = (cost, [begin])
            elif cost == known[0]:
                known[1].append(begin)
    undeclared = best[len(run)][0][0]
    if undeclared > 1:
        return Cut((run,), undeclared)
    readings = _readings(run, {end: starts for end, (_, starts) in best.items()})
    return Cut(readings[0], undeclared, readings if len(readings) > 1 else ())


_Bounds = tuple[int, Any]
"""Where pieces begin and end, as a linked list from left to right: a run may have thousands."""


def _readings(run: str, starts: dict[int, list[int]], most: int = 2) -> tuple[tuple[str, ...], ...]:
    """The first few of the best readings, each from left to right."""
    done: list[tuple[str, ...]] = []
    waiting: list[_Bounds] = [(len(run), None)]
    while waiting and len(done) < most:
        bounds = waiting.pop()
        if bounds[0]:
            waiting.extend((start, bounds) for start in reversed(starts[bounds[0]]))
            continue
        pieces = []
        while bounds[1] is not None:
            pieces.append(run[bounds[0] : bounds[1][0]])
            bounds = bounds[1]
        done.append(tuple(pieces))
    return tuple(done)


def nearest(run: str, candidates: Iterable[str]) -> str | None:
    """The candidate that was probably meant, whatever its letters' case, or None."""
    folded, by_folded = run.casefold()[:64], {candidate.casefold(): candidate for candidate in candidates}
    found = difflib.get_close_matches(folded, by_folded, 1, 0.7)
    if not found and len(folded) > 2:
        # Of a short name, two letters that changed places are too much for that: mes for mse.
        swaps = [folded[:i] + folded[i + 1] + folded[i] + folded[i + 2 :] for i in range(len(folded) - 1)]
        found = [swap for swap in swaps if swap in by_folded]
    return by_folded[found[0]] if found else None


def nearest_function(run: str, own: Iterable[str] = ()) -> str | None:
    """The function that was probably meant: one called so elsewhere, or one spelled much alike."""
    for row in FUNCTIONS.values():
        if run.casefold() in row.also:
            return row.name
    return nearest(run, (*own, *FUNCTIONS))


def leading_function(run: str, own: Iterable[str] = ()) -> str | None:
    """The longest function whose name the run begins with: relu in reluX."""
    found = [name for name in (*own, *FUNCTIONS) if run.startswith(name) and run != name]
    return max(found, key=len, default=None)
