/**
 * The service worker: a shell that opens without network, public pages as they were last seen, and push. No library.
 *
 * The server fills in two places when it serves this file at /sw.js. VERSION: the hash over all files of the shell, so that
 * a change makes a new worker. ASSETS: a JSON list of what is kept from the start, hashed addresses and /offline.
 * Rules: look.md 4.2 and promises.md 9.3. It keeps no answer to htmx, no page that is somebody's own, nothing with a token.
 */
const VERSION = "__VERSION__";
const ASSETS = __ASSETS__;
const SHELL = `shell-${VERSION}`;
const PAGES = `pages-${VERSION}`; // a page of an older version asks for files that are gone
const OFFLINE = "/offline";
const PATIENCE_MS = 3000;
const MOST_PAGES = 50;
const MOST_AHEAD = 20;

/** Left to the browser alone. */
const UNTOUCHED = /^\/(api|f|bli|okt|stem|direkte)(\/|$)/;
/** Never kept, whatever the answer says. */
const NEVER_KEPT = /^\/(mine|varsler|kvittering|logg-inn|logg-ut|merke|utseende|arbeidsflate|del)(\/|$)/;
/** Forms that can be filled in without network: kept without a token, which the outbox fetches when it sends. */
const FORMS = /^(\/prosesser\/[^/]+)?\/ideer\/ny$/;
/** Where other apps on the phone share to; the form it opens; how long its title may be. */
const SHARED = "/del";
const SHARED_FORM = "/ideer/ny";
const LONGEST_TITLE = 120;
/** Kept for ever: the content's hash stands in the name. */
const HASHED = /^\/static\/vendor\/.+/;

/**
 * What is done with a request: "pass" (the browser's own affair), "asset", "page", "form", "private" (never kept), or "shared".
 * @param {{method: string, url: string, mode: string, headers: Headers}} request  @param {string} origin
 * @returns {"pass"|"asset"|"page"|"form"|"private"|"shared"}
 */
function kindOf(request, origin) {
  const url = new URL(request.url);
  if (request.method === "POST" && url.origin === origin && url.pathname === SHARED) return "shared";
  if (request.method !== "GET" || url.origin !== origin) return "pass";
  if (request.headers.has("HX-Request") || UNTOUCHED.test(url.pathname)) return "pass";
  if (HASHED.test(url.pathname)) return "asset";
  if (request.mode !== "navigate") return "pass";
  if (FORMS.test(url.pathname)) return "form";
  return NEVER_KEPT.test(url.pathname) ? "private" : "page";
}

/** Only what the server marks as the same for everybody. @param {Response} response */
function mayKeep(response) {
  return response.status === 200 && response.type === "basic" && !response.redirected && response.headers.get("X-Offline") === "1";
}

/**
 * What to show for a push message: always something, also for broken data.
 * @param {unknown} data parsed JSON or null  @param {string} origin
 * @returns {{title: string, options: object, badge: number|null}}
 */
function notificationOf(data, origin) {
  const given = data && typeof data === "object" && data.notification && typeof data.notification === "object" ? data.notification : {};
  const text = (value, fallback) => (typeof value === "string" && value ? value : fallback);
  const options = {
    body: text(given.body, "Det er noe nytt."),
    lang: text(given.lang, "nb"),
    dir: "ltr",
    icon: "/static/icons/192.png",
    badge: "/static/icons/mono-96.png",
    data: { url: ownAddress(given.navigate, origin) },
  };
  const tag = text(given.tag, "");
  if (tag) options.tag = tag;
  return { title: text(given.title, "Innbyggerlab"), options, badge: Number.isInteger(data?.app_badge) ? data.app_badge : null };
}

/** An address on our own site, else the front page. @param {unknown} address  @param {string} origin  @returns {string} */
function ownAddress(address, origin) {
  if (typeof address !== "string") return `${origin}/`;
  try {
    const url = new URL(address, origin);
    return url.origin === origin ? url.href : `${origin}/`;
  } catch {
    return `${origin}/`;
  }
}

