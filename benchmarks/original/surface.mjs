// The loss of iris-small at some points of a plane, as the 2019 original computed its surfaces: for each point the
// weights are set, the network is evaluated by TensorFlow.js, and the one number is awaited.
//
//     node surface.mjs INPUT.json     prints {"seconds": .., "losses": [..]}
//
// INPUT: data {X, Y}, planes {name: [center, u, v]}, all matrices as lists of rows, and points [[a, b], ..]. A tenth
// of the points is computed once before, so that everything is compiled.
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);
const tf = require("@tensorflow/tfjs");
const wasm = require("@tensorflow/tfjs-backend-wasm");

const folder = dirname(require.resolve("@tensorflow/tfjs-backend-wasm/package.json"));
wasm.setWasmPaths(join(folder, "dist/"));
await tf.setBackend("wasm");
await tf.ready();

const { data, planes, points } = JSON.parse(readFileSync(process.argv[2], "utf8"));
const X = tf.tensor2d(data.X);
const Y = tf.tensor2d(data.Y);
const parts = Object.entries(planes).map(([name, matrices]) => [name, matrices.map((m) => tf.tensor2d(m))]);

// ||softmax((A*sigmoid(C*sigmoid(E*X + F) + D) + B)^T) - Y^T||_2
function loss(a, b) {
  const w = {};
  for (const [name, [center, u, v]] of parts) w[name] = center.add(u.mul(a)).add(v.mul(b));
  const first = tf.sigmoid(tf.matMul(w.E, X).add(w.F));
  const second = tf.sigmoid(tf.matMul(w.C, first).add(w.D));
  const classes = tf.softmax(tf.matMul(w.A, second).add(w.B).transpose());
  return tf.norm(classes.sub(Y.transpose()));
}

async function evaluate([a, b]) {
  const found = tf.tidy(() => loss(a, b));
  const [value] = await found.data();
  found.dispose();
  return value;
}

for (const point of points.slice(0, Math.ceil(points.length / 10))) await evaluate(point);
const losses = [];
const start = performance.now();
for (const point of points) losses.push(await evaluate(point));
const seconds = (performance.now() - start) / 1000;
console.log(JSON.stringify({ seconds, losses }));
