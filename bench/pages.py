"""What a phone gets and how long it waits for the first view, in a real Chromium on a slow line."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from playwright.sync_api import sync_playwright

from bench.figures import Figure, figure
from bench.town import Town
from ops.chromium import ensure_chromium

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize

RUNS = 3
FIRST_LIMIT_KB, REPEAT_LIMIT_KB, LCP_LIMIT_S = 150, 20, 1.5
CLS_LIMIT, TBT_LIMIT_MS, OFFLINE_LIMIT_S = 0.05, 150, 1.5
VIEWPORT: "ViewportSize" = {"width": 390, "height": 844}
SLOW_4G = {"offline": False, "latency": 150, "downloadThroughput": 1_600_000 / 8, "uploadThroughput": 750_000 / 8}
SLOWER_CPU = 4
QUIET_MS = 1500
FLAGS = ("--no-sandbox", "--disable-background-networking", "--disable-component-update")
# Blocking: what a task takes beyond 50 ms, as Lighthouse counts it.
WATCH = """
window.lcp = 0; window.cls = 0; window.blocked = 0;
const watch = (type, note) =>
  new PerformanceObserver((list) => list.getEntries().forEach(note)).observe({ type, buffered: true });
watch("largest-contentful-paint", (entry) => { window.lcp = entry.startTime; });
watch("layout-shift", (entry) => { if (!entry.hadRecentInput) window.cls += entry.value; });
watch("longtask", (entry) => { window.blocked += Math.max(0, entry.duration - 50); });
"""


@dataclass(frozen=True, slots=True)
class View:
    """One look at a page. kb: all bytes on the line (1 KB = 1,000), headers included; requests: how many.

    cls: how much of the page moved by itself; tbt_ms: for how long it would not have heard a tap.
    """

    kb: float
    requests: int
    lcp_s: float
    cls: float
    tbt_ms: float


def figures(town: Town) -> list[Figure]:
    """Measure home, the list, one idea and the form; a row tells of the page that is worst."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(ensure_chromium()), args=list(FLAGS))
        try:
            pages = _addresses(browser, town)
            looks = {path: [_look_twice(browser, town, path) for _ in range(RUNS)] for path in pages}
            offline = [_offline_start_s(browser, town) for _ in range(RUNS)]
        finally:
            browser.close()
    first = {path: [cold for cold, _ in runs] for path, runs in looks.items()}
    repeat = {path: [warm for _, warm in runs] for path, runs in looks.items()}
    line = "390x844 at 2x, 1.6 Mbit/s, 150 ms, CPU slowed 4 times"
    share = "the driver is the browser itself, on the same machine"
    return [
        _worst(
            "first_view_kb", f"bytes on the line, empty cache, without photos; {share}", "kb", first, FIRST_LIMIT_KB
        ),
        _worst("repeat_view_kb", f"the same page again, no service worker; {share}", "kb", repeat, REPEAT_LIMIT_KB),
        _worst("lcp_s", f"largest contentful paint, empty cache, {line}; {share}", "lcp_s", first, LCP_LIMIT_S),
        _worst("cls", f"layout shift, empty cache, {line}; {share}", "cls", first, CLS_LIMIT),
        _worst("tbt_ms", f"total blocking time, empty cache, {line}; {share}", "tbt_ms", first, TBT_LIMIT_MS),
        figure(
            "offline_start_s",
            f"home opened without network, largest contentful paint, CPU slowed 4 times; {share}",
            offline,
            "s",
            OFFLINE_LIMIT_S,
        ),
    ]


def _worst(name: str, what: str, part: str, views: dict[str, list[View]], limit: float) -> Figure:
    runs = {path: [float(getattr(view, part)) for view in found] for path, found in views.items()}
    medians = {path: statistics.median(found) for path, found in runs.items()}
    worst = max(medians, key=lambda path: medians[path])
    every = ", ".join(f"{path} {value:.3g}" for path, value in medians.items())
    requests = max(view.requests for found in views.values() for view in found)
    unit = {"lcp_s": "s", "kb": "KB", "tbt_ms": "ms", "cls": ""}[part]
    return figure(
        name, f"{worst} is the worst of {every}; at most {requests} requests; {what}", runs[worst], unit, limit
    )


def _addresses(browser: "Browser", town: Town) -> Sequence[str]:
    page = browser.new_page()
    page.goto(f"{town.address}/ideer")
    idea = page.locator(".idea-card a").first.get_attribute("href")
    page.close()
    return "/", "/ideer", str(idea), "/ideer/ny"


def _look_twice(browser: "Browser", town: Town, path: str) -> tuple[View, View]:
    """Look at a page with an empty cache, and then once more. The service worker is kept away: it would only help."""
    page = _phone(browser, service_workers="block").new_page()
    try:
        return _look(page, town, path), _look(page, town, path)
    finally:
        page.context.close()


def _phone(browser: "Browser", **options: Any) -> "BrowserContext":
    context = browser.new_context(
        viewport=VIEWPORT, device_scale_factor=2, has_touch=True, is_mobile=True, locale="nb-NO", **options
    )
    context.add_init_script(WATCH)
    return context


def _offline_start_s(browser: "Browser", town: Town) -> float:
    """Visit home twice, so that the service worker has it; lose the network, and open it in a new tab."""
    context = _phone(browser)
    try:
        page = context.new_page()
        page.goto(town.address)
        page.evaluate("async () => { await navigator.serviceWorker.ready; }")
        page.goto(town.address, wait_until="networkidle")
        context.set_offline(True)
        late = context.new_page()
        late.context.new_cdp_session(late).send("Emulation.setCPUThrottlingRate", {"rate": SLOWER_CPU})
        late.goto(town.address, wait_until="load")
        late.wait_for_timeout(QUIET_MS)
        return float(late.evaluate("window.lcp")) / 1000
    finally:
        context.close()


def _look(page: "Page", town: Town, path: str) -> View:
    line = page.context.new_cdp_session(page)
    line.send("Network.enable")
    line.send("Network.emulateNetworkConditions", SLOW_4G)
    line.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER_CPU})
    sizes: list[float] = []

    def finished(event: dict[str, Any]) -> None:
        sizes.append(event["encodedDataLength"])

    line.on("Network.loadingFinished", finished)
    page.goto(town.address + path, wait_until="load")
    page.wait_for_timeout(QUIET_MS)
    lcp_ms, cls, tbt_ms = (float(number) for number in page.evaluate("[window.lcp, window.cls, window.blocked]"))
    line.detach()
    return View(sum(sizes) / 1000, sum(1 for size in sizes if size), lcp_ms / 1000, cls, tbt_ms)
