// The outbox's judgement, without a browser: what an answer means, and when the next try is.
import assert from "node:assert/strict";
import { test } from "node:test";

import { isDue, isOld, judge, waitMs } from "../../static/js/outbox.js";
import { stateOf, textOf } from "../../static/js/waiting.js";

const ITEM = { key: "11111111-1111-4111-8111-111111111111", state: "waiting", at: 0, next: 0, sending: 0 };
const OTHER = "22222222-2222-4222-8222-222222222222";
const DAY = 86_400_000;
const receipt = (change = {}) => ({ ok: true, submission_id: ITEM.key, receipt: "/kvittering/x", ...change });
const answer = (status, said, after = 0) => ({ status, said, after });

test("it is sent when our own receipt comes for this very key", () => {
  assert.deepEqual(judge(answer(201, receipt()), ITEM), { next: "sent", receipt: "/kvittering/x" });
});

test("nothing else is taken for a receipt", () => {
  const lies = [
    null,
    answer(200, null),
    answer(204, null),
    answer(0, null),
    answer(302, receipt()),
    answer(200, {}),
    answer(200, { ok: true }),
    answer(200, []),
    answer(200, "ok"),
    answer(201, receipt({ submission_id: OTHER })),
    answer(201, receipt({ receipt: "" })),
    answer(201, receipt({ receipt: "https://hotel.example/" })),
    answer(201, receipt({ receipt: "//hotel.example/" })),
    answer(201, receipt({ ok: "true" })),
    answer(500, receipt()),
  ];
  for (const lie of lies) assert.equal(judge(lie, ITEM).next, "wait", JSON.stringify(lie));
});

test("a refusal of ours is told in its own words, and is not tried again", () => {
  const said = { ok: false, submission_id: ITEM.key, errors: { title: ["Bruk høyst 120 tegn."], form: ["Den er stengt."] } };
  for (const status of [400, 409, 422]) {
    assert.deepEqual(judge(answer(status, said), ITEM), { next: "refused", reason: "Bruk høyst 120 tegn. Den er stengt." });
  }
  assert.deepEqual(judge(answer(413, { ok: false, status: 413, error: "For stort." }), ITEM), { next: "refused", reason: "For stort." });
});

test("somebody else's refusal is none: a wrong gate, a stale token, a page of an hotel", () => {
  const answers = [answer(404, null), answer(422, null), answer(403, { error: "no" }), answer(400, { ok: false, status: 400, error: "stale" }), answer(422, { ok: false, submission_id: OTHER })];
  for (const one of answers) assert.equal(judge(one, ITEM).next, "wait", JSON.stringify(one));
});

test("busy waits as long as the server asks", () => {
  assert.deepEqual(judge(answer(503, null, 20), ITEM), { next: "wait", after: 20 });
  assert.equal(waitMs(1, 20), 20_000);
  assert.equal(waitMs(3, 20), 120_000);
});

test("the waits grow to ten minutes and no longer", () => {
  assert.deepEqual([1, 2, 3, 4, 5, 900].map((tries) => waitMs(tries)), [5_000, 30_000, 120_000, 600_000, 600_000, 600_000]);
});

test("what is older than 25 days asks before it goes, and goes when its writer says so", () => {
  const now = 26 * DAY;
  assert.equal(isOld(ITEM, now), true);
  assert.equal(isDue(ITEM, now, true), false);
  assert.equal(isDue({ ...ITEM, agreed: true }, now), true);
  assert.equal(isDue(ITEM, 24 * DAY), true);
});

test("what is refused or being changed stays, also when everything else is forced out", () => {
  for (const state of ["refused", "mending"]) assert.equal(isDue({ ...ITEM, state }, 1, true), false, state);
  assert.equal(isDue({ ...ITEM, next: 10 }, 5), false);
  assert.equal(isDue({ ...ITEM, next: 10 }, 5, true), true);
});

test("a page that was killed while it sent does not say «sender» for ever", () => {
  const now = 10 * DAY;
  assert.equal(stateOf({ ...ITEM, sending: now - 1000 }, now), "sending");
  assert.equal(stateOf({ ...ITEM, sending: now - 100_000 }, now), "waiting");
});

test("what is copied is what somebody wrote, and no key", () => {
  assert.equal(textOf({ fields: [["title", "Benk"], ["area", "annet"], ["body", "Fordi."], ["submission_id", "x"]] }), "Benk\n\nFordi.");
});
