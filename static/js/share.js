/**
 * «Del»: the phone's own way to share where it has one, else the link is copied, and that is said aloud.
 * Without this, and where the browser can do neither, the page shows the address to mark and copy.
 */

/**
 * Let go of an address as well as this browser can.
 * @param {{url: string, title: string}} what  @param {{share?: Function, clipboard?: {writeText: Function}}} device
 * @returns {Promise<"shared"|"left"|"copied"|"shown">} left: somebody changed their mind; shown: it must be copied by hand
 */
export async function passOn(what, device) {
  try {
    if (device.share) return await device.share(what).then(() => "shared");
  } catch (fault) {
    if (fault.name === "AbortError") return "left";
  }
  try {
    await device.clipboard.writeText(what.url);
    return "copied";
  } catch {
    return "shown";
  }
}

/** @param {HTMLElement} island  @param {Record<string, string>} words */
function start(island, words) {
  const button = island.querySelector("button");
  const link = island.querySelector("p");
  const { url, title } = island.dataset;
  button.hidden = false;
  link.hidden = true;
  button.addEventListener("click", async () => {
    const end = await passOn({ url, title }, navigator);
    link.hidden = end !== "shown";
    if (end !== "copied") return;
    button.querySelector("span").textContent = words.copied;
    const status = document.getElementById("status");
    if (status) status.textContent = words.copied;
  });
}

if (typeof document !== "undefined" && (navigator.share || navigator.clipboard)) {
  const words = JSON.parse(document.getElementById("words")?.textContent ?? "{}");
  for (const island of document.querySelectorAll('[data-island="share"]')) start(island, words);
}
