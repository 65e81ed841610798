"""Pages of the deployment's staff. For everybody else there is nothing below /staff."""
