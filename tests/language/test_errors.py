"""Wrong texts and what they are answered: the first line and the hint, in the words of a patient teacher.

Every message here was read for sense: it says what is wrong where the carets are, and gives a hint only where one
edit would mend it.
"""

import pickle

import pytest

from atlas_fast.errors import AtlasError, ExpressionError, ShapeError, excerpt
from atlas_fast.language import infer, lower, parse

DATA = {"X": (4, 150), "Y": (3, 150), "y": (1, 150), "v": (150, 1)}

WRONG = [
    # Brackets and bars
    ("(x", "( is not closed", ""),
    ("x)", ") closes nothing", ""),
    ("(x]", "( is not closed before the ]", ""),
    ("[1, 2", "[ is not closed", ""),
    ("|x", "| is not closed", ""),
    ("||", "|| is not closed", ""),
    ("||x", "|| is not closed", ""),
    ("|A*X - Y||_2", "the bars do not pair", "write |x| for the absolute value, ||x||_2 for a norm"),
    ("||A*X - Y|_2", "the bars do not pair", "write |x| for the absolute value, ||x||_2 for a norm"),
    ("||A*X - Y|", "the bars do not pair", "write |x| for the absolute value, ||x||_2 for a norm"),
    ("|A*X - Y||", "the bars do not pair", "write |x| for the absolute value, ||x||_2 for a norm"),
    ("||A*X - Y|^2 + x", "the bars do not pair", "write |x| for the absolute value, ||x||_2 for a norm"),
    ("(|A*X - Y||)", "the bars do not pair", "write |x| for the absolute value, ||x||_2 for a norm"),
    ("mean(|A*X|_1)", "an absolute value has no order", "write ||x||_1 or ||x||_2 for a norm"),
    ("||x| + 1|", "|| is not closed", "write a space between two absolute values that open together: | |"),
    ("2*||x|*|y||", "|| is not closed", "write a space between two absolute values that open together: | |"),
    ("||x| + ||y| + 1|", "|| is not closed", ""),
    ("()", "nothing stands between these brackets", ""),
    ("relu()", "nothing stands between these brackets", ""),
    (
        "|a|x|",
        "these bars can be read two ways: they close here, or they open",
        "write a space after bars that close, parentheses around a norm within a norm",
    ),
    (
        "||A||2",
        "these bars can be read two ways: they close here, or they open",
        "write a space after bars that close, parentheses around a norm within a norm",
    ),
    ("(((x))", "( is not closed", ""),
    ("x ||", "|| is not closed", ""),
    # Operators
    ("x +", "+ has nothing on its right", ""),
    ("* x", "* has nothing on its left", ""),
    ("x + * y", "a value is missing between + and *", ""),
    ("x^", "^ has nothing on its right", ""),
    ("2 * -", "- has nothing on its right", ""),
    ("x ** ", "** has nothing on its right", ""),
    ("1/2x", "a product without a sign after a / can be read two ways", "write a/(b*c) or (a/b)*c"),
    ("a b/c d", "a product without a sign after a / can be read two ways", "write a/(b*c) or (a/b)*c"),
    ("x 2", "a number stands right after a value", "write x*2 or x^2"),
    ("x y 2", "a number stands right after a value", "write y*2 or y^2"),
    ("2 3", "two numbers stand side by side", ""),
    ("1.5.5", "two numbers stand side by side", ""),
    (
        "A[0,2]",
        "a [ stands right after a value, and there is no indexing",
        "write * for the product with a matrix",
    ),
    ("A^^2", "a value is missing between ^ and ^", ""),
    # Signs of other languages
    ("x % 2", "% has no meaning here", "a comment begins with #"),
    ("x // 2", "// has no meaning here", "write / for a quotient, # for a comment"),
    ("x == 2", "== has no meaning here", "write a - b for a difference, = to bind a name"),
    ("x;", "a line ends without a ;", "leave the ; out"),
    ("x; y", "; separates the rows of a matrix, in [ ]", "begin a new line instead"),
    ("x^2 + y^2 ;  # end", "a line ends without a ;", "leave the ; out"),
    ("{x}", "{ has no meaning here", "write ( and )"),
    ("\\alpha x", "\\ has no meaning here", "write names and functions without it: alpha, sqrt(x)"),
    ("x – y", "– has no meaning here", "write - for a difference"),
    ("x ÷ y", "÷ has no meaning here", "write /"),
    ("√x", "√ has no meaning here", "write sqrt(x)"),
    ("x⁴", "⁴ has no meaning here", "write ^4"),
    ("x₁", "₁ has no meaning here", "write the digit 1"),
    ("A⁻¹", "⁻ has no meaning here", "write ^-1"),
    ("x ? y", "? has no meaning here", ""),
    ("x $ y", "$ has no meaning here", ""),
    ('"x"', '" has no meaning here', ""),
    ("x\x00y", "U+0000 has no meaning here", "leave it out"),
    ("x\u200by", "U+200B ZERO WIDTH SPACE has no meaning here", "leave it out"),
    ("x.y", "names with a point are not of the language", ""),
    ("np.exp(X)", "names with a point are not of the language", "exp(..) is written without np."),
    ("x*torch.nn.relu(x)", "names with a point are not of the language", "relu(..) is written without torch.nn."),
    ("2*math.pi*x", "names with a point are not of the language", "pi is written without math."),
    ("X.sum()", "names with a point are not of the language", "write sum(X)"),
    ("A.Tx", "names with a point are not of the language", ""),
    ("_x", "a name begins with a letter", ""),
    # Commas
    ("x, y", ", separates the arguments of a function or the entries of a matrix", ""),
    ("1,5", ", is no decimal point", "write a point: 1.5"),
    ("(x, y)", ", separates the arguments of a function or the entries of a matrix", ""),
    ("relu(,x)", "a value is missing before the ,", ""),
    ("relu(x,)", "a value is missing after the ,", ""),
    ("[1,;2]", "a value is missing after the ,", ""),
    ("max(x; y)", "; stands between arguments", "write a comma"),
    # Matrices
    ("[]", "nothing stands between these brackets", ""),
    ("[1 2]", "two values stand in one entry", "write a comma between two entries"),
    (
        "[1 -2]",
        "this can be one entry or two",
        "write a comma between two entries, a space on both sides of a sign within one",
    ),
    ("[1, 2; 3]", "the rows of a matrix are equally long, and here are 2 and 1 entries", ""),
    # Transposes and powers
    ("'", "there is nothing to transpose", ""),
    ("A.'", ".' has no meaning here", "write ' without the point"),
    ("2.'", ".' has no meaning here", "write ' without the point"),
    ("^T", "there is nothing to transpose", ""),
    ("x^'", "there is nothing to transpose", ""),
    ("T*x^T", "^T is the transpose, and T is a name here", "write ' for the transpose, ^(T) for the power"),
    # Norms
    ("||X||_3", "there is no norm 3: there are 1, 2, F and inf", ""),
    ("||X||_", "after the _ of a norm stands 1, 2, F or inf", ""),
    ("||X||_{2", "after the _ of a norm stands 1, 2, F or inf", ""),
    ("norm(X, 3)", "the norm is 1, 2, F or inf", ""),
    # Names
    (
        "bias + X",
        "bias is neither a declared name nor a function",
        'give data={"bias": ..} or weights={"bias": None}, or write a product out with *',
    ),
    (
        "BX + CD",
        "CD is neither a declared name nor a function",
        'give data={"CD": ..} or weights={"CD": None}, or write a product out with *',
    ),
    ("reluX", "reluX is neither a declared name nor a function", "did you mean relu(X)?"),
    ("relu X", "relu is a function and needs parentheses", "write relu(X)"),
    ("sum", "sum is a function and needs parentheses", "write sum(...)"),
    ("relo(B*X)", "there is no function relo", "did you mean relu?"),
    ("Relu(x)", "there is no function Relu", "did you mean relu?"),
    ("ln(x)", "there is no function ln", "did you mean log?"),
    ("foo(x)", "there is no function foo", "define it in a line before the loss, foo(z) = .."),
    ("mish(A*X)", "there is no function mish", "define it in a line before the loss, mish(z) = .."),
    ("mes(A*X, Y)", "there is no function mes", "did you mean mse?"),
    ("mea(X)", "there is no function mea", "did you mean mean?"),
    ("sine(x)", "there is no function sine", "did you mean sin?"),
    ("α*alpha", "alpha and α would be two names", "write α"),
    ("my_name(x)", "there is no function my_name", "define it in a line before the loss, my_name(z) = .."),
    ("ABX(2)", "there is no function ABX", "for a product declare ABX and write ABX*(...)"),
    # Calls
    ("mse(x)", "mse takes 2 values, not 1", ""),
    ("relu(x, y)", "relu takes 1 value, not 2", ""),
    ("sum(elu(X + x, alpha=2))", "elu takes alpha by its place, without a name", "write elu(x, 2)"),
    ("mse(x=2, y)", "the value comes before x=", ""),
    ("huber(X, x, delta=0.5)", "huber takes delta by its place, without a name", "write huber(x, y, 0.5)"),
    ("norm(X - x, p=F)", "norm takes p by its place, without a name", "write norm(x, F)"),
    ("mse(X, onehot(y, k=3))", "onehot takes k by its place, without a name", "write onehot(y, 3)"),
    ("sum(elu(X - x, beta=2))", "elu has no option beta: it takes values alone", ""),
    (
        "cross_entropy(A*X, y)",
        "cross_entropy wants a row for each class, and here is one row: softmax over one class is always 1",
        "write onehot(y, k) for labels 0 to k-1, or binary_cross_entropy for targets 0 and 1",
    ),
    (
        "cross_entropy(A*X, (y + 1)/2)",
        "cross_entropy wants a row for each class, and here is one row: softmax over one class is always 1",
        "write onehot(labels, k) for labels 0 to k-1, or binary_cross_entropy for targets 0 and 1",
    ),
    ("relu(x, axis=0)", "relu has no option axis: it takes values alone", ""),
    ("softmax(X, axis=2)", "axis is 0 (down the rows, one value a column) or 1 (one value a row)", ""),
    ("softmax(X, axes=1)", "softmax has no option axes: its option is axis=", ""),
    ("softmax(axis=0, X)", "the value comes before axis=", ""),
    ("softmax(X, axis=0, axis=1)", "softmax takes at most one option", ""),
    ("softmax(X, axis=)", "nothing stands after axis=", ""),
    ("softmax(X, 0)", "softmax wants its axis by name", "write axis=0"),
    ("max(x, y, axis=0)", "max of 2 values works entry by entry and takes no axis", ""),
    ("onehot(y, k)", "k of onehot is a whole number, 1 to 10,000", ""),
    ("onehot(y, 2.5)", "k of onehot is a whole number, 1 to 10,000", ""),
    # Numbers
    ("1e999", "1e999 is too large for a number", ""),
    # Lines
    ("", "the text is empty: write a loss, such as ||A*X - Y||_2", ""),
    ("# nothing", "the text is empty: write a loss, such as ||A*X - Y||_2", ""),
    ("x^2\ny^2", "only the last line is the loss, and this one binds no name", "begin it with a name and ="),
    ("y = x^2", "y is already the name of data or of a weight", ""),
    ("f(x) = x^2", "the last line is the loss, and here it defines f", "add a line with the loss"),
    ("H =\nH", "nothing stands after the =", ""),
    ("h = 3\nx^2", "h is bound and never used", "leave the line out"),
    ("x = H\nH = 2\nx", "H is used before the line that binds it", ""),
    ("H = H + 1\nH", "H is used in the line that binds it", ""),
    ("a = 1\na = 2\na", "a is given a second time", ""),
    ("X = 2\nX", "X is already the name of data or of a weight", ""),
    ("relu = 2\nrelu", "relu is a function already, so the name cannot be given again", ""),
    ("hidden = 3\nhiden*hidden", "hiden is neither a declared name nor a function", "did you mean hidden?"),
    ("2x = 3\nx", "= binds a name, and only at the start of a line", "write a - b for a difference"),
    ("x + y = 2", "= binds a name, and only at the start of a line", "write a - b for a difference"),
    ("f(x) = f(x-1)\nf(2)", "f is used in its own definition", ""),
    ("g = f(2)\nf(x) = x\ng", "f is used before the line that defines it", ""),
    ("f(x, x) = x\nf(1, 2)", "two parameters are called x", ""),
    ("f(2) = 3\nf(2)", "between the brackets of a definition stand names, separated by commas", ""),
    ("f(x) = x\nf(1, 2)", "f takes 1 value, not 2", ""),
    ("f(x) = x\nf", "f is a function and needs parentheses", "write f(...)"),
    ("relu(x) = x\nrelu(2)", "relu is a function already, so the name cannot be given again", ""),
    ("f(relu) = 1\nf(2)", "relu is a function, so it cannot name a parameter", ""),
    ("f(x) = x\nf(x, axis=0)", "f takes values, not axis=", ""),
    # Shapes
    ("A*X", "the loss is ? x 150, not a scalar", "take a norm ||...||_2, a sum(...) or a mean(...) of it"),
    (
        "A*X - Y",
        "the loss is 3 x 150, not a scalar",
        "take a norm ||...||_2, a sum(...) or a mean(...) of it",
    ),
    ("||X - Y||", "cannot subtract Y (3 x 150) from X (4 x 150): 4 rows against 3", ""),
    ("||X / Y||", "cannot divide X (4 x 150) by Y (3 x 150): 4 rows against 3", ""),
    ("||X .* Y||", "cannot multiply X (4 x 150) element by element by Y (3 x 150): 4 rows against 3", ""),
    ("||X ^ Y||", "cannot raise X (4 x 150) to the power Y (3 x 150): 4 rows against 3", ""),
    ("||max(X, Y)||", "cannot take the max of X (4 x 150) and Y (3 x 150): 4 rows against 3", ""),
    ("||X - X'||", "cannot subtract X' (150 x 4) from X (4 x 150): 4 rows against 150", "write X for X'"),
    ("||Y*X||", "cannot multiply Y (3 x 150) by X (4 x 150): the inner sizes 150 and 4 differ", "write Y*X'"),
    (
        "||X'*Y'||",
        "cannot multiply X' (150 x 4) by Y' (150 x 3): the inner sizes 4 and 150 differ",
        "write X*Y'",
    ),
    ("||X*Y||", "cannot multiply X (4 x 150) by Y (3 x 150): the inner sizes 150 and 3 differ", "write X*Y'"),
    ("mse(X, Y')", "mse compares matrices of one shape, not X (4 x 150) and Y' (150 x 3)", ""),
    ("mse(A*X, Y')", "A*X has 150 columns where 3 would fit", ""),
    ("mse(A*X, y)+mse(A*X, Y)", "A*X has 1 row where 3 would fit", ""),
    (
        "mse(X, y)",
        "mse compares matrices of one shape, not X (4 x 150) and y (1 x 150)",
        "if y holds labels, write onehot(y, 4)",
    ),
    ("[X, 1]*[1; 2]", "an entry of a matrix is a scalar, not 4 x 150", ""),
    ("huber(X, X, Y)", "delta of huber is a scalar, not 3 x 150", ""),
    ("onehot(W, 3)", "onehot takes labels, which are data, and W is a weight", ""),
    ("||onehot(Y, 3)||", "onehot takes a row or a column of labels, not 3 x 150", ""),
    (
        "sum(X^-1)",
        "the power -1 works entry by entry and is not the inverse of a matrix",
        "write 1/A for the reciprocals of its entries",
    ),
    ("||A*B*X - Y||", "A's columns = B's rows is not determined: give weights={\"B\": (10, None)}", ""),
    (
        "||A*X - v||",
        'A\'s rows is not determined: give weights={"A": (10, None)}',
        "v is a column of 150, and X has 150 samples as columns; write v'",
    ),
    (
        "||A*relu(B*X + C) + D - Y||",
        "A's columns = B's rows = C's rows is not determined: give weights={\"B\": (10, None)}",
        "",
    ),
    (
        "||A*X + B*P - Y||",
        "B's columns = P's rows is not determined: give weights={\"P\": (10, None)}",
        'if P is data, give it: data={"P": ..}',
    ),
]


