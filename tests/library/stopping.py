"""A program that test_stopping.py and benchmarks/stopping.py run: how long work on 1e6 samples takes to stop.

python stopping.py surface|training signal|progress: prints the seconds from the signal, or from when `progress` would
have answered False had it been asked, to the end of the call.
"""

import os
import signal
import sys
import threading
import time

import numpy as np

import atlas_fast as af

SAMPLES = 1_000_000

AFTER = 0.5
"""Seconds of work before it is to stop: in the middle of the first vector of points, or of the first few steps."""


def problem(text: str, **weights: tuple[int, int]) -> af.Problem:
    random = np.random.default_rng(0)
    data = {"X": random.normal(size=(4, SAMPLES)), "Y": random.normal(size=(1, SAMPLES))}
    return af.Problem(text, data, weights)


class Stop:
    """When it was asked for, and whether by a signal."""

    def __init__(self, how: str) -> None:
        self.how, self.asked = how, float("inf")
        self.begun = float("inf")

    def begin(self) -> None:
        self.begun = time.perf_counter()
        if self.how == "signal":
            threading.Timer(AFTER, self.interrupt).start()

    def interrupt(self) -> None:
        self.asked = time.perf_counter()
        os.kill(os.getpid(), signal.SIGINT)

    def progress(self, done: int, total: int) -> bool:
        if self.how == "signal" or time.perf_counter() < self.begun + AFTER:
            return True
        self.asked = self.begun + AFTER
        return False


def main(what: str, how: str) -> None:
    stop = Stop(how)
    try:
        if what == "surface":
            # What is computed once for the plane comes first; the clock starts when the points do.
            loss = problem("mse(A*sigmoid(C*X), Y)", A=(1, 16))
            original = af.kernels.execution.BoundPlane.__call__

            def timed(*args: object, **kwargs: object) -> object:
                stop.begin()
                return original(*args, **kwargs)  # type: ignore[arg-type]

            af.kernels.execution.BoundPlane.__call__ = timed  # type: ignore[assignment]
            plane = af.Plane.random(loss, loss.init(0))
            surface = loss.surface(plane, 512, gradient=True, progress=stop.progress)
            assert not surface.complete and np.isnan(surface.loss).any()
        else:
            network = problem("mse(A*tanh(B*tanh(C*X)), Y)", A=(1, 96), B=(96, 96))
            network.train(af.SGD(lr=1e-3), 1, progress=False)  # compiles
            stop.begin()
            run = network.train(af.SGD(lr=1e-3), 1000, progress=stop.progress)
            assert run.steps < 1000 and run.diverged_at is None and "stopped at step" in run.message
            assert np.isfinite(run.loss).all() or run.steps == 0
        assert how == "progress"
    except KeyboardInterrupt:
        assert how == "signal"
    print(f"{time.perf_counter() - stop.asked:.3f}")


if __name__ == "__main__":
    main(*sys.argv[1:])
