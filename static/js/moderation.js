/**
 * Keys for the queue: each presses a button that is there without it. v show, i do not show and then 1–6 why, j next,
 * k previous, z undo. Silent in text fields; the switch turns them off, and this browser remembers that.
 */
const STORED = "moderation-keys";

/** @param {string} name @returns {boolean} */
function isOn() {
  try {
    return localStorage.getItem(STORED) !== "off";
  } catch {
    return true; // a browser that keeps nothing still has its keys
  }
}

/** Show the keys and the switch as they are; the queue is written anew after each decision. */
function showSwitch() {
  const box = document.querySelector("[data-keys]");
  if (!box) return;
  box.hidden = false;
  document.getElementById("keys-switch").setAttribute("aria-pressed", String(isOn()));
}

const items = () => [...document.querySelectorAll("[data-item]")];
const current = () => document.activeElement?.closest("[data-item]") ?? items()[0];

/** @param {number} step 1: to the next one, -1: to the one before */
function move(step) {
  const all = items();
  const here = all.indexOf(document.activeElement?.closest("[data-item]"));
  const next = all[here === -1 ? 0 : Math.min(Math.max(here + step, 0), all.length - 1)];
  next?.focus();
  next?.scrollIntoView({ block: "nearest" });
}

function refuse() {
  const details = current()?.querySelector("details");
  if (!details) return;
  details.open = true;
  details.querySelector("[data-act=reason]").focus();
}

/** @param {number} number from 1 */
function choose(number) {
  const details = current()?.querySelector("details[open]");
  const buttons = details ? [...details.querySelectorAll("[data-act=reason]")] : [];
  const words = details?.querySelector("textarea");
  const button = buttons[number - 1];
  // The last one says nothing by itself
  if (button === buttons.at(-1) && words && !words.value.trim()) words.focus();
  else button?.click();
}

const KEYS = {
  v: () => current()?.querySelector("[data-act=show]")?.click(),
  i: refuse,
  j: () => move(1),
  k: () => move(-1),
  z: () => document.querySelector("[data-act=undo]")?.click(),
};

document.addEventListener("keydown", (event) => {
  if (!isOn() || event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
  if (event.target.matches("textarea, select, input:not([type=checkbox])")) return;
  const act = KEYS[event.key.toLowerCase()] ?? (/^[1-6]$/.test(event.key) ? () => choose(Number(event.key)) : null);
  if (!act) return;
  event.preventDefault();
  act();
});

document.addEventListener("click", (event) => {
  if (!event.target.closest("#keys-switch")) return;
  try {
    localStorage.setItem(STORED, isOn() ? "off" : "on");
  } catch {
    // as above
  }
  showSwitch();
});

document.addEventListener("htmx:after:swap", showSwitch);
showSwitch();