def fail(text, data=DATA, weights=None, sources=None):
    """The error of a text, wherever on its way to a program it is found."""
    with pytest.raises(ExpressionError) as caught:
        tree = parse(text, [*data, *(weights or {})])
        lower(tree, infer(tree, data, weights, sources))
    return caught.value


@pytest.mark.parametrize(("text", "message", "hint"), WRONG)
def test_wrong_texts(text, message, hint):
    error = fail(text)
    assert (error.message, error.hint) == (message, hint)
    assert error.text == text
    assert isinstance(error, AtlasError)


NETWORK = "||A*relu(B*X + C) + D - Y||_2"

FORGOTTEN = [
    # text, data, weights, the message's beginning, the hint's
    (
        NETWORK,
        {},
        {"B": (10, None)},
        'no data were given, and without them sizes are not determined: give data={"X": .., ',
        "where X is",
    ),
    ("||A*B - C||", {}, {"B": (10, None)}, "A's rows ", ""),
    (
        NETWORK,
        {"X": (4, 150), "y": (3, 150)},
        {"B": (10, None)},
        "A's rows = D's rows",
        "y is given and the text does not use it; did you mean Y?",
    ),
    (
        NETWORK,
        {"x": (4, 150), "y": (3, 150)},
        {"B": (10, None)},
        "A's rows",
        "x is given and the text does not use it; did you mean X? y is given and",
    ),
    (
        NETWORK,
        {"X": (4, 150), "Y": (3, 150)},
        {"W": (10, None)},
        "A's columns = B's rows = C's rows is",
        "W is given and the text does not use it",
    ),
    (NETWORK, {"X": (4, 150), "Y": (3, 150), "Z": (9, 150)}, {}, "A's columns = B's rows = C's rows is", ""),
]


