"use strict";
// The engine that paints in the visitor's own browser: what page.js knows of where pictures come
// from. It asks nobody.
const engine = (() => {
  const run = JSON.parse(document.getElementById("run").textContent);
  const ready = load();

  async function load() {
    const [wasm, shuffled] = await Promise.all(["kernels", "weights"].map(unpacked));
    // The four bytes of all numbers lie in four rows, which pack better.
    const count = shuffled.length / 4;
    const bytes = new Uint8Array(shuffled.length);
    for (let part = 0; part < 4; part++) {
      for (let i = 0; i < count; i++) {
        bytes[4 * i + part] = shuffled[part * count + i];
      }
    }
    return buildNetworks(wasm, run.graphs, new Float32Array(bytes.buffer));
  }

  async function unpacked(id) {
    const text = atob(document.getElementById(id).textContent);
    const bytes = new Uint8Array(text.length);
    for (let i = 0; i < text.length; i++) {
      bytes[i] = text.charCodeAt(i);
    }
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    return new Uint8Array(await new Response(stream).arrayBuffer());
  }

  // As the command line reads a sentence, with its refusals.
  function codesOf(sentence) {
    const plain = sentence.trim().replace(/\s+/g, " ");
    const characters = [...plain.toLowerCase()];
    const codes = characters.map((character) => run.codes[Math.min(character.codePointAt(0), 128)]);
    const lost = characters.filter((character, i) => !codes[i] && !/[\p{P}\p{Z}\p{Cc}\p{Cf}]/u.test(character));
    if (!codes.some((code) => code)) {
      throw new Error(`captions: expected words, got '${plain}'; describe a picture in English`);
    }
    if (codes.length > run.length) {
      throw new Error(`sentences: expected at most the ${run.length} codes that the run's encoder reads, got ` +
        `${codes.length}; shorten the sentence`);
    }
    if (lost.length > run.most_lost * plain.length) {
      throw new Error(`sentences: expected letters that the run's encoder knows, got ` +
        `'${[...new Set(lost)].join("")}' in '${plain}'; write it in the language of the captions`);
    }
    return Float32Array.from({length: run.length}, (_, i) => codes[i] ?? 0);
  }

  const {embedding: [embeddingSize], latent: [latentSize]} = run.graphs.generator.inputs;

  // Returns float32 [s, s, C] of each embedding and latent; other work has its turn in between.
  async function images(rows, signal) {
    const {generator} = await ready;
    const painted = [];
    for (const row of rows) {
      painted.push(generator(row).slice());
      await new Promise((turn) => { setTimeout(turn); });
      signal?.throwIfAborted();
    }
    return painted;
  }

  async function embed(sentence) {
    const {encoder} = await ready;
    return encoder({codes: codesOf(sentence)}).slice();
  }

  function drawn({count, seed, variety}) {
    const normals = drawNormals(seed, count * latentSize).map((z) => z * variety);
    return Array.from({length: count}, (_, i) => normals.subarray(i * latentSize, (i + 1) * latentSize));
  }

  async function paintRows(asked) {
    const embedding = await embed(asked.sentence);
    return drawn(asked).map((latent) => ({embedding, latent}));
  }

  async function morphRows({first, second, seed, second_seed: secondSeed, variety, steps}) {
    const [from, to] = [await embed(first), await embed(second)];
    const ends = [seed, secondSeed].map((own) => drawNormals(own, latentSize));
    return Array.from({length: steps}, (_, i) => {
      const share = i / (steps - 1);
      const embedding = from.map((x, k) => x + share * (to[k] - x));
      return {embedding, latent: along(...ends, share).map((z) => z * variety)};
    });
  }

  // On the great arc: on the line, the middle would be shorter than any latent that was trained on.
  function along(first, second, share) {
    const dot = (a, b) => a.reduce((sum, x, i) => sum + x * b[i], 0);
    const cosine = dot(first, second) / Math.sqrt(dot(first, first) * dot(second, second));
    const angle = Math.acos(Math.min(1, Math.max(-1, cosine)));
    const [a, b] = Math.sin(angle) < 1e-6
      ? [1 - share, share]
      : [Math.sin((1 - share) * angle) / Math.sin(angle), Math.sin(share * angle) / Math.sin(angle)];
    return first.map((x, i) => a * x + b * second[i]);
  }

  // A sum of arrays, each with its sign.
  const summed = (terms, arrays) => arrays[0].map((_, k) => terms.reduce((sum, {sign}, i) => sum + sign * arrays[i][k], 0));

  async function addRows({terms, count, seed, variety}) {
    const embeddings = await Promise.all(terms.map(({sentence}) => embed(sentence)));
    const latents = drawn({count, seed, variety});
    return [...embeddings, summed(terms, embeddings)].flatMap((embedding) => latents.map((latent) => ({embedding, latent})));
  }

  async function addLatentsRows({sentence, terms, seed, variety}) {
    const embedding = await embed(sentence);
    const latents = drawn({count: Math.max(...terms.flatMap(({numbers}) => numbers)), seed, variety});
    const parts = terms.map(({numbers}) => numbers.map((number) => latents[number - 1]));
    const means = parts.map((own) => own[0].map((_, k) => own.reduce((sum, latent) => sum + latent[k], 0) / own.length));
    const all = [...parts.flatMap((own, i) => [...own, means[i]]), summed(terms, means)];
    return all.map((latent) => ({embedding, latent}));
  }

  // Returns a PNG file with texts in chunks behind its header, as the command line writes them.
  async function png(image, texts) {
    const canvas = Object.assign(document.createElement("canvas"), {width: run.size, height: run.size});
    const context = canvas.getContext("2d");
    const pixels = context.createImageData(run.size, run.size);
    const channels = image.length / run.size ** 2;
    for (let i = 0; i < run.size ** 2; i++) {
      for (let c = 0; c < 3; c++) {
        // Rounded to the nearest, and cut off at both ends, by the array.
        pixels.data[4 * i + c] = (image[i * channels + Math.min(c, channels - 1)] + 1) * 127.5;
      }
      pixels.data[4 * i + 3] = 255;
    }
    context.putImageData(pixels, 0, 0);
    const file = await new Promise((done) => { canvas.toBlob(done, "image/png"); });
    const HEADER = 33;
    const chunks = Object.entries(texts).map(([name, text]) => textChunk(name, text));
    return new Blob([file.slice(0, HEADER), ...chunks, file.slice(HEADER)], {type: "image/png"});
  }

  function textChunk(name, text) {
    const data = new TextEncoder().encode(`iTXt${name}\0\0\0\0\0${text}`);
    const whole = new DataView(new ArrayBuffer(data.length + 8));
    new Uint8Array(whole.buffer).set(data, 4);
    whole.setUint32(0, data.length - 4);
    let sum = -1;
    for (const byte of data) {
      sum ^= byte;
      for (let bit = 0; bit < 8; bit++) {
        sum = sum >>> 1 ^ (sum & 1 ? 0xedb88320 : 0);
      }
    }
    whole.setUint32(data.length + 4, ~sum);
    return whole.buffer;
  }

  async function paint(asked, onPlace, signal) {
    const painted = await images(await paintRows(asked), signal);
    return Promise.all(painted.map((image, index) => png(image, {
      "Description": asked.sentence, "t2i:seed": asked.seed, "t2i:index": index,
      "t2i:variety": asked.variety, "t2i:run": run.identity, "t2i:pose": "",
    })));
  }

  // What is no picture of one sentence and seed says nothing of how it came.
  const unsaid = (rows) => async (asked, onPlace, signal) => {
    const painted = await images(await rows(asked), signal);
    return Promise.all(painted.map((image) => png(image, {})));
  };

  return {
    runs: async () => [run], paint, morph: unsaid(morphRows),
    add: unsaid(addRows), addLatents: unsaid(addLatentsRows),
    // Before they become pixels, for who wants to compare.
    painted: async (asked) => images(await paintRows(asked)),
  };
})();
