"""What makes the site an app: the manifest and the worker, as a phone fetches them."""

import json

from app.web.assets import STATIC


def test_the_manifest_names_what_can_be_installed(visit):
    answer = visit.get("/manifest.webmanifest").response

    manifest = json.loads(answer.get_data(as_text=True))
    assert answer.mimetype == "application/manifest+json"
    assert (manifest["id"], manifest["start_url"], manifest["scope"]) == ("/", "/", "/")
    assert manifest["lang"] == "nb"
    assert {icon["purpose"] for icon in manifest["icons"]} == {"any", "maskable", "monochrome"}


def test_every_address_in_the_manifest_is_there(visit):
    manifest = json.loads(visit.get("/manifest.webmanifest").text)

    for icon in manifest["icons"]:
        visit.get(icon["src"]).response.close()
    for shortcut in manifest["shortcuts"]:
        visit.get(shortcut["url"])


def test_the_manifest_speaks_the_phones_language(visit):
    page = visit.get("/manifest.webmanifest", headers={"Accept-Language": "nn"})

    assert json.loads(page.text)["lang"] == "nn"


def test_the_worker_comes_from_the_root_and_is_always_asked_for_anew(visit):
    answer = visit.get("/sw.js").response

    assert answer.mimetype == "text/javascript"
    assert answer.headers["Cache-Control"] == "no-cache"
    assert "__" not in answer.get_data(as_text=True)


def test_all_that_the_worker_keeps_from_the_start_is_there(visit):
    script = visit.get("/sw.js").text
    kept = json.loads(script.split("const ASSETS = ")[1].split(";")[0])

    assert "/offline" in kept
    for address in kept:
        with visit.client.get(address) as answer:
            assert answer.status_code == 200, address


def test_the_icons_of_a_notice_are_there():
    for name in ("192.png", "mono-96.png"):
        assert (STATIC / "icons" / name).is_file()


def test_a_phone_gets_its_mark_before_it_sends_and_not_when_it_only_looks(visit):
    visit.get("/merke")
    assert "enhet" not in mark_of(visit)

    answer = json.loads(visit.get("/merke?sender=1").text)

    assert answer["csrf_token"]
    assert answer["who"] == ""
    assert "enhet" in mark_of(visit)


def test_the_worker_sends_by_the_same_code_as_the_pages(visit):
    script = visit.get("/sw.js").text

    assert "async function drain(" in script
    assert "\nexport " not in script


def mark_of(visit) -> dict[str, object]:
    with visit.client.session_transaction() as cookie:
        return dict(cookie)
