"use strict";
// The page: what is typed goes to `engine`, what it paints is shown. It knows no server.
const at = (id) => document.getElementById(id);
// Grids kept on the page; older ones give their memory back.
const KEPT = 12;
const STEPS = 17;
const FRAME_MS = 80;
let runs = [];
let painting = null;
// What was asked for last, so that another checkpoint can paint it too.
let latest = null;

function make(name, properties = {}, ...children) {
  const node = Object.assign(document.createElement(name), properties);
  node.append(...children);
  return node;
}

// What the form says; the names are those of the engine.
function asked() {
  return {
    sentence: at("sentence").value.trim(), count: at("count").valueAsNumber,
    seed: at("seed").valueAsNumber, variety: at("variety").valueAsNumber,
  };
}

function chosen() {
  const boxes = [...at("runs").querySelectorAll("input")];
  const names = boxes.filter((box) => box.checked).map((box) => box.value);
  const by = runs.filter((run) => runs.length === 1 || names.includes(run.name));
  if (!by.length) {
    throw new Error("Choose at least one run to paint with.");
  }
  return by;
}

// Paints by one thing at a time: another click takes the place of what still waits.
async function work(act) {
  painting?.abort();
  const own = painting = new AbortController();
  latest = act;
  at("error").textContent = "";
  at("status").textContent = "Painting …";
  const started = performance.now();
  try {
    const article = await act(own.signal, (place) => {
      at("status").textContent = place > 0 ? `Waiting: number ${place} in the queue.` : "Painting …";
    });
    if (own !== painting) {
      return;
    }
    keep(article);
    const {top} = article.getBoundingClientRect();
    if (top < 0 || top > innerHeight / 2) {
      at("status").scrollIntoView();
    }
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    at("status").textContent = `Done: ${article.dataset.said}, in ${seconds} s.`;
  } catch (error) {
    if (own === painting) {
      at("status").textContent = "";
      at("error").textContent = error instanceof TypeError ? "The server does not answer; is it running?" : error.message;
    }
  } finally {
    painting = own === painting ? null : painting;
  }
}

function keep(article) {
  at("feed").prepend(article);
  while (at("feed").children.length > KEPT) {
    const oldest = at("feed").lastElementChild;
    oldest.urls.forEach(URL.revokeObjectURL);
    oldest.remove();
  }
}

async function paint(signal, onPlace) {
  const wanted = asked();
  const by = chosen();
  const urls = [];
  const sides = await Promise.all(by.map(async (run) => {
    const files = await engine.paint({run: run.name, ...wanted}, onPlace, signal);
    const figures = files.map((file, index) => {
      const url = URL.createObjectURL(file);
      urls.push(url);
      const name = fileName(wanted.sentence, wanted.seed, index);
      return make("figure", {},
        make("img", {src: url, alt: `${wanted.sentence} (${index + 1} of ${files.length})`}),
        make("figcaption", {}, make("a", {
          href: url, download: name, textContent: "download",
          ariaLabel: `download picture ${index + 1} of ${files.length}: ${wanted.sentence}`,
        })));
    });
    const title = runs.length > 1 ? [make("p", {className: "said", textContent: run.name})] : [];
    return make("div", {}, ...title, make("div", {className: "grid"}, ...figures));
  }));
  const link = hash({...wanted, runs: by.map((run) => run.name)});
  return entry(wanted.sentence, urls, sides, link,
    `seed ${wanted.seed}, variety ${wanted.variety}`,
    `${urls.length} picture${urls.length > 1 ? "s" : ""} of “${wanted.sentence}”`);
}

async function morph(signal, onPlace) {
  const {sentence, seed, variety} = asked();
  const second = at("second").value.trim() || sentence;
  const secondSeed = at("second-seed").value === "" ? seed : at("second-seed").valueAsNumber;
  if (second === sentence && secondSeed === seed) {
    at("second").focus();
    throw new Error("Type another sentence, or another seed, to go to.");
  }
  const wanted = {first: sentence, second, seed, second_seed: secondSeed, variety, steps: STEPS};
  const by = chosen();
  const urls = [];
  const sides = await Promise.all(by.map(async (run) => {
    const files = await engine.morph({run: run.name, ...wanted}, onPlace, signal);
    return way(run, wanted, files, urls);
  }));
  const link = hash({sentence, seed, variety, second, secondSeed, runs: by.map((run) => run.name)});
  const named = second === sentence ? sentence : `${sentence} → ${second}`;
  return entry(named, urls, sides, link, `seed ${seed === secondSeed ? seed : `${seed} → ${secondSeed}`}`,
    `the way from “${sentence}” to “${second}”`);
}

