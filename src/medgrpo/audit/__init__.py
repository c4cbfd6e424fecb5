"""The tamper-evident record of a case: append-only, hash-chained, signed. Needs the extra `live`."""

from medgrpo.audit.attached import DELETED, Attachment, attachments, deletions, digest_of_file
from medgrpo.audit.entry import Entry, digest_of
from medgrpo.audit.following import Follower, newest_entry
from medgrpo.audit.head import Head, read_head
from medgrpo.audit.journal import CLOSED, HEAD, STOPPED, Journal, Times
from medgrpo.audit.keys import PublicKey, SigningKey
from medgrpo.audit.pruning import Pruned, Rule, cases_in, prune, remove_leftovers
from medgrpo.audit.tail import record_in
from medgrpo.audit.verification import Fault, Verification, read_entries, verify

__all__ = [
    "CLOSED",
    "DELETED",
    "HEAD",
    "STOPPED",
    "Attachment",
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
    "attachments",
    "cases_in",
    "deletions",
    "digest_of",
    "digest_of_file",
    "newest_entry",
    "prune",
    "read_entries",
    "read_head",
    "record_in",
    "remove_leftovers",
    "verify",
]
