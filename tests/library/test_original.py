"""The 2019 original's links, made here by following its format, and its expressions against plain Python."""

import base64
import json
import math
import random
import zlib
from typing import Any
from urllib.parse import quote, unquote

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import atlas_fast as af
from atlas_fast.links import open_workspace, original

ADDRESS = "https://example.org/atlas/"

SGD = {"optimizer": "SGD", "granularity": 10, "showPath": True, "usePCA": True, "learningRate": 0.01, "epochs": 5}


def scalar(name: str, value: float | None = None, trainable: bool = True) -> dict[str, Any]:
    return {"type": "Scalar", "name": name, "trainable": trainable, "data": value}


def matrix(name: str, shape: list[int], data: Any = None, trainable: bool = True) -> dict[str, Any]:
    return {"type": "Matrix", "name": name, "trainable": trainable, "shape": shape, "data": data}


def link(expression: Any, variables: Any, settings: Any = SGD, packed: bool = True, **more: Any) -> str:
    """encodeURIComponent(btoa(pako.deflate(JSON.stringify(..)))) behind the mark, as ui.js writes it."""
    held = {"variables": variables, "settings": settings, "expression": expression, "plotData": {}, **more}
    text = json.dumps(held, separators=(",", ":"), ensure_ascii=False)
    content = zlib.compress(text.encode(), 9) if packed else text.encode("latin-1")
    return ADDRESS + "#dump=" + quote(base64.b64encode(content), safe="~()*!.'")


def refusal(text: str) -> str:
    with pytest.raises(af.StoreError) as caught:
        open_workspace(text)
    line = str(caught.value)
    assert line and line.isprintable() and len(line) < 300
    return line


X = [[5.1, 4.9, 4.7], [3.5, 3.0, 3.2]]
NETWORK = [
    matrix("X", [2, 3], X, trainable=False),
    {"type": "Vector", "name": "Y", "trainable": False, "length": 3, "data": [0, 1, 0.5]},
    matrix("A", [1, 4]),
    {"type": "Vector", "name": "C", "trainable": True, "length": 4, "data": None},
    matrix("B", [4, 2]),
    scalar("k", 0.25, trainable=False),
    scalar("u"),
]


@pytest.mark.parametrize("packed", [True, False])
def test_a_link_opens_with_its_data_and_weights(packed: bool) -> None:
    text = link("k||A*relu(BX + C) - Y^T||_2", NETWORK, packed=packed)
    problem = af.open_link(text)
    assert problem.expression == "k*||A*relu(B*X + C) - Y^T||_2"
    assert problem.weights == {"A": (1, 4), "B": (4, 2), "C": (4, 1)}
    assert {name: value.tolist() for name, value in problem.data.items()} == {
        "X": X,
        "Y": [[0.0], [1.0], [0.5]],
        "k": [[0.25]],
    }
    w = np.linspace(-1, 1, problem.size)
    a, b, c = w[:4].reshape(1, 4), w[4:12].reshape(4, 2), w[12:].reshape(4, 1)
    by_hand = 0.25 * np.linalg.norm(a @ np.maximum(b @ np.array(X) + c, 0) - np.array([0, 1, 0.5]))
    assert problem.loss(w) == pytest.approx(by_hand, rel=1e-12)


def test_the_bowl_trains_as_the_original_trained_it() -> None:
    workspace = open_workspace(link("x^2 + y^2", [scalar("x"), scalar("y")]))
    run = workspace.train()
    assert run is not None
    # One step of gradient descent on a square shrinks it by (1 - 2 lr)^2: the ratio that the original recorded, too.
    np.testing.assert_allclose(run.loss[1:] / run.loss[:-1], 0.98**2, rtol=1e-12)
    assert workspace.surface(run=run).loss.shape == (512, 512)


def test_what_stands_before_the_mark_is_no_matter() -> None:
    text = link("x^2", [scalar("x")])
    dump = text.removeprefix(ADDRESS)
    for other in (dump, f"./{dump}", f"<{text}>", f" {text}\n", text[:40] + "\r\n" + text[40:]):
        assert open_workspace(other).loss == "x^2"


def test_a_typed_value_is_the_start() -> None:
    """The original's field says `random` where it is empty; it drew a random start whatever was typed."""
    problem = af.open_link(link("x^2 + ||v||_2", [scalar("x", -1.5), {"type": "Vector", "length": 2, "name": "v",
        "trainable": True, "data": [1, 2]}]))  # fmt: skip
    assert problem.start is not None
    assert problem.start.tolist() == [-1.5, 1.0, 2.0]


