/**
 * The outbox: what somebody sends lies on the phone, in IndexedDB, until the server has said that it holds it.
 *
 * One code for pages, which import it, and for the service worker: /sw.js puts it at its end without `export`.
 * items: {key, address, page, fields: [[name, value]], title, who, at, state, tries, next, reason, sending}, where state is
 * "waiting", "refused", "other" (somebody else is signed in), "mending" or "shared" (from another app, to be finished); photos: {id, item, field, name, blob};
 * sent: {key, title, receipt, at}. Times are milliseconds. A connection is opened for each operation: iOS closes them.
 * An item goes when the server answers with its own key and a receipt, or when its writer throws it away; never else.
 */
const OUTBOX = "innbyggerlab-outbox";
const WAITS_MS = [5_000, 30_000, 120_000, 600_000];
const OLD_MS = 25 * 86_400_000;
const SILENCE_MS = 90_000;
const MOST_SENT = 50;
const SPARE_BYTES = 2 * 1024 * 1024;
/** Refusals that will not become a yes by waiting, from our server alone: it says ok: false. */
const REFUSALS = [404, 409, 410, 413, 422];

/** The phone has no room for it. Nothing was written. */
export class NoRoom extends Error {}

/**
 * @param {boolean} [make] false: whoever only looks leaves nothing on the phone
 * @returns {Promise<IDBDatabase|null>} null where there is none, and none was to be made
 */
export function openOutbox(make = true) {
  return new Promise((resolve, reject) => {
    const asked = indexedDB.open(OUTBOX, 1);
    let none = false;
    asked.onupgradeneeded = (event) => {
      none = !make && event.oldVersion === 0;
      if (none) return asked.transaction.abort();
      const made = asked.result; // whatever was there stays: nothing a person sent goes with an update
      if (!made.objectStoreNames.contains("items")) made.createObjectStore("items", { keyPath: "key" });
      if (!made.objectStoreNames.contains("photos")) made.createObjectStore("photos", { keyPath: "id" }).createIndex("item", "item");
      if (!made.objectStoreNames.contains("sent")) made.createObjectStore("sent", { keyPath: "key" });
    };
    asked.onsuccess = () => {
      asked.result.onversionchange = () => asked.result.close();
      resolve(asked.result);
    };
    asked.onerror = (event) => {
      event.preventDefault();
      if (none) resolve(null);
      else reject(asked.error);
    };
  });
}

/** @param {IDBTransactionMode} mode @param {string[]} names @param {(store: (name: string) => IDBObjectStore) => IDBRequest} work */
async function inOutbox(mode, names, work) {
  const database = await openOutbox(mode === "readwrite");
  if (!database) return [];
  try {
    return await new Promise((resolve, reject) => {
      // strict: «Lagret på mobilen» is said of what is on its disk
      const transaction = database.transaction(names, mode, { durability: "strict" });
      let asked;
      transaction.oncomplete = () => resolve(asked?.result);
      transaction.onerror = () => reject(transaction.error);
      transaction.onabort = () => reject(transaction.error);
      asked = work((name) => transaction.objectStore(name));
    });
  } finally {
    database.close();
  }
}

/** @returns {Promise<object[]>} what waits, oldest first */
export async function items() {
  const all = await inOutbox("readonly", ["items"], (store) => store("items").getAll());
  return all.sort((one, other) => one.at - other.at);
}

/** @returns {Promise<object[]>} what has been sent from here, newest first */
export async function sent() {
  const all = await inOutbox("readonly", ["sent"], (store) => store("sent").getAll());
  return all.sort((one, other) => other.at - one.at);
}

/** @param {string} key @returns {Promise<{field: string, name: string, blob: Blob}[]>} an item's photos, in order */
export async function photosOf(key) {
  const found = await inOutbox("readonly", ["photos"], (store) => store("photos").index("item").getAll(key));
  return found.sort((one, other) => (one.id < other.id ? -1 : 1));
}

/** @returns {Promise<number>} bytes left for us; Infinity where the browser does not say */
export async function roomLeft() {
  const told = await navigator.storage?.estimate?.().catch(() => null);
  return told?.quota ? told.quota - (told.usage ?? 0) : Infinity;
}

