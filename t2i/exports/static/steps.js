"use strict";
// What each kind of step does: (step, inputs, out, its arrays, tools) => what is called for every
// row. Products run in kernels.wasm; what is left is little, and is done here.
const PANEL = 8;
// Taps of a doubled map's even and odd places, as sums of those of the kernel: of a 3x3 behind an
// enlargement to twice the sides, and of a transposed 4x4 of stride 2.
const HALVES = {doubled: [[[0], [1, 2]], [[0, 1], [2]]], transposed: [[[3], [1]], [[2], [0]]]};
const size = (shape) => shape.reduce((product, side) => product * side, 1);
const panels = (out) => Math.ceil(out / PANEL) * PANEL;

// Copies a kernel [depth, out] into panels of eight columns, the last filled with zeros.
function packed(kernel, depth, out, {take}) {
  const into = take(depth * panels(out));
  for (let column = 0; column < out; column++) {
    const panel = (column - column % PANEL) * depth + column % PANEL;
    for (let k = 0; k < depth; k++) {
      into[panel + PANEL * k] = kernel[k * out + column];
    }
  }
  return into;
}

function biasOf(bias, out, {take}) {
  const into = take(panels(out));
  into.set(bias ?? []);
  return into;
}

const FUNCTIONS = {
  linear: null,
  relu: (x) => Math.max(x, 0),
  // Ten times as fast as Math.tanh, and alike to rounding.
  tanh: (x) => 1 - 2 / (Math.exp(2 * x) + 1),
  sigmoid: (x) => 1 / (1 + Math.exp(-x)),
  sin: Math.sin, cos: Math.cos, exp: Math.exp, sign: Math.sign,
  leaky: (x, {slope}) => x < 0 ? x * slope : x,
  scaled: (x, {by}) => x * by,
  add: (a, b) => a + b, subtract: (a, b) => a - b, multiply: (a, b) => a * b,
  differs: (a, b) => a === b ? 0 : 1, at_most: (a, b) => a <= b ? 1 : 0,
  chosen: (condition, a, b) => condition ? a : b,
};

function activated(data, name) {
  const own = FUNCTIONS[name];
  for (let i = 0; own && i < data.length; i++) {
    data[i] = own(data[i]);
  }
}

// Which number of a smaller array each number of an array of `shape` meets.
function places(own, shape) {
  const sides = [...Array(shape.length - own.length).fill(1), ...own];
  return Int32Array.from({length: size(shape)}, (_, i) => {
    let place = 0;
    let stride = 1;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      const at = i % shape[axis];
      i = (i - at) / shape[axis];
      place += sides[axis] === 1 ? 0 : at * stride;
      stride *= sides[axis];
    }
    return place;
  });
}

function elementwise({kind, options}, inputs, out) {
  const own = FUNCTIONS[kind];
  const [a, b, c] = inputs.map(({data}) => data);
  if (inputs.length === 1) {
    return () => {
      for (let i = 0; i < a.length; i++) {
        out.data[i] = own(a[i], options);
      }
    };
  }
  const [ofA, ofB, ofC] = inputs.map(({shape}) => places(shape, out.shape));
  return () => {
    for (let i = 0; i < out.data.length; i++) {
      out.data[i] = own(a[ofA[i]], b[ofB[i]], c?.[ofC[i]]);
    }
  };
}

// A map of [height, width, channels] for what may have fewer sides.
const asMap = (shape) => [...Array(3 - shape.length).fill(1), ...shape];

