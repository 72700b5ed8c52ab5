/**
 * Keeps what is being written on the phone, in IndexedDB, and gives it back after a reload, a crash or a lost net.
 *
 *   <form data-island="draft" data-draft="idea">  … <input type="hidden" name="submission_id">
 *   <form … data-arrived>                         set by sending.js: we have it, and nothing more is kept of it
 *   <div data-receipt="<submission_id>">          on the receipt: the draft of that id is done with
 *
 * Only text fields and choices are kept: never a hidden field, a file, a password or an e-mail address.
 * A connection is opened for each operation, because iOS closes them in the background.
 */
const words = JSON.parse(document.getElementById("words")?.textContent ?? "{}");
const QUIET_MS = 2000;

/** @returns {Promise<IDBDatabase>} */
function open() {
  return new Promise((resolve, reject) => {
    const asked = indexedDB.open("innbyggerlab-drafts", 1);
    asked.onupgradeneeded = () => asked.result.createObjectStore("drafts", { keyPath: "name" });
    asked.onsuccess = () => {
      asked.result.onversionchange = () => asked.result.close();
      resolve(asked.result);
    };
    asked.onerror = () => reject(asked.error);
  });
}

/** @param {IDBTransactionMode} mode @param {(store: IDBObjectStore) => IDBRequest} work */
async function withStore(mode, work) {
  const database = await open();
  try {
    return await new Promise((resolve, reject) => {
      const transaction = database.transaction("drafts", mode);
      const request = work(transaction.objectStore("drafts"));
      transaction.oncomplete = () => resolve(request.result);
      transaction.onerror = () => reject(transaction.error);
      transaction.onabort = () => reject(transaction.error);
    });
  } finally {
    database.close();
  }
}

/** A random id, also on plain http where crypto.randomUUID is missing. @returns {string} */
export function freshId() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

/** @param {HTMLFormElement} form @returns {(HTMLInputElement|HTMLTextAreaElement)[]} */
function controls(form) {
  const never = ["hidden", "file", "password", "email", "submit", "button", "reset"];
  return [...form.elements].filter((one) => one.name && "value" in one && !never.includes(one.type));
}

/** @param {HTMLFormElement} form @returns {Record<string, string>} */
export function read(form) {
  const values = {};
  for (const one of controls(form)) {
    if (["radio", "checkbox"].includes(one.type)) {
      if (one.checked) values[one.name] = one.value;
    } else if (one.value) values[one.name] = one.value;
  }
  return values;
}

/** @param {HTMLFormElement} form @param {Record<string, string>} values */
function fill(form, values) {
  for (const one of controls(form)) {
    if (["radio", "checkbox"].includes(one.type)) one.checked = values[one.name] === one.value;
    else one.value = values[one.name] ?? "";
  }
}

/** As the server writes it (app/web/moments.py). @param {Date} when @returns {string} «14.02», in English «14:02» */
export function clock(when) {
  const [hours, minutes] = [when.getHours(), when.getMinutes()].map((part) => String(part).padStart(2, "0"));
  return hours + (document.documentElement.lang === "en" ? ":" : ".") + minutes;
}

/** Say «Utkast lagret 14.02» in the bar. @param {number} at milliseconds */
function showSaved(at) {
  const slot = document.querySelector("[data-saved]");
  if (!slot) return;
  slot.querySelector("span").textContent = words.saved_at.replace("{time}", clock(new Date(at)));
  slot.hidden = false;
}

