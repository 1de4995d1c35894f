"""The engines that keep data, and the SQL that is sent to them. Knows no domain."""
