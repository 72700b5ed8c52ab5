/**
 * The receipt page: «Angre» goes when its time is over, the parcel is fetched again when there is news, and the app is
 * offered once after the first contribution. The page loads no htmx, so that its secret address never travels in a header.
 */
const QUIET_DAYS = 90;
const ASKED = "asked-to-install";

const undo = document.getElementById("undo");
if (undo) {
  setTimeout(() => {
    const held = undo.contains(document.activeElement);
    undo.remove();
    if (held) document.getElementById("main")?.focus({ preventScroll: true });
  }, Number(undo.dataset.seconds) * 1000);
}

const panel = document.querySelector('[data-island="receipt-parcel"]');
panel?.addEventListener("refresh", async () => {
  const answer = await fetch(location.pathname, { credentials: "same-origin", cache: "no-store" }).catch(() => null);
  if (!answer?.ok) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById(panel.id);
  if (fresh && fresh.textContent !== panel.textContent) panel.replaceChildren(...fresh.childNodes);
});

/** @returns {boolean} whether this phone was asked within the quiet time; it is remembered on the phone alone */
function askedLately() {
  const asked = Number(localStorage.getItem(ASKED) ?? 0);
  return Date.now() - asked < QUIET_DAYS * 86_400_000;
}

const install = document.querySelector('[data-island="install"]');
addEventListener("beforeinstallprompt", (event) => {
  event.preventDefault();
  if (!install || askedLately()) return;
  install.hidden = false;
  const done = () => {
    localStorage.setItem(ASKED, String(Date.now()));
    install.hidden = true;
  };
  install.querySelector("#install-no").addEventListener("click", done);
  install.querySelector("#install-yes").addEventListener("click", async () => {
    done();
    await event.prompt();
  });
});
