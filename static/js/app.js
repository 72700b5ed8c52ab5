/**
 * The glue on every page: the CSRF header, what is said when something fails, offline, new version, the receipt's buttons.
 * The page works without it. Words come from the page (components/words.html), so they are translated there.
 */
const words = JSON.parse(document.getElementById("words")?.textContent ?? "{}");
const notices = document.getElementById("notices");
const icons = document.body.dataset.icons;

/** @param {string} name one symbol of the sprite @returns {SVGElement} */
function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `${icons}#${name}`);
  svg.append(use);
  return svg;
}

/**
 * Put one box into #notices, in place of an older one of the same name; "offline" goes on top of the page's text.
 * @param {string} name  @param {"warning"|"error"|"tip"} kind  @param {{bold?: string, text: string, button?: string, act?: () => void}} what
 */
function notice(name, kind, what) {
  const box = document.createElement("div");
  box.className = `notice notice--${kind}`;
  box.id = `notice-${name}`;
  if (kind === "error") box.setAttribute("role", "alert");
  const text = document.createElement("div");
  text.className = "notice__text";
  const line = document.createElement("p");
  if (what.bold) {
    const bold = document.createElement("b");
    bold.textContent = what.bold;
    line.append(bold, " ");
  }
  line.append(what.text);
  text.append(line);
  if (what.button) {
    const button = document.createElement("button");
    button.type = "button";
    button.id = `${box.id}-act`;
    button.className = "ds-button button button--secondary";
    button.textContent = what.button;
    button.addEventListener("click", what.act);
    text.append(button);
  }
  if (name === "offline") {
    box.append(icon("offline"), text); // it stays until the net is back, at the top of the text and not over it
    document.getElementById(box.id)?.remove();
    const wrap = document.querySelector("main > .wrap");
    if (document.querySelector(".hero--low")) wrap?.firstElementChild?.after(box);
    else wrap?.prepend(box);
    say(`${what.bold} ${what.text}`);
    return;
  }
  const close = document.createElement("button");
  close.type = "button";
  close.id = `${box.id}-close`;
  close.className = "notice__close";
  close.setAttribute("aria-label", words.close);
  close.append(icon("close"));
  close.addEventListener("click", () => {
    box.remove();
    document.getElementById("main")?.focus({ preventScroll: true });
  });
  box.append(icon({ warning: "warning", error: "wrong", tip: "tip" }[kind]), text, close);
  document.getElementById(box.id)?.remove();
  notices?.append(box);
}

/** Say one short sentence to those who listen. @param {string} sentence */
function say(sentence) {
  const status = document.getElementById("status");
  if (status) status.textContent = sentence;
}

// --- htmx: the token goes into every call here and nowhere else
document.addEventListener("htmx:config:request", (event) => {
  const token = document.querySelector('meta[name="csrf-token"]')?.content;
  if (token) event.detail.ctx.request.headers["X-CSRFToken"] = token;
});

// What only helps is missed in silence: nobody asked for it, and its failure takes nothing away
const isQuiet = (event) => event.target instanceof Element && event.target.matches("[data-quiet]");

document.addEventListener("htmx:response:error", (event) => {
  if (isQuiet(event)) return;
  const status = event.detail.ctx.response.status;
  if (status === 503) notice("failure", "error", { text: words.busy });
  else if (status >= 500) notice("failure", "error", { text: words.failed });
});
document.addEventListener("htmx:error", (event) => {
  if (isQuiet(event) || event.detail.ctx?.response) return; // a fault in the page itself, not in the network: the console has it
  notice("failure", "error", { text: words.silent });
});
document.addEventListener("htmx:after:request", (event) => {
  const response = event.detail.ctx.response;
  if (response.status < 400) document.getElementById("notice-failure")?.remove();
  const ours = document.querySelector('meta[name="app-version"]')?.content;
  const theirs = response.headers?.get("X-App-Version");
  if (ours && theirs && ours !== theirs) offerUpdate(() => location.reload());
});

// --- network
function showNetwork() {
  if (navigator.onLine) document.getElementById("notice-offline")?.remove();
  else notice("offline", "warning", { bold: words.offline_title, text: words.offline });
}
addEventListener("online", showNetwork);
addEventListener("offline", showNetwork);
if (!navigator.onLine) showNetwork();

// --- new version: never while something is written and not sent
function unsaved() {
  return [...document.querySelectorAll("form textarea, form input[type=text], form input[type=email]")].some(
    (control) => control.value !== control.defaultValue && !control.readOnly,
  );
}

/** What is being sent now is not cut off. */
const whenSent = async () => navigator.locks?.request("outbox", () => {});

/** @param {() => void} update */
async function offerUpdate(update) {
  await whenSent();
  if (unsaved() || document.getElementById("notice-version")) return;
  const act = () => {
    if (unsaved()) notice("version", "tip", { text: words.update_later, button: words.update, act });
    else whenSent().then(update);
  };
  notice("version", "tip", { text: words.new_version, button: words.update, act });
}

