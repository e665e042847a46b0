"use strict";
// The engine that asks the server: what page.js knows of where pictures come from.
const engine = (() => {
  async function runs() {
    const answer = await fetch("runs");
    return (await answer.json()).runs;
  }

  // Returns PNG files, as Blobs; says the place in the queue on the way.
  async function ask(path, asked, onPlace, signal) {
    const answer = await fetch(path, {
      method: "POST", signal, body: JSON.stringify(asked), headers: {"content-type": "application/json"},
    });
    if (!answer.ok) {
      throw new Error((await answer.json()).error);
    }
    for await (const line of lines(answer.body)) {
      const said = JSON.parse(line);
      if (said.error) {
        throw new Error(said.error);
      }
      if (said.pictures) {
        return said.pictures.map(blob);
      }
      onPlace(said.place);
    }
    throw new Error("The server stopped; start it again.");
  }

  async function* lines(body) {
    const reader = body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = "";
    for (;;) {
      const {value, done} = await reader.read();
      if (done) {
        return;
      }
      const parts = (rest + value).split("\n");
      rest = parts.pop();
      yield* parts;
    }
  }

  function blob(base64) {
    const text = atob(base64);
    const bytes = new Uint8Array(text.length);
    for (let i = 0; i < text.length; i++) {
      bytes[i] = text.charCodeAt(i);
    }
    return new Blob([bytes], {type: "image/png"});
  }

  return {
    runs,
    paint: (asked, onPlace, signal) => ask("paint", asked, onPlace, signal),
    morph: (asked, onPlace, signal) => ask("morph", asked, onPlace, signal),
    add: (asked, onPlace, signal) => ask("add", asked, onPlace, signal),
    addLatents: (asked, onPlace, signal) => ask("add-latents", asked, onPlace, signal),
  };
})();
