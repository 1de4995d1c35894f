"""What game servers report: the catalogue of events, and how an event as sent becomes a canonical one."""
