"""Lists in a cell, ticked columns, several sources, rows of several kinds."""

import json
from collections.abc import Callable
from typing import Any

from commons.catalogue.store import Catalogue

Importer = Callable[..., Any]
NESTED = json.dumps(
    [
        {
            "id": "a1",
            "name": "Comedor",
            "services": [
                {"id": "s1", "name": "Desayuno", "hours": {"1": [[800, 1000]]}, "note": "trae plato"},
                {"id": "s2", "name": "Comida", "hours": {}},
            ],
        },
        {"id": "a2", "name": "Taller", "services": []},
    ]
)
NESTED_MAP = """
key: id
records:
  where: {type: place, fields: {title: name}}
  what:
    type: service
    each: services
    key: services.id
    fields: {title: services.name, place: {record: where}, schedules: {column: services.hours, hours: hhmm}}
"""


def test_a_list_in_a_row_makes_a_record_of_each_entry(bring: Importer, catalogue: Catalogue) -> None:
    """Each refers to its row's record; what no rule reads of an entry stays at home with it."""
    report = bring(NESTED, NESTED_MAP, name="lista.json")
    assert report.records("new") == {"place": 2, "service": 2}
    breakfast = catalogue.get("service", "s1")
    assert breakfast is not None
    assert breakfast.fields["place"] == "a1"
    assert breakfast.fields["extra"] == {"services.id": "s1", "services.note": "trae plato"}
    assert breakfast.fields["schedules"] == [
        {"rrule": "FREQ=WEEKLY;BYDAY=MO", "opens_at": "08:00", "closes_at": "10:00"}
    ]
    assert bring(NESTED, NESTED_MAP, name="lista.json").rows_unchanged == 2


def test_a_table_refers_to_what_another_file_tells(bring: Importer, catalogue: Catalogue) -> None:
    """A database comes table by table: a record without fields is a name; nothing is made of it."""
    bring("num,name\n7,Casa\n", "{type: place, key: num, fields: {title: name}}", name="places.csv")
    mapping = """
key: id
records:
  what: {type: service, fields: {title: name, place: {record: where, key: place_num}}}
  where: {type: place, key: place_num}
"""
    report = bring("id,name,place_num\ns1,Cena,7\ns2,Taller,8\n", mapping, name="services.csv")
    assert report.records("new") == {"service": 2}
    assert [r.fields["place"] for r in catalogue.records("service")] == ["7", "8"]
    assert [r.id for r in catalogue.records("place")] == ["7"]


def test_a_text_split_makes_a_record_of_each_part(bring: Importer, catalogue: Catalogue) -> None:
    """A person writes «comedor; taller»; without a key their number keeps them apart."""
    text = "clave,nombre,ofrece\np1,Casa,comedor; taller\n"
    mapping = """
key: clave
records:
  where: {type: place, fields: {title: nombre}}
  what: {type: service, each: {column: ofrece, split: [";"]}, fields: {title: ofrece, place: {record: where}}}
"""
    bring(text, mapping)
    titles = {r.id: r.fields["title"] for r in catalogue.records("service")}
    assert titles == {"p1-what-1": "comedor", "p1-what-2": "taller"}
    assert bring(text, mapping).rows_unchanged == 1


KINDS = """
records:
  agency:
    type: organization
    key: num
    when: {column: level, is: Agency}
    fields:
      title: name
      phones:
        owner: organisation
        together:
          - {column: tel, only: {column: tel private, not: "yes"}}
          - {template: "{fax} (Fax)"}
  site:
    type: place
    key: num
    when: {column: level, is: Site}
    fields:
      title: name
      organization: {record: agency, key: parent}
      facilities: {marks: {water: water, wifi: internet}}
"""


def test_rows_of_several_kinds_refer_to_each_other_by_key(bring: Importer, catalogue: Catalogue) -> None:
    """The parent's row may come later, and its key may need to be changed to become an id."""
    text = "num,level,parent,name,tel,tel private,fax,water,wifi\nS 1,Site,A 1,Local,,,,X,no\n"
    text += "A 1,Agency,,Casa,55 5555 0134,yes,55 5555 0177,,\n"
    bring(text, KINDS)
    [place], [agency] = list(catalogue.records("place")), list(catalogue.records("organization"))
    assert place.fields["organization"] == agency.id
    assert place.fields["facilities"] == ["water"]
    assert agency.fields["phones"] == [{"number": "+525555550177", "kind": "fax"}]
    assert agency.fields["extra"]["tel"] == "55 5555 0134"  # type: ignore[index,call-overload]


def test_what_cannot_be_read_goes_where_the_rule_says(bring: Importer, catalogue: Catalogue) -> None:
    """Hours in prose stay prose, without a complaint."""
    mapping = """
type: place
key: id
fields: {title: n, schedules: {column: h, hours: 12h, unread: schedule_text}}
"""
    report = bring("id,n,h\na,Uno,Mon-Fri 9-5\nb,Dos,según haya\n", mapping)
    assert report.waiting == 0
    one, two = catalogue.get("place", "a"), catalogue.get("place", "b")
    assert one is not None and two is not None
    assert one.fields["schedules"][0]["closes_at"] == "17:00"  # type: ignore[index,call-overload]
    assert two.fields["schedule_text"] == "según haya"


def test_rows_that_speak_of_one_record_unite_their_lists(bring: Importer, catalogue: Catalogue) -> None:
    """Languages of two rows are both said; of two names the first stands and the other is told."""
    mapping = """
records:
  row: {type: service, key: id, fields: {title: t, organization: {record: who}}}
  who: {type: organization, key: org, fields: {title: org name, topics: topic}}
"""
    text = "id,t,org,org name,topic\n1,Uno,o,Casa,food\n2,Dos,o,La Casa,health\n"
    report = bring(text, mapping)
    who = catalogue.get("organization", "o")
    assert who is not None
    assert who.fields["topics"] == ["food", "health"]
    assert [(f.code, f.field, f.row) for f in report.findings] == [("rows-disagree", "title", 3)]
