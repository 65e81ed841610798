"""Pages of coming in and of people's own."""
