"""The tamper-evident record of a case: append-only, hash-chained, signed. Needs the extra `live`."""

from medgrpo.audit.entry import Entry
from medgrpo.audit.following import Follower, newest_entry
from medgrpo.audit.head import Head, read_head
from medgrpo.audit.journal import Journal, Times
from medgrpo.audit.keys import PublicKey, SigningKey
from medgrpo.audit.pruning import Pruned, Rule, cases_in, prune, remove_leftovers
from medgrpo.audit.verification import Fault, Verification, read_entries, verify

__all__ = [
    "Entry",
    "Fault",
    "Follower",
    "Head",
    "Journal",
    "Pruned",
    "PublicKey",
    "Rule",
    "SigningKey",
    "Times",
    "Verification",
    "cases_in",
    "newest_entry",
    "prune",
    "read_entries",
    "read_head",
    "remove_leftovers",
    "verify",
]
