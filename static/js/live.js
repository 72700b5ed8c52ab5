/**
 * The stream that says only "new version"; the content comes by the element's own hx-get, so there is one way to draw it.
 *
 *   <div data-live="idea:<id>" data-live-url="https://…/live" hx-get="…" hx-trigger="refresh" …>
 *
 * The stream is <data-live-url>?topic=<data-live>; it greets with `hello` and says `version` at each change. No hello within
 * 5 s, or no stream at all: the same GET every 3 s, after two minutes every 15 s, and the stream is tried again each minute.
 * While the stream stands the GET comes every 15 s all the same: without Redis the stream greets and then knows nothing.
 * Nothing is asked while the page is out of sight or after the element has gone.
 */
const HELLO_MS = 5000;
const AGAIN_MS = 60000;
const SOON_MS = 3000;
const LATER_MS = 15000;
const EAGER_MS = 120000;

/**
 * Call `fresh` whenever the topic may have changed, until `element` leaves the page.
 * @param {HTMLElement} element  @param {string} topic  @param {string} url empty: only polling  @param {() => void} fresh
 */
export function follow(element, topic, url, fresh) {
  const began = performance.now();
  let polling = 0;
  let streaming = false;

  const gone = () => !document.contains(element);
  const tell = () => {
    if (!document.hidden && !gone()) fresh();
  };

  function poll() {
    if (polling || gone()) return;
    const wait = !streaming && performance.now() - began < EAGER_MS ? SOON_MS : LATER_MS;
    // Jitter, so that a class behind one address does not ask in step.
    polling = setTimeout(
      () => {
        polling = 0;
        tell();
        poll();
      },
      wait * (0.8 + 0.4 * Math.random()),
    );
  }

  function listen() {
    if (gone()) return;
    const address = new URL(url, location.href);
    address.searchParams.set("topic", topic);
    const stream = new EventSource(address);
    const giveUp = () => {
      clearTimeout(hello);
      stream.close();
      streaming = false;
      clearTimeout(polling);
      polling = 0;
      poll();
      setTimeout(listen, AGAIN_MS);
    };
    const hello = setTimeout(giveUp, HELLO_MS);
    const heard = () => (gone() ? stream.close() : tell());
    stream.addEventListener("hello", () => {
      clearTimeout(hello);
      streaming = true;
      heard(); // what happened before the stream stood
      poll();
    });
    stream.addEventListener("version", heard);
    stream.addEventListener("message", heard);
    stream.addEventListener("error", giveUp, { once: true });
  }

  if (url && "EventSource" in window) listen();
  else poll();
  document.addEventListener("visibilitychange", tell);
}

function startAll() {
  for (const element of document.querySelectorAll("[data-live]")) {
    if (element.dataset.liveOn) continue;
    element.dataset.liveOn = "yes";
    follow(element, element.dataset.live, element.dataset.liveUrl, () => {
      element.dispatchEvent(new CustomEvent("refresh"));
    });
  }
}
startAll();
document.addEventListener("htmx:after:swap", startAll);
