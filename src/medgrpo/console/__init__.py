"""The console: a web page that people in the operating room read, and where they answer. Needs the extra `serve`."""

from medgrpo.console.accounts import StoreUsers
from medgrpo.console.app import App, make_app
from medgrpo.console.people import NoUsers, Role, User, Users
from medgrpo.console.serving import listening, serve
from medgrpo.console.settings import DEFAULT_PORT, Settings
from medgrpo.console.watching import Watchers

__all__ = [
    "DEFAULT_PORT",
    "App",
    "NoUsers",
    "Role",
    "Settings",
    "StoreUsers",
    "User",
    "Users",
    "Watchers",
    "listening",
    "make_app",
    "serve",
]