def test_notes_are_kept_and_the_recorded_picture_is_not() -> None:
    plot = {"type": "surface", "data": [[1.0, 2.0]], "path": [[0.5, 0.5]], "loss": [1.0]}
    for packed, scratch in ((True, " Zürich ∇\n\n** more ** "), (False, " Zürich\n\n** more ** ")):
        settings = {**SGD, "scratch": scratch}
        document = open_workspace(link("x^2", [scalar("x")], settings, packed, plotData=plot)).document
        assert document == {
            "loss": "x^2",
            "weights": {"x": [1, 1]},
            "training": {"optimizer": "SGD", "lr": 0.01, "epochs": 5},
            "notes": scratch.strip(),
        }
        assert list(document)[:2] == ["loss", "notes"]


@pytest.mark.parametrize(
    ("settings", "ours"),
    [
        ({"optimizer": "SGD"}, af.SGD(lr=0.5)),
        ({"optimizer": "Momentum", "momentum": 0.75}, af.SGD(lr=0.5, momentum=0.75)),
        ({"optimizer": "Adagrad"}, af.Adagrad(lr=0.5, initial_accumulator_value=0.1, eps=1e-7)),
        ({"optimizer": "Adadelta"}, af.Adadelta(lr=0.5, rho=0.95, eps=1e-7)),
        ({"optimizer": "Adam"}, af.Adam(lr=0.5, eps=1e-7)),
        ({"optimizer": "RMSProp"}, af.RMSProp(lr=0.5, alpha=0.9, eps=1e-7)),
    ],
    ids=lambda value: value["optimizer"] if isinstance(value, dict) else "",
)
def test_each_optimizer_has_the_settings_of_tensorflow_js(settings: dict[str, Any], ours: Any) -> None:
    workspace = open_workspace(link("x^2", [scalar("x")], {**SGD, "learningRate": 0.5, **settings}))
    assert workspace.optimizer == ours
    differs = settings["optimizer"] in ("Adadelta", "RMSProp")
    assert (settings["optimizer"] in workspace.document.get("notes", "")) == differs


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("2xy", "2*x*y"),
        ("1/2x", "1/2*x"),
        ("x2", "x*2"),
        ("pi", "p*i"),
        ("xtanh(y)z", "x*tanh(y)*z"),
        ("(x)(y)", "(x)*(y)"),
        ("(x) y", "(x)*y"),
        ("2^3x", "2^3*x"),
        ("|x| |y|", "|x|*|y|"),
        ("2|x|", "2*|x|"),
        ("||A||_2||B||_1", "||A||_2*||B||_1"),
        ("||A|| _ 2 x", "||A|| _2*x"),
        ("x||A||_2y", "x*||A||_2*y"),
        ("A^TB", "A^T*B"),
        ("A ^ T B", "A ^T*B"),
        ("x -\n y", "x - y"),
        ("-x^2", "-x^2"),
    ],
)
def test_every_product_is_written_out(theirs: str, ours: str) -> None:
    from atlas_fast.links.dialect import rewritten

    assert rewritten(theirs, "xyzpieAB")[0] == ours


class Text:
    """A text in the original's language with the value that it has there: precedences 0 sum, 1 product, 2 power."""

    def __init__(self, text: str, value: float, level: int) -> None:
        self.text, self.value, self.level = text, value, level

    def at(self, level: int) -> str:
        return self.text if self.level >= level else f"({self.text})"


POINT = {"x": 0.5, "y": -1.25, "e": 2.0, "T": 9.0}

FUNCTIONS = {
    "tanh": math.tanh,
    "sigmoid": lambda value: 1 / (1 + math.exp(-value)),
    "relu": lambda value: max(value, 0.0),
}


def grown(draw: random.Random, depth: int) -> Text:
    """A random text, written with products side by side where the original's grammar has them."""
    if depth == 0 or draw.random() < 0.15:
        name = draw.choice("xye1237")
        return Text(name, POINT.get(name) or float(name), 3)
    one, other = grown(draw, depth - 1), grown(draw, depth - 1)
    space = draw.choice(["", " "])
    match draw.randrange(8):
        case 0:
            return Text(f"{one.at(0)}{space}+{space}{other.at(1)}", one.value + other.value, 0)
        case 1:
            return Text(f"{one.at(0)}{space}-{other.at(1)}", one.value - other.value, 0)
        case 2:
            return Text(f"{one.at(1)}{space}*{other.at(2)}", one.value * other.value, 1)
        case 3 if other.value:
            return Text(f"{one.at(1)}/{space}{other.at(2)}", one.value / other.value, 1)
        case 4:
            return Text(f"{one.at(3)}^{space}2", one.value**2, 2)
        case 5:
            name = draw.choice(list(FUNCTIONS))
            return Text(f"{name}({one.text})", FUNCTIONS[name](one.value), 3)
        case 6:
            return Text(f"-{one.at(1)}", -one.value, 0)
        case _:
            # `1 2` and `x 2` are products in the original; `12` is a number, and so is what `^2` would run into.
            apart = " " if one.text[-1].isdigit() and other.at(2)[0].isdigit() else space
            return Text(f"{one.at(1)}{apart}{other.at(2)}", one.value * other.value, 1)


