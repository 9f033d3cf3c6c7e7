"""Why did sigmoid make it worse? ReLU and sigmoid in one and in four hidden layers of 10 units."""

import numpy as np
import typer
from matplotlib.figure import Figure
from sklearn.datasets import load_iris

import atlas_fast as af


@typer.run
def main(resolution: int = 256, seeds: int = 20, out: str = "activation.png") -> None:
    X, y = load_iris(return_X_y=True)
    figure = Figure(figsize=(13, 6), dpi=110, layout="constrained")
    figure.suptitle("The loss round the end of an SGD run, along two random directions (cut at 3)")
    print("| network | slope of layer 1 at the start | loss, SGD | loss, Adam |\n|---|--:|--:|--:|")
    for place, (f, depth) in enumerate([("relu", 1), ("relu", 4), ("sigmoid", 1), ("sigmoid", 4)], start=1):
        lines = [f"H{k} = {f}(W{k}*H{k - 1} + b{k})" for k in range(1, depth + 1)]
        lines.append(f"cross_entropy(A*H{depth} + c, onehot(y, 3))")
        problem = af.Problem("\n".join(lines), {"H0": X.T, "y": y}, {f"W{k}": (10, None) for k in range(1, depth + 1)})
        runs = [[problem.train(o, 200, seed) for seed in range(seeds)] for o in (af.SGD(0.1), af.Adam(0.01))]
        slopes = [np.linalg.norm(problem.unpack(problem.gradient(run.weights[0]))["W1"]) for run in runs[0]]
        sgd, adam = (np.median([run.loss[-1] for run in some]) for some in runs)
        print(f"| {f}, {depth} hidden | {np.median(slopes):.2g} | {sgd:.3f} | {adam:.3f} |")
        s = problem.surface(af.Plane.random(problem, runs[0][0], normalize="filter"), resolution, extent=1)
        axes = figure.add_subplot(2, 4, place, projection="3d", zlim=(0, 3), title=f"{f}, {depth} hidden")
        axes.plot_surface(*np.meshgrid(s.a, s.b), s.loss.clip(max=3), cmap="viridis", vmin=0, vmax=3, antialiased=False)
        bands = figure.add_subplot(2, 4, 4 + place).contourf(s.a, s.b, s.loss, np.arange(25) / 8, extend="max")
    figure.colorbar(bands, ax=figure.axes[1::2], label="loss", ticks=range(4))
    figure.savefig(out)
