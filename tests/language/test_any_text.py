"""Whatever the text: a program or an error for people, never another exception."""

from hypothesis import example, given
from hypothesis import strategies as st

from atlas_fast.errors import ExpressionError
from atlas_fast.language import infer, latex, lower, parse
from atlas_fast.language.functions import FUNCTIONS

DATA = {"X": (4, 15), "Y": (3, 15), "y": (1, 15)}

PIECES = st.sampled_from(
    [
        *"+-*/^|()[],;='.#%@ \n\t_ABXYxy0123456789eTσπα²³ᵀ·×⊙‖′",
        *["||", "^T", ".*", "./", "**", ".T", "_2", "_inf", "axis=0", "H = ", "f(x) = ", "\nf(", "1e-3", "2.5", "A*X"],
        *[f"{name}(" for name in FUNCTIONS],
        *["H", "alpha", "\x00", "\ud800", "\u2028", "字", "é", "T"],
    ]
)


def check(text):
    try:
        tree = parse(text, DATA)
        latex(tree)
        shapes = infer(tree, DATA)
        program = lower(tree, shapes)
        assert program.outputs
        assert [program.instructions[output].shape for output in program.outputs] == [(1, 1)]
    except ExpressionError as error:
        assert error.message
        assert error.span is None or 0 <= error.span[0] <= error.span[1] <= len(text) + 1
        assert all(line.isprintable() for line in str(error).encode("ascii", "backslashreplace").decode().splitlines())


@given(st.lists(PIECES, max_size=30).map("".join))
@example("")
@example("f(x) = x\nf")
@example("||A*X||_2\n")
@example("a=")
@example("=")
@example("x^")
@example("|" * 7)
def test_pieces_of_the_language(text):
    check(text)


@given(st.text(max_size=40))
def test_any_characters(text):
    check(text)
