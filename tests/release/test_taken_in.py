"""Whatever a catalogue holds, its release passes the gate: what we share is never refused for its form."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from commons.catalogue.store import Catalogue
from commons.federation import trust
from commons.format import container
from commons.intake.gate import Gate
from commons.release import build, keys
from commons.schema.spec import Field, RecordType, load_schema

from .conftest import NOON, PROFILE

wild = st.text(max_size=30) | st.sampled_from(
    ["", "55 9999 8888", "a@b.mx", "\u202ex", "e\u0301", "\0", "x" * 500]
)


def value_of(field: Field) -> st.SearchStrategy[Any]:
    """Values of a field, good and bad."""
    if field.type == "boolean":
        return st.booleans()
    if field.type == "integer":
        return st.integers(-5, 2**54)
    if field.items:
        inner = {name: value_of(item) for name, item in field.items.items()}
        return st.lists(st.fixed_dictionaries({}, optional=inner), max_size=2)
    terms = list(load_schema().vocabularies[field.vocabulary].terms) if field.vocabulary else []
    examples = [text for text in (*field.example.values(), *terms[:5]) if text]
    one = st.sampled_from(examples) | wild if examples else wild
    return st.lists(one, max_size=3) if field.type == "array" else one


def record_of(rtype: RecordType) -> st.SearchStrategy[tuple[str, str, dict[str, Any]]]:
    """A record of the type with a few of its fields."""
    usual = {name: value_of(f) for name, f in rtype.fields.items() if name not in ("salt", "extra")}
    some = st.lists(st.sampled_from(sorted(usual)), max_size=8, unique=True)
    fields = some.flatmap(lambda names: st.fixed_dictionaries({name: usual[name] for name in names}))
    named = st.builds(
        lambda f, title: {"title": title or "Sin nombre", **f}, fields, st.text("ab ñ", max_size=9)
    )
    return st.tuples(st.just(rtype.name), st.sampled_from(["a", "b", "c"]), named)


TYPES = [t for t in load_schema().types.values() if t.name not in ("catalogue", "withdrawal")]


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(records=st.lists(st.sampled_from(TYPES).flatmap(record_of), max_size=12))
def test_every_release_is_taken_in_whole(
    records: list[tuple[str, str, dict[str, Any]]], tmp_path_factory: Any
) -> None:
    """Wild texts, wrong numbers, half lists: what cannot leave stays home, what leaves is accepted."""
    path: Path = tmp_path_factory.mktemp("wild") / "c.db"
    identity = keys.new_identity()
    with Catalogue.create(path, keylog=identity.keylog_bytes, profile=PROFILE, at=NOON) as catalogue:
        with catalogue.act("import", at=NOON) as act:
            for type_name, record_id, fields in records:
                act.put(type_name, record_id, fields)
        files = build.make(catalogue, identity.current, NOON)
    trust.prove(*files.contents(), expected=identity.member_id)
    with Gate() as gate:
        taken = gate.take_in(files)
    assert taken.code is None and dict(taken.counts) == dict(files.parsed_manifest.counts)
    assert dict(taken.refused) == {} and [f for f in taken.findings if f.level == "error"] == []


def test_one_file_travels_whole(
    share: Callable[[], container.ReleaseFiles], put: Callable[..., None]
) -> None:
    """Written, read back, proven."""
    put("place/casa")
    files = share()
    assert trust.prove(*files.contents()).manifest.counts == {"catalogue": 1, "place": 1}
