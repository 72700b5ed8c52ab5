// «Utkast lagret 14.02» says the time as the rest of the page does.
import assert from "node:assert/strict";
import { test } from "node:test";

// The island looks for its forms as soon as it is read; on this page there are none.
globalThis.document = {
  documentElement: { lang: "nb" },
  getElementById: () => null,
  querySelectorAll: () => [],
  addEventListener: () => {},
};
const { clock } = await import("../../static/js/draft.js");
const early = new Date(2026, 2, 3, 9, 5);

test("Norwegian and Sámi write the time with a point", () => {
  for (const language of ["nb", "nn", "se", "smj"]) {
    document.documentElement.lang = language;
    assert.equal(clock(early), "09.05");
  }
});

test("English writes it with a colon", () => {
  document.documentElement.lang = "en";
  assert.equal(clock(early), "09:05");
});
