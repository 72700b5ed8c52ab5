// What «Del» does with an address, on phones that can share, that can copy, and that can do neither.
import assert from "node:assert/strict";
import { test } from "node:test";
import { passOn } from "../../static/js/share.js";

const IDEA = { url: "https://lab.example/ideer/1", title: "Lys i løypa" };
const refusing = (name) => async () => {
  throw Object.assign(new Error(name), { name });
};

test("a phone that can share is asked to, with address and title, and nothing is copied", async () => {
  const given = [];
  const phone = { share: async (what) => given.push(what), clipboard: { writeText: refusing("NotAllowedError") } };

  assert.equal(await passOn(IDEA, phone), "shared");
  assert.deepEqual(given, [IDEA]);
});

test("who changes their mind is left in peace", async () => {
  const copied = [];
  const phone = { share: refusing("AbortError"), clipboard: { writeText: async (text) => copied.push(text) } };

  assert.equal(await passOn(IDEA, phone), "left");
  assert.deepEqual(copied, []);
});

test("a browser that cannot share copies the address alone", async () => {
  const copied = [];

  assert.equal(await passOn(IDEA, { clipboard: { writeText: async (text) => copied.push(text) } }), "copied");
  assert.deepEqual(copied, [IDEA.url]);
});

test("where sharing fails, the address is copied all the same", async () => {
  assert.equal(await passOn(IDEA, { share: refusing("NotAllowedError"), clipboard: { writeText: async () => {} } }), "copied");
});

test("a browser that may do neither shows the address", async () => {
  assert.equal(await passOn(IDEA, { clipboard: { writeText: refusing("NotAllowedError") } }), "shown");
  assert.equal(await passOn(IDEA, {}), "shown");
});
