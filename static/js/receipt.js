/**
 * The receipt: takes «Angre» away when its time has passed, keeps the parcel fresh, and offers once to install the app.
 * The page has a secret in its address and so no htmx; what is fetched here is the public page of the same idea.
 */
import { follow } from "./live.js";

const QUIET_MS = 90 * 24 * 60 * 60 * 1000;

const undo = document.getElementById("undo");
if (undo) setTimeout(() => removeUndo(undo), 1000 * Number(undo.dataset.seconds));

/** @param {HTMLElement} form */
function removeUndo(form) {
  const hadFocus = form.contains(document.activeElement);
  form.remove();
  if (!hadFocus) return;
  const heading = document.querySelector("main h1"); // focus never falls on <body>
  heading.tabIndex = -1;
  heading.focus();
}

const panel = document.querySelector("[data-reload]");
if (panel) {
  follow(panel, panel.dataset.reload, panel.dataset.liveUrl, async () => {
    const answer = await fetch(panel.dataset.url, {
      headers: { "HX-Request": "true", "HX-Request-Type": "partial" },
      referrerPolicy: "no-referrer",
    }).catch(() => null);
    if (!answer?.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.getElementById("parcel-panel") ?? page.body;
    if (fresh.textContent.trim() === panel.textContent.trim()) return;
    panel.replaceChildren(...fresh.childNodes);
  });
}

const install = document.querySelector('[data-island~="install"]');
if (install) {
  addEventListener("beforeinstallprompt", (offer) => {
    offer.preventDefault();
    if (Date.now() - Number(localStorage.getItem("install-asked") ?? 0) < QUIET_MS) return;
    install.hidden = false;
    const done = () => {
      localStorage.setItem("install-asked", String(Date.now()));
      install.hidden = true;
    };
    install.querySelector("#install-yes").addEventListener("click", () => {
      offer.prompt();
      done();
    });
    install.querySelector("#install-no").addEventListener("click", done);
  });
}
