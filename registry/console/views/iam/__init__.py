"""Pages of an account's users, groups, roles, policies, identity providers, and the simulator."""
