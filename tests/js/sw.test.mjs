// The service worker without a browser: what it keeps, what it leaves alone, and that a push always shows something.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import vm from "node:vm";

const ORIGIN = "https://lab.example";
const ASSETS = ["/offline", "/static/vendor/app.abc.css"];

test("what belongs to somebody is never answered from what was kept", async () => {
  for (const path of ["/mine", "/varsler", "/kvittering/x.y", "/logg-inn", "/logg-inn/kode", "/arbeidsflate", "/arbeidsflate/ideer", "/merke"]) {
    const worker = load();
    worker.pages.set(ORIGIN + path, reply("kept", { "X-Offline": "1" }));
    worker.network = async () => reply("fresh", { "X-Offline": "1" });

    assert.equal(await text(worker.visit(path)), "fresh", path);
    worker.network = down;
    assert.equal(await text(worker.visit(path)), "offline page", path);
  }
});

test("sessions, votes, htmx, posts and other hosts are left to the browser", () => {
  const worker = load();
  for (const path of ["/bli", "/okt/1", "/stem/1", "/api/x", "/f/1", "/direkte/idea:1"]) assert.equal(worker.visit(path), null, path);
  assert.equal(worker.visit("/ideer", { headers: { "HX-Request": "true" } }), null);
  assert.equal(worker.visit("/ideer/ny", { method: "POST" }), null);
  assert.equal(worker.visit("https://evil.test/ideer"), null);
  assert.equal(worker.visit("/bilder/1", { mode: "no-cors" }), null);
});

test("a name that only begins like a forbidden one is an ordinary page", async () => {
  const worker = load();
  worker.network = async () => reply("fresh");

  assert.equal(await text(worker.visit("/minefelt")), "fresh");
});

test("a page is kept only when the server marks it", async () => {
  for (const [headers, kept] of [[{ "X-Offline": "1" }, 1], [{}, 0], [{ "X-Offline": "0" }, 0]]) {
    const worker = load();
    worker.network = async () => reply("fresh", headers);

    await worker.visit("/ideer");
    await worker.settled();

    assert.equal(worker.pages.size, kept);
  }
});

test("an error or a redirected answer is not kept, whatever it is marked", async () => {
  for (const change of [{ status: 503 }, { status: 404 }, { redirected: true }, { type: "opaqueredirect" }]) {
    const worker = load();
    worker.network = async () => reply("fresh", { "X-Offline": "1" }, change);

    await worker.visit("/ideer");
    await worker.settled();

    assert.equal(worker.pages.size, 0, JSON.stringify(change));
  }
});

test("a page that is no longer for everybody is forgotten", async () => {
  const worker = load();
  worker.pages.set(`${ORIGIN}/ideer`, reply("kept"));
  worker.network = async () => reply("fresh");

  await worker.visit("/ideer");
  await worker.settled();

  assert.equal(worker.pages.size, 0);
});

test("without network the last seen page stands in, else the offline page", async () => {
  const worker = load();
  worker.pages.set(`${ORIGIN}/ideer`, reply("kept"));
  worker.network = down;

  assert.equal(await text(worker.visit("/ideer")), "kept");
  assert.equal(await text(worker.visit("/kart")), "offline page");
});

test("a slow network gives way to the last seen page after three seconds", async () => {
  const worker = load();
  worker.pages.set(`${ORIGIN}/ideer`, reply("kept"));
  worker.network = () => new Promise(() => {});
  const answer = worker.visit("/ideer");

  await new Promise((done) => setImmediate(done));
  assert.deepEqual(worker.timers.map((timer) => timer.ms), [3000]);
  worker.timers[0].ring();

  assert.equal(await text(answer), "kept");
});

test("at most fifty pages are kept, the newest", async () => {
  const worker = load();
  worker.network = async () => reply("fresh", { "X-Offline": "1" });
  for (let number = 0; number < 60; number++) {
    await worker.visit(`/ideer?side=${number}`);
    await worker.settled();
  }

  assert.equal(worker.pages.size, 50);
  assert.ok(worker.pages.has(`${ORIGIN}/ideer?side=59`));
});

