"""Every address that the console answers, one file per group.

A further group of pages (such as reviewing a case) is a file here with its own ROUTES, a line in the table below, templates
that extend `base.html`, and texts in every file of `texts/`. Handlers take a `Visit`: by then rate, session, role, origin, size
and CSRF are checked.
"""

from medgrpo.console.route import Route
from medgrpo.console.routes import cases, live, passkeys, review, review_changes, sign_in, sound, static

ROUTES: tuple[Route, ...] = (
    *static.ROUTES,
    *sign_in.ROUTES,
    *cases.ROUTES,
    *live.ROUTES,
    *sound.ROUTES,
    *review.ROUTES,
    *review_changes.ROUTES,
    *passkeys.ROUTES,
)
