"""Who a player is, whatever they were called: stands below every domain that names players."""
