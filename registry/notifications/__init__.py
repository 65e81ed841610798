"""Tells people what happened: notices on their page and by mail, in their language and as they chose."""
