"""Keys, calls, runs, tries and tests."""

from marketplace.gateway.models.calls import (
    ApiKey,
    HealthSpan,
    KeyMonth,
    Probe,
    ToolRun,
    UpstreamSecret,
    UsageRecord,
    Watch,
)
from marketplace.gateway.models.testing import EndpointTest
from marketplace.gateway.models.trials import Trial, TrialAllowance, TrialCall, TrialDay

__all__ = [
    "ApiKey",
    "EndpointTest",
    "HealthSpan",
    "KeyMonth",
    "Probe",
    "ToolRun",
    "Trial",
    "TrialAllowance",
    "TrialCall",
    "TrialDay",
    "UpstreamSecret",
    "UsageRecord",
    "Watch",
]
