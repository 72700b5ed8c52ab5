"""Every text is said in every language that we promise, and every page speaks it."""

import gettext
import json
import re
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest
from babel.messages.catalog import Catalog, Message
from jinja2 import Environment, nodes

from app.core.language import LANGUAGES, words_in
from app.mail.service import receipt_letter
from app.parcels.query import LABELS
from app.push.service import step_message
from app.web.language import OWN_NAMES
from ops import strings
from tests.support.ideas import idea_form, make_idea

TEMPLATES = Path(__file__).resolve().parents[2] / "templates"
COMPLETE = [language for language in strings.LANGUAGES if not language.draft]
DRAFTS = [language for language in strings.LANGUAGES if language.draft]
JINJA = Environment(extensions=["jinja2.ext.i18n"], autoescape=True)
SAMI_LETTERS = "áčđŋšŧž ÁČĐŊŠŦŽ åæøń"

# What we found no attested word for. It shows the bokmål text until a speaker has been asked; the list only shrinks.
WAITING_FOR_A_SPEAKER = {
    "se": frozenset[str](),
    "smj": frozenset(
        {
            "Hovedmeny",
            "Angre",
            "Ja",
            "Nei takk",
            "Kopier lenka",
            "Logg inn",
            "Logg inn med %(provider)s",
            "Logg ut",
            "Logg ut overalt",
            "Send meg et testvarsel",
            "Slå av",
            "Slå på varsler",
            "Du støtter",
            "Gå til økta",
            "Lukk",
        }
    ),
}
# Words of buttons that scripts make, by their key in components/words.html.
SCRIPTS_BUTTONS = {"update", "close", "start_over", "remove", "add_picture", "more_pictures", "take_away", "keep"}
PLACES = ("Hjem", "Kart", "Bidra", "Idéer", "Mine")
# Buttons written out in a template: <button ...>...</button>, and links that look like one.
BUTTONS = r"<button\b.*?</button>|<a\b(?:(?!</a>).)*?ds-button.*?</a>"
# Blocks that hold names for the style sheet, not words.
STYLE_BLOCKS = {"body_class", "main_class"}
PAGES = (
    "/",
    "/bidra",
    "/ideer",
    "/ideer?sok=finnes+ikke",
    "/ideer/ny",
    "/kart",
    "/bli",
    "/bli?kode=K7M4QX",
    "/mine",
    "/mine/data",
    "/mine/slett",
    "/varsler",
    "/utseende",
    "/om",
    "/personvern",
    "/tilgjengelighet",
    "/offline",
    "/logg-inn",
)


@pytest.mark.parametrize("language", COMPLETE, ids=lambda language: language.code)
def test_nothing_is_unsaid_in_nynorsk_and_english(language):
    missing = [text(message) for message in catalogue(language) if not strings.is_translated(message)]

    assert missing == [], f"say these in app/translations/{language.code}, then run `make strings`"


@pytest.mark.parametrize("language", DRAFTS, ids=lambda language: language.code)
def test_navigation_buttons_and_status_words_are_said_in_sami(language):
    said = {text(message) for message in catalogue(language) if strings.is_translated(message)}

    assert sorted(words_to_press_and_follow() - said - WAITING_FOR_A_SPEAKER[language.code]) == []


@pytest.mark.parametrize("language", DRAFTS, ids=lambda language: language.code)
def test_nobody_waits_for_a_word_that_is_there_or_no_longer_needed(language):
    said = {text(message) for message in catalogue(language) if strings.is_translated(message)}
    waiting = WAITING_FOR_A_SPEAKER[language.code]

    assert sorted(waiting & said) == []
    assert sorted(waiting - words_to_press_and_follow()) == []


@pytest.mark.parametrize("language", DRAFTS, ids=lambda language: language.code)
def test_a_sami_word_says_that_no_speaker_has_read_it(language):
    for message in catalogue(language):
        assert bool(message.user_comments) == strings.is_translated(message), text(message)
        assert message.user_comments in ([], [strings.DRAFT])


@pytest.mark.parametrize("language", strings.LANGUAGES, ids=lambda language: language.code)
def test_a_translation_keeps_the_places_where_values_go(language):
    for message in catalogue(language):
        for form in forms(message):
            assert places(form) == places(text(message)), f"{language.code}: {form}"


def test_the_catalogues_know_the_texts_of_the_source_and_no_others():
    source = strings.collected()

    for language in strings.LANGUAGES:
        wanted = strings.as_text(language, strings.brought_up_to_date(language, source))
        assert strings.catalogue_path(language).read_text(encoding="utf-8") == wanted, "run `make strings`"


