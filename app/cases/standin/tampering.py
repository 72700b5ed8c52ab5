"""What a scripted fault does to an answer that was right."""

from dataclasses import replace
from itertools import pairwise

from lxml import etree

from app.cases.standin.names import CORE, DOCUMENT, SHARED, SOAP, XSI
from app.cases.standin.reading import parse
from app.cases.standin.traffic import Answer
from app.cases.standin.writing import Element

IDS = (f"{{{CORE}}}systemID", f"{{{DOCUMENT}}}systemID")
STRANGER = "urn:example:ukjent"
LEVELS = "abcdefghi"
ENTITIES = "".join(f'<!ENTITY {name} "{f"&{before};" * 10}">' for before, name in pairwise(LEVELS))
BOMB = (
    f'<?xml version="1.0"?>\n<!DOCTYPE s [<!ENTITY a "bombebombe">{ENTITIES}]>\n'
    f'<s:Envelope xmlns:s="{SOAP}"><s:Body><svar>&i;</svar></s:Body></s:Envelope>'
).encode()


def with_id(answer: Answer, value: str) -> Answer:
    """Give every record in the answer the systemID `value`; an empty one also loses its numbers."""
    root = parse(answer.body)
    for element in root.iter(*IDS):
        if len(element) == 0:
            element.text = value
    if not value:
        for number in list(root.iter(f"{{{CORE}}}saksnr", f"{{{CORE}}}journalnummer", f"{{{CORE}}}journalpostnummer")):
            parent = number.getparent()
            if parent is not None:
                parent.remove(number)
    else:
        for sequence in root.iter(f"{{{SHARED}}}sakssekvensnummer", f"{{{CORE}}}journalsekvensnummer"):
            sequence.text = "0"
    return _rewritten(answer, root)


def broken(answer: Answer) -> Answer:
    """End the XML in the middle of a tag, with a Content-Length that is right."""
    return replace(answer, body=answer.body[: len(answer.body) * 2 // 3] + b"<", outcome="ødelagt XML")


def bomb(answer: Answer) -> Answer:
    return replace(answer, status=200, body=BOMB, outcome="XML-bombe")


def with_other_prefixes(answer: Answer) -> Answer:
    """Say the same with other prefixes, SOAP's namespace as the default one, and xsi renamed."""
    root = parse(answer.body)
    used = sorted({name for element in root.iter() for name in element.nsmap.values()} - {SOAP})
    prefixes = {"": SOAP} | {f"rar{number}": name for number, name in enumerate(used)}
    copy = etree.Element(root.tag, nsmap={prefix or None: name for prefix, name in prefixes.items()})  # type: ignore[misc] # the stubs know no default namespace
    _copy_children(root, copy, {name: prefix for prefix, name in prefixes.items() if prefix})
    return _rewritten(answer, copy)


def with_extra_elements(answer: Answer) -> Answer:
    """Put elements nobody knows first and last in every record, as a newer version of the archive might."""
    root = parse(answer.body)
    records = [element for element in root.iter() if isinstance(element.tag, str) and _is_record(element)]
    for record in records:
        stranger = etree.Element(f"{{{STRANGER}}}nyttFelt", nsmap={"ny": STRANGER})
        etree.SubElement(stranger, f"{{{STRANGER}}}systemID").text = "99999"
        record.insert(0, stranger)
        etree.SubElement(record, f"{{{STRANGER}}}endaEtFelt").text = "ukjent"
    return _rewritten(answer, root)


def _is_record(element: Element) -> bool:
    return len(element) > 0 and etree.QName(element).localname in {"return", "liste"}


def _copy_children(source: Element, target: Element, prefixes: dict[str, str]) -> None:
    target.text = source.text
    for name, value in source.attrib.items():
        target.set(name, _retyped(str(value), source, prefixes) if name == f"{{{XSI}}}type" else value)
    for child in source:
        _copy_children(child, etree.SubElement(target, child.tag), prefixes)


def _retyped(value: str, source: Element, prefixes: dict[str, str]) -> str:
    prefix, _, local = value.rpartition(":")
    return f"{prefixes[source.nsmap[prefix or None]]}:{local}"


def _rewritten(answer: Answer, root: Element) -> Answer:
    return replace(answer, body=etree.tostring(root, xml_declaration=True, encoding="utf-8"))
