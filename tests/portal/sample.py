"""A small pool of fictional organisations, written by the real writer: what the portal's tests read."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from commons.addresses import tombstone
from commons.pool.rows import Entity
from commons.pool.write import Content, write_pool

KITCHEN = "k3v7wq2mzt5xh4cabn6dpyjr2e"
CLINIC = "m5x2aq7czt5xh4kabn6dpyjr3f"
NETWORK = "r7a4mzt5xh4kabn6dpyjr3fm5x"
WITHDRAWN = f"{KITCHEN}/place/casa-cerrada"

HELD = f"{CLINIC}/place/casa-reservada"

PHONE = {"number": "+525555550134", "extension": "12", "kind": "voice"}
HOURS = [{"rrule": "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR", "opens_at": "09:00", "closes_at": "15:00"}]
LONG_TITLE = (
    "Programa comunitario de acompañamiento psicosocial para familias desplazadas por inundaciones, "
    "sismos y otras emergencias en la zona oriente"
)

RECORDS: dict[str, dict[str, Any]] = {
    f"{KITCHEN}/organization/comedor-la-paz": {
        "title": "Comedor La Paz",
        "summary": "Vecinas que cocinan para el barrio desde 2009.",
        "topics": ["food"],
        "district": "09007",
        "phones": [PHONE],
        "email": "contacto@example.org",
        "confirmed_at": "2026-11-01T12:00:00Z",
        "modified_at": "2026-11-01T12:00:00Z",
    },
    f"{KITCHEN}/place/local-la-paz": {
        "title": "Local de la calle Jacaranda",
        "kind": "community_center",
        "street_address": "Calle Jacaranda 12",
        "neighbourhood": "Santa María Aztahuacán",
        "postal_code": "09570",
        "district": "09007",
        "latitude_e6": 19355600,
        "longitude_e6": -99062100,
        "organization": f"{KITCHEN}/organization/comedor-la-paz",
        "capacity": 80,
        "counted_at": "2026-11-10T18:00:00Z",
        "confirmed_at": "2025-03-10T12:00:00Z",
        "modified_at": "2025-03-10T12:00:00Z",
    },
    f"{KITCHEN}/service/comida-caliente": {
        "title": "Comida caliente de lunes a viernes",
        "summary": "Ochenta comidas al día, sin costo y sin preguntas.",
        "description": "Cocinamos con verdura de la *central de abasto*.\n\n"
        "- Desayuno a las 9\n- Comida a la 1\n\n"
        "<script>alert(1)</script> [no](javascript:alert(1)) ![x](https://tracker.example/x.png)",
        "topics": ["food", "children"],
        "organization": f"{KITCHEN}/organization/comedor-la-paz",
        "place": f"{KITCHEN}/place/local-la-paz",
        "phones": [PHONE],
        "url": "javascript:alert(1)",
        "schedules": HOURS,
        "is_free": True,
        "for_whom": ["anyone"],
        "application_process": "Llega antes de las 12 y pide una ficha.",
        "confirmed_at": "2026-11-01T12:00:00Z",
        "created_at": "2024-05-02T12:00:00Z",
        "modified_at": "2026-11-02T12:00:00Z",
        "salt": "abcdefghijklmnopqrstuvwxyz",
    },
    f"{CLINIC}/service/consulta-dental": {
        "title": "Consulta dental",
        "summary": "Revisión y limpieza para quien no tiene seguro.",
        "topics": ["health"],
        "district": "09015",
        "phones": [{"number": "+525555550177", "kind": "whatsapp"}],
        "price": 5000,
        "currency": "MXN",
        "is_free": False,
        "status": "full",
        "confirmed_at": "2026-10-25T12:00:00Z",
        "modified_at": "2026-10-25T12:00:00Z",
    },
    f"{CLINIC}/service/acompanamiento": {
        "title": LONG_TITLE,
        "url": f"https://example.org/{'acompanamiento' * 9}",
        "topics": ["mental_health"],
        "district": "09007",
        "modified_at": "2026-09-25T12:00:00Z",
    },
    f"{CLINIC}/place/formula": {
        "title": '=HYPERLINK("https://evil.example")',
        "district": "09015",
        "modified_at": "2026-09-01T12:00:00Z",
    },
    f"{NETWORK}/service/english-lessons": {
        "title": "English lessons on Saturdays",
        "summary": "Conversation for beginners, ñandú and all.",
        "language": "en",
        "topics": ["education"],
        "district": "09015",
        "expires_at": "2026-10-03T06:00:00Z",
        "modified_at": "2026-08-01T12:00:00Z",
    },
}
# The network says something else about the kitchen's meals.
SECOND_WORD = {
    **RECORDS[f"{KITCHEN}/service/comida-caliente"],
    "title": "Comidas en La Paz",
    "phones": [{"number": "+525555550199"}],
    "confirmed_at": "2025-12-01T12:00:00Z",
}
MEMBERS = {KITCHEN: "Comedor La Paz", CLINIC: "Clínica Las Flores", NETWORK: "Red de Saberes del Oriente"}


def write_sample(path: Path, *, territory: str | None = None, extra: list[Entity] | None = None) -> Path:
    """Three members, seven things, one of them said by two."""
    entities = [_entity(address, fields) for address, fields in RECORDS.items()]
    claims = [(a, a, _canonical(a, f), ()) for a, f in RECORDS.items()]
    second = f"{NETWORK}/service/comidas-la-paz"
    meals = f"{KITCHEN}/service/comida-caliente"
    claims.append((second, meals, _canonical(second, SECOND_WORD), ("email",)))
    for entity in extra or ():
        entities.append(entity)
        claims.append((entity.address, entity.address, _canonical(entity.address, entity.fields), ()))
    numbers = {e.address: n for n, e in enumerate(sorted(entities, key=lambda e: e.address), start=1)}
    rows = {
        "member": [_member(n, member, name) for n, (member, name) in enumerate(MEMBERS.items())],
        "disagreement": _rivals(numbers[meals], meals, second),
        "link": [_link(meals, second)],
        "judgement": [_judged(meals, f"{CLINIC}/service/consulta-dental")],
        "relation": [
            {
                "address": f"{NETWORK}/relation/r-clases",
                "member": NETWORK,
                "subject": f"{NETWORK}/service/english-lessons",
                "kind": "part_of",
                "object": f"{CLINIC}/service/acompanamiento",
                "counts": 1,
            }
        ],
        "withdrawal": [
            {"hash": tombstone(WITHDRAWN), "member": KITCHEN, "kind": "record", "epoch": 0, "number": 3}
        ],
        "hold": [
            {"hash": tombstone(HELD), "field": "", "until": "2099-02-01T12:00:00Z"},
            {"hash": tombstone(f"{KITCHEN}/place/otra"), "field": "phones", "until": "2099-02-01T12:00:00Z"},
        ],
        "receipt": [{"member": m, "json": _receipt(m)} for m in MEMBERS],
    }
    write_pool(path, Content(entities, claims, _meta(territory), rows))
    return path


def _receipt(member: str) -> str:
    """The kitchen's newest release waits."""
    waits = [{"epoch": 1, "number": 12, "code": "E_SHRINK"}] if member == KITCHEN else []
    return json.dumps({"findings": {}, "passed_over": waits})


