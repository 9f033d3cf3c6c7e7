"""Problems: data and weights as given, vectors, loss and gradient, what the compiler tells."""

import numpy as np
import pytest

import atlas_fast as af

RANDOM = np.random.default_rng(5)
X, Y = RANDOM.normal(size=(3, 8)), RANDOM.normal(size=(2, 8))


@pytest.fixture(scope="module")
def problem() -> af.Problem:
    return af.Problem("mse(A*tanh(B*X + C), Y)", {"X": X, "Y": Y}, {"B": (4, None)})


def by_hand(a: np.ndarray, b: np.ndarray, c: np.ndarray) -> float:
    return float(np.mean((a @ np.tanh(b @ X + c) - Y) ** 2))


def test_weights_are_in_order_of_first_appearance(problem: af.Problem) -> None:
    assert dict(problem.weights) == {"A": (2, 4), "B": (4, 3), "C": (4, 1)}
    assert list(problem.weights) == ["A", "B", "C"]
    assert problem.size == 24


def test_pack_flattens_row_major_in_the_order_of_weights(problem: af.Problem) -> None:
    a, b, c = np.arange(8.0).reshape(2, 4), np.arange(12.0).reshape(4, 3), np.arange(4.0).reshape(4, 1)
    packed = problem.pack({"C": c, "A": a, "B": b})
    np.testing.assert_array_equal(packed, [*range(8), *range(12), *range(4)])
    for name, block in problem.unpack(packed).items():
        np.testing.assert_array_equal(block, {"A": a, "B": b, "C": c}[name])


def test_loss_of_one_point_is_a_float_and_of_many_an_array(problem: af.Problem) -> None:
    points = RANDOM.normal(size=(5, 24))
    expected = [by_hand(*problem.unpack(w).values()) for w in points]
    found = problem.loss(points)
    np.testing.assert_allclose(found, expected, rtol=1e-12)
    one = problem.loss(points[2])
    assert isinstance(one, float)
    assert one == pytest.approx(expected[2], rel=1e-12)
    assert problem.loss(points[:1]).shape == (1,)
    assert problem.loss(points[:0]).shape == (0,)
    assert problem.gradient(points[:0]).shape == (0, 24)


@pytest.mark.parametrize("backend", ["cpu", "numpy"])
def test_gradient_agrees_with_the_formula_by_hand(problem: af.Problem, backend: str) -> None:
    points = RANDOM.normal(size=(3, 24))
    found = problem.gradient(points, backend=backend)
    for w, gradient in zip(points, found, strict=True):
        a, b, c = problem.unpack(w).values()
        hidden = np.tanh(b @ X + c)
        d_output = 2 * (a @ hidden - Y) / Y.size
        d_hidden = (a.T @ d_output) * (1 - hidden**2)
        expected = [d_output @ hidden.T, d_hidden @ X.T, d_hidden.sum(axis=1)]
        np.testing.assert_allclose(gradient, np.concatenate([e.ravel() for e in expected]), rtol=1e-11)
    assert problem.gradient(points[0]).shape == (24,)


def test_a_problem_cannot_be_changed(problem: af.Problem) -> None:
    for name in ("expression", "weights", "size", "data", "program"):
        with pytest.raises(AttributeError):
            setattr(problem, name, None)
    with pytest.raises(ValueError, match="read-only"):
        problem.data["X"][0, 0] = 1
    with pytest.raises(TypeError):
        problem.weights["A"] = (1, 1)  # type: ignore[index]


def test_data_are_copied() -> None:
    x = np.ones((1, 3))
    problem = af.Problem("sum((w*x)^2)", {"x": x}, {"w": (1, 1)})
    x[:] = 5
    assert problem.loss([2.0]) == 12


def test_a_shape_may_be_whole_partial_or_left_open() -> None:
    for weights in ({"B": (4, 3)}, {"B": (4, None)}, {"A": (2, 4), "B": None}, {"C": (4, 1)}):
        problem = af.Problem("mse(A*tanh(B*X + C), Y)", {"X": X, "Y": Y}, weights)
        assert problem.weights["B"] == (4, 3)


