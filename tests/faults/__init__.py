"""A real server meets bad luck: kills, full disks, damaged files, clients that go or come twice."""
