"""The words of pages in a language, so that one walk through them reads the same in all."""

import gettext
from typing import NoReturn

from tests.clients.server import PROJECT


class NotTranslated(gettext.NullTranslations):
    """Says which text the catalogue lacks, in place of handing it on in English."""

    def gettext(self, message: str) -> NoReturn:
        """Refuse."""
        raise LookupError(f"the catalogue has no {message!r}")


class Words:
    """Call it with an English text of a page to get what the page says."""

    def __init__(self, language: str) -> None:
        self.language = language
        if language == "en":
            self._catalogue = gettext.NullTranslations()
        else:
            self._catalogue = gettext.translation("django", PROJECT / "locale", [language])
            self._catalogue.add_fallback(NotTranslated())

    def __call__(self, text: str, **values: object) -> str:
        """The text with its values."""
        return self._catalogue.gettext(text) % values if values else self._catalogue.gettext(text)