def test_an_array_is_a_starting_value() -> None:
    b = RANDOM.normal(size=(4, 3))
    problem = af.Problem("mse(A*tanh(B*X + C), Y)", {"X": X, "Y": Y}, {"B": b})
    assert problem.weights["B"] == (4, 3)
    np.testing.assert_array_equal(problem.unpack(problem.init(3))["B"], b)
    assert problem.start is None
    whole = af.Problem("x^2 + y^2", weights={"x": 2.0, "y": np.array([[3.0]])})
    np.testing.assert_array_equal(whole.start, [2, 3])
    np.testing.assert_array_equal(whole.init(9), [2, 3])


def test_an_unused_scalar_is_a_scalar_shape() -> None:
    assert dict(af.Problem("x^2", weights={"x": ()}).weights) == {"x": (1, 1)}


@pytest.mark.parametrize(
    ("expression", "data", "weights", "message"),
    [
        ("x*X", {"X": 1, "x": 2}, {"x": (1, 1)}, "x is given as data and as a weight"),
        ("x^2", {}, {"y": (1, 1)}, "y is given as a weight, and the expression does not use it"),
        ("x^2", [1, 2], {}, "data is a list, a dict of names is wanted"),
        ("x^2", {}, [1, 2], "weights is a list, a dict of names is wanted"),
        ("x^2", {3: 1}, {}, "3 in data is no name"),
        ("x^2", {"a b": 1}, {}, "'a b' in data is no name"),
        ("x^2", {}, {"_x": None}, "'_x' in weights is no name"),
        ("B*X", {"X": X}, {"B": (1, 2, 3)}, r"the shape of B is \(1, 2, 3\): two sizes are wanted"),
        ("B*X", {"X": X}, {"B": (0, 2)}, r"the shape of B is \(0, 2\)"),
        ("B*X", {"X": X}, {"B": (1.5, 2)}, r"the shape of B is \(1.5, 2\)"),
        ("B*X", {"X": X}, {"B": [4, 3]}, r"write \(4, 3\) for a shape, \[\[4, 3\]\] for a starting value"),
        (
            "B*X",
            {"X": X},
            {"B": 10},
            r"^B in weights is 10: write \(10, None\) for a shape with 10 rows, 10.0 for a st",
        ),
        ("B*X", {"X": X}, {"B": 1}, r"write \(1, None\) for a shape with 1 row, 1.0 for a starting value"),
        ("x^2", {}, {"x": -3}, "x in weights is -3: write -3.0 for a starting value"),
        ("B*X", {"X": X}, {"B": [["a"]]}, "B holds 'a' at row 0, column 0"),
    ],
)
def test_what_cannot_be_data_or_weights_is_refused(
    expression: str, data: object, weights: object, message: str
) -> None:
    with pytest.raises(af.DataError, match=message):
        af.Problem(expression, data, weights)  # type: ignore[arg-type]


def test_a_text_without_weights_has_nothing_to_learn() -> None:
    with pytest.raises(af.ExpressionError, match="holds no weights"):
        af.Problem("sum(X^2)", {"X": X})


def test_faults_of_the_text_are_expression_errors() -> None:
    with pytest.raises(af.ExpressionError, match=r"\^"):
        af.Problem("x^2 + ")
    with pytest.raises(af.ShapeError, match="inner sizes"):
        af.Problem("||B*X||_2", {"X": X}, {"B": (4, 5)})
    with pytest.raises(af.ArgumentError, match="the expression is an int, a text is wanted"):
        af.Problem(3)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"A": np.ones((2, 4)), "B": np.ones((4, 3))}, "C is missing: the weights are A, B, C"),
        ({"A": 0, "B": 0, "C": 0, "Q": 0}, "Q is no weight"),
        ({"A": np.ones((4, 2)), "B": 0, "C": 0}, "A is 4 x 2, the problem wants 2 x 4"),
    ],
)
def test_pack_names_what_is_wrong(problem: af.Problem, values: dict[str, object], message: str) -> None:
    with pytest.raises(af.ArgumentError, match=message):
        problem.pack(values)  # type: ignore[arg-type]