@pytest.mark.parametrize(("text", "data", "weights", "message", "hint"), FORGOTTEN)
def test_a_question_says_what_was_forgotten(text, data, weights, message, hint):
    error = fail(text, data, weights)
    assert error.message.startswith(message)
    assert error.hint.startswith(hint) if hint else not error.hint


def test_there_are_many_wrong_texts():
    assert len({text for text, _, _ in WRONG}) >= 60


def test_the_error_of_the_specification():
    error = fail(
        "||A*relu(B*X + C) + D - Y||_2",
        {"X": (12, 506), "Y": (1, 506)},
        {"B": (50, 13)},
        {"X": "housing.csv", "Y": "housing.csv"},
    )
    assert isinstance(error, ShapeError)
    assert f"{type(error).__name__}: {error}" == (
        "ShapeError: cannot multiply B (50 x 13) by X (12 x 506): the inner sizes 13 and 12 differ\n"
        "  ||A*relu(B*X + C) + D - Y||_2\n"
        "           ^^^ B is 50 x 13 (weight), X is 12 x 506 (housing.csv)\n"
        "  hint: X has one row fewer than B has columns; was a feature dropped?"
    )


CARETS = [
    # text, what the carets stand under
    ("x + relo(y)", "relo"),
    ("A*B + 1/2x - y", "1/2x"),
    ("||A*X + 3 - Y .* X||", "Y .* X"),
    ("||X .* X + (Y - X)||", "X .* X + (Y - X)"),
    ("x + (y", "("),
    ("softmax(X, axis=3)", "3"),
    ("||X||_5 + 1", "5"),
    ("α + 2 alpha", "alpha"),
]


