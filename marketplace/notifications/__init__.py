"""What people are told: an inbox and e-mails, both read from audit entries. Nobody calls this app."""
