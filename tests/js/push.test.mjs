// What «Slå på varsler» says before anybody taps, and what it sends.
import assert from "node:assert/strict";
import { test } from "node:test";
import { keyOf, renewed, sentFields, stateOf } from "../../static/js/push.js";

const able = { secure: true, worker: true, push: true, permission: "default", iphone: false, installed: false };

test("a browser that can be asked shows the button", () => {
  assert.equal(stateOf(able), "off");
  assert.equal(stateOf({ ...able, permission: "granted" }), "off");
});

test("a no in the browser is told, with how to change it", () => {
  assert.equal(stateOf({ ...able, permission: "denied" }), "refused");
});

test("a browser that cannot notify says so and offers e-mail", () => {
  assert.equal(stateOf({ ...able, push: false }), "missing");
  assert.equal(stateOf({ ...able, worker: false }), "missing");
});

test("an iPhone in the browser gets the guide; installed it is asked like the others", () => {
  assert.equal(stateOf({ ...able, iphone: true, push: false }), "iphone");
  assert.equal(stateOf({ ...able, iphone: true, installed: true }), "off");
  assert.equal(stateOf({ ...able, iphone: true, installed: true, push: false }), "missing");
});

test("plain http on the local network is told honestly", () => {
  assert.equal(stateOf({ ...able, secure: false, worker: false }), "insecure");
});

test("only the four fields the server reads are sent", () => {
  const subscription = { endpoint: "https://push.example/1", expirationTime: null, keys: { p256dh: "P", auth: "A" } };

  assert.deepEqual(sentFields(subscription, "42"), { endpoint: "https://push.example/1", p256dh: "P", auth: "A", input_id: "42" });
  assert.deepEqual(sentFields(subscription, undefined), { endpoint: "https://push.example/1", p256dh: "P", auth: "A" });
});

const NEW = "BAAB";

/** A browser that has subscribed with `key`; it remembers what is done to it. */
function browser(key) {
  const made = (of) => ({
    options: { applicationServerKey: Uint8Array.from(Buffer.from(of, "base64url")).buffer },
    unsubscribe: async () => (manager.current = null),
  });
  const manager = {
    current: key && made(key),
    getSubscription: async () => manager.current,
    subscribe: async ({ applicationServerKey }) => (manager.current = made(applicationServerKey)),
  };
  globalThis.fetch = async () => ({ json: async () => ({ key: NEW }) });
  const kept = new Map();
  globalThis.localStorage = { getItem: (k) => kept.get(k) ?? null, setItem: (k, v) => kept.set(k, v), removeItem: (k) => kept.delete(k) };
  return manager;
}

test("a subscription made with a former key is renewed and told, once", async () => {
  const manager = browser("AAAA");
  const told = [];
  const telling = async (subscription, key) => told.push([keyOf(subscription), key]) && { ok: true };

  assert.equal(await renewed(manager, telling), true);
  assert.equal(await renewed(manager, telling), false);
  assert.deepEqual(told, [[NEW, NEW]]);
});

test("a server that could not be told is told the next time the app is opened", async () => {
  const manager = browser("AAAA");

  assert.equal(await renewed(manager, async () => ({ ok: false })), false);
  assert.equal(await renewed(manager, async () => ({ ok: true })), true);
  assert.equal(await renewed(manager, async () => ({ ok: true })), false);
});

test("where notices are off, or the key is the same, nothing is done", async () => {
  const never = () => assert.fail("told");

  assert.equal(await renewed(browser(null), never), false);
  assert.equal(await renewed(browser(NEW), never), false);
});
