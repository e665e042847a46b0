"use strict";
// Latents as NumPy draws them, so that a seed means the same picture here as anywhere:
// default_rng(seed).standard_normal(count, float32).
// Source: O'Neill 2014, "PCG"; Marsaglia and Tsang 2000, "The ziggurat method"; NumPy's
// SeedSequence, pcg64.h and distributions.c.
function drawNormals(seed, count) {
  const next = words(seed);
  const uniform = () => (next() >>> 8) / 16777216;
  const {edge, width, height} = ziggurat();
  const one = () => {
    for (;;) {
      const word = next();
      const strip = word & 255;
      const size = word >>> 9;
      const x = Math.fround(size * width[strip]) * (word & 256 ? -1 : 1);
      if (size < edge[strip]) {
        return x;
      }
      if (strip === 0) {
        for (;;) {
          const far = -Math.log1p(-uniform()) / TAIL;
          const chance = -Math.log1p(-uniform());
          if (2 * chance > far * far) {
            return size & 256 ? -(TAIL + far) : TAIL + far;
          }
        }
      }
      const between = (height[strip - 1] - height[strip]) * uniform() + height[strip];
      if (between < Math.exp(-0.5 * x * x)) {
        return x;
      }
    }
  };
  return Float32Array.from({length: count}, one);
}

// Where the last of 256 strips of equal area begins, and that area.
const TAIL = 3.6541528853610088;
const AREA = 0.004928673233974658;

function ziggurat() {
  const density = (x) => Math.exp(-0.5 * x * x);
  const edge = new Uint32Array(256);
  const width = new Float32Array(256);
  const height = new Float32Array(256);
  const steps = 2 ** 23;
  const base = AREA / density(TAIL);
  edge[0] = TAIL / base * steps;
  width[0] = base / steps;
  width[255] = TAIL / steps;
  height[0] = 1;
  height[255] = density(TAIL);
  for (let strip = 254, x = TAIL; strip > 0; strip--) {
    const before = x;
    x = Math.sqrt(-2 * Math.log(AREA / x + density(x)));
    edge[strip + 1] = x / before * steps;
    height[strip] = density(x);
    width[strip] = x / steps;
  }
  return {edge, width, height};
}

// Returns what gives the 32-bit words of NumPy's PCG64, the low half of each 64 bits first.
function words(seed) {
  const mask = (1n << 128n) - 1n;
  const multiplier = 0x2360ED051FC65DA44385DF649FCCF645n;
  const [a, b, c, d] = seedSequence(seed);
  const increment = ((c << 64n | d) << 1n | 1n) & mask;
  let state = (((a << 64n | b) + increment) * multiplier + increment) & mask;
  let high = null;
  return () => {
    if (high !== null) {
      const word = high;
      high = null;
      return word;
    }
    state = (state * multiplier + increment) & mask;
    const turn = state >> 122n;
    const mixed = BigInt.asUintN(64, state >> 64n ^ state);
    const turned = BigInt.asUintN(64, mixed >> turn | mixed << (64n - turn));
    high = Number(turned >> 32n);
    return Number(turned & 0xFFFFFFFFn);
  };
}

// Returns four 64-bit words of a seed below 2^32.
function seedSequence(seed) {
  const hashed = (constant, multiplier) => (value) => {
    value = Math.imul(value ^ constant, constant = Math.imul(constant, multiplier));
    return (value ^ value >>> 16) >>> 0;
  };
  const hash = hashed(0x43b0d7e5, 0x931e8875);
  const mix = (x, y) => {
    const value = Math.imul(0xca01f9dd, x) - Math.imul(0x4973f715, y);
    return (value ^ value >>> 16) >>> 0;
  };
  const pool = [seed, 0, 0, 0].map(hash);
  for (let from = 0; from < 4; from++) {
    for (let to = 0; to < 4; to++) {
      if (from !== to) {
        pool[to] = mix(pool[to], hash(pool[from]));
      }
    }
  }
  const out = hashed(0x8b51f9dd, 0x58f38ded);
  const halves = Array.from({length: 8}, (_, i) => BigInt(out(pool[i % 4])));
  return [0, 2, 4, 6].map((i) => halves[i + 1] << 32n | halves[i]);
}