def test_a_guess_is_never_taken_for_a_translation(tmp_path, monkeypatch):
    monkeypatch.setattr(strings, "TRANSLATIONS", tmp_path)
    (language,) = (language for language in strings.LANGUAGES if language.code == "nn")
    path = strings.catalogue_path(language)
    path.parent.mkdir(parents=True)
    path.write_text('#, fuzzy\nmsgid "Lest"\nmsgstr "Gjetta"\n', encoding="utf-8")
    source = Catalog()
    source.add("Lest")

    assert not strings.is_translated(strings.brought_up_to_date(language, source).get("Lest"))


def test_what_is_said_of_one_of_two_and_of_many_is_kept(tmp_path, monkeypatch):
    monkeypatch.setattr(strings, "TRANSLATIONS", tmp_path)
    (language,) = (language for language in strings.LANGUAGES if language.code == "se")
    source, said = Catalog(), strings.brought_up_to_date(language, Catalog())
    source.add(("%(num)s idé", "%(num)s idéer"))
    said.add(("%(num)s idé", "%(num)s idéer"), ("okta", "guokte", "máŋga"))
    strings.catalogue_path(language).parent.mkdir(parents=True)
    strings.catalogue_path(language).write_text(strings.as_text(language, said), encoding="utf-8")

    (kept,) = strings.messages_of(strings.brought_up_to_date(language, source))

    assert kept.string == ("okta", "guokte", "máŋga")


@pytest.mark.parametrize("code", ["se", "smj"])
def test_sami_counts_one_two_and_many(code):
    said = catalogue_of(code)
    rule = gettext.c2py(said.plural_expr)

    assert said.num_plurals == 3
    assert [rule(count) for count in (0, 1, 2, 3, 11, 22, 101)] == [2, 0, 1, 2, 2, 2, 2]


@pytest.mark.parametrize("code", ["se", "smj"])
def test_a_compiled_catalogue_counts_by_the_same_rule(code):
    assert [words_in(code).plural(count) for count in (1, 2, 3)] == [0, 1, 2], "run `make setup`"


@pytest.mark.parametrize("language", strings.LANGUAGES, ids=lambda language: language.code)
def test_the_five_places_of_the_navigation_have_short_names(language):
    said = strings.read_catalogue(language)

    for word in PLACES:
        assert len(word) <= 8
        assert len(said.get(word).string) <= 8


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_public_page_speaks_the_chosen_language(language, visit, session, settings, kari, now):
    idea = make_idea(session, settings, actor=kari, now=now)
    visit.client.set_cookie("spraak", language)

    for address in (*PAGES, f"/ideer/{idea.id}", f"/sak/{idea.id}"):
        page = visit.get(address)
        assert page.tree.getroottree().getroot().get("lang") == language, address
        assert not re.search(r"%\(\w+\)", page.text), address

    home = visit.get("/")
    assert [link.text_content().strip() for link in home.tree.xpath("//a[contains(@class, 'navigation__link')]")] == [
        words_in(language).gettext(word) for word in PLACES
    ]


@pytest.mark.parametrize("language", LANGUAGES)
def test_sami_letters_survive_the_way_from_form_to_page(language, visit):
    visit.client.set_cookie("spraak", language)

    receipt = visit.get(visit.post("/ideer/ny", idea_form(title=SAMI_LETTERS, body=SAMI_LETTERS)).location)
    mine = visit.get("/mine")

    assert SAMI_LETTERS in receipt.words
    assert SAMI_LETTERS in mine.words
    for label in (label for step, label in LABELS.items() if step.value != "not_now"):
        assert words_in(language).gettext(label) in receipt.words


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_refusal_is_said_in_the_chosen_language(language, visit):
    visit.client.set_cookie("spraak", language)

    refused = visit.post("/ideer/ny", idea_form(title=""), expect=422)
    lost = visit.get("/finnes-ikke", expect=404)

    assert words_in(language).gettext("Skriv hva idéen er.") in refused.words
    assert words_in(language).gettext("Vi fant ikke siden") in lost.words


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_staff_pages_speak_the_chosen_language(language, visit_as, session, settings, kari, now):
    idea = make_idea(session, settings, actor=kari, now=now)
    per = visit_as("per")
    per.client.set_cookie("spraak", language)

    for address in ("/arbeidsflate", f"/arbeidsflate/innspill/{idea.id}"):
        assert per.get(address).tree.getroottree().getroot().get("lang") == language


def test_focus_areas_are_named_in_the_chosen_language(visit):
    visit.client.set_cookie("spraak", "nn")

    assert "Helse og offentlege tenester" in visit.get("/ideer/ny").words
    assert "Helse og offentlege tenester" in visit.get("/ideer").words


