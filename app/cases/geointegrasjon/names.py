"""Namespaces of GeoIntegrasjon Arkiv 1.1 (2012-01-31)."""

_BASE = "http://rep.geointegrasjon.no"
SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
XSI = "http://www.w3.org/2001/XMLSchema-instance"
UPDATE = f"{_BASE}/Arkiv/Oppdatering/xml.wsdl/2012.01.31"
READ = f"{_BASE}/Arkiv/Innsyn/xml.wsdl/2012.01.31"
CORE = f"{_BASE}/Arkiv/Kjerne/xml.schema/2012.01.31"
SHARED = f"{_BASE}/Arkiv/Felles/xml.schema/2012.01.31"
DOCUMENT = f"{_BASE}/Arkiv/Dokument/xml.schema/2012.01.31"
CODE = f"{_BASE}/Felles/Kodeliste/xml.schema/2012.01.31"
CONTACT = f"{_BASE}/Felles/Kontakt/xml.schema/2012.01.31"
ADDRESS = f"{_BASE}/Felles/Adresse/xml.schema/2012.01.31"
TECHNICAL = f"{_BASE}/Felles/Teknisk/xml.schema/2012.01.31"
FILTER = f"{_BASE}/Felles/Filter/xml.schema/2012.01.31"
WSSE = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
WSSE_TEXT = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0#PasswordText"

PREFIXES = {
    "soap": SOAP,
    "xsi": XSI,
    "o": UPDATE,
    "i": READ,
    "k": CORE,
    "af": SHARED,
    "d": DOCUMENT,
    "kode": CODE,
    "kon": CONTACT,
    "adr": ADDRESS,
    "t": TECHNICAL,
    "f": FILTER,
}


def action(service: str, operation: str) -> str:
    """Return the SOAPAction header of an operation, with its quotes."""
    return f'"{service}/#{operation}"'
