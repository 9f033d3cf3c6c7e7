"""The same bits from the text to the surface, whatever the number of threads of BLAS and of ours."""

from __future__ import annotations

import os
import subprocess
import sys

# Wide data: the products that are made once for the plane, and the triangular factor of a linear model's, are large
# enough for BLAS to start threads.
CODE = """
import hashlib, numpy as np, atlas_fast as af
random = np.random.default_rng(0)
data = {"X": random.normal(size=(300, 601)), "Y": random.normal(size=(2, 601))}
for text in ("mse(A*tanh(B*X + C) + D, Y)", "||A*B*X - Y||_2"):
    problem = af.Problem(text, data, {"B": (33, None)})
    run = problem.train(af.SGD(lr=1e-6), epochs=3)
    for plane in (af.Plane.random(problem, problem.init()), af.Plane.pca(run)):
        for dtype in ("float32", "float64"):
            surface = problem.surface(plane, resolution=6, dtype=dtype)
            print(hashlib.sha256(surface.loss.tobytes() + surface.a.tobytes()).hexdigest())
"""


def surfaces(threads: str) -> str:
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": threads, "MKL_NUM_THREADS": threads, "ATLAS_THREADS": threads}
    done = subprocess.run([sys.executable, "-c", CODE], env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_one_and_two_threads_give_the_same_bits() -> None:
    found = surfaces("1")
    assert len(found.split()) == 8
    assert surfaces("2") == found
