"""Who answers what: the two services, the JSON addresses, the pages for people."""

from app.cases.standin import control, pages
from app.cases.standin.names import Service
from app.cases.standin.standin import Standin
from app.cases.standin.traffic import Answer, Request, error_page, login_page

SERVICES = {service.path: service for service in Service}
OWN_HOSTS = ("127.0.0.1", "localhost")


def application(standin: Standin, request: Request) -> Answer:
    """Return the answer to one HTTP request."""
    service = SERVICES.get(request.path)
    if service:
        return standin.soap.answer(service, request)
    if not _is_from_here(request):
        return error_page(403, "Forbidden", "Another page may not press the buttons here.")
    if request.path == "/innlogging":
        return login_page()
    return control.answer(standin, request) or pages.answer(standin, request)


def _is_from_here(request: Request) -> bool:
    """A page of another site, open in the same browser, must not reach the script or read the mails."""
    host = request.headers.get("host", "")
    name = host.rpartition(":")[0] or host
    return name in OWN_HOSTS and request.headers.get("origin", f"http://{host}") == f"http://{host}"
