"""Who is calling, and may they: people, accounts, principals, credentials, the gate, the trail and the outbox."""
