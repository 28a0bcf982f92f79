"""Pages of an organization: onboarding, Home, members, invitations, verification, settings."""
