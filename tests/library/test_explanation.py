"""Explanations: what is hoisted and why, counts by hand, what is measured, the code."""

import re

import numpy as np
import pytest

import atlas_fast as af
from atlas_fast import kernels

RANDOM = np.random.default_rng(5)
X, Y = RANDOM.normal(size=(3, 8)), RANDOM.normal(size=(2, 8))
COUNTED = "a point of the grid, by count (what is done once a row is not in it)"
MEASURED = "a point of the grid, on this machine"


def explained(problem: af.Problem, **options: bool) -> dict[str, list[str]]:
    """The lines below each title of an explanation."""
    parts = (part.splitlines() for part in problem.explain(**{"measure": False, **options}).split("\n\n"))
    return {title: lines for title, *lines in parts}


def network() -> af.Problem:
    data = {"X": X, "Y": Y, "Z": np.ones((1, 1))}
    return af.Problem("mse(A*tanh(B*X + C), Y)", data, {"B": (4, None)})


def test_explain_tells_shapes_biases_program_and_plan() -> None:
    text = network().explain(measure=False)
    assert "mse(A*tanh(B*X + C), Y)" in text
    assert "X: 3 x 8" in text
    assert "C: 4 x 1 (a bias: starts at zero)" in text
    assert "Z is given as data, and the expression does not use it" in text
    assert "matmul" in text
    assert "plan" in text


def test_explain_tells_what_is_hoisted_and_why() -> None:
    text = "\n".join(explained(network())["hoisted, and why"])
    assert re.search(r"%\d+ \(add, 4 x 8\) is affine in \(a, b\): 3 matrices, computed once", text)
    assert "A (weight, 2 x 4) is affine in (a, b): 3 matrices, computed once" in text
    assert re.search(r"%\d+, .* below: depend on b alone, once a row of the grid", text)
    assert re.search(r"%\d+, .* below: depend on b alone, as plain numbers, once for the \d+ points of a vector", text)
    assert re.search(r"%\d+ below \(tanh_absolute, 4 x 8\): .* off by at most 4.8e-07", text)  # 2^-21
    text = "\n".join(explained(af.Problem("||w*X - y||_2", {"X": X, "y": Y[:1]}))["hoisted, and why"])
    assert "a polynomial of degree 2 in (a, b): its sum over samples is reduced once" in text
    text = "\n".join(explained(af.Problem("mse(tanh(w*X), log(P))", {"X": X, "P": X[:1] ** 2}))["hoisted, and why"])
    assert re.search(r"%\d+ \(log, 1 x 8\) is the same at every point: it is computed once", text)


def test_explain_counts_the_operations_and_bytes_of_a_point() -> None:
    """Of a bowl: x and y are a product and a sum each, then come two squares and a sum. Read are their coefficients
    along a, the other two being done once a row."""
    told = [line.strip() for line in explained(af.Problem("x^2 + y^2"))[COUNTED]]
    assert told[0] == "floating-point operations: 7 (7 sums, products and the like)"
    lanes = kernels.plane(af.Problem("x^2 + y^2").program).code().lanes
    shared = f"computed once, shared by the {lanes} points of a vector"
    assert told[1] == f"bytes: {8 / lanes:g} read, of 8 that are {shared}; 4 written"
    assert told[-1] == "no samples are left to be lanes"
    with_slopes = [line.strip() for line in explained(network(), gradient=True)[COUNTED]]
    assert with_slopes[1].endswith("; 12 written")
    assert "lanes = points (taken)" in with_slopes[3] and with_slopes[4].startswith("lanes = samples: ")
    assert "the loss alone decides" in with_slopes[-1]


def test_a_product_of_matrices_is_two_operations_a_multiply_add() -> None:
    """2 x 4 x 8 of the second layer."""
    found = re.match(
        r"  floating-point operations: (\d+) \(64 multiply-adds of products of matrices, two each, "
        r"(\d+) sums, products and the like, 32 exp and its kin(?:, (\d+) divisions? .*)?\)",
        explained(network())[COUNTED][0],
    )
    assert found is not None
    total, other, division = (int(text or 0) for text in found.groups())
    assert total == 2 * 64 + other + 32 + division


def test_explain_measures_this_machine_and_a_point_when_it_is_to() -> None:
    assert MEASURED not in explained(network())
    text = "\n".join(explained(network(), measure=True)[MEASURED])
    numbers = (
        r"(\S+) GFMA/s in float32.*"
        r"roofline: (\S+) ns of arithmetic, (\S+) ns of reading, (\S+) ns of writing; (\w+) bounds it.*"
        r"measured: (\S+) ns on a grid of (\d+) x (\d+), (\d+)% of the roofline"
    )
    found = re.search(numbers, text, flags=re.DOTALL)
    assert found is not None, text
    peak, *bounds, by, measured, rows, columns, share = found.groups()
    bound = max(map(float, bounds))
    assert bound == dict(zip(("arithmetic", "reading", "writing"), map(float, bounds), strict=True))[by]
    assert int(share) == pytest.approx(100 * bound / float(measured.replace(",", "")), rel=0.02, abs=0.6)
    assert float(peak) > 0.1 and int(rows) * int(columns) >= 16
    operations = int(explained(network())[COUNTED][0].split(": ")[1].split()[0])
    assert float(bounds[0]) == pytest.approx(operations / (2 * float(peak)), rel=0.02)


@pytest.mark.parametrize("loss", ["x^2", "3 * x"])
def test_a_problem_of_one_weight_can_be_measured(loss: str) -> None:
    assert any("measured: " in line for line in explained(af.Problem(loss), measure=True)[MEASURED])


def test_explain_without_measuring_is_the_same_each_time() -> None:
    assert network().explain(measure=False) == network().explain(measure=False)
    assert network().explain(measure=False) != network().explain(measure=False, gradient=True)


def test_explain_shows_the_code_when_it_is_asked_for() -> None:
    (line,) = explained(network())["code"]
    parts = explained(network(), code=True)
    assert "code" not in parts
    whole = network().explain(measure=False, code=True)
    ir, assembly = whole[whole.index("LLVM IR\n") :].split("\n\nassembly\n")
    assert "define void @tile(" in ir and "ret void" in ir
    assert re.search(r"^ +tile:", assembly, flags=re.MULTILINE) and "ret" in assembly
    assert re.search(rf"{len(ir.splitlines()) - 1:,} lines of LLVM IR", line)
