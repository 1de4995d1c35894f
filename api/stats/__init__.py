"""Stats: what the aggregates in ClickHouse say, as JSON. A noun names its module, SQL file and table."""