// A doubled map is four quarters, each a convolution of 2x2 places with sums of the kernel's taps.
function quarters({kind, weights}, [input], out, {kernel, bias}, tools) {
  const [, across, depth, channels] = weights.kernel.shape;
  const [height, width] = input.shape;
  const shift = biasOf(bias, channels, tools);
  const parts = [0, 1, 2, 3].map((quarter) => {
    const [y, x] = [quarter >> 1, quarter & 1];
    const sum = new Float32Array(4 * depth * channels);
    for (const tap of [0, 1, 2, 3]) {
      for (const ky of HALVES[kind][y][tap >> 1]) {
        for (const kx of HALVES[kind][x][tap & 1]) {
          const from = (ky * across + kx) * depth * channels;
          for (let i = 0; i < depth * channels; i++) {
            sum[tap * depth * channels + i] += kernel[from + i];
          }
        }
      }
    }
    return {y, x, kernel: packed(sum, 4 * depth, channels, tools)};
  });
  return () => {
    for (const part of parts) {
      tools.convolve(input.data.byteOffset, height, width, depth, part.kernel.byteOffset, shift.byteOffset,
        2, 2, 1 - part.y, 1 - part.x, out.data.byteOffset, height, width, channels, 2, part.y, part.x,
        2 * width, tools.patches.byteOffset);
    }
  };
}

function product(map, kernel, down, across, depth, channels, bias, out, [high, wide], [top, left], tools) {
  const [height, width] = map.shape;
  const kernels = packed(kernel, down * across * depth, channels, tools);
  const shift = biasOf(bias, channels, tools);
  return () => tools.convolve(map.data.byteOffset, height, width, depth, kernels.byteOffset, shift.byteOffset,
    down, across, top, left, out.byteOffset, high, wide, channels, 1, 0, 0, wide, tools.patches.byteOffset);
}

const MAKE = {
  constant(_, __, out, {value}) {
    out.data.set(value);
  },
  rows({shape}, [codes], out, {embeddings}) {
    const width = shape.at(-1);
    return () => codes.data.forEach((code, i) =>
      out.data.set(embeddings.subarray(code * width, (code + 1) * width), i * width));
  },
  convolution({options, weights}, [input], out, {kernel, bias}, tools) {
    const [down, across, depth, channels] = [...Array(4 - weights.kernel.shape.length).fill(1), ...weights.kernel.shape];
    const map = {data: input.data, shape: asMap(input.shape)};
    const before = options.padding === "same" ? [(down - 1) >> 1, (across - 1) >> 1] : [0, 0];
    const act = product(map, kernel, down, across, depth, channels, bias, out.data, asMap(out.shape), before, tools);
    return () => {
      act();
      activated(out.data, options.activation);
    };
  },
  doubled: quarters,
  transposed: quarters,
  dense({options}, [input], out, {kernel, bias}, tools) {
    const [depth, channels] = [input.shape.at(-1), out.shape.at(-1)];
    const rows = out.data.length / channels;
    const map = {data: input.data, shape: [1, rows, depth]};
    const act = product(map, kernel, 1, 1, depth, channels, bias, out.data, [1, rows], [0, 0], tools);
    return () => {
      act();
      activated(out.data, options.activation);
    };
  },
  modulated({options}, [input, scale, shift], out, _, tools) {
    const channels = out.shape.at(-1);
    return () => {
      out.data.set(input.data);
      tools.modulate(out.data.byteOffset, out.data.length / channels, channels, scale.data.byteOffset,
        shift.data.byteOffset, options.slope);
    };
  },
  channels(_, [input], out, {scale, shift}) {
    return () => {
      for (let i = 0; i < out.data.length; i++) {
        const c = i % scale.length;
        out.data[i] = input.data[i] * scale[c] + shift[c];
      }
    };
  },
  enlarged(_, [{data, shape: [height, width, channels]}], out) {
    return () => {
      for (let y = 0; y < 2 * height; y++) {
        for (let x = 0; x < 2 * width; x++) {
          const from = ((y >> 1) * width + (x >> 1)) * channels;
          out.data.set(data.subarray(from, from + channels), (y * 2 * width + x) * channels);
        }
      }
    };
  },
  // Means of a pixel and its neighbours to the right and below, of those that there are.
  smoothed(_, [{data, shape: [height, width, channels]}], out) {
    return () => {
      for (let y = 0, i = 0; y < height; y++) {
        const down = y + 1 < height ? width * channels : 0;
        for (let x = 0; x < width; x++) {
          const right = x + 1 < width ? channels : 0;
          for (let c = 0; c < channels; c++, i++) {
            // At an edge the one pixel stands for both, which leaves the mean the same.
            out.data[i] = (data[i] + data[i + right] + data[i + down] + data[i + down + right]) / 4;
          }
        }
      }
    };
  },
  pooled({options}, [{data, shape: [, channels]}], out) {
    return () => {
      for (let i = 0; i < out.data.length; i++) {
        const first = Math.floor(i / channels) * options.stride * channels + i % channels;
        let largest = data[first];
        for (let k = 1; k < options.size; k++) {
          largest = Math.max(largest, data[first + k * channels]);
        }
        out.data[i] = largest;
      }
    };
  },
  largest(_, [{data}], out) {
    return () => { out.data[0] = data.reduce((a, b) => Math.max(a, b)); };
  },
  mean(_, [{data, shape: [steps, channels]}, mask], out) {
    return () => {
      out.data.fill(0);
      let count = 0;
      for (let t = 0; t < steps; t++) {
        const weight = mask ? mask.data[t] : 1;
        count += weight;
        for (let c = 0; weight && c < channels; c++) {
          out.data[c] += data[t * channels + c];
        }
      }
      out.data.forEach((sum, c) => { out.data[c] = sum / count; });
    };
  },
  unit(_, [{data}], out) {
    return () => {
      const length = Math.max(Math.sqrt(data.reduce((sum, x) => sum + x * x, 0)), 1e-12);
      data.forEach((x, i) => { out.data[i] = x / length; });
    };
  },
  joined({options}, inputs, out) {
    const axis = options.axis < 0 ? options.axis + out.shape.length : options.axis - 1;
    const blocks = size(out.shape.slice(0, axis));
    const widths = inputs.map(({data}) => data.length / blocks);
    return () => {
      for (let block = 0, at = 0; block < blocks; block++) {
        inputs.forEach(({data}, i) => {
          out.data.set(data.subarray(block * widths[i], (block + 1) * widths[i]), at);
          at += widths[i];
        });
      }
    };
  },
  reshaped: (_, [{data}], out) => () => out.data.set(data),
  columns: ({options}, [{data}], out) => () => out.data.set(data.subarray(options.start, options.stop)),
  cropped({options}, [{data, shape}], out) {
    const first = options.start * shape[1];
    return () => out.data.set(data.subarray(first, first + out.data.length));
  },
  gated(step, [input, state], out, weights, tools) {
    return recurrent(step, input, state, out, weights, tools, 3);
  },
  recurrent(step, [input, state], out, weights, tools) {
    return recurrent(step, input, state, out, weights, tools, 1);
  },
};

