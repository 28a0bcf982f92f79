"""The REST API: JSON for whoever the view's own door lets in, described at /api/v1/schema/."""

REST_FRAMEWORK = {
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_AUTHENTICATION_CLASSES": [],
    "DEFAULT_PERMISSION_CLASSES": [],
    # From one network, as GOVERNANCE_PLACE tells it. Handing in asks the node.
    "DEFAULT_THROTTLE_RATES": {"governance": "600/min", "governance-ballots": "30/min"},
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Guildhall",
    "VERSION": "0.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "APPEND_COMPONENTS": {"securitySchemes": {"key": {"type": "http", "scheme": "bearer"}}},
}
