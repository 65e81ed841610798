"""The private console: people act on their accounts' repositories, through the same core and gate as every client."""
