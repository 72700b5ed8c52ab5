// Says when something has come since the page was made. The page works without it.
const shown = document.body.dataset.version;
const note = document.getElementById("nytt");

async function look() {
  try {
    const answer = await fetch("/_version", { cache: "no-store" });
    note.hidden = (await answer.json()).version === shown;
  } catch {
    // The archive is stopped: there is nothing to say.
  }
}

setInterval(() => document.hidden || look(), 3000);
