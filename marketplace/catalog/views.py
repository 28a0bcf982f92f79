"""The shop."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from marketplace.tenancy import door


@door.public
def landing(request: HttpRequest) -> HttpResponse:
    """What this is, for whom, and why the money is safe."""
    return render(request, "catalog/landing.html")