def test_vectors_of_another_length_are_refused(problem: af.Problem) -> None:
    for call in (problem.loss, problem.gradient, problem.unpack):
        with pytest.raises(af.ArgumentError, match=r"\(24,\) or \(k, 24\) is wanted"):
            call(np.ones(23))
    with pytest.raises(af.ArgumentError, match="w is no array of numbers"):
        problem.loss(["a"])


def test_a_run_or_a_dict_where_a_vector_is_wanted_says_where_it_is(problem: af.Problem) -> None:
    run = problem.train(af.SGD(lr=0.1), epochs=2)
    for call in (problem.loss, problem.gradient, problem.unpack, af.Plane.pca(run).project):
        with pytest.raises(af.ArgumentError, match=r"is a run: give run.final, its last weights"):
            call(run)
        with pytest.raises(af.ArgumentError, match=r"is a dict: problem.pack\(..\) makes a vector of it"):
            call(problem.unpack(run.final))
    with pytest.raises(af.ArgumentError, match=r"center is a run: give run.final"):
        af.Plane(run, np.ones(24))  # type: ignore[arg-type]
    with pytest.raises(af.ArgumentError, match=r"start is a run: give run.final"):
        problem.train(af.SGD(lr=0.1), epochs=2, start=run)  # type: ignore[arg-type]
    assert problem.loss(run.final) == problem.loss(problem.pack(problem.unpack(run.final)))


def test_errors_of_shapes_name_the_sources_of_data() -> None:
    data = {"X": np.ones((12, 506)), "Y": np.ones((1, 506))}
    with pytest.raises(af.ShapeError) as caught:
        af.Problem("||A*relu(B*X + C) + D - Y||_2", data, {"B": (50, 13)}, sources={"X": "housing.csv"})
    assert "B is 50 x 13 (weight), X is 12 x 506 (housing.csv)" in str(caught.value)
    problem = af.Problem("||A*X + b - Y||_2", data, sources={"X": "housing.csv"})
    with pytest.raises(af.ShapeError, match=r"X is 11 x 506 \(housing.csv\)"):
        problem.sized({"X": (11, 506), "Y": (1, 506)})


@pytest.mark.parametrize(
    ("sources", "message"),
    [
        ({"Y": "y.csv"}, "'Y' in sources is no data: the data are X"),
        ({"X": 3}, "the source of X is 3, a short text is wanted"),
        ({"X": ""}, "the source of X is '', a short text is wanted"),
        ({"X": "a\nb"}, r"the source of X is 'a\\nb', a short text is wanted"),
        ("housing.csv", "sources is a str, a dict of names is wanted"),
    ],
)
def test_sources_that_name_nothing_are_refused(sources: object, message: str) -> None:
    with pytest.raises(af.ArgumentError, match=message):
        af.Problem("||A*X||_2", {"X": X}, sources=sources)  # type: ignore[arg-type]


def test_latex_is_that_of_the_expression() -> None:
    assert af.Problem("x^2 + y^2").latex() == "x^{2} + y^{2}"


def test_debug_levels_print_tree_and_program(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ATLAS_DEBUG", "1")
    af.Problem("x^2 + y^2")
    told = capsys.readouterr()
    assert told.out == ""
    assert "-- syntax tree" in told.err
    assert "-- program" not in told.err
    monkeypatch.setenv("ATLAS_DEBUG", "2")
    af.Problem("x^2 + y^2")
    told = capsys.readouterr()
    assert "-- syntax tree" in told.err
    assert "-- program" in told.err
    monkeypatch.setenv("ATLAS_DEBUG", "3")
    af.Problem("x^2 + 7*y^2").explain(measure=False)
    told = capsys.readouterr()
    assert "-- hoisted\nx (weight, 1 x 1) is affine in (a, b)" in told.err
    assert "-- plan" in told.err
    assert "-- code" not in told.err
