"""The address of a picture. Every GET is judged anew: who asks, and whether it is public now."""

from uuid import UUID

from flask import Blueprint, Response, send_file
from flask.typing import ResponseReturnValue

from app.core.errors import NotFound
from app.core.text import N_
from app.files import query
from app.files.store import SHOWN_AS, PictureStore, Size, picture_store
from app.web.access import open_to
from app.web.context import current_actor
from app.web.extensions import session, settings

bp = Blueprint("files", __name__)

# A day: what staff hide is out of every shared cache tomorrow, and no file ever changes under its address.
_PUBLIC = "public, max-age=86400, immutable"
_OWN = "private, no-cache"
_POLICY = "default-src 'none'; sandbox"
_NGINX = "/_bilder"


@bp.get("/bilder/<uuid:picture_id>/<any(side, liten):size>.webp")
@open_to()
def show(picture_id: UUID, size: Size) -> ResponseReturnValue:
    """Show a picture. Who asks is looked at only when it is not public, so that a public answer is the same for all."""
    picture = query.public_picture_or_none(session(), picture_id)
    if picture is None:
        picture = query.get_picture(session(), picture_id, actor=current_actor())
    response = _file(picture_store(settings()), picture_id, SHOWN_AS[size])
    response.headers["Cache-Control"] = _PUBLIC if picture.public else _OWN
    response.headers["Content-Security-Policy"] = _POLICY
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def _file(store: PictureStore, picture_id: UUID, name: str) -> Response:
    path = store.redrawn(picture_id, name)
    if not path.is_file():
        raise NotFound(N_("Vi finner ikke bildet."))
    if not store.x_accel:
        return send_file(path, mimetype="image/webp", conditional=True)
    response = Response(mimetype="image/webp")
    response.headers["X-Accel-Redirect"] = f"{_NGINX}/{path.relative_to(store.ready)}"
    return response
