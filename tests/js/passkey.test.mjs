// What goes between the server's JSON and the browser's bytes, and what is said when the browser refuses.
import assert from "node:assert/strict";
import { test } from "node:test";
import { answered, asked, bytesOf, stateOf, textOf } from "../../static/js/passkey.js";

test("bytes survive the way there and back, with each padding", () => {
  for (const bytes of [[], [0], [255, 254], [1, 2, 3], [251, 255, 191, 0, 62]]) {
    const text = textOf(Uint8Array.from(bytes).buffer);
    assert.match(text ?? "", /^[\w-]*$/);
    assert.deepEqual([...bytesOf(text ?? "")], bytes);
  }
});

test("a question to make one is given bytes for the challenge, the owner and the keys there are", () => {
  const given = asked({ challenge: "AQI", user: { id: "Aw", name: "per" }, excludeCredentials: [{ id: "BA", type: "public-key" }] });
  assert.deepEqual([...given.challenge], [1, 2]);
  assert.deepEqual([...given.user.id], [3]);
  assert.equal(given.user.name, "per");
  assert.deepEqual([...given.excludeCredentials[0].id], [4]);
  assert.equal("allowCredentials" in given, false);
});

test("a question to use one is given bytes for the keys that will do", () => {
  const given = asked({ challenge: "AQI", allowCredentials: [{ id: "BA", type: "public-key" }] });
  assert.deepEqual([...given.allowCredentials[0].id], [4]);
  assert.equal("user" in given, false);
});

test("an answer is told in text, and what is not in it is left out", () => {
  const bytes = (...values) => Uint8Array.from(values).buffer;
  const response = { clientDataJSON: bytes(1), authenticatorData: bytes(2), signature: bytes(3), userHandle: null };
  const said = JSON.parse(JSON.stringify(answered({ id: "BA", rawId: bytes(4), type: "public-key", response })));
  assert.deepEqual(said, {
    id: "BA",
    rawId: "BA",
    type: "public-key",
    response: { clientDataJSON: "AQ", authenticatorData: "Ag", signature: "Aw" },
    clientExtensionResults: {},
  });
});

test("each refusal of the browser has its sentence", () => {
  const state = (name) => stateOf(Object.assign(new Error(), { name }));
  assert.deepEqual(["NotAllowedError", "AbortError", "InvalidStateError", "SecurityError", "TypeError"].map(state), ["stopped", "stopped", "known", "elsewhere", "failed"]);
  assert.equal(stateOf(undefined), "failed");
});
