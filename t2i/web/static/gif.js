"use strict";
// Pictures as one GIF that runs there and back for ever, of 256 colours for all of them.
// Source: CompuServe 1990, "Graphics Interchange Format, version 89a"; the colours by median cut,
// Heckbert 1982.
function encodeGif(frames, frameMs) {
  const {width, height} = frames[0];
  const palette = medianCut(frames, 256);
  const index = nearest(palette);
  const word = (value) => [value & 255, value >> 8];
  const parts = [
    [...new TextEncoder().encode("GIF89a"), ...word(width), ...word(height), 0xf7, 0, 0],
    palette.flat(),
    [0x21, 0xff, 11, ...new TextEncoder().encode("NETSCAPE2.0"), 3, 1, 0, 0, 0],
  ];
  const coded = frames.map((frame) => lzw(index(frame.data)));
  for (const at of [...frames.keys(), ...[...frames.keys()].slice(1, -1).reverse()]) {
    parts.push(
      [0x21, 0xf9, 4, 4, ...word(Math.round(frameMs / 10)), 0, 0],
      [0x2c, 0, 0, 0, 0, ...word(width), ...word(height), 0, 8],
    );
    for (let start = 0; start < coded[at].length; start += 255) {
      const block = coded[at].slice(start, start + 255);
      parts.push([block.length], block);
    }
    parts.push([0]);
  }
  parts.push([0x3b]);
  return new Blob(parts.map((part) => new Uint8Array(part)), {type: "image/gif"});
}

// Halves the box of colours that spreads furthest, at its median, until there are `size`.
function medianCut(frames, size) {
  const seen = new Set();
  for (const {data} of frames) {
    for (let i = 0; i < data.length; i += 4) {
      // Six bits of each colour are enough to choose by.
      seen.add((data[i] >> 2) << 12 | (data[i + 1] >> 2) << 6 | data[i + 2] >> 2);
    }
  }
  const colours = [...seen].map((key) => [key >> 12, key >> 6 & 63, key & 63].map((value) => value * 4 + 2));
  const boxes = [spread(colours)];
  while (boxes.length < size) {
    const widest = boxes.reduce((best, box, i) => box.range > boxes[best].range ? i : best, 0);
    const {range, axis, members} = boxes[widest];
    if (!range) {
      break;
    }
    members.sort((a, b) => a[axis] - b[axis]);
    const half = members.length >> 1;
    boxes.splice(widest, 1, spread(members.slice(0, half)), spread(members.slice(half)));
  }
  const means = boxes.map(({members}) => [0, 1, 2].map((axis) =>
    Math.round(members.reduce((sum, colour) => sum + colour[axis], 0) / members.length)));
  return [...means, ...Array(size - means.length).fill([0, 0, 0])];
}

function spread(members) {
  const ranges = [0, 1, 2].map((axis) => {
    let low = 255;
    let high = 0;
    for (const colour of members) {
      low = Math.min(low, colour[axis]);
      high = Math.max(high, colour[axis]);
    }
    return high - low;
  });
  const range = Math.max(...ranges);
  return {members, range, axis: ranges.indexOf(range)};
}

// Returns what maps pixels, four bytes each, to the nearest colours; what was looked for is kept.
function nearest(palette) {
  const known = new Map();
  return (data) => {
    const found = new Uint8Array(data.length / 4);
    for (let i = 0; i < found.length; i++) {
      const [r, g, b] = data.subarray(4 * i, 4 * i + 3);
      const key = r << 16 | g << 8 | b;
      if (!known.has(key)) {
        let best = 0;
        let least = Infinity;
        palette.forEach((colour, at) => {
          const far = (colour[0] - r) ** 2 + (colour[1] - g) ** 2 + (colour[2] - b) ** 2;
          if (far < least) {
            [best, least] = [at, far];
          }
        });
        known.set(key, best);
      }
      found[i] = known.get(key);
    }
    return found;
  };
}

// Variable-length codes from 9 to 12 bits, the shortest first; the table begins again when full.
function lzw(pixels) {
  const clear = 256;
  const bytes = [];
  let held = 0;
  let bits = 0;
  let size = 9;
  let next = clear + 2;
  let table = new Map();
  const put = (code) => {
    held |= code << bits;
    bits += size;
    while (bits >= 8) {
      bytes.push(held & 255);
      held >>= 8;
      bits -= 8;
    }
  };
  put(clear);
  let prefix = pixels[0];
  for (const pixel of pixels.subarray(1)) {
    const key = prefix << 8 | pixel;
    if (table.has(key)) {
      prefix = table.get(key);
      continue;
    }
    put(prefix);
    table.set(key, next++);
    if (next > 1 << size && size < 12) {
      size++;
    }
    if (next > 4095) {
      put(clear);
      [table, next, size] = [new Map(), clear + 2, 9];
    }
    prefix = pixel;
  }
  put(prefix);
  put(clear + 1);
  bytes.push(held & 255);
  return bytes;
}