// One picture, and a slider that goes along the way.
function way(run, wanted, files, urls) {
  const own = files.map((file) => URL.createObjectURL(file));
  urls.push(...own);
  const image = make("img", {src: own[0], alt: wanted.first});
  const slider = make("input", {type: "range", min: 0, max: files.length - 1, value: 0, ariaLabel: "How far along the way"});
  slider.addEventListener("input", () => {
    const share = Math.round(100 * slider.value / (files.length - 1));
    image.src = own[slider.value];
    image.alt = share === 0 ? wanted.first : share === 100 ? wanted.second : `${share} % of the way from ${wanted.first} to ${wanted.second}`;
    slider.setAttribute("aria-valuetext", `${share} %`);
  });
  const gif = make("button", {type: "button", textContent: "Download as a GIF"});
  gif.addEventListener("click", async () => {
    const link = URL.createObjectURL(encodeGif(await pixelsOf(files), FRAME_MS));
    urls.push(link);
    make("a", {href: link, download: fileName(`${wanted.first} to ${wanted.second}`, wanted.seed, 0, "gif")}).click();
  });
  const ends = make("p", {className: "ends"}, make("span", {textContent: wanted.first}), make("span", {textContent: wanted.second}));
  const title = runs.length > 1 ? [make("p", {className: "said", textContent: run.name})] : [];
  return make("div", {className: "way"}, ...title, image, slider, ends, gif);
}

function entry(title, urls, sides, link, how, said) {
  const article = make("article", {className: "card", urls},
    make("h2", {textContent: title}),
    make("p", {className: "said"}, `${how} · `, make("a", {href: link, textContent: "link that paints it again"})),
    make("div", {className: "side"}, ...sides));
  article.dataset.said = said;
  return article;
}

async function pixelsOf(files) {
  return Promise.all(files.map(async (file) => {
    const bitmap = await createImageBitmap(file);
    const canvas = make("canvas", {width: bitmap.width, height: bitmap.height});
    const context = canvas.getContext("2d");
    context.drawImage(bitmap, 0, 0);
    return context.getImageData(0, 0, bitmap.width, bitmap.height);
  }));
}

function fileName(sentence, seed, index, ending = "png") {
  const words = sentence.toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "").slice(0, 60);
  return `${words || "picture"}_${seed}_${index}.${ending}`;
}

function hash({runs: names, ...values}) {
  const pairs = [...Object.entries(values), ...names.map((name) => ["run", name])];
  return `#${new URLSearchParams(pairs)}`;
}

// Paints what the address says, if it says something.
function follow() {
  const said = new URLSearchParams(location.hash.slice(1));
  if (!said.get("sentence") && !said.get("sum")) {
    return;
  }
  for (const id of ["sentence", "count", "seed", "variety", "second", "sum"]) {
    at(id).value = said.get(id) ?? at(id).defaultValue;
  }
  at("second-seed").value = said.get("secondSeed") ?? "";
  for (const box of at("runs").querySelectorAll("input")) {
    box.checked = !said.has("run") || said.getAll("run").includes(box.value);
  }
  show();
  if (said.has("sum")) {
    work(addUp);
  } else if (at("paint").reportValidity()) {
    work(said.has("second") ? morph : paint);
  }
}

function show() {
  at("variety-said").textContent = at("variety").valueAsNumber.toFixed(1);
  const [enlarge] = document.querySelectorAll("input[name=enlarge]:checked");
  at("feed").classList.toggle("nearest", enlarge.value === "nearest");
}

function describe() {
  at("about").textContent = runs.map((run) => `${run.name}: ${run.size} pixels, ${run.identity}`).join(" · ");
}

async function begin() {
  runs = await engine.runs();
  describe();
  const examples = [...new Set(runs.flatMap((run) => run.examples))].slice(0, 8);
  at("examples").append(...examples.map((text) => {
    const button = make("button", {type: "button", textContent: text});
    button.addEventListener("click", () => {
      at("sentence").value = text;
      at("paint").requestSubmit();
    });
    return button;
  }));
  if (runs.length > 1) {
    at("runs").hidden = false;
    at("runs").append(...runs.map((run) => make("label", {className: "choice"},
      make("input", {type: "checkbox", value: run.name, checked: true}), run.name)));
  }
  at("paint").addEventListener("submit", (event) => { event.preventDefault(); work(paint); });
  at("morph").addEventListener("submit", (event) => {
    event.preventDefault();
    if (at("paint").reportValidity()) {
      work(morph);
    }
  });
  at("add").addEventListener("submit", (event) => { event.preventDefault(); work(addUp); });
  for (const id of ["sentence", "sum"]) {
    at(id).addEventListener("keydown", (event) => {
      if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
        event.preventDefault();
        at(id).form.requestSubmit();
      }
    });
  }
  at("die").addEventListener("click", () => {
    at("seed").value = Math.floor(Math.random() * 2 ** 31);
    if (at("sentence").value.trim()) {
      at("paint").requestSubmit();
    }
  });
  // Where the engine can: a page of its own has none.
  globalThis.offerPhoto?.();
  document.addEventListener("input", show);
  addEventListener("hashchange", follow);
  watchRuns();
  follow();
}

begin().catch(() => { at("error").textContent = "The server does not answer; is it running?"; });