/** @param {HTMLFormElement} form */
async function keep(form) {
  if (form.dataset.draftOn || new URLSearchParams(location.search).has("utkast")) return; // the outbox fills that one
  form.dataset.draftOn = "yes";
  const name = form.dataset.draft;
  const id = form.elements.namedItem("submission_id");
  let timer = 0;
  let before = null; // an older text: what is written now does not take its place
  let tried = false; // sent once: from here on, other words are another submission

  async function store() {
    if (!form.isConnected || form.dataset.arrived || before) return; // the receipt has taken its place
    const values = read(form);
    if (Object.keys(values).length === 0) {
      await withStore("readwrite", (drafts) => drafts.delete(name));
      return;
    }
    const at = Date.now();
    await withStore("readwrite", (drafts) => drafts.put({ name, values, submission_id: id?.value ?? "", tried, at }));
    showSaved(at);
  }

  form.addEventListener("input", () => {
    if (tried && id) {
      id.value = freshId();
      tried = false;
    }
    clearTimeout(timer);
    timer = setTimeout(() => store().catch(() => {}), QUIET_MS);
  });
  form.addEventListener("submit", () => {
    tried = true;
    clearTimeout(timer);
    store().catch(() => {});
  });
  addEventListener("pagehide", () => store().catch(() => {}));
  addEventListener("pageshow", async (event) => {
    if (!event.persisted || !form.isConnected || (await stored(name))) return;
    form.reset(); // Back, and the receipt has been seen: this text is sent
    delete form.dataset.arrived;
    if (id) id.value = freshId();
  });

  const draft = await stored(name);
  const typed = Object.keys(read(form)).length > 0; // asked now: somebody may have begun while the phone looked
  if (draft && (!typed || same(draft.values, read(form)))) {
    if (id && draft.submission_id) id.value = draft.submission_id; // its answer may be lost: ask for the same receipt
    tried = Boolean(draft.tried);
    showSaved(draft.at);
  } else if (id && (!typed || performance.getEntriesByType("navigation")[0]?.type === "back_forward")) {
    id.value = freshId(); // a stored page is shown many times, and Back shows what has been sent
  }
  if (id && !id.value) id.value = freshId(); // a page that was kept on the phone comes without one
  if (!draft) return;
  if (!typed) {
    fill(form, draft.values);
    offerStart(form, name);
  } else if (draft.submission_id !== id?.value && !same(draft.values, read(form))) {
    before = draft;
    offerBefore(form, () => {
      before = null;
      fill(form, draft.values);
      if (id) id.value = draft.submission_id || freshId();
      tried = Boolean(draft.tried);
    });
  } // else it is what the server gave back, and that is left alone
}

/** Throw away every draft on this phone: somebody leaves it. */
export function emptyDrafts() {
  return withStore("readwrite", (drafts) => drafts.clear());
}

/** @returns {Promise<{name: string, values: Record<string, string>, at: number}[]>} every draft on this phone */
export function allDrafts() {
  return withStore("readonly", (drafts) => drafts.getAll());
}

/** Throw a draft away: it lies in the outbox now. @param {string} name */
export function forget(name) {
  return withStore("readwrite", (drafts) => drafts.delete(name));
}

/** @param {string} name @returns {Promise<object|undefined>} the draft of that name; undefined also where nothing can be kept */
function stored(name) {
  return withStore("readonly", (drafts) => drafts.get(name)).catch(() => undefined);
}

/** @param {Record<string, string>} one @param {Record<string, string>} other */
function same(one, other) {
  const names = Object.keys(one);
  return names.length === Object.keys(other).length && names.every((name) => one[name] === other[name]);
}

/** A line above the form with one thing to do. */
function offer(form, sentence, button, id, act) {
  const box = document.createElement("div");
  box.className = "notice notice--tip";
  const text = document.createElement("div");
  text.className = "notice__text row";
  const line = document.createElement("p");
  line.textContent = sentence;
  const press = document.createElement("button");
  press.type = "button";
  press.id = id;
  press.className = "ds-button button button--quiet";
  press.textContent = button;
  press.addEventListener("click", async () => {
    box.remove();
    await act();
  });
  text.append(line, press);
  box.append(text);
  form.prepend(box);
}

/** «Vi fant det du skrev sist.» · «Begynn på nytt» @param {HTMLFormElement} form @param {string} name */
function offerStart(form, name) {
  offer(form, words.draft_back, words.start_over, "draft-start-over", async () => {
    fill(form, {});
    const id = form.elements.namedItem("submission_id");
    if (id) id.value = freshId();
    const slot = document.querySelector("[data-saved]");
    if (slot) slot.hidden = true;
    controls(form)[0]?.focus();
    await withStore("readwrite", (drafts) => drafts.delete(name)).catch(() => {});
  });
}

/** «Du har en tekst fra før.» · «Hent den» @param {HTMLFormElement} form @param {() => void} fetchIt */
function offerBefore(form, fetchIt) {
  offer(form, words.draft_before, words.fetch_draft, "draft-before", () => {
    fetchIt();
    controls(form)[0]?.focus();
  });
}

/** Throw away the drafts whose receipt is on the page. */
async function clearSent() {
  const sent = [...document.querySelectorAll("[data-receipt]")].map((one) => one.dataset.receipt);
  if (sent.length === 0) return;
  const drafts = await withStore("readonly", (store) => store.getAll());
  for (const draft of drafts) {
    if (sent.includes(draft.submission_id)) await withStore("readwrite", (store) => store.delete(draft.name));
  }
}

function start() {
  for (const form of document.querySelectorAll('form[data-island~="draft"]')) keep(form);
  clearSent().catch(() => {});
}
start();
document.addEventListener("htmx:after:swap", start);
