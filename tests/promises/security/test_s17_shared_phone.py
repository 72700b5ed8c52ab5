"""S17: whoever takes over a phone finds nothing of the one who had it, and no cache on the way gives it to others."""

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import expect

from tests.support.browser import phone
from tests.support.karis_things import DRAFT, EMAIL, HELD, MARKS, addresses

pytestmark = pytest.mark.sqlite_only
# All that a browser keeps for a site, as one text.
KEPT = """async () => {
  const found = [JSON.stringify(localStorage), JSON.stringify(sessionStorage)];
  for (const name of await caches.keys()) {
    const cache = await caches.open(name);
    for (const asked of await cache.keys()) {
      const answer = await cache.match(asked, { ignoreVary: true });
      const words = /text|json/.test(answer.headers.get("Content-Type"));
      found.push(asked.url, [...answer.headers].join(), words ? await answer.text() : "");
    }
  }
  for (const { name } of await indexedDB.databases()) {
    const database = await new Promise((done, fail) => Object.assign(indexedDB.open(name),
      { onsuccess: (event) => done(event.target.result), onerror: fail }));
    for (const store of database.objectStoreNames) {
      const asked = database.transaction(store).objectStore(store).getAll();
      found.push(JSON.stringify(await new Promise((done) => { asked.onsuccess = () => done(asked.result); })));
    }
    database.close();
  }
  return found.join("\\n");
}"""
IN_HTTP_CACHE = """async (addresses) => {
  const found = [];
  for (const address of addresses) {
    try {
      found.push(await (await fetch(address, { cache: "only-if-cached", mode: "same-origin" })).text());
    } catch { /* it is not there */ }
  }
  return found.join("\\n");
}"""
# As an iPhone is: nothing is sent while no page is open
NO_SYNC = "Object.defineProperty(ServiceWorkerRegistration.prototype, 'sync', { value: undefined });"
SHOWN = "document.documentElement.outerHTML + [...document.querySelectorAll('input, textarea')].map((one) => one.value)"


def marks_in(text: str | bytes) -> list[str]:
    said = text if isinstance(text, bytes) else text.encode()
    return [mark for mark in MARKS if mark.encode() in said]


@pytest.mark.parametrize("who", ["kari", "per"])
def test_s17_nothing_is_left_on_a_phone_that_somebody_else_takes_over(browser, live_site, visit_as, things, who):
    """Kari has no account and empties the phone; Per works here and signs out."""
    context = phone(browser, base_url=live_site.url)
    live_site.let_in(context, visit_as(who))
    page = context.new_page()
    page.add_init_script(NO_SYNC)
    page.goto("/")
    page.evaluate("async () => { await navigator.serviceWorker.ready; }")
    own = ["/mine", f"/ideer/{things.held.id}", f"/kvittering/{things.receipt(things.held)}", "/mine/data", "/varsler"]
    desk = ["/mine", f"/arbeidsflate/innspill/{things.hidden.id}", "/arbeidsflate/moderering", "/mine/innlogginger"]
    seen = own if who == "kari" else desk
    shown = ""
    for address in seen:
        page.goto(address)
        shown += page.evaluate(SHOWN)
    assert marks_in(shown), "S17: nothing of theirs was on the screen, so this would prove nothing"
    write_and_leave_it(page)
    caches = page.evaluate(KEPT.replace("of await indexedDB.databases()", "of []"))
    assert marks_in(caches) == [], "S17: the worker keeps what is somebody's own"

    page.goto("/mine/tom" if who == "kari" else "/mine")
    page.locator("#empty-phone" if who == "kari" else "#sign-out").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text(HELD)).to_have_count(1)
    expect(dialog.get_by_text(DRAFT)).to_have_count(1)
    page.locator("#leaving-go").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Mobilen er tømt" if who == "kari" else "Du er logget ut")
    page.wait_for_load_state("networkidle")

    assert marks_in(page.evaluate(KEPT)) == [], "S17: it is left on the phone"
    assert marks_in(page.evaluate(IN_HTTP_CACHE, seen)) == [], "S17: it is left in the browser's cache"
    for _ in range(len(seen) + 4):
        page.go_back()
        if "/kvittering/" in page.url:
            continue  # whoever has the address has the receipt, and the browser's list of addresses is not ours
        assert marks_in(page.evaluate(SHOWN)) == [], f"S17: Back shows it: {page.url}"
    for address in seen:
        page.goto(address)
        assert not {mark for mark in marks_in(page.evaluate(SHOWN)) if "/kvittering" not in address}, "S17: it is shown"
    context.close()


