"""Keys, calls, runs and tries."""

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
from marketplace.gateway.models.trials import Trial, TrialAllowance, TrialCall, TrialDay

__all__ = [
    "ApiKey",
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
