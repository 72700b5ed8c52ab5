/**
 * Points out what looks like personal data before it is sent: fødselsnummer, telephone number, e-mail address.
 * «Det ser ut som et telefonnummer. Vil du ta det bort?» · «Ta det bort» · «Behold». The server asks the same without script.
 *
 *   <form data-island="screen"> …  every text field in it is read, but not the e-mail field; «Behold» sends kept=ja along.
 */
const words = JSON.parse(globalThis.document?.getElementById("words")?.textContent ?? "{}");

/**
 * Check digits of a fødselsnummer, as Skatteetaten sets them (weights 3 7 6 1 8 9 4 5 2 and 5 4 3 2 7 6 5 4 3 2, modulo 11).
 * @param {string} digits eleven @returns {boolean}
 */
export function isBirthNumber(digits) {
  const of = (weights) => {
    const rest = weights.reduce((sum, weight, at) => sum + weight * Number(digits[at]), 0) % 11;
    return rest === 0 ? 0 : 11 - rest;
  };
  return of([3, 7, 6, 1, 8, 9, 4, 5, 2]) === Number(digits[9]) && of([5, 4, 3, 2, 7, 6, 5, 4, 3, 2]) === Number(digits[10]);
}

/**
 * @param {string} text
 * @returns {{kind: "birth"|"email"|"phone", found: string}|null} the first thing that looks personal
 */
export function firstPersonal(text) {
  for (const hit of text.matchAll(/(?<!\d)\d{6}[ -]?\d{5}(?!\d)/g)) {
    if (isBirthNumber(hit[0].replace(/\D/g, ""))) return { kind: "birth", found: hit[0] };
  }
  const email = text.match(/[^\s@<>()]+@[^\s@<>()]+\.[a-zæøå]{2,}/i);
  if (email) return { kind: "email", found: email[0] };
  const phone = text.match(/(?<![\d.,/-])(?:(?:\+|00)47[ ]?)?[2-9]\d(?:[ ]?\d){6}(?![\d]|[.,/-]\d)/);
  if (phone) return { kind: "phone", found: phone[0] };
  return null;
}

/** @param {HTMLFormElement} form */
function start(form) {
  if (form.dataset.screenOn) return;
  form.dataset.screenOn = "yes";
  const kept = new Set();
  let pressed = false;
  form.addEventListener("pointerdown", () => (pressed = true));
  for (const over of ["pointerup", "pointercancel"]) addEventListener(over, () => (pressed = false));

  /** @returns {boolean} whether a question stands at the field now */
  function ask(control) {
    document.getElementById(`${control.id}-screen`)?.remove();
    const hit = firstPersonal(control.value);
    if (!hit || kept.has(hit.found)) return false;
    const box = document.createElement("div");
    box.id = `${control.id}-screen`;
    box.className = "notice notice--warning screen";
    box.setAttribute("role", "group");
    const text = document.createElement("div");
    text.className = "notice__text";
    const line = document.createElement("p");
    line.id = `${box.id}-text`;
    line.textContent = { phone: words.looks_phone, email: words.looks_email, birth: words.looks_birth }[hit.kind];
    box.setAttribute("aria-labelledby", line.id);
    const row = document.createElement("div");
    row.className = "row";
    row.append(
      button(`${box.id}-away`, "primary", words.take_away, () => {
        control.value = control.value.replace(hit.found, "").replace(/ {2,}/g, " ").trim();
        control.dispatchEvent(new Event("input", { bubbles: true }));
        box.remove();
        if (!ask(control)) control.focus();
      }),
      button(`${box.id}-keep`, "secondary", words.keep, () => {
        kept.add(hit.found);
        tellServer();
        box.remove();
        if (!ask(control)) control.focus();
      }),
    );
    text.append(line, row);
    box.append(text);
    (control.closest(".field") ?? control).append(box);
    return true;
  }

  function tellServer() {
    const there = form.elements.namedItem("kept");
    if (there) {
      there.checked = true;
      return;
    }
    const kept = document.createElement("input");
    kept.type = "hidden";
    kept.name = "kept";
    kept.value = "ja";
    form.append(kept);
  }

  const fields = () => [...form.querySelectorAll('input[type="text"], textarea')];
  form.addEventListener("change", (event) => {
    const control = event.target;
    if (!fields().includes(control)) return;
    // Not while a finger is down: the question would push away what is being tapped, and the tap would miss.
    const soon = () => setTimeout(() => document.getElementById(`${control.id}-screen`) || ask(control), 100);
    if (pressed) addEventListener("pointerup", soon, { once: true });
    else soon();
  });
  form.addEventListener(
    "submit",
    (event) => {
      const asked = fields().filter(ask);
      if (asked.length === 0) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      document.getElementById(`${asked[0].id}-screen-away`)?.focus();
    },
    true,
  );
}

function button(id, kind, text, act) {
  const made = document.createElement("button");
  made.type = "button";
  made.id = id;
  made.className = `ds-button button button--${kind}`;
  made.textContent = text;
  made.addEventListener("click", act);
  return made;
}

function startAll() {
  for (const form of document.querySelectorAll('form[data-island~="screen"]')) start(form);
}
if (globalThis.document) {
  startAll();
  document.addEventListener("htmx:after:swap", startAll);
}
