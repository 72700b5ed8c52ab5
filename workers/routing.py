"""Which jobs each event starts. Read this table first."""

from collections.abc import Mapping, Sequence
from importlib import import_module
from types import ModuleType
from typing import Protocol, cast

from sqlalchemy.orm import Session

from app.outbox.models import OutboxEvent
from app.outbox.service import Recipient, Route
from app.settings import Settings
from workers.work import Work

JOBS: Mapping[str, Sequence[str]] = {
    "idea_submitted": ("forward_case", "make_thumbnails", "mail_writer"),
    "idea_answered": ("forward_case", "mail_writer"),
    "idea_corrected": ("forward_case",),
    "idea_withdrawn": (),
    "idea_hidden": (),
    "moderation_decided": ("notify_writer", "mail_writer"),
    "comment_submitted": ("forward_case",),
    "comments_arrived": ("notify_followers",),
    "comment_corrected": ("forward_case",),
    "comment_withdrawn": (),
    "comment_hidden": (),
    "content_reported": (),
    "folder_wanted": ("open_case_folder",),
    "input_filed": (),
    "status_due": ("fetch_case_answers",),
    "report_collected": ("file_report",),
    "step_reached": ("notify_followers", "mail_writer"),
    "sign_in_code_wanted": ("mail_sign_in_code",),
    "test_push_wanted": ("send_test_push",),
    "bulk_wanted": ("do_bulk",),
    "audit_head_due": ("anchor_audit_log",),
    "process_published": (),
    "process_ended": (),
    "news_published": ("notify_news",),
    "process_picture_changed": ("make_thumbnails", "remove_pictures"),
    "retention_due": ("purge_personal_data",),
    "own_file_wanted": ("pack_own_data",),
    "erasure_wanted": ("erase_person",),
}


class Job(Protocol):
    """What a job module has. recipients is optional; without it the job's channel is the one recipient.

    A push job has `notices` instead of `handle`: see workers/notice.py.
    """

    CHANNEL: str
    QUEUE: str

    def handle(self, work: Work, event: OutboxEvent) -> None: ...


def job_named(name: str) -> Job:
    return cast("Job", import_module(f"workers.{name}"))


def routes_of(kind: str) -> Sequence[Route]:
    """Return the routes of an event, in the table's order. Raises KeyError for an event the table lacks."""
    return [Route(name, job_named(name).CHANNEL, job_named(name).QUEUE) for name in JOBS[kind]]


def recipients_of(session: Session, event: OutboxEvent, route: Route, settings: Settings) -> Sequence[Recipient]:
    """Return who gets a delivery of `event` by `route`; by default one, named after the channel."""
    module = cast("ModuleType", job_named(route.job))
    if hasattr(module, "recipients"):
        return cast("Sequence[Recipient]", module.recipients(session, event, settings))
    return [Recipient(route.channel)]
