"""Reading requests: any prefix, no entities, no document types, nothing fetched."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from lxml import etree

from app.cases.standin.clock import OSLO
from app.cases.standin.names import SOAP, XSI


class NotXmlError(Exception):
    """The body is no XML we would read; says why."""


@dataclass(frozen=True, slots=True)
class Node:
    """An element that may be missing: asking a missing one gives missing ones and empty text, never an error."""

    element: etree._Element | None

    def child(self, *names: str) -> "Node":
        """Return the first descendant along `names` ({namespace}local), step by step."""
        at = self.element
        for name in names:
            at = at.find(name) if at is not None else None
        return Node(at)

    def children(self, name: str) -> Iterator["Node"]:
        if self.element is not None:
            for element in self.element.iterfind(name):
                yield Node(element)

    def text(self, *names: str) -> str:
        """Return the trimmed text along `names`; "" when missing or empty."""
        element = self.child(*names).element
        return (element.text or "").strip() if element is not None else ""

    def truth(self, *names: str) -> bool:
        return self.text(*names) in {"true", "1"}

    def instant(self, *names: str) -> datetime | None:
        """Return an xs:dateTime; without a zone it is Oslo time. None when missing or unreadable."""
        try:
            at = datetime.fromisoformat(self.text(*names))
        except ValueError:
            return None
        return at if at.tzinfo else at.replace(tzinfo=OSLO)

    @property
    def is_there(self) -> bool:
        return self.element is not None

    @property
    def type(self) -> str:
        """Return xsi:type as {namespace}local, whatever the prefix; "" when there is none."""
        if self.element is None:
            return ""
        prefix, colon, local = (self.element.get(f"{{{XSI}}}type") or "").rpartition(":")
        namespace = self.element.nsmap.get(prefix if colon else None, "")
        return f"{{{namespace}}}{local}" if local else ""


def parse(body: bytes) -> etree._Element:
    """Parse with no entities, no DTD and no network. Raises NotXmlError."""
    if b"<!DOCTYPE" in body[:4096]:
        raise NotXmlError("DOCTYPE er ikke lov")
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=True)
    try:
        return etree.fromstring(body, parser)
    except etree.XMLSyntaxError as error:
        raise NotXmlError(str(error)) from error


def operation_element(envelope: etree._Element) -> etree._Element:
    """Return the one child of soap:Body, as the root of its own document (so that a schema sees its namespaces).

    Raises NotXmlError when this is no SOAP 1.1 envelope with exactly one element in its body.
    """
    if envelope.tag != f"{{{SOAP}}}Envelope":
        raise NotXmlError("Roten er ikke en SOAP 1.1 Envelope")
    body = envelope.find(f"{{{SOAP}}}Body")
    children = [child for child in body if isinstance(child.tag, str)] if body is not None else []
    if len(children) != 1:
        raise NotXmlError("Body skal ha ett element")
    alone = etree.Element(children[0].tag, nsmap=children[0].nsmap)  # type: ignore[arg-type] # the stubs know no default namespace
    alone.text = children[0].text
    for name, value in children[0].attrib.items():
        alone.set(name, value)
    alone.extend(list(children[0]))
    return alone
