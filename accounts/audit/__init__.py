"""The trail of actions, and the spool through which reads get there."""
