"""The votes, for programs: what the pages show, as JSON; and signed ballots, handed in as on the pages."""