def _entity(address: str, fields: Mapping[str, Any]) -> Entity:
    return Entity(
        number=0,
        address=address,
        type=address.split("/")[1],
        fields={k: v for k, v in fields.items() if k not in ("salt", "created_at", "modified_at")},
        claims=2 if address.endswith("comida-caliente") else 1,
        subject=KITCHEN if address.startswith(KITCHEN) else None,
        language=str(fields.get("language", "es")),
        modified_at=str(fields["modified_at"]) if "modified_at" in fields else None,
    )


def _canonical(address: str, fields: Mapping[str, Any]) -> str:
    _member_id, type_name, record = address.split("/")
    return json.dumps(
        [type_name, record, dict(fields)], ensure_ascii=False, sort_keys=True, separators=(",", ":")
    )


def _member(n: int, member: str, name: str) -> dict[str, Any]:
    return {
        "id": member,
        "name": name,
        "title": name,
        "summary": "Lo que sabemos del barrio." if n == 0 else None,
        "url": None if member == NETWORK else "https://example.org/",
        "phones": None if member == NETWORK else json.dumps([PHONE]),
        "licence": "CC-BY-4.0",
        "language": "es",
        "state": ("current", "late", "paused")[n],
        "epoch": 0,
        "number": 11,
        "issued_at": "2026-11-02T12:00:00Z",
        "valid_until": "2026-01-02T12:00:00Z" if n == 1 else "2099-12-02T12:00:00Z",
        "fingerprint": "jacaranda nopal comal patio lluvia mercado tren bordado",
        "added": json.dumps({"by": "Ana Ejemplo", "when": "2026-11-01", "how": "palabras por teléfono"}),
        "records": 3,
        "refused": 3 if n == 1 else 0,
    }


def _link(a: str, b: str) -> dict[str, Any]:
    evidence = {"phone": 75, "name": 40, "other words": -12}
    return {"a": a, "b": b, "score": 103, "reason": "scored", "evidence": json.dumps(evidence)}


def _judged(a: str, b: str) -> dict[str, Any]:
    """The clinic says that its dentist is not the kitchen's meals."""
    return {
        "address": f"{CLINIC}/judgement/j-comida",
        "member": CLINIC,
        "left": min(a, b),
        "right": max(a, b),
        "verdict": "different",
        "reason": "Otra puerta de la misma calle",
        "judged_at": "2026-11-12T12:00:00Z",
        "counts": 1,
    }


def _rivals(entity: int, first: str, second: str) -> list[dict[str, Any]]:
    said = {first: RECORDS[first], second: SECOND_WORD}
    return [
        {
            "entity": entity,
            "field": field,
            "address": address,
            "member": address.split("/")[0],
            "value": json.dumps(fields[field], ensure_ascii=False),
            "shown": int(address == first),
            "confirmed_at": fields["confirmed_at"],
        }
        for field in ("title", "phones")
        for address, fields in said.items()
    ]


def _meta(territory: str | None) -> dict[str, object]:
    return {
        "protocol": "1",
        "root": "5f" * 32,
        "as_of": "2026-11-20T12:00:00Z",
        "lock": {},
        "counts": {},
        "federation": {
            "name": {"es": "Saberes de la ciudad", "en": "City knowledge"},
            "about": {"who": "Red de Saberes del Oriente", "contact": "hola@example.org"},
            "languages": ["es", "en"],
            "licences": ["CC0-1.0", "CC-BY-4.0"],
            "territory": territory,
        },
    }