// A GRU without reset_after, or with one gate a plain layer with ReLU.
function recurrent({shape: [steps, units]}, input, initial, out, weights, tools, gates) {
  const projected = {data: tools.take(steps * gates * units), shape: [steps, gates * units]};
  const project = MAKE.dense({options: {}}, [input], projected, weights, tools);
  const {sigmoid} = FUNCTIONS;
  const kernel = weights.recurrent_kernel;
  const add = (sums, state, first, last) => {
    for (let k = 0; k < units; k++) {
      for (let j = first; j < last; j++) {
        sums[j] += state[k] * kernel[k * gates * units + j];
      }
    }
  };
  return () => {
    project();
    let state = initial ? initial.data : new Float32Array(units);
    for (let t = 0; t < steps; t++) {
      const sums = projected.data.subarray(t * gates * units, (t + 1) * gates * units);
      const next = out.data.subarray(t * units, (t + 1) * units);
      if (gates === 1) {
        add(sums, state, 0, units);
        next.set(sums.map(FUNCTIONS.relu));
      } else {
        add(sums, state, 0, 2 * units);
        const reset = state.map((h, i) => h * sigmoid(sums[units + i]));
        add(sums, reset, 2 * units, 3 * units);
        state.forEach((h, i) => {
          const update = sigmoid(sums[i]);
          next[i] = update * h + (1 - update) * FUNCTIONS.tanh(sums[2 * units + i]);
        });
      }
      state = next;
    }
  };
}
