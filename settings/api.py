"""The REST API and its schema."""

from django.urls import include, path
from drf_spectacular.views import SpectacularJSONAPIView

from marketplace.catalog import api
from marketplace.tenancy import door

urlpatterns = [
    path("listings/", api.listing_list, name="api-listings"),
    path("listings/<slug:slug>/", api.listing_detail, name="api-listing"),
    path("governance/", include("governance.api.urls")),
    path("schema/", door.public(SpectacularJSONAPIView.as_view()), name="api-schema"),
]
