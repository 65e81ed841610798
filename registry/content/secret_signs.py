"""How secrets look: names that say so, and values of a known form. Pure."""

import re
from typing import Final

SECRET_NAME: Final = re.compile(
    r"(?:^|[_.-])(?:pass(?:word|wd|phrase)?|pwd|secrets?|tokens?|credentials?"
    r"|(?:api|access|private|secret|auth)_?(?:key|token))"
    r"(?:$|[_.-](?!file$|path$|dir$|url$|expir))",
    re.IGNORECASE,
)
SECRET_VALUE: Final = re.compile(
    r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b|\bgh[pousr]_\w{20}|\bgithub_pat_\w{20}|\bglpat-[\w-]{16}|\bxox[abpr]-|\bsk_live_"
    r"|(?<![\w-])eyJ[\w-]{8,}+\.eyJ|-----BEGIN [A-Z ]*PRIVATE KEY|\w://[^\s/:@]+:[^\s/@]+@"
)
