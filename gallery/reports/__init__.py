"""Reports of visitors about public repositories, and what the staff does with them."""
