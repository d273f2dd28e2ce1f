"""What each command is for, in a few words: the overview says them without loading the commands.

A test holds them equal to what each command says of itself.
"""

from __future__ import annotations

from commons.messages import N_

SHORT: dict[str, str] = {
    "init": N_("Make a new catalogue, with its keys."),
    "add": N_("Write a new record."),
    "edit": N_("Change a record."),
    "show": N_("Show a record."),
    "list": N_("List records, or look for some."),
    "remove": N_("Take records out; they can come back."),
    "confirm": N_("Say that records are still true."),
    "check": N_("Look for what should be corrected or confirmed."),
    "history": N_("Show what was done, step by step."),
    "undo": N_("Take back what was done."),
    "backup": N_("Copy the catalogue, or bring a copy back."),
    "join": N_("Make one of two copies."),
    "consent": N_("Keep who agreed that their contact is public."),
    "template": N_("Make an empty sheet to fill in."),
    "import": N_("Bring a spreadsheet or list into a catalogue."),
    "refresh": N_("Import remembered sources again."),
    "release": N_("Share: make a signed copy of what is public."),
    "withdraw": N_("Take back what was shared, for good."),
    "forget": N_("Erase a person everywhere."),
    "keys": N_("The catalogue's keys and their words."),
    "vouch": N_("Give your word for another member."),
    "review": N_("Say of records that are alike whether they are the same."),
    "split": N_("Say that what is shown as one is not the same."),
    "explain": N_("Say why two records are one or not, or why a value is shown."),
    "merge": N_("Merge what members released into one pool."),
    "receipt": N_("What the last merge did with one member's release."),
    "federation": N_("Members, sources and holds of a federation."),
    "inbox": N_("Sort what came by chat, e-mail or stick."),
    "serve": N_("Show a pool as a portal, on this computer."),
    "publish": N_("Put a portal out where people can reach it."),
    "verify": N_("Check that a portal shows what its members signed."),
    "witness": N_("Check a pool and sign that its root is right."),
}