def test_mail_and_push_speak_the_receivers_language():
    letter = receipt_letter("kari@example.invalid", "en", url="https://lab.example/kvittering/abc")
    push = {language: pushed_words(language) for language in LANGUAGES}

    assert letter.subject == "Thank you! We have got your idea"
    assert "Here you can see what happens with it:" in letter.text
    assert "Ta vare på lenka" not in letter.html
    assert push["en"] == "Something has been decided about your idea."
    assert push["nn"] == "Det er bestemt noko om idéen din."
    assert push["smj"] == push["nb"]


def test_each_language_is_offered_in_its_own_words(visit):
    page = visit.get("/utseende")

    for code, name in OWN_NAMES.items():
        assert name in [found.text_content() for found in page.tree.xpath(f"//*[@lang='{code}']")]


def test_no_words_in_a_template_escape_translation():
    escaped = [f"{path.relative_to(TEMPLATES)}: {words}" for path in templates() for words in bare_words(path)]

    assert escaped == []


def catalogue(language: strings.Language) -> list[Message]:
    return list(strings.messages_of(strings.read_catalogue(language)))


def catalogue_of(code: str) -> Catalog:
    return strings.read_catalogue(next(language for language in strings.LANGUAGES if language.code == code))


def text(message: Message) -> str:
    """Return what stands in the source; of a count the word for many."""
    return message.id if isinstance(message.id, str) else message.id[-1]


def forms(message: Message) -> list[str]:
    said = [message.string] if isinstance(message.string, str) else list(message.string)
    return [form for form in said if form]


def places(words: str) -> list[str]:
    return sorted(re.findall(r"%\(\w+\)[sd]|\{\w+\}|%(?!\()\S", words))


def pushed_words(language: str) -> str:
    """Return what a phone shows of the notice that something is decided."""
    about = {"subscription_id": UUID(int=1), "input_id": UUID(int=2)}
    notice = step_message("decided", language, own=True, url="https://lab.example/ideer/1", **about)
    return str(json.loads(notice.body)["notification"]["body"])


def words_to_press_and_follow() -> set[str]:
    """Return the words of the navigation, of every button and of the parcel's steps."""
    found = set(LABELS.values())
    for path in templates():
        source = path.read_text(encoding="utf-8")
        found |= set(words_of_button_components(source))
        for element in re.findall(BUTTONS, source, re.DOTALL):
            found |= set(re.findall(r'[^n]_\("([^"]+)"', element))
    navigation = (TEMPLATES / "components/navigation.html").read_text(encoding="utf-8")
    script = (TEMPLATES / "components/words.html").read_text(encoding="utf-8")
    found |= set(re.findall(r'_\("([^"]+)"', navigation))
    return found | {words for key, words in re.findall(r'"(\w+)": _\("([^"]+)"', script) if key in SCRIPTS_BUTTONS}


def words_of_button_components(source: str) -> Iterator[str]:
    """Yield the words of ui.button, ui.link_button and ui.submit_bar, and of the button of ui.empty."""
    places_of_text = {"button": 0, "link_button": 0, "submit_bar": 0, "empty": 1}
    for call in JINJA.parse(source).find_all(nodes.Call):
        name = call.node.attr if isinstance(call.node, nodes.Getattr) else ""
        place = places_of_text.get(name)
        if place is None or len(call.args) <= place:
            continue
        argument = call.args[place]
        for said in (argument, *argument.find_all(nodes.Call)):
            if isinstance(said, nodes.Call) and isinstance(said.node, nodes.Name) and said.node.name == "_":
                yield said.args[0].value


def templates() -> list[Path]:
    return sorted(path for ending in ("html", "txt", "webmanifest") for path in TEMPLATES.rglob(f"*.{ending}"))


def bare_words(path: Path) -> list[str]:
    """Return words that stand in a template as they are: between the tags, or in an attribute that is read aloud."""
    tree = JINJA.parse(path.read_text(encoding="utf-8"))
    style = {id(part) for block in tree.find_all(nodes.Block) if block.name in STYLE_BLOCKS for part in block.body}
    outputs = [output for output in tree.find_all(nodes.Output) if id(output) not in style]
    page = "".join(
        part.data if isinstance(part, nodes.TemplateData) else "\x00" for output in outputs for part in output.nodes
    )
    aloud = re.findall(r'\b(?:aria-label|alt|title|placeholder)="([^"\x00]*)', page)
    between = re.sub(r"<!--.*?-->|<[^>]*>?|[^<]*(?=\">)", " ", page, flags=re.DOTALL)
    words = re.findall(r"[A-Za-zÆØÅæøå]{2,}", " ".join([*aloud, between]))
    return [word for word in words if word not in {"Innbyggerlab", "Narvik"}]