def write_and_leave_it(page) -> None:
    """Write an idea that never leaves the phone, and begin on another."""
    page.route("**/ideer/ny", not_sent)
    page.goto("/ideer/ny")
    page.get_by_label("Hva er idéen din?").fill(f"{HELD} på nett")
    page.get_by_label("Hvorfor er det lurt?").fill("Derfor")
    page.get_by_label("Vil du ha svar på e-post?").fill(EMAIL)
    page.get_by_role("radio").first.check(force=True)
    page.get_by_role("button", name="Send idéen").click()
    expect(page.get_by_role("heading", name="Lagret på mobilen")).to_be_visible()
    page.goto("/ideer/ny")
    page.get_by_label("Hva er idéen din?").fill(DRAFT)
    expect(page.locator("[data-saved]")).to_be_visible()


def not_sent(route) -> None:
    if route.request.method == "POST":
        route.abort()
    else:
        route.continue_()


@pytest.mark.parametrize("who", ["kari", "per"])
def test_s17_no_cache_may_keep_what_is_somebodys_own(app, visit_as, things, who):
    visit = visit_as(who)
    faults = []
    for rule, url in addresses(app, things):
        if "GET" not in rule.methods:
            continue
        with visit.client.get(url) as answer:
            own = marks_in(answer.get_data()) or url.startswith(("/mine", "/arbeidsflate", "/kvittering", "/logg-inn"))
            if own and "no-store" not in answer.headers.get("Cache-Control", ""):
                faults.append(f"{url}: {answer.headers.get('Cache-Control')}")

    assert faults == [], f"S17: without no-store: {faults}"


@pytest.mark.slow
def test_s17_a_cache_in_front_gives_nothing_of_karis_to_others(app, live_site, visit_as, things, tmp_path):
    if not shutil.which("nginx"):
        pytest.skip("S17 needs nginx, which is not here; on Debian: sudo apt-get install -y nginx-light")
    every = [url for rule, url in addresses(app, things) if "GET" in rule.methods]
    with caching_nginx(live_site.url, tmp_path) as address:
        with httpx.Client(base_url=address, trust_env=False, timeout=30) as anybody:
            style = app.extensions["lab_assets"].address("app.css")
            said = [anybody.get(style).headers["X-Cache"] for _ in range(2)]
            assert said == ["MISS", "HIT"], "S17: the cache keeps nothing, so this would prove nothing"
        for who in ("kari", "per", "ola", "anonymous"):
            cookie = visit_as(who).client.get_cookie("lab")
            cookies = {"lab": cookie.value} if cookie else {}
            with httpx.Client(base_url=address, trust_env=False, timeout=30, cookies=cookies) as visitor:
                found = {url: visitor.get(url) for url in every}
            if who in {"kari", "per"}:
                assert any(marks_in(answer.content) for answer in found.values())
                continue
            leaks = [url for url, answer in found.items() if marks_in(answer.content) and "/kvittering/" not in url]
            assert leaks == [], f"S17: the cache gave to {who}: {leaks}"


@contextmanager
def caching_nginx(upstream: str, folder: Path) -> Iterator[str]:
    """Run an nginx that keeps all that it is allowed to; give its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    kinds = "\n".join(
        f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (folder / "nginx.conf").write_text(
        f"""user root; pid {folder}/nginx.pid; error_log {folder}/nginx.log; daemon off; events {{}}
http {{
  access_log off; {kinds}
  proxy_cache_path {folder}/kept keys_zone=kept:10m;
  server {{
    listen 127.0.0.1:{port};
    location / {{
      proxy_pass {upstream};
      proxy_set_header Host {upstream.removeprefix("http://")};
      proxy_cache kept;
      proxy_cache_valid any 10m;
      add_header X-Cache $upstream_cache_status always;
    }}
  }}
}}
"""
    )
    with subprocess.Popen(["nginx", "-c", str(folder / "nginx.conf"), "-p", str(folder)]) as process:
        try:
            wait_for(port)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


def wait_for(port: int) -> None:
    for _ in range(100):
        with socket.socket() as line:
            if line.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise AssertionError("S17: nginx did not start")
