"""In which order a page says things, by type: what its reader needs first. Data only.

A row is a heading (empty: the first field's own title) and the fields under it; what no row names follows
under "More details".
"""

from __future__ import annotations

from commons.messages import N_
from commons.pool import contract

Row = tuple[str, tuple[str, ...]]

_OFFERED: Row = ("", ("kind",))
_TOPICS: Row = ("", ("topics",))
_ASK: Row = (N_("How to ask for it"), ("application_process", "application_url"))
CALL: Row = (N_("Call or write"), ("phones", "email", "url", "social_links"))
_WHERE: Row = (
    N_("Where"),
    ("place", "street_address", "neighbourhood", "postal_code", "district", "city", "directions"),
)
_HOURS: Row = (N_("Hours"), ("schedules", "schedule_text"))
_COST: Row = (N_("Cost"), ("is_free", "price", "fees_description"))
_NEEDED: Row = (
    N_("Requirements"),
    ("eligibility_description", "required_documents", "minimum_age", "maximum_age"),
)
_ACCESS: Row = (N_("Accessibility"), ("accessibility", "languages"))
_ROOM: Row = (N_("Room"), ("capacity", "occupied"))
_PROVIDER: Row = ("", ("organization",))
_FOR: Row = ("", ("for_whom",))
_PERSON: Row = (N_("Contact person"), ("contact_name", "contact_role", "contact_phone", "contact_email"))
_AREA: Row = ("", ("districts",))
_ATTENDANCE: Row = ("", ("attendance",))
_SIGN_UP: Row = (
    N_("How to sign up"),
    ("registration_required", "registration_url", "registration_closes_at"),
)
_WHEN: Row = (
    N_("When"),
    ("starts_at", "ends_at", "all_day", "starts_on", "ends_on", "schedules", "schedule_text"),
)
_AMOUNT: Row = (N_("Amount"), ("amount", "amount_minimum", "amount_maximum"))
_CLOSES: Row = (N_("Closes"), ("closes_at", "opens_on", "is_rolling", "awarded_on"))
_TIME: Row = (
    N_("When"),
    (
        "availability", "commitment", "starts_on", "ends_on", "closes_at", "hours_minimum", "hours_maximum",
        "schedules", "schedule_text",
    ),
)  # fmt: skip
_SKILLS: Row = (
    N_("What you need to know"),
    ("skills_wanted", "requirements", "minimum_age", "maximum_age"),
)
_LACKING: Row = (N_("What is lacking"), ("categories", "items", "quantity_wanted", "quantity_met", "unit"))
_VERIFIED: Row = (N_("Who verified it"), ("verified_by", "verified_at", "evidence"))

_SERVICE: tuple[Row, ...] = (
    _OFFERED, _ASK, CALL, _WHERE, _HOURS, _COST, _FOR, _NEEDED, _ACCESS, _ATTENDANCE, _PROVIDER, _ROOM,
    _TOPICS, _PERSON,
)  # fmt: skip
LAYOUT: dict[str, tuple[Row, ...]] = {
    "service": _SERVICE,
    "service_at_place": (("", ("service",)), *_SERVICE),
    "place": (
        _OFFERED, _WHERE, CALL, _HOURS, _ROOM, ("", ("facilities",)), _FOR, _ACCESS, _PROVIDER, _TOPICS,
        _PERSON,
    ),
    "organization": (_OFFERED, CALL, _WHERE, _HOURS, _FOR, _AREA, _TOPICS, _PERSON),
    "event": (
        _WHEN, _WHERE, ("", ("online_url",)), _SIGN_UP, _COST, _OFFERED, CALL, _FOR, _ACCESS, _PROVIDER,
        _TOPICS, _PERSON,
    ),
    "funding": (
        _FOR, ("", ("eligible_kinds",)), ("", ("eligibility_description",)), _AMOUNT, _CLOSES, _ASK, CALL,
        ("", ("required_documents",)), _OFFERED, _PROVIDER, ("", ("funder_name",)), _AREA, _TOPICS, _PERSON,
    ),
    "opportunity": (
        _TIME, _SKILLS, _WHERE, _ATTENDANCE, _PROVIDER, _ASK, CALL, ("", ("benefits",)), _FOR, _ACCESS,
        _TOPICS, _PERSON,
    ),
    "need": (
        ("", ("urgency",)), _OFFERED, _LACKING, ("", ("needed_by",)), _WHERE, CALL, _VERIFIED, _PROVIDER,
        _TOPICS, _PERSON,
    ),
    "resource": (("", ("links",)), CALL, _OFFERED, ("", ("published_on",)), _FOR, _PROVIDER, _TOPICS),
}  # fmt: skip
OTHERS: tuple[Row, ...] = (_OFFERED, CALL, _WHERE, _HOURS, _COST, _FOR, _PROVIDER, _TOPICS, _PERSON)

# Shown elsewhere on the page, or only a helper of another field.
ELSEWHERE = frozenset(
    (
        "title", "summary", "description", "text", "language", "status", "confirmed_at", "expires_at",
        "modified_at", "created_at", "currency", "counted_at", "latitude", "longitude", "position_precision",
        "location_reserved", "keywords", "licence", "alert", "source", "region", "country",
        "shows_connections", "hours_per",
    )
)  # fmt: skip

CONTACTS = contract.CONTACTS

IN_ORDER = frozenset({"active", "open", "current", "published", "planned", "scheduled", "available"})
BAD_NEWS = frozenset({"closed", "ended", "damaged", "full", "cancelled", "met", "filled", "taken"})
# Values that need no name of their own under their row's heading.
PLAIN_SPOKEN = frozenset({"capacity", "starts_at", "amount", "closes_at", "schedules", "price"})
