"""Strategies for valid values of any field, made from the schema itself."""

from typing import Any

from hypothesis import strategies as st

from commons.schema.spec import Field, RecordType, load_schema

SCHEMA = load_schema()
LETTERS = "abcdefghijklmnopqrstuvwxyzáéíóúüñABCDEÑ 0123456789.:()«»¿?¡!/&+-"
NOTHING = {"null", "nan", "n/a", "n/d", "s/d"}
SLUG = st.from_regex(r"[a-z0-9][a-z0-9-]{0,20}", fullmatch=True)
MEMBER = st.text("abcdefghijklmnopqrstuvwxyz234567", min_size=26, max_size=26)
DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
TIME = st.times().map(lambda t: t.strftime("%H:%M"))
FORMATS: dict[str, st.SearchStrategy[Any]] = {
    "uri": st.from_regex(r"https?://[a-z0-9]{1,10}\.org(/[a-zA-Z0-9._,-]{0,10}[a-z0-9])?", fullmatch=True),
    "email": st.from_regex(r"[a-z][a-z0-9._]{0,10}@[a-z0-9]{1,10}\.(org|mx)", fullmatch=True),
    "phone": st.one_of(
        st.integers(1000_0000, 9999_9999).map(lambda n: f"+5255{n}"),
        st.integers(200_0000, 999_9999).map(lambda n: f"+1212{n}"),
        st.sampled_from(["911", "*765", "55335"]),
    ),
    "district": st.sampled_from(["09002", "09007", "09015", "15058"]),
    "country": st.sampled_from(["MX", "US"]),
    "time": TIME,
    "date": st.dates().map(str),
    "salt": MEMBER,
    "digest": st.text("0123456789abcdef", min_size=64, max_size=64),
    "member": MEMBER,
    "postal_code": st.sampled_from(["09570", "03300", "SW1A 1AA"]),
    "identifier": st.from_regex(r"MX-[A-Z]{3,5}:[A-Z0-9]{3}", fullmatch=True),
    "rrule": st.lists(st.sampled_from(DAYS), min_size=1, unique=True).map(
        lambda days: "FREQ=WEEKLY;BYDAY=" + ",".join(days)
    ),
}


def free_text(longest: int) -> st.SearchStrategy[str]:
    """Texts as people write them; not those that only say that there is nothing to say."""
    texts = st.text(LETTERS + ",;", min_size=1, max_size=min(longest, 40)).map(str.strip)
    return texts.filter(lambda t: len(t.strip(" .,-/")) > 1 and t.casefold() not in NOTHING)


def addresses(target: str) -> st.SearchStrategy[str]:
    types = [target] if target != "*" else list(SCHEMA.types)
    return st.tuples(MEMBER, st.sampled_from(types), SLUG).map("/".join)


def texts_of(field: Field) -> st.SearchStrategy[Any]:
    """One text that `field`, or each item of its list, may hold."""
    if field.vocabulary:
        return st.sampled_from(list(SCHEMA.vocabularies[field.vocabulary].terms))
    if field.format in ("address", "member_or_address"):
        return addresses(field.target)
    if field.format == "reference":
        return addresses(field.target) if field.target == "*" else st.one_of(SLUG, addresses(field.target))
    if field.pattern:
        return st.from_regex(r"[a-z0-9][a-z0-9]{0,10}", fullmatch=True)
    return FORMATS[field.format] if field.format in FORMATS else free_text(field.max_length)


def values_of(field: Field) -> st.SearchStrategy[Any]:
    """Any valid value of `field`."""
    if field.type == "boolean":
        return st.booleans()
    if field.type == "integer":
        low = -(2**53 - 1) if field.minimum is None else field.minimum
        return st.integers(low, 2**53 - 1 if field.maximum is None else field.maximum)
    if field.type == "date":
        return st.dates().map(str)
    if field.type == "datetime":
        return st.datetimes().map(lambda d: d.strftime("%Y-%m-%dT%H:%M:%SZ").zfill(20))
    if field.type == "array":
        one = objects_of(field) if field.items else texts_of(field)
        return st.lists(one, min_size=1, max_size=min(3, field.max_items), unique_by=repr)
    if field.type == "object":
        return st.dictionaries(SLUG, st.one_of(free_text(40), st.integers(0, 99)), min_size=1, max_size=3)
    return texts_of(field)


def objects_of(field: Field) -> st.SearchStrategy[dict[str, Any]]:
    required = {n: values_of(i) for n, i in field.items.items() if i.required}
    optional = {n: values_of(i) for n, i in field.items.items() if not i.required}
    return st.fixed_dictionaries(required, optional=optional).filter(bool)


@st.composite
def records(draw: st.DrawFn, rtype: RecordType, *, published: bool = False) -> dict[str, Any]:
    """The fields of a valid record: the required ones and some others."""
    fields = rtype.released if published else rtype.fields
    chosen = draw(st.sets(st.sampled_from(sorted(fields)), max_size=8))
    chosen |= {name for name, field in fields.items() if field.required}
    return {name: draw(values_of(fields[name])) for name in fields if name in chosen}