test("only files with their hash in the name are kept for ever", async () => {
  const worker = load();
  worker.network = async () => reply("file");

  assert.equal(worker.visit("/static/js/app.js", { mode: "cors" }), null);
  await worker.visit("/static/vendor/app.123.css", { mode: "cors" });
  await worker.settled();
  worker.network = down;

  assert.equal(await text(worker.visit("/static/vendor/app.123.css", { mode: "cors" })), "file");
});

test("a new worker waits until the page says so", async () => {
  const worker = load();

  await worker.fire("install", {});
  assert.equal(worker.skipped, 0);
  await worker.fire("message", { data: { type: "skip-waiting" } });

  assert.equal(worker.skipped, 1);
});

test("taking over removes older shells and leaves the pages", async () => {
  const worker = load();
  worker.stores.set("shell-old", new Map());

  await worker.fire("activate", {});

  assert.deepEqual([...worker.stores.keys()].sort(), ["pages-v1", "shell-v1"]);
});

test("a push shows what it says and leads to our own address", async () => {
  const worker = load();
  const notification = { title: "Innbyggerlab", body: "Du har fått svar.", lang: "nb", tag: "svar-1", navigate: `${ORIGIN}/ideer/1` };

  await worker.push(JSON.stringify({ web_push: 8030, app_badge: 1, notification }));

  const [[title, options]] = worker.shown;
  assert.equal(title, "Innbyggerlab");
  assert.equal(options.body, "Du har fått svar.");
  assert.equal(options.tag, "svar-1");
  assert.equal(options.data.url, `${ORIGIN}/ideer/1`);
  assert.equal(worker.badge, 1);
});

test("broken data shows something all the same, and leads nowhere else", async () => {
  for (const data of ["", "{", "null", "7", "[]", '{"notification":null}', '{"notification":{"title":7,"navigate":"https://evil.test/"}}', '{"notification":{"navigate":"javascript:alert(1)"}}', undefined]) {
    const worker = load();

    await worker.push(data);

    const [[title, options]] = worker.shown;
    assert.equal(title, "Innbyggerlab", data);
    assert.equal(options.body, "Det er noe nytt.");
    assert.equal(options.data.url, `${ORIGIN}/`);
  }
});

test("a tap goes to the window that is open there, else opens one", async () => {
  const worker = load();
  const notification = { close() {}, data: { url: `${ORIGIN}/ideer/1` } };

  await worker.fire("notificationclick", { notification });
  assert.deepEqual(worker.opened, [`${ORIGIN}/ideer/1`]);
  worker.windows = [{ url: `${ORIGIN}/ideer/1`, focus: () => worker.opened.push("focused") }];
  await worker.fire("notificationclick", { notification });

  assert.deepEqual(worker.opened, [`${ORIGIN}/ideer/1`, "focused"]);
});

/** A worker whose server gives KEY and TOKEN; posted gets what is sent to it. */
function renewing() {
  const worker = load();
  const posted = [];
  worker.network = async (request, options) => {
    const path = new URL(request.url ?? request, ORIGIN).pathname;
    if (path === "/varsler/nokkel") return reply(JSON.stringify({ key: "KEY" }));
    if (path === "/merke") return reply(JSON.stringify({ csrf_token: "TOKEN" }));
    posted.push([path, options]);
    return reply("{}");
  };
  return { worker, posted };
}

test("a dropped subscription is made anew and handed over with a fresh token", async () => {
  const { worker, posted } = renewing();

  await worker.fire("pushsubscriptionchange", {});

  const [[path, options]] = posted;
  assert.equal(path, "/varsler/abonner");
  assert.equal(options.headers["X-CSRFToken"], "TOKEN");
  assert.deepEqual(JSON.parse(options.body), { endpoint: "https://push.example/KEY", p256dh: "P", auth: "A", key: "KEY" });
});

