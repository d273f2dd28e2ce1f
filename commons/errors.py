"""The root of all errors. Does not print, exit or translate by itself.

Subclasses live beside the code that raises them; each is a dataclass whose fields are the ids that its
sentence names, so that a program can read them and a test can prove that they appear.
"""

from __future__ import annotations

import copyreg
import dataclasses
from typing import ClassVar

from commons.commands import sentence
from commons.messages import N_, translate


@dataclasses.dataclass(eq=False)
class CommonsError(Exception):
    """Something could not be done. `str(error)` says what and where, `error.hint` the next step."""

    template: ClassVar[str] = N_("Something went wrong.")
    hint_template: ClassVar[str] = ""
    exit_code: ClassVar[int] = 3

    def _details(self) -> dict[str, object]:
        return {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}

    def __reduce__(self) -> tuple[object, ...]:
        """As it is, for another process: made again by its arguments, it would lose those given by name."""
        return copyreg.__newobj__, (type(self), *self.args), self.__dict__  # type: ignore[attr-defined]

    def __str__(self) -> str:
        return sentence(translate(self.template), self._details())

    @property
    def hint(self) -> str:
        """The next step, or an empty text."""
        return sentence(translate(self.hint_template), self._details()) if self.hint_template else ""


@dataclasses.dataclass(eq=False)
class InputError(CommonsError):
    """What a person gave (a file, a flag, a value) cannot be used as it is."""

    template: ClassVar[str] = N_("This cannot be used as it is.")
    exit_code: ClassVar[int] = 2