@pytest.mark.parametrize(("text", "place"), CARETS)
def test_carets_stand_under_the_exact_span(text, place):
    error = fail(text)
    assert text[slice(*error.span)] == place
    shown, carets = str(error).splitlines()[1:3]
    start = carets.index("^")
    assert shown[start : start + carets.count("^")] == place


def test_an_error_of_several_lines_shows_its_own():
    error = fail("H = B*X\nA*H + relo(H)")
    assert str(error).splitlines()[:3] == [
        "there is no function relo (line 2 of the loss)",
        "  A*H + relo(H)",
        "        ^^^^",
    ]


def test_long_lines_are_clipped_round_the_place():
    error = fail(" + ".join(["x"] * 200 + ["relo(x)"] + ["x"] * 200))
    shown, carets = str(error).splitlines()[1:3]
    assert len(shown) < 120
    assert shown[carets.index("^") :].startswith("relo(x)")


def test_wide_and_unprintable_characters_keep_the_carets_in_place():
    shown, before, width = excerpt("ab\x07 + ?", (6, 7))
    assert (shown, before, width) == ("ab\\x07 + ?", 9, 1)
    shown, before, width = excerpt("字 + ?", (4, 5))
    assert (before, width) == (5, 1)


def test_errors_survive_pickling():
    error = fail("x + relo(y)")
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is type(error)
    assert str(again) == str(error)