/**
 * Keep an item with its photos, in one transaction; `instead` is the key of the one it takes the place of.
 * @param {object} item  @param {{field: string, name: string, blob: Blob}[]} photos  @param {string} [instead]
 * @throws {NoRoom}
 */
export async function put(item, photos = [], instead = "") {
  const need = photos.reduce((sum, photo) => sum + photo.blob.size, SPARE_BYTES);
  if ((await roomLeft()) < need) throw new NoRoom();
  try {
    await inOutbox("readwrite", ["items", "photos"], (store) => {
      drop(store, instead || item.key);
      photos.forEach((photo, n) => store("photos").put({ ...photo, id: `${item.key}:${item.at}:${n}`, item: item.key }));
      return store("items").put(item);
    });
  } catch (fault) {
    throw fault?.name === "QuotaExceededError" ? new NoRoom() : fault;
  }
  flag(true);
  announce({ key: item.key, state: item.state });
}

function drop(store, key) {
  store("items").delete(key);
  const asked = store("photos").index("item").getAllKeys(key);
  asked.onsuccess = () => asked.result.forEach((id) => store("photos").delete(id));
}

/** Throw an item away: its writer asked. @param {string} key */
export async function forgetItem(key) {
  await inOutbox("readwrite", ["items", "photos"], (store) => drop(store, key));
  announce({ key, state: "gone" });
}

/** Throw away all that a person has in the outbox of this phone. */
export async function emptyOutbox() {
  await inOutbox("readwrite", ["items", "photos", "sent"], (store) => {
    for (const name of ["items", "photos", "sent"]) store(name).clear();
  });
  flag(false);
  announce({ key: "", state: "gone" });
}

/** Write over parts of an item that is still there. @param {string} key  @param {object} parts */
export async function change(key, parts) {
  await inOutbox("readwrite", ["items"], (store) => {
    const asked = store("items").get(key);
    asked.onsuccess = () => asked.result && store("items").put({ ...asked.result, ...parts });
  });
  flag(true);
  announce({ key, state: parts.state ?? "" });
}

/** @param {{at: number, agreed?: boolean}} item  @param {number} now @returns {boolean} so old that its writer is asked first */
export function isOld(item, now) {
  return !item.agreed && now - item.at > OLD_MS;
}

/** @param {object} item  @param {number} now  @param {boolean} [force] at once, whatever it waits for @returns {boolean} */
export function isDue(item, now, force = false) {
  return ["waiting", "other"].includes(item.state) && !isOld(item, now) && (force || item.next <= now);
}

/**
 * What an answer means. `said` is the JSON of the body, null when it is none; null in place of the answer is silence.
 * @param {{status: number, said: object|null, after: number}|null} answer  @param {{key: string}} item
 * @returns {{next: "sent", receipt: string}|{next: "refused", reason: string}|{next: "wait", after: number}}
 */
export function judge(answer, item) {
  if (!answer) return { next: "wait", after: 0 };
  const { status, said } = answer;
  const own = said?.submission_id === item.key;
  if (own && said.ok === true && status < 300 && ownPath(said.receipt)) return { next: "sent", receipt: said.receipt };
  const ours = said?.ok === false && (own || said.status === status);
  if (ours && (REFUSALS.includes(status) || (own && status === 400))) return { next: "refused", reason: sentences(said) };
  return { next: "wait", after: answer.after };
}

function ownPath(address) {
  return typeof address === "string" && /^\/(?!\/)/.test(address);
}

function sentences(said) {
  const all = Object.values(said.errors ?? {}).flat();
  return (all.length ? all : [said.error]).filter((one) => typeof one === "string").join(" ");
}

/** @param {number} tries  @param {number} [after] seconds that the server asked for @returns {number} milliseconds until the next try */
export function waitMs(tries, after = 0) {
  return Math.max(WAITS_MS[Math.min(Math.max(tries, 1), WAITS_MS.length) - 1], after * 1000);
}

