/**
 * Keys at the desk: everything they do has a link or a button too, so without this nothing is missing.
 *
 *   <div data-island="desk">             the list, and one input beside it
 *   <button data-key="t">                pressed by the key; a field or a summary takes focus instead
 *   <details data-keys>                  says which keys there are; its button turns them off on this machine
 */
const OFF = "innbyggerlab-desk-keys-off";
const FIELDS = "input, textarea, select, [contenteditable]";

/**
 * The key that is meant, or "" when somebody writes, or speaks to the browser.
 * @param {{key: string, ctrlKey?: boolean, altKey?: boolean, metaKey?: boolean, isComposing?: boolean}} event
 * @param {boolean} inField
 */
export function meant(event, inField) {
  if (inField || event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return "";
  return ["j", "k", "o", "t", "s", "v", "z", "?", "Escape"].includes(event.key) ? event.key : "";
}

/** The place to go to from `from` (-1: nowhere yet) in a list of `count`. @returns {number} */
export function moved(from, step, count) {
  return Math.max(0, Math.min(count - 1, from + step));
}

/** @param {HTMLElement} desk */
function start(desk) {
  const rows = [...desk.querySelectorAll("#lines a")];
  const chosen = rows.findIndex((row) => row.getAttribute("aria-current"));
  const help = document.querySelector("[data-keys]");
  const target = (key) => document.querySelector(`[data-key="${key}"]`);

  rows[chosen]?.closest("li").scrollIntoView({ block: "nearest" });

  function go(step) {
    const link = target(step > 0 ? "j" : "k");
    if (link) link.click();
    else rows[moved(rows.indexOf(document.activeElement), step, rows.length)]?.focus();
  }

  function press(key) {
    const one = target(key);
    if (!one) return;
    if (one.matches("summary")) {
      one.parentElement.open = true;
      one.parentElement.querySelector("select, input:not([type=hidden])")?.focus();
    } else if (one.matches(FIELDS)) one.focus();
    else one.click();
  }

  const acts = {
    j: () => go(1),
    k: () => go(-1),
    o: () => rows.includes(document.activeElement) && document.activeElement.click(),
    Escape: () => rows[chosen]?.focus(),
    "?": () => {
      help.open = true;
      help.querySelector("summary").focus();
    },
  };

  document.addEventListener("keydown", (event) => {
    if (localStorage.getItem(OFF)) return;
    const key = meant(event, Boolean(event.target.closest?.(FIELDS)));
    if (!key) return;
    if (key !== "Escape") event.preventDefault();
    (acts[key] ?? (() => press(key)))();
  });
  offerSwitch(help);
}

/** Let whoever needs the keys for something else turn them off. @param {HTMLElement | null} help */
function offerSwitch(help) {
  const button = help?.querySelector("button");
  if (!button) return;
  const show = () => {
    const off = Boolean(localStorage.getItem(OFF));
    button.setAttribute("aria-pressed", String(!off));
    for (const word of button.querySelectorAll("[data-when]")) word.hidden = (word.dataset.when === "off") !== off;
  };
  button.addEventListener("click", () => {
    if (localStorage.getItem(OFF)) localStorage.removeItem(OFF);
    else localStorage.setItem(OFF, "1");
    show();
  });
  button.hidden = false;
  show();
}

if (typeof document !== "undefined") {
  for (const desk of document.querySelectorAll('[data-island="desk"]')) start(desk);
}