@pytest.mark.parametrize("text", ["||X^T||", "||X^T*Y^T||"])
def test_the_transpose_beside_a_declared_t(text):
    error = fail(text, {**DATA, "T": (1, 1)})
    assert error.message == "^T is the transpose, and T is a name here"
    assert text[slice(*error.span)] == "^T"


def test_two_matrices_with_samples_in_rows():
    error = fail("||X*W + b - Y||_2", {"X": (150, 4), "Y": (150, 3)})
    assert isinstance(error, ShapeError)
    assert error.message == "X (150 x 4) and Y (150 x 3) agree in rows and not in columns: data are features x samples"
    assert error.hint == "transpose them: X.T and Y.T"


ROWS = "data are features x samples, and {} samples as rows: give {}"

TURNED = [
    # text, data, weights, what to transpose
    ("||A*relu(B*X + C) + D - Y||_2", {"X": (150, 4), "Y": (3, 150)}, {"B": (10, None)}, ["X"]),
    ("||A*relu(B*X + C) + D - Y||_2", {"X": (150, 4), "Y": (3, 150)}, {}, ["X"]),
    ("||A*relu(B*X + C) + D - Y||_2", {"X": (4, 150), "Y": (150, 3)}, {"B": (10, None)}, ["Y"]),
    ("||softmax((A*sigmoid(B*X+C)+D)^T)-Y^T||_2", {"X": (150, 4), "Y": (3, 150)}, {"B": (16, None)}, ["X"]),
    ("cross_entropy(A*X + D, onehot(y, 3))", {"X": (150, 4), "y": (1, 150)}, {}, ["X"]),
    ("cross_entropy(A*X + D, onehot(y, 3))", {"X": (150, 4), "y": (150, 1)}, {}, ["X", "y"]),
    ("||w*X + b - y||_2", {"X": (150, 4), "y": (1, 150)}, {}, ["X"]),
    ("||w*X + b - y||_2", {"X": (150, 4), "y": (150, 1)}, {}, ["X", "y"]),
    ("mse(w*X + b, y)", {"X": (150, 4), "y": (150, 1)}, {}, ["X", "y"]),
    ("mse(w*X + b, y)", {"X": (4, 150), "y": (150, 1)}, {}, ["y"]),
    ("mse(A*tanh(B*X + c) + b, y)", {"X": (150, 4), "y": (150, 1)}, {"B": (10, None)}, ["X", "y"]),
]


