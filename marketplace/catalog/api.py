"""The shop, for programs: what is public, as JSON."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework import generics, serializers
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param
from rest_framework.views import APIView

from marketplace.catalog.facts import FIELDS
from marketplace.catalog.models import Currency, Listing, Plan
from marketplace.catalog.paging import page
from marketplace.organizations.models import Organization
from marketplace.tenancy import door

LONGEST_QUESTION = 200
SIZE = 24


class CurrencySerializer(serializers.ModelSerializer[Currency]):
    class Meta:
        model = Currency
        fields = ("chain", "address", "symbol", "decimals")


class PlanSerializer(serializers.ModelSerializer[Plan]):
    """A price in base units of the currency, as text, because it may exceed what JSON numbers hold."""

    currency = CurrencySerializer()
    price = serializers.CharField(help_text="Per period, in base units of the currency.")

    class Meta:
        model = Plan
        fields = ("id", "name", "price", "currency", "period_seconds", "version_number", "content_hash")


class ProviderSerializer(serializers.ModelSerializer[Organization]):
    class Meta:
        model = Organization
        fields = ("slug", "name", "country", "website", "is_verified", "verified_at")
        read_only_fields = fields


class ListingSerializer(serializers.ModelSerializer[Listing]):
    provider = ProviderSerializer(source="org")
    category = serializers.SlugRelatedField[Any](slug_field="slug", read_only=True)
    plans = PlanSerializer(many=True, source="offers")

    class Meta:
        model = Listing
        fields = ("slug", "name", "summary", "kind", "category", "provider", "plans", "version_number", "published_at")


class ListingDetailSerializer(ListingSerializer):
    class Meta(ListingSerializer.Meta):
        fields = (  # type: ignore[assignment]
            *ListingSerializer.Meta.fields,
            "description",
            "input_schema",
            "output_schema",
            "example",
            "content_hash",
            *(name for name in FIELDS if name != "kind"),
        )


class ByTheDoor(APIView):
    """A view whose door has looked who comes in; Django's own user stays on the request."""

    def perform_authentication(self, request: Request) -> None:
        return


class Keyset(BasePagination):
    """The shop's own pages: a mark in `after`, and the address of the next page."""

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> Any:
        self.request = request
        mark = request.query_params.get("after", "")
        self.page = page(queryset, by_rank=bool(typed(request, "q")), mark=mark, size=SIZE)
        return self.page.listings

    def get_paginated_response(self, data: Any) -> Response:
        here, mark = self.request.build_absolute_uri(), self.page.next_mark
        return Response({"next": replace_query_param(here, "after", mark) if mark else None, "results": data})

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        link = {"type": "string", "format": "uri", "nullable": True}
        results = {"type": "array", "items": schema} if schema.get("type") != "array" else schema
        return {"type": "object", "required": ["next", "results"], "properties": {"next": link, "results": results}}

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        return [{"name": "after", "in": "query", "required": False, "schema": {"type": "string"}}]


def typed(request: Request, name: str) -> str:
    """What stands in the query under `name`, cut to a bearable length."""
    return request.query_params.get(name, "").replace("\x00", "").strip()[:LONGEST_QUESTION]


@extend_schema_view(
    get=extend_schema(
        operation_id="listings_list",
        summary="Tools on offer, newest first; with q, best match first.",
        parameters=[
            OpenApiParameter("q", OpenApiTypes.STR, description="Words to look for in name, summary and description."),
            OpenApiParameter("category", OpenApiTypes.STR, description="Slug of a category."),
        ],
    )
)
class ListingList(ByTheDoor, generics.ListAPIView[Listing]):
    serializer_class = ListingSerializer
    pagination_class = Keyset

    def get_queryset(self) -> QuerySet[Listing]:
        found = Listing.objects.public()
        if category := typed(self.request, "category"):
            found = found.filter(category__slug=category)
        return found.matching(q) if (q := typed(self.request, "q")) else found.newest()


@extend_schema_view(get=extend_schema(operation_id="listings_retrieve", summary="One tool, with its schemas."))
class ListingDetail(ByTheDoor, generics.RetrieveAPIView[Listing]):
    serializer_class = ListingDetailSerializer
    lookup_field = "slug"

    def get_queryset(self) -> QuerySet[Listing]:
        return Listing.objects.public().with_offers()


listing_list = door.public(ListingList.as_view())
listing_detail = door.public(ListingDetail.as_view())
