"""Content made in memory: images, indexes and charts as a build tool would push them. Pure: no Django."""
