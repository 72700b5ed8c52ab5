"""Case folders, sealed letters, what the archive has, and the archive's codes."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped

from app.core.db import Identified, Model, column


class ArchiveSetting(Model):
    """A code that archive staff have changed; what is not here has its start value (codes.START_VALUES)."""

    __tablename__ = "archive_settings"

    key: Mapped[str] = column("technical", String(60), primary_key=True)
    value: Mapped[str] = column("technical", String(1000))
    changed_by_role: Mapped[str] = column("technical", String(40))
    changed_at: Mapped[datetime] = column("technical")


class ArchiveSettingChange(Identified, Model):
    """The log of archive_settings: append only."""

    __tablename__ = "archive_setting_changes"

    key: Mapped[str] = column("technical", String(60))
    old: Mapped[str] = column("technical", String(1000))
    new: Mapped[str] = column("technical", String(1000))
    changed_by_role: Mapped[str] = column("technical", String(40))
    changed_at: Mapped[datetime] = column("technical")


class CaseFolder(Identified, Model):
    """The case that letters of one slug lie in. checked_at: when the archive last said that it is there and open."""

    __tablename__ = "case_folders"
    __table_args__ = (
        UniqueConstraint("slug", name="one_folder_per_slug"),
        UniqueConstraint("key", name="one_folder_per_key"),
        CheckConstraint("checked_at IS NULL OR case_number IS NOT NULL", name="what_is_checked_has_a_number"),
    )

    slug: Mapped[str] = column("technical", String(80))
    title: Mapped[str] = column("technical", String(255))
    key: Mapped[str] = column("technical", String(120))
    case_number: Mapped[str | None] = column("technical", String(20))
    system_id: Mapped[str | None] = column("technical", String(200))
    wanted_at: Mapped[datetime] = column("technical")
    checked_at: Mapped[datetime | None] = column("technical")


class SealedLetter(Identified, Model):
    """A letter as it was made once; every try sends the same. What says who is emptied when it is filed."""

    __tablename__ = "sealed_letters"
    __table_args__ = (
        UniqueConstraint("reference", name="one_letter_per_reference"),
        CheckConstraint("(access_code IS NULL) = (legal_basis IS NULL)", name="shielding_is_complete_or_absent"),
        Index("ix_sealed_letters_input", "input_id"),
    )

    reference: Mapped[str] = column("technical", String(30))
    key_system: Mapped[str] = column("technical", String(60))
    input_id: Mapped[UUID] = column("technical", ForeignKey("parcels.input_id"))
    kind: Mapped[str] = column("technical", String(10))
    title: Mapped[str] = column("content", String(255))
    public_title: Mapped[str] = column("technical", String(255))
    access_code: Mapped[str | None] = column("technical", String(60))
    legal_basis: Mapped[str | None] = column("technical", String(255))
    document_date: Mapped[date] = column("technical")
    received_at: Mapped[datetime] = column("technical")
    sender_kind: Mapped[str] = column("technical", String(20))
    sender_name: Mapped[str] = column("person", String(255))
    sender_email: Mapped[str | None] = column("person", String(320))
    sender_org_number: Mapped[str | None] = column("person", String(20))
    sender_shielded: Mapped[bool] = column("technical", default=False)
    sealed_at: Mapped[datetime] = column("technical")
    filed_at: Mapped[datetime | None] = column("technical")


class SealedDocument(Identified, Model):
    """One file of a sealed letter. content: kept until the letter is filed; sha256 (hex): kept."""

    __tablename__ = "sealed_documents"
    __table_args__ = (UniqueConstraint("letter_id", "number", name="one_document_per_number"),)

    letter_id: Mapped[UUID] = column("technical", ForeignKey("sealed_letters.id", ondelete="CASCADE"))
    number: Mapped[int] = column("technical")
    is_main: Mapped[bool] = column("technical")
    title: Mapped[str] = column("content", String(255))
    filename: Mapped[str] = column("technical", String(120))
    media_type: Mapped[str] = column("technical", String(80))
    sha256: Mapped[str] = column("technical", String(64))
    size: Mapped[int] = column("technical")
    content: Mapped[bytes | None] = column("content", LargeBinary)


class CaseFiling(Identified, Model):
    """A letter that the archive has. as_of: when the newest answer we applied was asked for.

    next_poll_at: when its case is asked about next; news_at: when it last had something new; is_open: still asked
    about. entry_code, reply_code: the archive's own codes, as last seen.
    """

    __tablename__ = "case_filings"
    __table_args__ = (
        UniqueConstraint("reference", name="one_filing_per_reference"),
        Index("ix_case_filings_input", "input_id"),
        Index("ix_case_filings_case", "case_number"),
        Index("ix_case_filings_due", "next_poll_at", postgresql_where=text("is_open"), sqlite_where=text("is_open")),
    )

    input_id: Mapped[UUID] = column("technical", ForeignKey("parcels.input_id"))
    reference: Mapped[str] = column("technical", String(30))
    kind: Mapped[str] = column("technical", String(10))
    case_number: Mapped[str] = column("technical", String(20))
    system_id: Mapped[str] = column("technical", String(200))
    entry_number: Mapped[str | None] = column("technical", String(20))
    filed_at: Mapped[datetime] = column("technical")
    as_of: Mapped[datetime] = column("technical")
    news_at: Mapped[datetime] = column("technical")
    next_poll_at: Mapped[datetime] = column("technical")
    is_open: Mapped[bool] = column("technical", default=True)
    entry_code: Mapped[str | None] = column("technical", String(40))
    reply_code: Mapped[str | None] = column("technical", String(40))
    has_handler: Mapped[bool] = column("technical", default=False)
