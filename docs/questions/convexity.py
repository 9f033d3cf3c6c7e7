"""Which problems are convex? Is this iris a setosa, by the width of its sepal? Four losses of two weights."""

import numpy as np
import typer
from matplotlib.figure import Figure
from sklearn.datasets import load_iris
from sklearn.preprocessing import scale

import atlas_fast as af


@typer.run
def main(resolution: int = 256, seeds: int = 20, out: str = "convexity.png") -> None:
    losses = ["mse(w*x + b, y)", "binary_cross_entropy(w*x + b, y)", "mse(sigmoid(w*x + b), y)", "mse(w*tanh(b*x), y)"]
    iris, figure = load_iris(), Figure(figsize=(14, 6.6), dpi=110, layout="constrained")
    x, pairs = scale(iris.data[:, 1]), np.random.default_rng(0).normal(size=(2, 1000, 2))
    print("| loss | pairs with a higher middle | different ends | loss there |\n|---|--:|--:|--:|")
    for place, text in enumerate(losses, start=1):
        problem = af.Problem(text, {"x": x, "y": iris.target == 0}, {"w": (1, 1), "b": (1, 1)})
        higher = problem.loss(pairs.mean(axis=0)) > (problem.loss(pairs[0]) + problem.loss(pairs[1])) / 2
        runs = [problem.train(af.Adam(0.1), 1000, start=problem.init(seed, "normal")) for seed in range(seeds)]
        ends = np.unique([run.final.round(2) for run in runs], axis=0)
        print(f"| `{text}` | {higher.mean():.1%} | {len(ends)} | {np.median([r.loss[-1] for r in runs]):.3f} |")
        s = problem.surface(resolution=resolution, extent=4)
        relief = figure.add_subplot(2, 4, place, projection="3d", title=text, xlabel="w", ylabel="b")
        relief.plot_surface(*np.meshgrid(s.a, s.b), s.loss, cmap="viridis", antialiased=False)
        flat = figure.add_subplot(2, 4, 4 + place, xlabel="w", ylabel="b", xlim=(-4, 4), ylim=(-4, 4))
        flat.contourf(s.a, s.b, s.loss, 24)
        flat.plot(*(axis for run in runs for axis in run.weights.T), color="w", marker="o", mfc="red", markevery=[-1])
    figure.savefig(out)
