"use strict";
// The engine that asks the server: what page.js knows of where pictures come from.
const engine = (() => {
  async function runs() {
    const answer = await fetch("runs");
    return (await answer.json()).runs;
  }

  // Returns PNG files, as Blobs.
  async function ask(path, asked, onPlace, signal) {
    return (await said(path, JSON.stringify(asked), "application/json", onPlace, signal)).pictures;
  }

  // Returns what the server says in the end; says the place in the queue on the way.
  async function said(path, body, type, onPlace, signal) {
    const answer = await fetch(path, {method: "POST", signal, body, headers: {"content-type": type}});
    if (!answer.ok) {
      throw new Error((await answer.json()).error);
    }
    for await (const line of lines(answer.body)) {
      const told = JSON.parse(line);
      if (told.error) {
        throw new Error(told.error);
      }
      if (told.pictures) {
        return {...told, pictures: told.pictures.map(blob)};
      }
      onPlace(told.place);
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
    restyle: (asked, onPlace, signal) => ask("restyle", asked, onPlace, signal),
    // Returns the picture as it is looked at, painted again, and its latent.
    invert: async (asked, file, onPlace, signal) => {
      const {pictures: [square, again], latent} =
        await said(`photo?${new URLSearchParams(asked)}`, file, "application/octet-stream", onPlace, signal);
      return {square, again, latent};
    },
  };
})();
