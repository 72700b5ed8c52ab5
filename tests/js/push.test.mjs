// What «Slå på varsler» says before anybody taps, and what it sends.
import assert from "node:assert/strict";
import { test } from "node:test";
import { sentFields, stateOf } from "../../static/js/push.js";

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
