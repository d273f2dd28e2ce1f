"""The tables of linking: made from what people write, and never changed without saying so in the lock."""

from __future__ import annotations

import hashlib

from commons.link.model import LINKER
from commons.link.tables import COMPILED, load_tables, tables_from
from commons.schema import reading
from commons.schema.spec import load_schema, schema_folder

# linker → the tables it links by. Other tables link otherwise: raise LINKER and write the new digest here.
DIGESTS = {
    "3": "5924f58b9ad81e02ca235e233c56f75036478d680799173839089beb308be34e",
    "4": "cf705cf5dd21463f84a5d691dfee3f03112e6bad12f440942aa7d95df16cce74",
    "5": "8bc26283927b6bf08125a4a0ee5c4b5d336ca73db5f764ed2cc3b59a619f0fb5",
}


def test_other_tables_are_another_linker() -> None:
    """A lock names its linker; who rebuilds it must have the same words and weights."""
    data = (schema_folder() / COMPILED).read_bytes()
    assert hashlib.sha256(data).hexdigest() == DIGESTS[LINKER]


def test_tables_are_made_of_what_people_write() -> None:
    """`make schema` was run."""
    folder = schema_folder() / "linking"
    plain = {path.stem: reading.read_yaml(path) for path in sorted(folder.glob("*.yaml"))}
    assert tables_from(plain) == load_tables()


def test_every_type_with_a_table_is_a_public_type() -> None:
    """What is not there would be compared by nobody, and nobody would notice."""
    public = {t.name for t in load_schema().public_types}
    assert set(load_tables().types) <= public
    for table in load_tables().types.values():
        assert table.candidate <= table.link
        assert list(table.rarity) == sorted(table.rarity, reverse=True)
