"""The one question after a citizen's sign-in: what this phone has sent so far, shall it come along?"""

from collections.abc import Sequence
from typing import cast

from flask import current_app, redirect, request, url_for
from flask import session as cookie
from flask.typing import ResponseReturnValue

from app.accounts.client import Belongings
from app.accounts.routes import NEXT, bp
from app.core.actor import Role
from app.web.access import local_path, open_to
from app.web.context import key_laid_aside, remember_device
from app.web.extensions import session
from app.web.htmx import respond
from app.web.language import gettext as _

_ANSWERS = frozenset({"ja", "nei"})


@bp.get("/mine/ta-med")
@open_to(Role.CITIZEN)
def ask_what_comes_along() -> ResponseReturnValue:
    return respond("accounts/take_along.html") if has_something_aside() else _on()


@bp.post("/mine/ta-med")
@open_to(Role.CITIZEN)
def take_along() -> ResponseReturnValue:
    """Take it along, or leave it: then it is here again when they have signed out."""
    answer = request.form.get("answer", "")
    if answer not in _ANSWERS:
        return respond("accounts/take_along.html", status=422, error=_("Velg Ja eller Nei."))
    device = key_laid_aside()
    if answer == "ja" and device is not None:
        actor = remember_device()
        for room in _rooms():
            room.take_along(session(), device, actor=actor)
    return _on()


def has_something_aside() -> bool:
    """Tell whether this phone has sent anything without an account that could come along."""
    device = key_laid_aside()
    return device is not None and any(room.any_of(session(), device) for room in _rooms())


def _on() -> ResponseReturnValue:
    return redirect(local_path(cookie.pop(NEXT, ""), url_for("pages.mine")), code=303)


def _rooms() -> Sequence[Belongings]:
    return cast("Sequence[Belongings]", current_app.extensions["lab_belongings"])
