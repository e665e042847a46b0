"use strict";
// Graphs of steps, as t2i.exports.graph reads them, at work for one row at a time; steps.js says
// what each does.
const STRIP = 32;

// Returns {graph name: (inputs by name) => Float32Array}, the array being the network's own.
async function buildNetworks(wasm, graphs, weights) {
  const all = Object.values(graphs).flatMap((graph) => graph.steps);
  // The first page is the compiler's: stack and constants.
  const pages = 1 + Math.ceil(4 * needed(Object.values(graphs)) / 65536);
  const memory = new WebAssembly.Memory({initial: pages});
  const {instance} = await WebAssembly.instantiate(wasm, {env: {memory}});
  const {convolve, modulate, __heap_base: base} = instance.exports;
  let free = (base.value + 15) & ~15;
  const take = (count) => {
    const at = free;
    free += 4 * ((count + 3) & ~3);
    return new Float32Array(memory.buffer, at, count);
  };
  const patches = take(STRIP * Math.max(...all.map(depthOf)) + 4 * PANEL);
  const tools = {take, patches, convolve, modulate, weights};
  return Object.fromEntries(Object.entries(graphs).map(([name, graph]) => [name, build(graph, tools)]));
}

// Numbers of memory: of values, packed kernels, biases and patches.
function needed(graphs) {
  let count = 0;
  let deepest = 0;
  for (const {inputs, steps} of graphs) {
    count += Object.values(inputs).reduce((sum, shape) => sum + size(shape) + 4, 0);
    for (const step of steps) {
      const out = step.shape.at(-1) ?? 1;
      const times = step.kind in HALVES ? 4 : 1;
      count += size(step.shape) + 4 + times * (depthOf(step) * panels(3 * out) + panels(out));
      count += step.kind === "gated" ? 3 * size(step.shape) : size(step.shape);
      deepest = Math.max(deepest, depthOf(step));
    }
  }
  return count + STRIP * deepest + 4 * PANEL;
}

// Numbers that one number of a product sums over.
function depthOf({kind, weights}) {
  const shape = weights.kernel?.shape;
  return !shape ? 0 : kind in HALVES ? 4 * shape[2] : size(shape.slice(0, -1));
}

function build(graph, tools) {
  const values = {};
  for (const [name, shape] of Object.entries(graph.inputs)) {
    values[name] = {data: tools.take(size(shape)), shape};
  }
  const acts = [];
  for (const step of graph.steps) {
    const inputs = step.inputs.map((name) => values[name]);
    const out = {data: tools.take(size(step.shape)), shape: step.shape};
    values[step.output] = out;
    const numbers = Object.fromEntries(Object.entries(step.weights).map(([role, {at, shape}]) =>
      [role, tools.weights.subarray(at, at + size(shape))]));
    if (numbers.kernel && numbers.scale) {
      fold(numbers);
    }
    const act = (MAKE[step.kind] ?? elementwise)(step, inputs, out, numbers, tools);
    if (act) {
      acts.push(act);
    }
  }
  return (given) => {
    for (const name of Object.keys(graph.inputs)) {
      values[name].data.set(given[name]);
    }
    acts.forEach((act) => act());
    return values[graph.output].data;
  };
}

// Puts a normalisation behind a kernel into it; the kernel's last side is the channels'.
function fold(numbers) {
  const {kernel, bias, scale, shift} = numbers;
  numbers.kernel = kernel.map((weight, i) => weight * scale[i % scale.length]);
  numbers.bias = shift.map((sum, channel) => sum + (bias?.[channel] ?? 0) * scale[channel]);
}
