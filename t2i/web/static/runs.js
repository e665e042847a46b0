"use strict";
// Runs that still train: their curves, and their checkpoints as they come.
const LOOK_MS = 3000;
const [CURVE_WIDTH, CURVE_HEIGHT] = [240, 48];

// Looks again and again, where there are runs whose curves can grow.
function watchRuns() {
  if (!runs.some((run) => Object.keys(run.curves ?? {}).length)) {
    return;
  }
  at("training").hidden = false;
  showTraining();
  setInterval(async () => {
    if (!document.hidden) {
      await lookAgain().catch(() => { /* Said where something is painted. */ });
    }
  }, LOOK_MS);
}

async function lookAgain() {
  const before = new Map(runs.map((run) => [run.name, run.identity]));
  runs = await engine.runs();
  describe();
  showTraining();
  const renewed = runs.filter((run) => run.identity !== before.get(run.name));
  if (!renewed.length) {
    return;
  }
  at("renewed").textContent = renewed.map((run) => `${run.name} paints by step ${run.step} now.`).join(" ");
  if (at("follow").checked && at("feed").children.length && !painting) {
    work(latest);
  }
}

function showTraining() {
  at("curves").replaceChildren(...runs.filter((run) => Object.keys(run.curves).length).map((run) =>
    make("div", {}, make("p", {className: "said", textContent: `${run.name}, step ${run.step}`}),
      ...Object.entries(run.curves).map(([name, points]) => curve(name, points)))));
}

function curve(name, points) {
  const [xs, ys] = [points.map(([x]) => x), points.map(([, y]) => y)];
  const share = (value, values) => (value - Math.min(...values)) / (Math.max(...values) - Math.min(...values) || 1);
  const line = points.map(([x, y]) =>
    `${(share(x, xs) * CURVE_WIDTH).toFixed(1)},${((1 - share(y, ys)) * CURVE_HEIGHT).toFixed(1)}`).join(" ");
  const said = `${name}: ${ys.at(-1).toPrecision(3)}, from ${Math.min(...ys).toPrecision(3)} to ` +
    `${Math.max(...ys).toPrecision(3)}; steps ${xs[0]} to ${xs.at(-1)}`;
  const draw = (kind, attributes) => {
    const node = document.createElementNS("http://www.w3.org/2000/svg", kind);
    Object.entries(attributes).forEach(([key, value]) => node.setAttribute(key, value));
    return node;
  };
  const picture = draw("svg", {
    viewBox: `-2 -2 ${CURVE_WIDTH + 4} ${CURVE_HEIGHT + 4}`, role: "img", "aria-label": said, class: "curve",
  });
  picture.append(draw("polyline", {points: line}));
  return make("figure", {}, picture, make("figcaption", {textContent: said}));
}
