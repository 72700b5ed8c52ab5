/**
 * «Slå på varsler»: asks the browser, and only after a tap; hands the subscription to the server; says how it went.
 *
 * The element is made by the component push_switch: data-key-url (our public key), data-subscribe-url, data-token-url,
 * data-page-url, maybe data-input-id, and one sentence for each state in [data-push-state], of which one is shown.
 */

/**
 * @param {{secure: boolean, worker: boolean, push: boolean, permission: string, iphone: boolean, installed: boolean}} phone
 * @returns {"off"|"refused"|"missing"|"insecure"|"iphone"} what can be said before anybody taps
 */
export function stateOf(phone) {
  if (!phone.secure) return "insecure";
  if (phone.iphone && !phone.installed && !phone.push) return "iphone";
  if (!phone.worker || !phone.push) return "missing";
  return phone.permission === "denied" ? "refused" : "off";
}

/** @returns {Parameters<typeof stateOf>[0]} what this browser can do */
function thisPhone() {
  const iphone = /iPhone|iPad|iPod/.test(navigator.userAgent) || (/Macintosh/.test(navigator.userAgent) && navigator.maxTouchPoints > 1);
  return {
    secure: isSecureContext,
    worker: "serviceWorker" in navigator,
    push: "PushManager" in window && "Notification" in window,
    permission: "Notification" in window ? Notification.permission : "default",
    iphone,
    installed: navigator.standalone === true || matchMedia("(display-mode: standalone)").matches,
  };
}

/**
 * @param {PushSubscriptionJSON} subscription  @param {string|undefined} inputId
 * @param {string} [key] the key of ours that it was made with
 * @returns {Record<string, string>} what the server reads
 */
export function sentFields(subscription, inputId, key) {
  const { p256dh, auth } = subscription.keys;
  return { endpoint: subscription.endpoint, p256dh, auth, ...(inputId ? { input_id: inputId } : {}), ...(key ? { key } : {}) };
}

/** @param {HTMLElement} island */
function start(island) {
  if (island.dataset.pushOn || !island.dataset.keyUrl) return;
  island.dataset.pushOn = "yes";
  const button = island.querySelector("[data-push-button]");

  /** @param {string} state  @param {string} [sentence] the server's own words, shown in place of ours */
  function show(state, sentence) {
    for (const text of island.querySelectorAll("[data-push-state]")) text.hidden = text.dataset.pushState !== state;
    const shown = island.querySelector(`[data-push-state="${state}"]`);
    if (sentence) shown.textContent = sentence;
    const tapped = button.contains(document.activeElement);
    button.hidden = !["off", "failed", "working"].includes(state);
    button.querySelector("button").setAttribute("aria-disabled", String(state === "working"));
    const status = document.getElementById("status");
    if (status && state === "failed") status.textContent = shown.textContent.trim();
    if (tapped && button.hidden) {
      shown.tabIndex = -1; // the button is gone: focus goes to what came of it, and so it is read aloud
      shown.focus();
    }
  }

  let working = false;
  async function turnOn() {
    if (working) return;
    working = true;
    try {
      await tryToTurnOn();
    } catch {
      show("failed");
    } finally {
      working = false;
    }
  }

  async function tryToTurnOn() {
    show("working");
    if ((await Notification.requestPermission()) !== "granted") return show(stateOf(thisPhone()));
    const { key } = await (await fetch(island.dataset.keyUrl)).json();
    const worker = await navigator.serviceWorker.ready;
    const subscription = await subscribed(worker.pushManager, key);
    const answer = await tell(subscription, key, island.dataset.inputId, island.dataset);
    const said = await answer.json();
    if (!answer.ok || !said.ok) return show("failed", said.error);
    if (location.pathname === island.dataset.pageUrl) return location.replace(island.dataset.pageUrl);
    show("on");
  }

  button.querySelector("button").addEventListener("click", turnOn);
  show(stateOf(thisPhone()));
}

/**
 * A subscription made with another key of ours cannot be used any more: it is ended, and a new one made.
 * @param {PushManager} manager  @param {string} key base64url
 */
async function subscribed(manager, key) {
  const options = { userVisibleOnly: true, applicationServerKey: key };
  try {
    return await manager.subscribe(options);
  } catch (fault) {
    if (fault.name !== "InvalidStateError") throw fault;
    await (await manager.getSubscription())?.unsubscribe();
    return manager.subscribe(options);
  }
}

const PLACES = { keyUrl: "/varsler/nokkel", tokenUrl: "/merke", subscribeUrl: "/varsler/abonner" };

/** @param {PushSubscription} subscription  @param {string} key  @param {string} [inputId]  @param {Record<string, string>} [places] */
async function tell(subscription, key, inputId, places = PLACES) {
  const { csrf_token: token } = await (await fetch(places.tokenUrl, { cache: "no-store" })).json();
  return fetch(places.subscribeUrl, {
    method: "POST",
    redirect: "manual",
    referrerPolicy: "no-referrer", // a receipt's address is a secret
    headers: { "Content-Type": "application/json", Accept: "application/json", "X-CSRFToken": token },
    body: JSON.stringify(sentFields(subscription.toJSON(), inputId, key)),
  });
}

/**
 * Our key has changed since this browser subscribed: subscribe anew and tell the server. Asks nobody anything, and does
 * nothing where notices are off.
 * @param {PushManager} manager  @param {(subscription: PushSubscription, key: string) => Promise<{ok: boolean}>} [telling]
 * @returns {Promise<boolean>} whether it was renewed
 */
export async function renewed(manager, telling = tell) {
  const old = await manager.getSubscription();
  if (!old) return false;
  const { key } = await (await fetch(PLACES.keyUrl)).json();
  if (!key || (keyOf(old) === key && !untold())) return false;
  untold(true); // until the server has said yes: whoever closes the page here is renewed the next time
  if (keyOf(old) !== key) await old.unsubscribe();
  const answer = await telling(await manager.subscribe({ userVisibleOnly: true, applicationServerKey: key }), key);
  if (!answer.ok) return false;
  untold(false);
  return true;
}

/** Whether the server has not heard of this browser's newest subscription. @param {boolean} [now] what is so from now on */
function untold(now) {
  try {
    if (now === undefined) return localStorage.getItem("push-untold") === "yes";
    if (now) localStorage.setItem("push-untold", "yes");
    else localStorage.removeItem("push-untold");
  } catch {
    // A browser that keeps nothing: the server finds out by itself that the old one is gone
  }
  return false;
}

/** @param {PushSubscription} subscription  @returns {string} the key it was made with, base64url */
export function keyOf(subscription) {
  const bytes = new Uint8Array(subscription.options?.applicationServerKey ?? []);
  return btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** Switching off ends the browser's own subscription too; the form then tells the server. @param {HTMLFormElement} form */
function endHere(form) {
  form.addEventListener("submit", () => {
    navigator.serviceWorker?.ready
      .then((worker) => worker.pushManager.getSubscription())
      .then((subscription) => subscription?.unsubscribe())
      .catch(() => {});
  });
}

function startAll() {
  for (const island of document.querySelectorAll('[data-island~="push"]')) start(island);
  for (const form of document.querySelectorAll("form[data-push-off]")) endHere(form);
}
if (globalThis.document) {
  navigator.clearAppBadge?.().catch(() => {});
  startAll();
  if (globalThis.Notification?.permission === "granted") {
    navigator.serviceWorker?.ready.then((worker) => renewed(worker.pushManager)).catch(() => {}); // next time, then
  }
  document.addEventListener("htmx:after:swap", startAll);
}
