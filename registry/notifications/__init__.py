"""Tells people and other systems what happened: notices on a page and by mail, and webhooks with a log."""
