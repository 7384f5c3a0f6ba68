"""What the HTTP API takes and answers, as pydantic models: the edge's types, one module a resource."""