@given(st.integers(0, 10**9))
def test_expressions_mean_what_they_meant(seed: int) -> None:
    text = grown(random.Random(seed), 4)
    variables = [scalar(name, value) for name, value in POINT.items()]
    found = af.open_link(link(f"{text.text} + 0xye", variables))
    assert found.start is not None
    assert found.loss(found.start, backend="numpy") == pytest.approx(text.value, rel=1e-9, abs=1e-9)


def test_softmax_goes_along_the_last_axis() -> None:
    x = np.array([[1.0, 2.0], [-1.0, 0.5], [0.0, 3.0]])
    variables = [matrix("X", [3, 2], x.tolist(), trainable=False), scalar("a", 1.0)]
    problem = af.open_link(link("||a softmax(X)||_2", variables))
    exponentials = np.exp(x)
    shares = exponentials / exponentials.sum(axis=-1, keepdims=True)
    assert problem.loss(np.ones(1)) == pytest.approx(np.linalg.norm(shares), rel=1e-12)


def test_what_means_something_else_here_is_refused() -> None:
    vector = {"type": "Vector", "name": "v", "trainable": False, "length": 2, "data": [0, 1]}
    variables = [scalar("x"), matrix("A", [2, 2]), vector]
    assert "three dimensions" in refusal(link("||onehot(v, 2) - A||_2", variables))
    assert "makes a column of it here" in refusal(link("||[1, 2]^T - A||_2", variables))
    assert "cos wants its operand in parentheses" in refusal(link("cose", [scalar(name) for name in "cose"]))
    assert "no variable q" in refusal(link("x + q", variables))
    assert "could not read '.'" in refusal(link("0.5x", variables))
    assert "could not read '\\u03b1'" in refusal(link("α", variables))
    assert "T stands only in ^T" in refusal(link("xT", [*variables, scalar("T")]))
    assert "too long" in refusal(link("x+" * 40_000 + "x", variables))


def test_a_link_that_cannot_be_used_is_one_line() -> None:
    x = scalar("x")
    wrong = {
        "holds no variables": [link("x", None), link("x", {"x": 1})],
        "not named by one letter": [link("x", [{**x, "name": name}]) for name in ("xy", "", "1", "é", None, 5, ["x"])]
        + [link("x", [None]), link("x", ["x"])],
        "no expression": [link(None, [x]), link(["x"], [x]), refused({}), refused([]), refused(5), refused(None)],
        "Scalar, Vector and Matrix": [link("x", [{**x, "type": kind}]) for kind in ("scalar", None, 3, [], {})],
        "no data for x": [link("x", [scalar("x", trainable=False)])],
        "a number is wanted": [
            *(link("x", [scalar("x", value)]) for value in ("5", True, [1], [[1]], {})),  # type: ignore[arg-type]
            link("||A||_2", [matrix("A", [2, 2], [[1, 2], [3, None]])]),
        ],
        "says no shape": [
            link("||x||_2", [matrix("x", shape)])  # type: ignore[arg-type]
            for shape in (None, [], [1], [0, 1], [1, -1], [1.5, 1], ["1", 1], [1, 1, 1], [2**40, 1], 7, "11")
        ],
        "as it says": [
            link("||x||_2", [matrix("x", [2, 2], data)]) for data in ([[1, 2]], [[1, 2], [3]], [[], []], [])
        ],
        "no rows": [link("||x||_2", [matrix("x", [2, 2], data)]) for data in (5, [1, 2], "11", {"0": 1})],
        "damaged": [
            ADDRESS + "#dump=",
            ADDRESS + "#dump=%zz",
            ADDRESS + "#dump=é",
            ADDRESS + "#dump=AAAA",
            link("x", [x]) + "&more=1",
            link("x", [x])[:-9],
            dumped(b"{" * 9_000),
            dumped(b'{"expression": "x", "expression": "y"}'),
            dumped(b'{"expression": NaN}'),
            dumped(zlib.compress(b"\xff{}")),
            dumped(zlib.compress(b"{}") + b"more"),
        ],
        "too large": [
            link("x", [x], scratch="a" * 2**21),
            dumped(bytes(2**20)),
            dumped(b"{" * 100_000),
            dumped(zlib.compress(bytes(10**8))),
        ],
    }
    for why, links in wrong.items():
        for text in links:
            assert why in refusal(text), text[:200]


