"""Surfaces by JAX at its best, in float32, and what they should be, in float64: the peer of the benchmarks.

In: a syntax tree, for which jax_peer.py has formulas of its own, data, and a plane. Importing this module loads no JAX,
so that a caller can set XLA_FLAGS first.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from jax_peer import evaluate, jax_maths

from atlas_fast.language.tree import Node

Array = Any
"""An array of JAX, or of NumPy on its way there."""


def use_devices(count: int | None = None) -> int:
    """Ask XLA for a device a core. To be called before JAX is imported; returns the number of devices."""
    devices = count or os.cpu_count() or 1
    flag = f"--xla_force_host_platform_device_count={devices}"
    os.environ["XLA_FLAGS"] = f"{os.environ.get('XLA_FLAGS', '')} {flag}".strip()
    return devices


def device_count() -> int:
    """How many devices JAX has, which is loaded by now."""
    import jax

    return jax.local_device_count()


CHUNKS = (16, 64, 256, 1024)
"""Points evaluated at once by vmap, inside lax.map over the chunks."""

Mode = Literal["loss", "forward", "reverse"]
"""The loss alone, or with its derivatives along the plane: by two tangents, or by reverse mode."""

ACTIVATIONS_LIMIT = 2**29
"""Bytes of layers' outputs at once, on all devices: what XLA keeps of them is up to three times as much."""


@dataclass(frozen=True)
class Variant:
    """One way to lay a surface out for JAX."""

    chunk: int
    devices: int
    mode: Mode = "loss"

    def __str__(self) -> str:
        mode = {"loss": "", "forward": ", forward mode", "reverse": ", reverse mode"}[self.mode]
        return f"chunks of {self.chunk}" + (f" on {self.devices} devices" if self.devices > 1 else "") + mode


def variants(devices: int, modes: Sequence[Mode] = ("loss",), points: int = 2**30, a_point: int = 0) -> list[Variant]:
    """Every mode and chunk size on one device and, where there are more, on all of them.

    points: of the grid; a variant whose chunks hold more would waste the rest. a_point: bytes of layers' outputs.
    """
    return [
        Variant(chunk, count, mode)
        for mode in modes
        for count in sorted({1, devices})
        for chunk in CHUNKS
        if chunk == CHUNKS[0] or (chunk * count <= points and chunk * count * a_point <= ACTIVATIONS_LIMIT)
    ]


def with_derivatives(at_point: Callable[[Array], Array], mode: Mode) -> Callable[[Array], Array]:
    """point (2,) -> (1,) the loss, or (3,) with its derivatives by the two coordinates."""
    import jax
    import jax.numpy as jnp

    def forward(point: Array) -> Array:
        along = jnp.eye(2, dtype=point.dtype)
        value, by_a = jax.jvp(at_point, (point,), (along[0],))
        _, by_b = jax.jvp(at_point, (point,), (along[1],))
        return jnp.stack([value, by_a, by_b])

    def reverse(point: Array) -> Array:
        value, slope = jax.value_and_grad(at_point)(point)
        return jnp.concatenate([value[None], slope])

    ways: dict[Mode, Callable[[Array], Array]] = {
        "loss": lambda point: at_point(point)[None],
        "forward": forward,
        "reverse": reverse,
    }
    return ways[mode]


class Surface:
    """A loss over a grid of the plane c + a u + b v, compiled by JAX for one variant, float32.

    loss: weights -> a scalar of JAX. center, u, v: a matrix a weight. a: (columns,), b: (rows,).
    The points are on their devices before any call, as a caller who wants the best of JAX would have them.
    """

    def __init__(
        self,
        loss: Callable[[Mapping[str, Array]], Array],
        center: Mapping[str, Array],
        u: Mapping[str, Array],
        v: Mapping[str, Array],
        a: Array,
        b: Array,
        variant: Variant,
    ) -> None:
        import jax
        import jax.numpy as jnp

        plane = [{name: jnp.asarray(part[name], jnp.float32) for name in part} for part in (center, u, v)]

        def at_point(point: Array) -> Array:
            c, along_a, along_b = plane
            return loss({name: c[name] + point[0] * along_a[name] + point[1] * along_b[name] for name in c})

        def over_chunks(points: Array) -> Array:
            found = jax.lax.map(jax.vmap(with_derivatives(at_point, variant.mode)), points)
            return found.reshape(-1, found.shape[-1])

        self.shape = (len(b), len(a))
        grid = np.stack(np.broadcast_arrays(np.asarray(a)[None, :], np.asarray(b)[:, None]), axis=-1)
        points = grid.reshape(-1, 2).astype(np.float32)
        group = variant.chunk * variant.devices
        padded = np.pad(points, ((0, -len(points) % group), (0, 0)))
        self.points = len(padded)
        if variant.devices == 1:
            self._function: Callable[[Array], Array] = jax.jit(over_chunks)
            self._points = jnp.asarray(padded.reshape(-1, variant.chunk, 2))
        else:
            self._function = jax.pmap(over_chunks)
            shared = padded.reshape(variant.devices, -1, variant.chunk, 2)
            self._points = jax.pmap(lambda x: x)(shared)

    def compute(self) -> Array:
        """The numbers as JAX holds them, ready."""
        return self._function(self._points).block_until_ready()

    def values(self) -> np.ndarray:
        """The same as a NumPy array (1 or 3, rows, columns): the loss, and its derivatives along the plane."""
        rows, columns = self.shape
        found = np.asarray(self.compute())
        return found.reshape(-1, found.shape[-1])[: rows * columns].T.reshape(-1, rows, columns)


def exactly(
    root: Node, data: Mapping[str, Array], plane: Sequence[Mapping[str, Array]], points: Array
) -> dict[str, np.ndarray]:
    """In float64, at points (n, 2) of the plane (center, u, v), as the kernels name what they compute: loss (1, n),
    gradient (2, n), curvature (3, n), gradient_norm (1, n)."""
    import jax
    import jax.numpy as jnp

    with jax.enable_x64(True):
        maths = jax_maths("float64")
        c, u, v = ({name: jnp.asarray(part[name], jnp.float64) for name in part} for part in plane)
        fixed = {name: jnp.asarray(array, jnp.float64) for name, array in data.items()}

        def at_weights(weights: Mapping[str, Array]) -> Array:
            return evaluate(root, fixed, weights, maths)

        def weights_at(point: Array) -> dict[str, Array]:
            return {name: c[name] + point[0] * u[name] + point[1] * v[name] for name in c}

        def at_point(point: Array) -> Array:
            return at_weights(weights_at(point))

        @jax.jit
        def everything(point: Array) -> tuple[Array, ...]:
            second = jax.hessian(at_point)(point)
            blocks = jax.tree.leaves(jax.grad(at_weights)(weights_at(point)))
            norm = jnp.sqrt(sum(jnp.sum(block**2) for block in blocks))
            slope = jax.grad(at_point)(point)
            return at_point(point)[None], slope, second[jnp.array([0, 0, 1]), jnp.array([0, 1, 1])], norm[None]

        found = [everything(jnp.asarray(point, jnp.float64)) for point in points]
        stacked = [np.stack([np.asarray(part) for part in parts], axis=-1) for parts in zip(*found, strict=True)]
    return dict(zip(("loss", "gradient", "curvature", "gradient_norm"), stacked, strict=True))