@pytest.mark.parametrize(("text", "data", "weights", "turned"), TURNED)
def test_samples_as_rows(text, data, weights, turned):
    error = fail(text, data, weights)
    have = f"{turned[0]} has" if len(turned) == 1 else "X and y have"
    assert error.hint == ROWS.format(have, " and ".join(f"{name}.T" for name in turned))
    mended = {name: shape[::-1] if name in turned else shape for name, shape in data.items()}
    shapes = None
    try:
        shapes = infer(parse(text, [*data, *weights]), mended, weights)
    except ShapeError as still:
        assert "not determined" in still.message
    assert shapes is None or not any(150 in shape for shape in shapes.weights.values())


@pytest.mark.parametrize(
    ("text", "data"),
    [
        ("||X*w + b - y||_2", {"X": (150, 4), "y": (150, 1)}),  # the samples are meant to be rows
        ("||A*X - Y||_2", {"X": (4, 150), "Y": (3, 140)}),
        ("A*X", {"X": (150, 4)}),
    ],
)
def test_no_hint_to_transpose_where_it_mends_nothing(text, data):
    assert ".T" not in fail(text, data).hint


def test_data_that_were_not_given_may_look_like_weights():
    assert fail("||A*X - Y||_2", {"Y": (3, 150)}).hint == 'if X is data, give it: data={"X": ..}'
    assert fail("||A*X - Y||_2", {"Y": (3, 150)}, {"X": None}).hint == ""


@pytest.mark.parametrize("shape", [(1, 2, 3), "ab", (0, 3), (2.5, 1), (-1, 2), 7, (True, 2)])
def test_shapes_that_are_none(shape):
    with pytest.raises(ShapeError, match="the shape of A is"):
        infer(parse("||A*X||", ["X", "A"]), {"X": (2, 3)}, {"A": shape})