/** What the phone should have when the net is gone: the open things on home, and their forms; and this form. */
async function keepForLater() {
  const links = [...document.querySelectorAll("[data-keeps] a[href]")].map((link) => link.pathname);
  const forms = links.filter((path) => path.startsWith("/prosesser/")).map((path) => `${path}/ideer/ny`);
  const here = document.querySelector('form[data-island~="outbox"]') ? [location.pathname] : [];
  const addresses = [...links, ...forms, ...here];
  if (addresses.length === 0) return;
  const registration = await navigator.serviceWorker.ready;
  registration.active.postMessage({ type: "keep", addresses });
}

async function startWorker() {
  if (!("serviceWorker" in navigator) || !isSecureContext) return;
  let hadWorker = Boolean(navigator.serviceWorker.controller);
  let reloaded = false;
  navigator.serviceWorker.addEventListener("controllerchange", () => {
    if (!navigator.serviceWorker.controller) hadWorker = false; // this phone has just been emptied
    if (!hadWorker || reloaded || unsaved()) return; // another tab has updated: what is written here stays
    reloaded = true;
    location.reload();
  });
  const registration = await navigator.serviceWorker.register("/sw.js", { scope: "/" });
  const offer = () => offerUpdate(() => registration.waiting?.postMessage({ type: "skip-waiting" }));
  if (registration.waiting && hadWorker) offer();
  registration.addEventListener("updatefound", () => {
    const fresh = registration.installing;
    fresh?.addEventListener("statechange", () => {
      if (fresh.state === "installed" && hadWorker) offer();
    });
  });
}
startWorker()
  .then(() => navigator.serviceWorker && isSecureContext && keepForLater())
  .catch(() => {}); // without a worker the page is the same, only not offline

// --- what sends a form by the outbox comes when somebody begins to write: to look at a form costs nothing
for (const form of document.querySelectorAll('form[data-island~="outbox"]')) {
  const load = () => import(form.dataset.script);
  if (new URLSearchParams(location.search).has("utkast")) load().catch(() => {});
  for (const sign of ["focusin", "pointerdown"]) form.addEventListener(sign, () => load().catch(() => {}), { once: true });
  form.addEventListener("submit", (event) => {
    if (form.dataset.outboxOn || !globalThis.indexedDB || event.defaultPrevented) return;
    event.preventDefault(); // sent before the script was here
    load().then(() => form.requestSubmit(), () => HTMLFormElement.prototype.submit.call(form));
  });
}

// --- leaving this phone: what is not sent is asked about first
for (const form of document.querySelectorAll("form[data-leaves]")) {
  form.addEventListener("submit", async (event) => {
    if (!globalThis.indexedDB || !form.checkValidity()) return;
    event.preventDefault();
    if (form.dataset.busy) return;
    form.dataset.busy = "yes";
    try {
      const { leave } = await import(form.dataset.leaves);
      await leave(form);
    } catch {
      HTMLFormElement.prototype.submit.call(form);
    } finally {
      delete form.dataset.busy;
    }
  });
}

// --- the outbox: pages on which nothing waits load nothing of it
async function sendWhatWaits(how) {
  try {
    if (!localStorage.getItem("outbox")) return;
  } catch {
    return; // somebody has forbidden storage
  }
  const island = document.querySelector('[data-island="waiting"]');
  if (island) import(island.dataset.script).catch(() => {});
  const { drain } = await import(document.body.dataset.outbox);
  await drain(how);
}
const tryToSend = (how) => sendWhatWaits(how).catch(() => {});
tryToSend({ force: true });
addEventListener("online", () => tryToSend({ force: true }));
document.addEventListener("visibilitychange", () => document.hidden || tryToSend());
setInterval(() => document.hidden || tryToSend(), 30_000);

// --- where notices are on, push.js looks whether our key has changed since, and renews; others never fetch it
if (globalThis.Notification?.permission === "granted" && document.body.dataset.push) import(document.body.dataset.push).catch(() => {});

// --- the browser's own offer to install waits until somebody has sent something (receipt.js)
addEventListener("beforeinstallprompt", (event) => event.preventDefault());

// --- the receipt: copy and share its link
for (const box of document.querySelectorAll('[data-island="receipt"]')) {
  const buttons = box.querySelector("[data-receipt-buttons]");
  const link = box.querySelector("input");
  const [copy, share] = buttons.querySelectorAll("button");
  copy.hidden = !navigator.clipboard;
  share.hidden = !navigator.share;
  buttons.hidden = copy.hidden && share.hidden;
  copy.addEventListener("click", async () => {
    await navigator.clipboard.writeText(box.dataset.url);
    copy.querySelector("span").textContent = words.copied;
    say(words.copied);
  });
  share.addEventListener("click", () => navigator.share({ url: box.dataset.url }).catch(() => {}));
  link.addEventListener("focus", () => link.select());
}
