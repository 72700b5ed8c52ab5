"""A wanted case folder is found in the archive, or opened there: one delivery, so two workers never open two."""

from dataclasses import replace

from app.cases import query as cases_query
from app.cases import service as cases
from app.cases.events import FolderWanted
from app.core.errors import ConfigurationFault, Transient
from app.outbox.models import DeliveryState, OutboxEvent
from workers.work import Work

CHANNEL = "archive"
QUEUE = "send"


def handle(work: Work, event: OutboxEvent) -> None:
    """Look for the folder on every try: by its number, by our key, by its exact title. Open one only if we may."""
    try:
        _find_or_open(work, event)
    except Transient as fault:  # every letter of the folder waits for this one
        raise Transient(str(fault), retry_after=fault.retry_after, for_many=True) from fault


def _find_or_open(work: Work, event: OutboxEvent) -> None:
    fact = FolderWanted.model_validate(event.payload)
    with work.transaction() as session:
        codes = cases_query.settings_in_force(session, work.settings)
        state = cases_query.get_folder(session, fact.folder_id, codes)
    if state.ready:
        with work.settle(DeliveryState.ACCEPTED, external_id=state.folder.case_number):
            return
    folder = state.folder
    if folder.case_number is None and (opened := work.steps.done.get("case")):
        folder = replace(folder, case_number=opened)
    case = work.ports.archive.find_case(folder)
    if case is None:
        if not folder.may_open:
            raise ConfigurationFault(
                f"Fant ingen åpen sak som heter «{folder.title}», og vi har ikke lov til å opprette en. "
                f"Be arkivet opprette den, eller velg en: flask cases use {folder.slug} <saksnummer>",
                scope=f"folder:{folder.slug}",
            )
        case = work.ports.archive.open_case(folder, work.steps)
    with work.settle(DeliveryState.ACCEPTED, external_id=case.number) as session:
        cases.store_case(session, fact.folder_id, case, now=work.now)
