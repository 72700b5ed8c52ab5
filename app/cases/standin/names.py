"""The namespaces of GeoIntegrasjon Arkiv 1.1, and which operation lies in which service."""

from enum import Enum

REP = "http://rep.geointegrasjon.no"
SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
XSI = "http://www.w3.org/2001/XMLSchema-instance"
READ = f"{REP}/Arkiv/Innsyn/xml.wsdl/2012.01.31"
WRITE = f"{REP}/Arkiv/Oppdatering/xml.wsdl/2012.01.31"
CORE = f"{REP}/Arkiv/Kjerne/xml.schema/2012.01.31"
SHARED = f"{REP}/Arkiv/Felles/xml.schema/2012.01.31"
DOCUMENT = f"{REP}/Arkiv/Dokument/xml.schema/2012.01.31"
CODE = f"{REP}/Felles/Kodeliste/xml.schema/2012.01.31"
CONTACT = f"{REP}/Felles/Kontakt/xml.schema/2012.01.31"
ADDRESS = f"{REP}/Felles/Adresse/xml.schema/2012.01.31"
TECHNICAL = f"{REP}/Felles/Teknisk/xml.schema/2012.01.31"
FILTER = f"{REP}/Felles/Filter/xml.schema/2012.01.31"

PREFIXES = {
    "k": CORE,
    "af": SHARED,
    "d": DOCUMENT,
    "kode": CODE,
    "kon": CONTACT,
    "adr": ADDRESS,
    "t": TECHNICAL,
    "f": FILTER,
    "xsi": XSI,
}


class Service(Enum):
    """The two services, on the addresses ACOS uses."""

    READ = "innsyn"
    WRITE = "oppdatering"

    @property
    def namespace(self) -> str:
        return READ if self is Service.READ else WRITE

    @property
    def path(self) -> str:
        name = "ArkivInnsynService" if self is Service.READ else "ArkivOppdateringService"
        return f"/{name}.svc/{name}"