/**
 * A token to send with, and who sends. The phone gets its mark with it, before it sends anything: were the first answer
 * lost, what it sent would else be nobody's.
 * @returns {Promise<{token: string, who: string}|null>} null when our server did not answer
 */
export async function sender() {
  try {
    const answer = await fetch("/merke?sender=1", {
      headers: { Accept: "application/json" },
      redirect: "manual",
      cache: "no-store",
      signal: AbortSignal.timeout(20_000),
    });
    const { csrf_token: token, who } = await answer.json();
    if (!answer.ok || typeof token !== "string" || typeof who !== "string") return null;
    globalThis.localStorage?.setItem("who", who);
    return { token, who };
  } catch {
    return null;
  }
}

async function post(item, here) {
  const body = new FormData();
  for (const [name, value] of item.fields) body.append(name, value);
  for (const photo of await photosOf(item.key)) body.append(photo.field, photo.blob, photo.name);
  try {
    const answer = await fetch(item.address, {
      method: "POST",
      redirect: "manual",
      headers: { Accept: "application/json", "Idempotency-Key": item.key, "X-CSRFToken": here.token },
      body,
      signal: AbortSignal.timeout(SILENCE_MS),
    });
    const said = await answer.json().catch(() => null);
    return { status: answer.status, said, after: Number(answer.headers.get("Retry-After")) || 0 };
  } catch {
    return null;
  }
}

/**
 * Send what is due, oldest first; one at a time over all tabs and the worker.
 * @param {{force?: boolean, wait?: boolean}} [how] force: also what waits for its next try. wait: for whoever sends now.
 */
export async function drain({ force = false, wait = false } = {}) {
  const locks = globalThis.navigator?.locks;
  if (!locks) return sendDue(force);
  return locks.request("outbox", { ifAvailable: !wait }, (lock) => lock && sendDue(force));
}

async function sendDue(force) {
  const all = await items();
  if (all.length === 0) return flag(false);
  const due = all.filter((item) => isDue(item, Date.now(), force));
  if (due.length === 0 || globalThis.navigator?.onLine === false) return;
  const here = await sender();
  if (!here) return postpone(due[0], 0);
  for (const { key } of due) {
    const item = (await items()).find((one) => one.key === key); // its writer may have changed it since
    if (!item || !isDue(item, Date.now(), force)) continue;
    if (item.who && item.who !== here.who) {
      if (item.state !== "other") await change(key, { state: "other" });
      continue;
    }
    await change(key, { sending: Date.now() });
    const answer = await post(item, here);
    await settle(item, judge(answer, item));
    if (!answer) return; // the net is gone
  }
}

async function settle(item, verdict) {
  if (verdict.next === "sent") return moveToSent(item, verdict.receipt);
  if (verdict.next === "refused") return change(item.key, { state: "refused", reason: verdict.reason, sending: 0 });
  return postpone(item, verdict.after);
}

async function postpone(item, after) {
  const tries = item.tries + 1;
  await change(item.key, { state: "waiting", tries, next: Date.now() + waitMs(tries, after), sending: 0 });
}

async function moveToSent(item, receipt) {
  await inOutbox("readwrite", ["items", "photos", "sent"], (store) => {
    drop(store, item.key);
    store("sent").put({ key: item.key, title: item.title, receipt, at: Date.now() });
    const asked = store("sent").getAll();
    asked.onsuccess = () => {
      const old = asked.result.sort((one, other) => other.at - one.at).slice(MOST_SENT);
      for (const one of old) store("sent").delete(one.key);
    };
  });
  announce({ key: item.key, state: "sent" });
}

/** Tell every open page, so that what it shows is so. */
function announce(what) {
  if (!globalThis.BroadcastChannel) return;
  const channel = new BroadcastChannel("outbox");
  channel.postMessage(what);
  channel.close();
}

/** Pages that see no flag load nothing of this. A worker has no localStorage, and leaves it to the next page. */
function flag(up) {
  try {
    if (up) globalThis.localStorage?.setItem("outbox", "1");
    else globalThis.localStorage?.removeItem("outbox");
  } catch {
    // somebody has forbidden storage: then nothing is kept either
  }
}
