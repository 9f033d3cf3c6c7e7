"""Training beside JAX: a case's network, full-batch Adam, float32, every step recorded, as a Markdown table.

    python -m benchmarks.training_speed [CASE ...] [--epochs 2000] [--repeat 15]

JAX runs a jitted lax.scan whose outputs are the weights and the loss of every step, from the same start. Both are timed
in turn in one process. A first call counts its compilation: before each of FIRSTS of them, in turn too, all that was
compiled is forgotten, ours on disk as well. What either loads once in a process is loaded before.
"""

import argparse
import statistics
import time
from typing import Any

import cases
import contest
import jax_peer
import numpy as np

import atlas_fast as af
from atlas_fast.language import parse

BAR = 2.0
"""How many times faster than JAX training is to be, with the first call and without."""


FIRSTS = 5
"""First calls whose median counts."""


def scan(chosen: af.Problem, epochs: int, lr: float) -> Any:
    """JAX's loop: start -> the weights after each step and the loss it started from."""
    import jax
    import jax.numpy as jnp

    root = parse(chosen.expression, [*chosen.data, *chosen.weights]).root
    maths = jax_peer.jax_maths("float32")
    data = {name: jnp.asarray(value, jnp.float32) for name, value in chosen.data.items()}
    slope = jax.value_and_grad(lambda weights: jax_peer.evaluate(root, data, weights, maths).reshape(()))

    def step(carry: Any, number: Any) -> Any:
        w, mean, square = carry
        value, g = slope(w)
        mean = jax.tree.map(lambda m, d: 0.9 * m + 0.1 * d, mean, g)
        square = jax.tree.map(lambda s, d: 0.999 * s + 0.001 * d * d, square, g)
        rate, root = lr / (1 - 0.9**number), jnp.sqrt(1 - 0.999**number)
        w = jax.tree.map(lambda x, m, s: x - rate * m / (jnp.sqrt(s) / root + 1e-8), w, mean, square)
        return (w, mean, square), (w, value)

    @jax.jit
    def run(start: Any) -> Any:
        zeros = jax.tree.map(jnp.zeros_like, start)
        return jax.lax.scan(step, (start, zeros, zeros), jnp.arange(1, epochs + 1, dtype=jnp.float32))[1]

    return run


def seconds(work: Any) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def row(name: str, epochs: int, repeat: int) -> str:
    import jax
    import jax.numpy as jnp

    chosen, lr = cases.CASES[name].problem(), 0.01
    start = chosen.unpack(chosen.init())
    given = {key: jnp.asarray(value, jnp.float32) for key, value in start.items()}
    found: list[Any] = []

    def ours() -> None:
        found[:] = [chosen.train(af.Adam(lr=lr), epochs, start=start, dtype="float32", progress=False)]

    def jaxs() -> None:
        found[1:] = [jax.block_until_ready(theirs(given))]

    firsts = []
    for _ in range(FIRSTS):
        contest.forget_kernels()
        jax.clear_caches()
        theirs = scan(chosen, epochs, lr)
        firsts.append((seconds(ours), seconds(jaxs)))
    first_ours, first_jax = (statistics.median(each) for each in zip(*firsts, strict=True))
    apart = float(np.max(np.abs(found[0].loss[:100] - np.asarray(found[1][1])[:100])))
    times = [(seconds(ours), seconds(jaxs)) for _ in range(repeat)]
    fast, slow = (statistics.median(each) for each in zip(*times, strict=True))
    least, jax_least = (min(each) for each in zip(*times, strict=True))
    return (
        f"| {name} | {fast * 1e3:.1f} | {slow * 1e3:.1f} | {slow / fast:.2f} | {jax_least / least:.2f} "
        f"| {first_ours:.2f} | {first_jax:.2f} | {first_jax / first_ours:.2f} | {apart:.0e} |"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description="training beside a jitted lax.scan")
    parser.add_argument("cases", nargs="*", default=["iris-small", "iris-sigmoid"], metavar="CASE")
    parser.add_argument("--epochs", type=int, default=2000)
    parser.add_argument("--repeat", type=int, default=15)
    arguments = parser.parse_args()
    contest.prepare()
    contest.start_driver()
    print("| network | ms | JAX, ms | ratio | of the least | first, s | JAX, s | ratio | losses of 100 steps apart |")
    print("|---|--:|--:|--:|--:|--:|--:|--:|--:|")
    for name in arguments.cases:
        print(row(name, arguments.epochs, arguments.repeat), flush=True)
    print(f"\nThe bar for iris-small is a ratio of {BAR:g}, and of {BAR:g} for the first calls.")


if __name__ == "__main__":
    main()