self.addEventListener("install", (event) => {
  // It waits: the page says «Ny versjon er klar» and the reader chooses when.
  event.waitUntil(
    (async () => {
      const shell = await caches.open(SHELL);
      await shell.addAll(ASSETS.map((address) => new Request(address, { cache: "reload" })));
      await carryOver();
    })(),
  );
});

self.addEventListener("activate", (event) => {
  event.waitUntil(
    (async () => {
      for (const name of await caches.keys()) if (/^(shell|pages)-/.test(name) && ![SHELL, PAGES].includes(name)) await caches.delete(name);
      await self.registration.navigationPreload?.enable();
      await self.clients.claim();
    })(),
  );
});

self.addEventListener("message", (event) => {
  if (event.data?.type === "skip-waiting") self.skipWaiting();
  if (event.data?.type === "keep") event.waitUntil(keepThese(event.data.addresses));
});

self.addEventListener("fetch", (event) => {
  const kind = kindOf(event.request, self.location.origin);
  if (kind === "asset") event.respondWith(asset(event));
  else if (kind === "page") event.respondWith(page(event));
  else if (kind === "form") event.respondWith(form(event));
  else if (kind === "shared") event.respondWith(takeShared(event.request));
  else if (kind === "private") event.respondWith(fromNetwork(event).catch(offlinePage));
});

async function fromNetwork(event) {
  return (await event.preloadResponse) || fetch(event.request);
}

async function offlinePage() {
  return (await caches.match(OFFLINE)) ?? Response.error();
}

async function asset(event) {
  const kept = await caches.match(event.request);
  if (kept) return kept;
  const fresh = await fetch(event.request);
  if (fresh.ok) {
    const copy = fresh.clone();
    event.waitUntil(caches.open(SHELL).then((shell) => shell.put(event.request, copy)));
  }
  return fresh;
}

async function page(event) {
  const pages = await caches.open(PAGES);
  // Language and look are in cookies, so one address has one page here: the last one seen.
  const kept = await pages.match(event.request, { ignoreVary: true });
  const network = fromNetwork(event).then((fresh) => {
    if (mayKeep(fresh)) event.waitUntil(keep(pages, event.request, fresh.clone()));
    else if (kept && fresh.status < 500) event.waitUntil(pages.delete(event.request, { ignoreVary: true }));
    return fresh;
  });
  return firstOf(event, network, kept);
}

async function form(event) {
  const { origin, pathname } = new URL(event.request.url);
  const pages = await caches.open(PAGES);
  const kept = await pages.match(origin + pathname, { ignoreVary: true });
  return firstOf(event, fromNetwork(event), kept);
}

/** What the network gives, if it does within our patience; else what was kept. */
async function firstOf(event, network, kept) {
  if (!kept) return network.catch(offlinePage);
  const late = new Promise((done) => setTimeout(done, PATIENCE_MS, null));
  event.waitUntil(network.catch(() => {}));
  return (await Promise.race([network.catch(() => kept), late])) ?? kept;
}

async function keep(pages, request, response) {
  await pages.put(request, response);
  const all = await pages.keys();
  for (const old of all.slice(0, Math.max(0, all.length - MOST_PAGES))) await pages.delete(old);
}

/** Keep the page at `address` as it is for everybody: X-Keep asks the server for it without a token. */
async function keepFresh(pages, address) {
  const fresh = await fetch(address, { headers: { "X-Keep": "1" } });
  if (mayKeep(fresh)) await keep(pages, new Request(address), fresh);
}

/** Keep pages that nobody has opened yet. @param {string[]} addresses paths */
async function keepThese(addresses) {
  const pages = await caches.open(PAGES);
  for (const address of addresses.slice(0, MOST_AHEAD)) {
    const { origin, pathname } = new URL(address, self.location.origin);
    if (origin !== self.location.origin || UNTOUCHED.test(pathname) || NEVER_KEPT.test(pathname)) continue;
    if (!(await pages.match(origin + pathname, { ignoreVary: true }))) await keepFresh(pages, origin + pathname).catch(() => {});
  }
}

