"""An invitation to share with a federation: a page to print, a text for a chat, a link and its square code.

It says who we are, where the portal is, where to send releases, under which licence and how often. Only what
the policy and whoever invites say stands in it; nothing is fetched, and there is no secret in it.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

import segno
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from commons.federation.policy.file import Policy
from commons.messages import in_language, language, translate
from commons.messages import translate as _
from commons.schema.spec import load_schema

FILE_NAME = "invitation.html"
_MARK = Markup('<meta name="generator" content="commons federation invite">')  # stands near the beginning
_BEGINNING = 1000  # bytes
MOST_IN_CODE = 600  # bytes: beyond, the squares are too fine for a cheap telephone's camera
_templates = Environment(
    loader=PackageLoader("commons.review"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
)


def is_invitation(page: bytes) -> bool:
    """Whether a file is a page that was made here; any other belongs to somebody else."""
    return _MARK.encode() in page[:_BEGINNING]


@dataclass(frozen=True, slots=True)
class Invitation:
    """What it says, in the current language. `send_to`: an e-mail address, a telephone, or words."""

    names: Mapping[str, str]
    about: Mapping[str, str]
    licence_ids: tuple[str, ...]
    portal: str = ""
    send_to: str = ""
    cadence_id: str = ""

    @classmethod
    def of(cls, policy: Policy, *, portal: str = "", send_to: str = "", cadence: str = "") -> Invitation:
        """What the policy says, unless the words given here say otherwise."""
        said = policy.invite
        contact = policy.about.get("contact", "")
        return cls(
            names=policy.name,
            about=policy.about,
            licence_ids=policy.licences,
            portal=portal or said.portal,
            send_to=send_to or said.send_to or contact,
            cadence_id=cadence or said.cadence,
        )

    @property
    def name(self) -> str:
        return in_language(self.names)

    @property
    def licences(self) -> tuple[str, ...]:
        terms = load_schema().vocabularies["licences"].terms
        return tuple(in_language(terms[id].title) if id in terms else id for id in self.licence_ids)

    @property
    def cadence(self) -> str:
        terms = load_schema().vocabularies["cadences"].terms
        return in_language(terms[self.cadence_id].title) if self.cadence_id in terms else ""

    @property
    def link(self) -> str:
        """Where a telephone goes that reads the code: the portal, else a letter to whoever collects."""
        to = self.send_to.strip()
        if self.portal or "@" not in to or any(c in to for c in " /:?&"):
            return self.portal
        subject = _("Our release for {name}").format(name=self.name)
        return f"mailto:{quote(to, safe='@')}?subject={quote(subject)}"

    @property
    def text(self) -> str:
        """For a chat: plain lines, no marks that one program shows and another does not."""
        lines = [_("{name} invites you to share what your organisation knows.").format(name=self.name)]
        if self.about.get("who"):
            lines.append(_("Who we are: {who}").format(who=self.about["who"]))
        if self.portal:
            lines.append(_("Our portal: {url}").format(url=self.portal))
        lines += [
            _("Your catalogue stays on your computer; you send a signed copy of what is public."),
            _("Send it to: {where}").format(where=self.send_to or _("whoever gave you this")),
        ]
        if self.cadence:
            lines.append(_("How often: {cadence}").format(cadence=self.cadence))
        lines += [
            _("Licences that we take: {licences}").format(licences="; ".join(self.licences)),
            _("The first time you read us eight words by telephone, so that nobody else speaks for you."),
            _("You can take back anything at any time."),
        ]
        return "\n".join(lines)

    def page(self) -> str:
        """The whole page, with everything in it: nothing is fetched from anywhere."""
        template = _templates.get_template("invitation.html")
        return template.render(i=self, _=translate, lang=language(), qr=self._svg(), mark=_MARK)

    def code(self, kind: str) -> bytes | None:
        """The square code as `svg` or `png`; None where there is too much to say in one."""
        code = self._code()
        if code is None:
            return None
        out = io.BytesIO()
        code.save(out, kind=kind, scale=8, border=4)
        return out.getvalue()

    def _code(self) -> segno.QRCode | None:
        said = self.link or self.text
        if len(said.encode()) > MOST_IN_CODE:
            return None
        return segno.make(said, error="m", micro=False)

    def _svg(self) -> str:
        code = self._code()
        return "" if code is None else str(code.svg_inline(scale=3, border=4, omitsize=True))
