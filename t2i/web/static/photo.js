"use strict";
// One's own picture: every chosen run that can finds its latent, and paints it for a sentence.
// What was found last: [{run, square, again, latent}], and of which file and words.
let found = [];

function offerPhoto() {
  at("photo").hidden = !runs.some((run) => run.photo);
  at("file").addEventListener("change", () => at("file").files.length && work(invert));
  at("photo").addEventListener("submit", (event) => { event.preventDefault(); work(restyle); });
  for (const id of ["shows", "restyled"]) {
    at(id).addEventListener("keydown", (event) => {
      if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
        event.preventDefault();
        at("photo").requestSubmit();
      }
    });
  }
  at("shows").addEventListener("input", () => { found = []; });
  at("runs").addEventListener("change", () => { found = []; });
  for (const kind of ["dragover", "dragleave", "drop"]) {
    at("photo").addEventListener(kind, (event) => {
      event.preventDefault();
      at("photo").classList.toggle("over", kind === "dragover");
    });
  }
  at("photo").addEventListener("drop", ({dataTransfer: {files}}) => {
    if (files.length) {
      at("file").files = files;
      work(invert);
    }
  });
}

async function look(signal, onPlace) {
  const [file] = at("file").files;
  if (!file) {
    at("file").focus();
    throw new Error("Choose a picture first.");
  }
  const by = chosen().filter((run) => run.photo);
  if (!by.length) {
    throw new Error("Choose a run that finds latents: t2i train-inversion makes one of it.");
  }
  const caption = at("shows").value.trim();
  at("status").textContent = "Looking at the picture …";
  found = await Promise.all(by.map(async (run) => {
    const asked = caption ? {run: run.name, caption} : {run: run.name};
    return {run, ...await engine.invert(asked, file, onPlace, signal)};
  }));
}

async function invert(signal, onPlace) {
  found = [];
  await look(signal, onPlace);
  return photoEntry(at("file").files[0].name, "your picture, painted again", found.map(() => []));
}

async function restyle(signal, onPlace) {
  const sentence = at("restyled").value.trim();
  if (!sentence) {
    at("restyled").focus();
    throw new Error("Type a sentence to paint your picture for.");
  }
  if (!found.length) {
    await look(signal, onPlace);
  }
  const files = await Promise.all(found.map(({run, latent}) =>
    engine.restyle({run: run.name, sentence, latent}, onPlace, signal)));
  return photoEntry(sentence, `your picture for “${sentence}”`, files);
}

// For each run: the picture, painted again, and what else was painted.
function photoEntry(title, said, files) {
  const urls = [];
  const figure = (file, alt, caption) => {
    const url = URL.createObjectURL(file);
    urls.push(url);
    return make("figure", {}, make("img", {src: url, alt}), make("figcaption", {}, caption));
  };
  const sides = found.map(({run, square, again}, index) => {
    const painted = files[index].map((file) => {
      const node = figure(file, title, "");
      const name = fileName(title, "photo", index);
      node.lastChild.append(make("a", {
        href: node.firstChild.src, download: name, textContent: "download", ariaLabel: `download: ${title}`,
      }));
      return node;
    });
    const heading = runs.length > 1 ? [make("p", {className: "said", textContent: run.name})] : [];
    return make("div", {}, ...heading, make("div", {className: "grid"},
      figure(square, "your picture", "your picture"), figure(again, "your picture, painted again", "painted again"), ...painted));
  });
  const article = make("article", {className: "card", urls}, make("h2", {textContent: title}), make("div", {className: "side"}, ...sides));
  article.dataset.said = said;
  return article;
}
