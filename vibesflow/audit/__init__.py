"""Pure rules of the audit: what counts as a good copy, what is sampled, what is repaired."""
