"""Text made comparable: without case, without Vietnamese and other marks."""

import unicodedata


def fold(text: str) -> str:
    """Return the text in lower case without marks: `Đà Nẵng` becomes `da nang`."""
    decomposed = unicodedata.normalize("NFKD", text.casefold().replace("đ", "d"))
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter))