/** A new version has the pages that the older one had, as they are now: without network they would else be gone. */
async function carryOver() {
  const pages = await caches.open(PAGES);
  for (const name of await caches.keys()) {
    if (!name.startsWith("pages-") || name === PAGES) continue;
    for (const { url } of await (await caches.open(name)).keys()) await keepFresh(pages, url).catch(() => {});
  }
}

/**
 * What was shared to us waits on the phone, and the form opens with it; without network too. Where it cannot be kept, the
 * server shows the form with the words.
 */
async function takeShared(request) {
  const again = request.clone();
  try {
    const { item, photos } = sharedItem(await request.formData(), self.crypto.randomUUID(), Date.now());
    await put(item, photos);
    return Response.redirect(`${SHARED_FORM}?utkast=${item.key}`, 303);
  } catch {
    return fetch(again).catch(offlinePage);
  }
}

/**
 * @param {FormData} given  @param {string} key  @param {number} at
 * @returns {{item: object, photos: {field: string, name: string, blob: Blob}[]}} for the outbox, to be finished in the form
 */
function sharedItem(given, key, at) {
  const [title, text, url] = ["title", "text", "url"].map((name) => String(given.get(name) ?? "").trim());
  const fits = title.length <= LONGEST_TITLE;
  const body = [fits ? "" : title, text, url].filter(Boolean).join("\n\n");
  const fields = [["title", fits ? title : ""], ["body", body], ["submission_id", key]];
  const photos = given
    .getAll("pictures")
    .filter((one) => typeof one !== "string" && one.size > 0 && one.type.startsWith("image/"))
    .map((photo) => ({ field: "pictures", name: photo.name, blob: photo }));
  const place = { key, address: SHARED_FORM, page: SHARED_FORM, fields, title: fits ? title : "" };
  return { item: { ...place, who: "", at, state: "shared", tries: 0, next: 0, reason: "", sending: 0 }, photos };
}

/* global drain, put -- outbox.js stands at the end of this file when the server serves it */
self.addEventListener("sync", (event) => {
  if (event.tag === "outbox") event.waitUntil(drain({ force: true, wait: true }));
});

self.addEventListener("push", (event) => {
  let data = null;
  try {
    data = event.data?.json();
  } catch {
    // Something must be shown all the same: a browser takes the right to push from those who show nothing.
  }
  const { title, options, badge } = notificationOf(data, self.location.origin);
  event.waitUntil(
    Promise.all([
      self.registration.showNotification(title, options),
      badge !== null && self.navigator.setAppBadge?.(badge).catch(() => {}),
    ]),
  );
});

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  const address = event.notification.data?.url ?? "/";
  event.waitUntil(
    (async () => {
      const open = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
      const there = open.find((window) => window.url === address);
      return there ? there.focus() : self.clients.openWindow(address);
    })(),
  );
});

self.addEventListener("pushsubscriptionchange", (event) => {
  event.waitUntil(renew(event).catch(() => {})); // /varsler says that it stopped, and how to switch it on
});

async function renew(event) {
  const { key } = await (await fetch("/varsler/nokkel")).json();
  let fresh = event.newSubscription;
  if (fresh && keyOf(fresh) !== key) {
    await fresh.unsubscribe(); // the browser has used the key that it had; ours may have changed since
    fresh = null;
  }
  fresh ??= await self.registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key });
  const { csrf_token: token } = await (await fetch("/merke", { cache: "no-store" })).json();
  const { endpoint, keys } = fresh.toJSON();
  await fetch("/varsler/abonner", {
    method: "POST",
    redirect: "manual",
    headers: { "Content-Type": "application/json", Accept: "application/json", "X-CSRFToken": token },
    body: JSON.stringify({ endpoint, p256dh: keys.p256dh, auth: keys.auth, key }),
  });
}

/** The key that a subscription was made with, base64url. @param {PushSubscription} subscription */
function keyOf(subscription) {
  const bytes = new Uint8Array(subscription.options?.applicationServerKey ?? []);
  return btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}
