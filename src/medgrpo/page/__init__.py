"""What all of medgrpo's pages share: one look, escaped text, small pieces, pictures inside the file. No request to any network."""

from medgrpo.page.images import jpeg_uri, shrunk
from medgrpo.page.markup import bar, chip, table, text
from medgrpo.page.whole import document, look

__all__ = ["bar", "chip", "document", "jpeg_uri", "look", "shrunk", "table", "text"]
