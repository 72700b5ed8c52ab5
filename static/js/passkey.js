/**
 * «Lag passnøkkel» and «Bruk passnøkkel»: fetches the question, lets the browser ask, and sends the answer with the form.
 *
 * The form is made by the component passkey_form: data-ask-url, an empty hidden field "credential", and one sentence for
 * each state in [data-passkey-state], of which one is shown. The page it leads to, or the refusal, comes from the server.
 */

/** @param {string} text base64url @returns {Uint8Array<ArrayBuffer>} */
export function bytesOf(text) {
  const plain = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(plain, (letter) => letter.charCodeAt(0));
}

/** @param {ArrayBuffer|null|undefined} buffer @returns {string|undefined} base64url without padding */
export function textOf(buffer) {
  if (!buffer) return undefined;
  const plain = btoa(Array.from(new Uint8Array(buffer), (byte) => String.fromCharCode(byte)).join(""));
  return plain.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/**
 * What the browser is given: the question, with bytes where JSON has text.
 * @param {Record<string, any>} question  @returns {Record<string, any>}
 */
export function asked(question) {
  const named = (keys = []) => keys.map((key) => ({ ...key, id: bytesOf(key.id) }));
  return {
    ...question,
    challenge: bytesOf(question.challenge),
    ...(question.user ? { user: { ...question.user, id: bytesOf(question.user.id) } } : {}),
    ...(question.excludeCredentials ? { excludeCredentials: named(question.excludeCredentials) } : {}),
    ...(question.allowCredentials ? { allowCredentials: named(question.allowCredentials) } : {}),
  };
}

/**
 * What the server is given: the browser's answer, with text where it has bytes.
 * @param {PublicKeyCredential} credential  @returns {Record<string, any>}
 */
export function answered({ id, rawId, type, response }) {
  const parts = ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"];
  const said = Object.fromEntries(parts.map((part) => [part, textOf(response[part])]));
  return { id, rawId: textOf(rawId), type, response: said, clientExtensionResults: {} };
}

/** Which sentence a fault of the browser's is. A cancel and a timeout are the same to us, so that nobody learns which keys there are. */
export function stateOf(fault) {
  const known = { NotAllowedError: "stopped", AbortError: "stopped", TimeoutError: "stopped", InvalidStateError: "known", SecurityError: "elsewhere" };
  return known[fault?.name] ?? "failed";
}

/** @param {HTMLFormElement} form */
function start(form) {
  const button = form.querySelector("[data-passkey-button]");

  /** @param {string} state  @param {string} [sentence] the server's own words, shown in place of ours */
  function show(state, sentence) {
    for (const text of form.querySelectorAll("[data-passkey-state]")) text.hidden = text.dataset.passkeyState !== state;
    const shown = form.querySelector(`[data-passkey-state="${state}"]`);
    if (shown && sentence) shown.textContent = sentence;
    button.hidden = state === "missing";
    button.querySelector("button").setAttribute("aria-disabled", String(state === "working"));
    const status = document.getElementById("status");
    if (status && shown) status.textContent = shown.textContent.trim();
  }

  async function question() {
    const token = form.elements.csrf_token.value;
    const answer = await fetch(form.dataset.askUrl, { method: "POST", redirect: "error", headers: { Accept: "application/json", "X-CSRFToken": token } });
    const said = await answer.json();
    return answer.ok ? said : show("failed", said.error);
  }

  let working = false;
  async function send() {
    if (working) return;
    working = true;
    show("working");
    try {
      const given = await question();
      if (!given) return;
      const options = { publicKey: asked(given) };
      const credential = await (given.user ? navigator.credentials.create(options) : navigator.credentials.get(options));
      form.elements.credential.value = JSON.stringify(answered(credential));
      form.submit();
    } catch (fault) {
      show(stateOf(fault));
    } finally {
      working = false;
    }
  }

  form.addEventListener("submit", (event) => {
    if (form.elements.name && !form.elements.name.value.trim()) return; // no key is made for a form that will be refused
    event.preventDefault();
    send();
  });
  if (!isSecureContext || !("PublicKeyCredential" in window)) return show("missing");
  button.hidden = false;
  form.querySelector('[data-passkey-state="script"]').hidden = true; // what the server has just refused stays to be read
}

if (globalThis.document) for (const form of document.querySelectorAll('[data-island~="passkey"]')) start(form);
