/**
 * Sends a form by the outbox: what is written is on the phone before it leaves, and stays there until we have said that we
 * have it. Where the phone cannot keep anything, the browser sends the form as it always did. app.js loads it when somebody
 * begins to write.
 *
 *   <form data-island="draft screen outbox" data-script="…" data-who="…" data-sending="…" data-no-room="…" data-not-kept="…">
 *   <template id="kept-on-phone">  what takes the form's place when the net is away
 */
import { forget, freshId } from "./draft.js";
import { change, drain, forgetItem, items, NoRoom, photosOf, put, roomLeft, sender, sent } from "./outbox.js";

const PATIENCE_MS = 20_000;
const LITTLE_ROOM = 5 * 1024 * 1024;

/** @param {HTMLFormElement} form @returns {HTMLInputElement} */
const keyOf = (form) => form.elements.namedItem("submission_id");

/** @param {HTMLFormElement} form */
function start(form) {
  if (form.dataset.outboxOn || !globalThis.indexedDB) return;
  form.dataset.outboxOn = "yes";
  let busy = false;
  form.addEventListener("submit", async (event) => {
    if (event.defaultPrevented) return;
    const whole = form.checkValidity();
    if (!whole && navigator.onLine && form.elements.namedItem("csrf_token")) return; // the server says what is missing
    event.preventDefault();
    if (busy) return;
    busy = true;
    try {
      if (whole) await send(form);
      else if (navigator.onLine) await byBrowser(form);
      else form.reportValidity();
    } finally {
      busy = false;
    }
  });
  roomLeft().then((room) => room < LITTLE_ROOM && complain(form, form.dataset.noRoom));
  mend(form).catch(() => {});
}

/** @param {HTMLFormElement} form */
async function send(form) {
  say(form.dataset.sending);
  const photos = [...form.querySelectorAll('input[type="file"]')].flatMap((input) =>
    [...input.files].map((file) => ({ field: input.name, name: file.name, blob: file })),
  );
  const fields = [...new FormData(form)].filter(([name, value]) => typeof value === "string" && name !== "csrf_token");
  let item;
  try {
    item = await itemOf(form, fields);
    await put(item, photos, form.dataset.mends);
  } catch (fault) {
    if (navigator.onLine) return byBrowser(form);
    return complain(form, fault instanceof NoRoom ? form.dataset.noRoom : form.dataset.notKept);
  }
  navigator.storage?.persist?.().catch(() => {});
  await Promise.race([drain({ force: true, wait: true }), new Promise((done) => setTimeout(done, PATIENCE_MS))]).catch(() => {});
  const gone = (await sent()).find((one) => one.key === item.key);
  if (gone) {
    form.dataset.arrived = "yes";
    await forgetDraft(form);
    return location.assign(gone.receipt);
  }
  const there = (await items()).find((one) => one.key === item.key);
  if (there?.state === "refused") {
    await forgetItem(item.key); // it is all in the form still, and the page that comes says what is wrong, and where
    return byBrowser(form);
  }
  await showKept(form, item.key);
}

/** @param {HTMLFormElement} form  @param {[string, string][]} fields @returns {Promise<object>} */
async function itemOf(form, fields) {
  const id = keyOf(form);
  const said = (all) => JSON.stringify(all.filter(([name]) => name !== "submission_id"));
  const twin = (await items()).find((one) => one.key === id.value);
  const another = twin && twin.key !== form.dataset.mends && said(twin.fields) !== said(fields);
  if (!id.value || another) id.value = freshId(); // other words under a key that waits would take its place
  const key = id.value;
  return {
    key,
    address: new URL(form.action).pathname,
    page: location.pathname,
    fields: [...fields.filter(([name]) => name !== "submission_id"), ["submission_id", key]],
    title: form.elements.namedItem("title")?.value ?? "",
    who: form.dataset.who ?? globalThis.localStorage?.getItem("who") ?? "",
    at: Date.now(),
    state: "waiting",
    tries: 0,
    next: 0,
    reason: "",
    sending: 0,
  };
}

