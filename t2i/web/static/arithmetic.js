"use strict";
// Sums of sentences, or of pictures' latents; painting/arithmetic.py says what they are.
const MOST_TERMS = 6;
const MOST_SUMMED = 8;

// Returns the terms of "a red bird - red + blue"; a sign stands between spaces.
function readSum(text) {
  const [first, ...rest] = text.split(/(?:^|\s)([-+\u2212])(?=\s|$)/).map((part) => part.trim());
  const terms = [{sign: 1, text: first}];
  for (let i = 0; i < rest.length; i += 2) {
    terms.push({sign: rest[i] === "+" ? 1 : -1, text: rest[i + 1]});
  }
  if (terms.length < 2 || terms.length > MOST_TERMS || !terms.every((term) => term.text)) {
    throw new Error(`Type 2 to ${MOST_TERMS} terms with a + or - between them: a red bird - red + blue`);
  }
  return terms;
}

const isNumbered = ({text}) => /^\d+(\s*,\s*\d+)*$/.test(text);

async function addUp(signal, onPlace) {
  const {sentence, count, seed, variety} = asked();
  const text = at("sum").value.trim();
  const terms = readSum(text);
  const numbered = terms.every(isNumbered);
  if (numbered && !sentence) {
    at("sentence").focus();
    throw new Error("Type the sentence above whose pictures the numbers are of.");
  }
  const rows = terms.map((term) => numbered ? numbersOf(term) : Array(Math.min(count, MOST_SUMMED)).fill(0));
  const wanted = numbered
    ? {sentence, seed, variety, terms: terms.map(({sign}, i) => ({sign, numbers: rows[i]}))}
    : {count: rows[0].length, seed, variety, terms: terms.map(({sign, text: said}) => ({sign, sentence: said}))};
  const by = chosen();
  const urls = [];
  const sides = await Promise.all(by.map(async (run) => {
    const act = numbered ? engine.addLatents : engine.add;
    const files = await act({run: run.name, ...wanted}, onPlace, signal);
    const shown = numbered ? latentRows(sentence, terms, rows) : sentenceRows(terms, rows[0].length);
    const title = runs.length > 1 ? [make("p", {className: "said", textContent: run.name})] : [];
    return make("div", {}, ...title, ...shown.map((row) => sumRow(row, files, urls)));
  }));
  const link = hash({sum: text, sentence, count, seed, variety, runs: by.map((run) => run.name)});
  return entry(text, urls, sides, link, `seed ${seed}, variety ${variety}`, `the sum ${text}`);
}

const numbersOf = ({text}) => text.split(",").map(Number);
const withSign = ({sign, text}, i) => i === 0 ? text : `${sign > 0 ? "+" : "\u2212"} ${text}`;

// What stands beside the pictures of each row, and their alternative texts.
function sentenceRows(terms, count) {
  const whole = terms.map(withSign).join(" ");
  return [...terms.map((term, i) => [withSign(term, i), term.text]), [`= ${whole}`, whole]].map(([label, alt]) =>
    ({label, alts: Array.from({length: count}, (_, k) => `${alt} (${k + 1} of ${count})`)}));
}

function latentRows(sentence, terms, rows) {
  const whole = terms.map(withSign).join(" ");
  const shown = terms.map((term, i) => ({
    label: `${withSign(term, i)}, and their mean`,
    alts: [...rows[i].map((number) => `${sentence} (picture ${number})`), `${sentence} (mean of ${term.text})`],
  }));
  return [...shown, {label: `= ${whole}`, alts: [`${sentence} (${whole})`]}];
}

// Takes as many of the files as the row has pictures.
function sumRow({label, alts}, files, urls) {
  const figures = files.splice(0, alts.length).map((file, i) => {
    const url = URL.createObjectURL(file);
    urls.push(url);
    return make("figure", {}, make("img", {src: url, alt: alts[i]}));
  });
  return make("div", {className: "term"}, make("p", {className: "said", textContent: label}),
    make("div", {className: "grid"}, ...figures));
}
