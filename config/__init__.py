"""The Django project: settings, routes, wiring. It may import every app; no app imports it."""
