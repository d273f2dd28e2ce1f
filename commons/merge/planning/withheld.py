"""What a release has and its delivery left out, written into the lock. Pure.

A pool or a portal may deliver a release without what it holds or refused, and nobody can tell from outside
whether it had a reason. Whoever has the full form would get another root of the same lock; so the lock names
what did not come along, by its hash, and no merge of that lock shows it. The next lock does, when a fuller
form has arrived. What the lock itself withdraws or holds is not named twice.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace

from commons.addresses import tombstone
from commons.federation.lock import Lock
from commons.format.pruned import is_partial
from commons.intake.gate import Intake
from commons.merge.claims import Admission


def noted(lock: Lock, lacking: Collection[str], take_in: Callable[[str], Intake]) -> Lock:
    """The lock, naming what did not come along.

    Args:
        lacking: digests of releases that came pruned by somebody else.
        take_in: digest → what intake found in it.
    """
    members = dict(lock.members)
    admission = Admission(lock)
    for id, member in lock.members.items():
        if member.release is not None and member.release in lacking:
            intake = take_in(member.release)
            version = (member.epoch, member.number)
            # A mark of "copied" or "refused" is the word of whoever pruned; only the lock's own counts here.
            hashes = {
                h.hash for h in intake.hidden if not admission.explains(id, version, replace(h, origin=""))
            }
            # What is shown of a record in part is nobody's signed word.
            hashes |= {
                tombstone(f"{id}/{row.type}/{row.id}") for row in intake.rows() if is_partial(row.data)
            }
            members[id] = replace(member, withheld=tuple(sorted(hashes)))
    return lock if members == lock.members else replace(lock, members=members)