test("a subscription that the browser renewed with a former key of ours is made again with the newest", async () => {
  const { worker, posted } = renewing();
  let ended = false;
  const newSubscription = { options: { applicationServerKey: new Uint8Array([0, 0, 0]).buffer }, unsubscribe: async () => (ended = true) };

  await worker.fire("pushsubscriptionchange", { newSubscription });

  assert.equal(ended, true);
  assert.equal(JSON.parse(posted[0][1].body).endpoint, "https://push.example/KEY");
});

const down = async () => {
  throw new TypeError("no network");
};

function reply(body, headers = {}, change = {}) {
  const status = change.status ?? 200;
  return {
    body,
    status,
    ok: status < 300,
    type: "basic",
    redirected: false,
    headers: new Headers(headers),
    clone: () => reply(body, headers, change),
    json: async () => JSON.parse(body),
    ...change,
  };
}

async function text(answer) {
  return (await answer).body;
}

/** Runs sw.js as the server serves it, with a made-up browser around it. */
function load() {
  const listeners = {};
  const address = (request) => new URL(request.url ?? request, ORIGIN).href;
  const store = (map) => ({
    match: async (request) => map.get(address(request)),
    put: async (request, response) => void (map.delete(address(request)), map.set(address(request), response)),
    delete: async (request) => map.delete(address(request)),
    keys: async () => [...map.keys()].map((url) => ({ url })),
    addAll: async (requests) => requests.forEach((request) => map.set(address(request), reply("shell"))),
  });
  const worker = { stores: new Map(), shown: [], opened: [], windows: [], timers: [], skipped: 0, badge: null, network: down, waiting: [] };
  const named = (name) => {
    if (!worker.stores.has(name)) worker.stores.set(name, new Map());
    return worker.stores.get(name);
  };
  worker.pages = named("pages-v1");
  named("shell-v1").set(`${ORIGIN}/offline`, reply("offline page"));
  const clients = { claim: async () => {}, matchAll: async () => worker.windows, openWindow: async (url) => worker.opened.push(url) };
  const subscribe = async ({ applicationServerKey }) => ({
    toJSON: () => ({ endpoint: `https://push.example/${applicationServerKey}`, keys: { p256dh: "P", auth: "A" } }),
  });
  const self = {
    location: { origin: ORIGIN },
    clients,
    navigator: { setAppBadge: async (badge) => void (worker.badge = badge) },
    registration: { showNotification: async (...shown) => worker.shown.push(shown), pushManager: { subscribe } },
    addEventListener: (name, act) => (listeners[name] = act),
    skipWaiting: () => worker.skipped++,
  };
  const caches = {
    open: async (name) => store(named(name)),
    keys: async () => [...worker.stores.keys()],
    delete: async (name) => worker.stores.delete(name),
    match: async (request) => [...worker.stores.values()].map((map) => map.get(address(request))).find(Boolean),
  };
  const script = readFileSync(new URL("../../static/js/sw.js", import.meta.url), "utf8")
    .replace("__VERSION__", "v1")
    .replace("__ASSETS__", JSON.stringify(ASSETS));
  vm.runInNewContext(script, {
    self,
    caches,
    URL,
    btoa,
    Headers,
    Request: class {
      constructor(url) {
        this.url = new URL(url, ORIGIN).href;
      }
    },
    Response: { error: () => reply("error") },
    fetch: (request, options) => worker.network(request, options),
    setTimeout: (act, ms, value) => worker.timers.push({ ms, ring: () => act(value) }),
  });
  worker.fire = async (name, event) => {
    const waiting = [];
    listeners[name]({ ...event, waitUntil: (promise) => waiting.push(promise) });
    await Promise.all(waiting);
  };
  worker.settled = () => Promise.all(worker.waiting);
  worker.visit = (path, { method = "GET", mode = "navigate", headers = {} } = {}) => {
    let answer = null;
    listeners.fetch({
      request: { url: new URL(path, ORIGIN).href, method, mode, headers: new Headers(headers) },
      preloadResponse: Promise.resolve(undefined),
      respondWith: (promise) => (answer = promise),
      waitUntil: (promise) => worker.waiting.push(promise),
    });
    return answer;
  };
  worker.push = (data) => worker.fire("push", { data: data === undefined ? undefined : { json: () => JSON.parse(data) } });
  return worker;
}
