"""Search over listings: the index keeps them fresh, the query reads them."""
