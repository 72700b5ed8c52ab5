/**
 * Leaving this phone, by signing out, erasing or emptying it: what is not sent is asked about first, and the phone is empty
 * before the form goes on. app.js loads it when such a form is sent; without it the server asks the browser to forget.
 *
 *   <form data-leaves="address of this file">  and once on its page the component leaving
 */
import { allDrafts, emptyDrafts } from "./draft.js";
import { drain, emptyOutbox, items, sender } from "./outbox.js";

const PATIENCE_MS = 5000;
const LONGEST_TITLE = 80;

/** @returns {Promise<{title: string, draft: boolean}[]>} what would be lost: what waits, then drafts */
async function unsent() {
  const waiting = (await items()).map((item) => ({ title: item.title, draft: false }));
  const drafts = (await allDrafts()).map(({ values }) => ({ title: values.title ?? values.body ?? "", draft: true }));
  return [...waiting, ...drafts];
}

/** Ask first, if there is anything to lose; then empty the phone, and send the form. @param {HTMLFormElement} form */
export async function leave(form) {
  const lost = await unsent();
  if (lost.length > 0 && !(await agreed(lost))) return;
  const here = await sender(); // asked before anything is thrown away
  document.getElementById("leaving-silent").hidden = Boolean(here);
  if (!here) return;
  await emptyPhone();
  form.elements.namedItem("csrf_token").value = here.token;
  HTMLFormElement.prototype.submit.call(form);
}

/** @param {{title: string, draft: boolean}[]} lost @returns {Promise<boolean>} whether to go on */
function agreed(lost) {
  const dialog = document.getElementById("leaving");
  const [send, stay, go] = ["send", "stay", "go"].map((name) => document.getElementById(`leaving-${name}`));
  show(dialog, send, lost);
  dialog.querySelector("[data-failed]").hidden = true;
  return new Promise((done) => {
    const answer = (value) => () => dialog.close(value);
    stay.onclick = answer("stay");
    go.onclick = answer("go");
    send.onclick = async () => {
      await drain({ force: true, wait: true }).catch(() => {});
      const left = await unsent();
      if (left.length === 0) return dialog.close("go");
      show(dialog, send, left);
      dialog.querySelector("[data-failed]").hidden = false;
    };
    dialog.returnValue = "stay"; // Escape
    dialog.onclose = () => done(dialog.returnValue === "go");
    dialog.showModal();
    document.getElementById("leaving-heading").focus();
  });
}

function show(dialog, send, lost) {
  const lines = lost.map(({ title, draft }) => {
    const line = document.createElement("li");
    const name = title.slice(0, LONGEST_TITLE) || dialog.dataset.nameless;
    line.textContent = draft ? dialog.dataset.draft.replace("{title}", name) : name;
    return line;
  });
  dialog.querySelector("[data-list]").replaceChildren(...lines);
  send.hidden = lost.every(({ draft }) => draft);
}

/** Each by itself: what one browser forbids must not keep the rest. */
async function emptyPhone() {
  await Promise.allSettled([alone(emptyOutbox), emptyDrafts(), forgetPages(), endPush()]);
  for (const kept of [globalThis.localStorage, globalThis.sessionStorage]) kept?.clear();
}

/** Not while something is being sent, which would write its title afterwards; but nobody waits long for that. */
async function alone(work) {
  if (!navigator.locks) return work();
  return navigator.locks.request("outbox", { signal: AbortSignal.timeout(PATIENCE_MS) }, work).catch(work);
}

async function forgetPages() {
  for (const name of await caches.keys()) if (name.startsWith("pages-")) await caches.delete(name);
}

async function endPush() {
  const registration = await navigator.serviceWorker?.getRegistration();
  await (await registration?.pushManager?.getSubscription())?.unsubscribe();
}