@pytest.mark.parametrize(
    ("why", "settings"),
    [
        ("says nothing of training", [None, [], {}]),
        ("epochs", [{"epochs": n} for n in (0, -1, 1.5, None, "5", True, 2**40)]),
        ("lr is", [{"learningRate": lr} for lr in (0, -1, None, [], "much")]),
        ("momentum is", [{"optimizer": "Momentum", "momentum": m} for m in (None, 1, 2, -1)]),
        ("optimizer is", [{"optimizer": name} for name in (None, "sgd", [], 3, "L-BFGS", "x" * 10**6)]),
    ],
)
def test_training_that_cannot_be_done_here_is_left_out_with_a_remark(why: str, settings: list[Any]) -> None:
    """The original went on with 0 epochs, a rate of 0 and a momentum of 1: its links open, untrained."""
    for some in settings:
        whole = {**SGD, "scratch": "mine", **some} if some else some
        workspace = open_workspace(link("x^2 + y^2", [scalar("x", 0.5), scalar("y", -2.0)], whole))
        assert "training" not in workspace.document
        *scratch, remark = workspace.document["notes"].split("\n\n")
        assert scratch == (["mine"] if some else [])
        assert why in remark
        assert remark.isprintable()
        assert len(remark) < 200
        assert workspace.train() is None
        assert workspace.problem().loss(np.array([0.5, -2.0])) == 4.25


def test_a_link_without_settings_opens() -> None:
    held = {"expression": "x^2", "variables": [scalar("x")]}
    assert open_workspace(refused(held)).document["weights"] == {"x": [1, 1]}


def test_raw_deflate_and_base64url_are_read() -> None:
    """The format in a sentence is "URL-quoted base64 of deflated JSON", which a script may take at its word."""
    whole = link("x^2 + y^2", [scalar("x", 0.5), scalar("y", -2.25)], {**SGD, "scratch": "ÿ>?ÿ" * 40})
    content = base64.b64decode(unquote(whole.partition("#dump=")[2]))
    text = zlib.decompress(content)
    for level in range(10):
        packer = zlib.compressobj(level, zlib.DEFLATED, -zlib.MAX_WBITS)
        for packed in (packer.compress(text) + packer.flush(), zlib.compress(text, level), text):
            url = base64.urlsafe_b64encode(packed).decode()
            for body in (url, url.rstrip("="), quote(url), quote(base64.b64encode(packed), safe="")):
                if packed != text:  # as it is, the text is of a byte a character
                    assert original.decode("#dump=" + body) == original.decode(whole)
    assert "-" in url or "_" in url


@given(st.text("ABab01+/-_=%", max_size=200), st.integers(3, 20))
def test_percent_escapes_are_read_in_chunks(text: str, chunk: int) -> None:
    escaped = "".join(f"%{ord(c):02X}" if n % 3 else c for n, c in enumerate(text) if c != "%")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(original, "CHUNK", chunk)
        assert original._unquoted(escaped) == text.replace("%", "")
        try:
            expected = unquote(text, errors="strict")
        except UnicodeDecodeError:  # half of a character, or more: nothing that base64 has
            return
        if expected.isascii():
            assert original._unquoted(text) == expected


def dumped(content: bytes) -> str:
    return "#dump=" + quote(base64.b64encode(content), safe="")


def refused(held: Any) -> str:
    return dumped(zlib.compress(json.dumps(held).encode()))


def test_a_link_that_is_none_is_told_so() -> None:
    with pytest.raises(af.StoreError, match="no link of the original Atlas"):
        original.decode(ADDRESS)


def test_damaged_links_are_refused_or_the_same() -> None:
    """Deflate's own checksum, Adler-32, is what the original's links have; a character more or less shows by itself."""
    text = link("x^2 + y^2", [scalar("x", 0.5), scalar("y", -2.25)])
    whole = original.decode(text)
    draw = random.Random(0)
    start = text.index("#dump=") + 6
    survived = 0
    for _ in range(3000):
        at = draw.randrange(start, len(text))
        other = draw.choice("ABCwxyz0189%=+/")
        damaged = draw.choice([text[:at] + other + text[at + 1 :], text[:at] + text[at + 1 :], text[:at]])
        try:
            found = original.decode(damaged)
        except af.StoreError as error:
            assert str(error).isprintable()
        else:
            survived += 1
            assert found == whole
    assert survived < 300  # padding that is missing, or percent-encoded no more
