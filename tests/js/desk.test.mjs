// Keys at the desk: which are meant, and where they lead.
import assert from "node:assert/strict";
import { test } from "node:test";
import { meant, moved } from "../../static/js/desk.js";

test("each key is meant, and others are not", () => {
  for (const key of ["j", "k", "o", "t", "s", "v", "z", "?", "Escape"]) assert.equal(meant({ key }, false), key);
  for (const key of ["a", "Enter", " ", "J"]) assert.equal(meant({ key }, false), "");
});

test("whoever writes in a field, or speaks to the browser, means no key of ours", () => {
  assert.equal(meant({ key: "t" }, true), "");
  for (const held of ["ctrlKey", "altKey", "metaKey", "isComposing"]) assert.equal(meant({ key: "t", [held]: true }, false), "");
});

test("the list is walked from its first row and does not run over its ends", () => {
  assert.equal(moved(-1, 1, 3), 0);
  assert.equal(moved(-1, -1, 3), 0);
  assert.equal(moved(1, 1, 3), 2);
  assert.equal(moved(2, 1, 3), 2);
  assert.equal(moved(0, -1, 3), 0);
});
