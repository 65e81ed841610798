"""Aliases: what names there may be, who asks for them, who decides, and what their owners do with them."""
