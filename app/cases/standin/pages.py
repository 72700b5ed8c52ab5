from app.cases.standin.standin import Standin
from app.cases.standin.traffic import Answer, Request, error_page


def answer(standin: Standin, request: Request) -> Answer:
    return error_page(404, "Not Found", request.path)