/** Let the browser send it; a page that was kept on the phone has no token, and gets one first. @param {HTMLFormElement} form */
async function byBrowser(form) {
  const here = await sender();
  let token = form.elements.namedItem("csrf_token");
  if (!token) {
    token = document.createElement("input");
    token.type = "hidden";
    token.name = "csrf_token";
    form.append(token);
  }
  if (here) token.value = here.token;
  if (!keyOf(form).value) keyOf(form).value = freshId();
  HTMLFormElement.prototype.submit.call(form); // form.submit is the button of that id
}

/** @param {HTMLFormElement} form  @param {string} key */
async function showKept(form, key) {
  const box = document.getElementById("kept-on-phone").content.firstElementChild.cloneNode(true);
  form.replaceWith(box);
  box.querySelector("h2").focus();
  await forgetDraft(form);
  try {
    const registration = await navigator.serviceWorker?.ready;
    await registration?.sync?.register("outbox");
  } catch {
    // the next page that is opened sends it
  }
  const channel = new BroadcastChannel("outbox");
  channel.addEventListener("message", async ({ data }) => {
    if (data.key !== key || !["sent", "refused"].includes(data.state)) return;
    for (const part of box.querySelectorAll("[data-when]")) part.hidden = part.dataset.when !== data.state;
    const gone = (await sent()).find((one) => one.key === key);
    if (gone) box.querySelector("[data-receipt-link]").href = gone.receipt;
    say(box.querySelector(`[data-when="${data.state}"]`).textContent.trim());
  });
}

/** @param {HTMLFormElement} form */
async function forgetDraft(form) {
  if (form.dataset.draft) await forget(form.dataset.draft).catch(() => {});
}

/** ?utkast=<key>: what waits is opened again, to be changed. @param {HTMLFormElement} form */
async function mend(form) {
  const key = new URLSearchParams(location.search).get("utkast");
  const item = key && (await items()).find((one) => one.key === key);
  if (!item || item.page !== location.pathname) return;
  await change(key, { state: item.state === "shared" ? "shared" : "mending" });
  form.dataset.mends = key;
  keyOf(form).value = key;
  for (const control of form.elements) {
    if (!control.name || ["file", "hidden", "submit", "button"].includes(control.type)) continue;
    const values = item.fields.filter(([name]) => name === control.name).map(([, value]) => value);
    if (["radio", "checkbox"].includes(control.type)) control.checked = values.includes(control.value);
    else control.value = values[0] ?? "";
  }
  form.addEventListener("input", () => (keyOf(form).value = freshId()), { once: true }); // other words are another submission
  await givePhotos(form, await photosOf(key));
}

async function givePhotos(form, photos) {
  for (const input of form.querySelectorAll('input[type="file"]')) {
    const own = photos.filter((photo) => photo.field === input.name);
    if (own.length === 0) continue;
    const all = new DataTransfer();
    for (const photo of own) all.items.add(new File([photo.blob], photo.name, { type: photo.blob.type }));
    input.files = all.files;
    input.dispatchEvent(new Event("change"));
  }
}

/** @param {HTMLFormElement} form  @param {string} sentence */
function complain(form, sentence) {
  let box = document.getElementById("not-kept");
  if (!box) {
    box = document.createElement("div");
    box.id = "not-kept";
    box.className = "notice notice--error";
    box.setAttribute("role", "alert");
    const text = document.createElement("p");
    text.className = "notice__text";
    box.append(text);
    form.prepend(box);
  }
  box.querySelector("p").textContent = sentence;
}

function say(sentence) {
  const status = document.getElementById("status");
  if (status) status.textContent = sentence;
}

function startAll() {
  for (const form of document.querySelectorAll('form[data-island~="outbox"]')) start(form);
}
startAll();
document.addEventListener("htmx:after:swap", startAll);
