/**
 * Lists what waits on this phone, and what has been sent from it. Made by the component waiting; shown only when there is something.
 *
 *   <section data-island="waiting">    one <template> for an item, with one sentence for each [data-state]
 *   <section data-island="sent-here">  one <template> for what has been sent
 */
import { change, drain, forgetItem, isOld, items, sent } from "./outbox.js";

const SENDING_MS = 90_000;

/** @param {object} item  @param {number} now @returns {string} which sentence is said of it */
export function stateOf(item, now) {
  if (item.state === "waiting" && isOld(item, now)) return "old";
  if (item.state === "waiting" && now - (item.sending || 0) < SENDING_MS) return "sending";
  return item.state;
}

/** @param {object} item @returns {string} all that somebody wrote, to be copied */
export function textOf(item) {
  return item.fields
    .filter(([name, value]) => ["title", "body", "place"].includes(name) && value)
    .map(([, value]) => value)
    .join("\n\n");
}

async function showWaiting(section) {
  const waiting = await items();
  const now = JSON.stringify(waiting.map((item) => [item.key, item.title, item.reason, stateOf(item, Date.now())]));
  if (section.dataset.shown === now) return; // what somebody has opened stays open
  section.dataset.shown = now;
  const list = section.querySelector("[data-list]");
  const open = list.contains(document.activeElement) ? document.activeElement.id : "";
  const opened = [...list.querySelectorAll("details[open] [data-do=erase]")].map((button) => button.id);
  list.replaceChildren(...waiting.map((item) => row(section, item)));
  for (const id of opened) document.getElementById(id)?.closest("details").setAttribute("open", "");
  if (open) (document.getElementById(open) ?? document.getElementById("main"))?.focus({ preventScroll: true });
  section.hidden = waiting.length === 0;
}

function row(section, item) {
  const made = section.querySelector("template").content.firstElementChild.cloneNode(true);
  const state = stateOf(item, Date.now());
  made.querySelector("[data-title]").textContent = item.title;
  for (const sentence of made.querySelectorAll("[data-state]")) sentence.hidden = sentence.dataset.state !== state;
  made.querySelector("[data-reason]").textContent = state === "refused" ? item.reason : "";
  const [go, mend, copy, erase] = ["go", "mend", "copy", "erase"].map((name) => made.querySelector(`[data-do="${name}"]`));
  for (const button of [go, mend, copy, erase]) button.id = `${button.dataset.do}-${item.key}`;
  mend.href = `${item.page}?utkast=${encodeURIComponent(item.key)}`;
  go.hidden = ["refused", "sending", "shared"].includes(state);
  mend.hidden = state === "sending";
  made.querySelector("details").hidden = state === "sending"; // it may have arrived: what is under way is not thrown away
  copy.hidden = !navigator.clipboard;
  go.addEventListener("click", async () => {
    await change(item.key, { state: "waiting", agreed: true, next: 0 });
    await drain({ force: true });
  });
  copy.addEventListener("click", async () => {
    await navigator.clipboard.writeText(textOf(item));
    document.getElementById("status").textContent = section.dataset.copied;
  });
  erase.addEventListener("click", () => forgetItem(item.key));
  return made;
}

async function showSent(section) {
  const all = await sent();
  const one = section.querySelector("template").content.firstElementChild;
  const rows = all.map((item) => {
    const made = one.cloneNode(true);
    const link = made.querySelector("a");
    link.textContent = item.title;
    link.href = item.receipt;
    made.querySelector("time").textContent = new Date(item.at).toLocaleDateString(document.documentElement.lang);
    return made;
  });
  section.querySelector("[data-list]").replaceChildren(...rows);
  section.hidden = rows.length === 0;
}

function show() {
  for (const section of document.querySelectorAll('[data-island="waiting"]')) showWaiting(section).catch(() => {});
  for (const section of document.querySelectorAll('[data-island="sent-here"]')) showSent(section).catch(() => {});
}

if (globalThis.document) {
  show();
  if (globalThis.BroadcastChannel) new BroadcastChannel("outbox").addEventListener("message", show);
}
