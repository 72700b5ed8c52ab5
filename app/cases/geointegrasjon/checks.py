"""Our own checks of a letter, made before the first try: what breaks one of them would never pass."""

import hashlib
import re

from app.cases.client import Document, Letter
from app.cases.titles import LONGEST_TITLE
from app.core.errors import Permanent

LONGEST_DOCUMENT_BYTES = 10_000_000
_ILLEGAL = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def check_letter(letter: Letter) -> None:
    """Raise Permanent with a sentence for staff when this letter can never be filed as it is."""
    for name, title in (("Tittelen", letter.title), ("Den offentlige tittelen", letter.public_title)):
        if not title.strip():
            raise Permanent(f"{name} er tom.")
        if len(title) > LONGEST_TITLE:
            raise Permanent(f"{name} er lengre enn {LONGEST_TITLE} tegn.")
    if not letter.sender.name.strip():
        raise Permanent("Avsenderen mangler navn, og arkivet krever ett.")
    texts = (letter.title, letter.public_title, letter.sender.name, letter.sender.email or "", letter.key.key)
    if any(_ILLEGAL.search(text) for text in (*texts, *(d.title for d in letter.documents))):
        raise Permanent("Brevet har tegn som ikke er lov i XML.")
    if [d.number for d in letter.documents if d.is_main] != [1]:
        raise Permanent("Brevet må ha ett hoveddokument, og det må være nummer 1.")
    if [d.number for d in letter.documents] != list(range(1, len(letter.documents) + 1)):
        raise Permanent("Dokumentene i brevet er ikke nummerert i rekkefølge.")
    for document in letter.documents:
        _check_document(document)


def _check_document(document: Document) -> None:
    if not document.content:
        raise Permanent(f"Dokument {document.number} er tomt.")
    if len(document.content) > LONGEST_DOCUMENT_BYTES:
        raise Permanent(f"Dokument {document.number} er større enn 10 MB.")
    if hashlib.sha256(document.content).hexdigest() != document.sha256:
        raise Permanent(f"Dokument {document.number} er ikke det som ble forseglet.")
    if not document.filename.isascii() or not document.filename.isprintable() or "/" in document.filename:
        raise Permanent(f"Dokument {document.number} har et filnavn arkivet ikke tar imot.")
    if not document.title.strip():
        raise Permanent(f"Dokument {document.number} mangler tittel.")
