"""One view class per endpoint; each reads the request, calls one verb of the core and writes the answer."""
