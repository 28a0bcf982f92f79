"""The shop, for programs: what is public, as JSON."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework import generics, serializers
from rest_framework.pagination import CursorPagination

from marketplace.catalog.models import Currency, Listing, Plan
from marketplace.organizations.models import Organization
from marketplace.tenancy import door

LONGEST_QUESTION = 200


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
        fields = ("slug", "name", "summary", "category", "provider", "plans", "version_number", "published_at")


class ListingDetailSerializer(ListingSerializer):
    class Meta(ListingSerializer.Meta):
        fields = (  # type: ignore[assignment]
            *ListingSerializer.Meta.fields,
            "description",
            "input_schema",
            "output_schema",
            "example",
            "content_hash",
        )


class NewestFirst(CursorPagination):
    page_size = 24
    ordering = ("-published_at", "-id")


class BestFirst(CursorPagination):
    page_size = 24
    ordering = ("-rank", "-id")


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
class ListingList(generics.ListAPIView[Listing]):
    serializer_class = ListingSerializer

    def get_queryset(self) -> QuerySet[Listing]:
        found = Listing.objects.public().with_offers()
        if category := self._typed("category"):
            found = found.filter(category__slug=category)
        return found.matching(q) if (q := self._typed("q")) else found.newest()

    @property
    def paginator(self) -> CursorPagination:
        if not hasattr(self, "_paginator"):
            self._paginator = BestFirst() if self._typed("q") else NewestFirst()
        return self._paginator

    def _typed(self, name: str) -> str:
        return self.request.query_params.get(name, "").replace("\x00", "").strip()[:LONGEST_QUESTION]


@extend_schema_view(get=extend_schema(operation_id="listings_retrieve", summary="One tool, with its schemas."))
class ListingDetail(generics.RetrieveAPIView[Listing]):
    serializer_class = ListingDetailSerializer
    lookup_field = "slug"

    def get_queryset(self) -> QuerySet[Listing]:
        return Listing.objects.public().with_offers()


listing_list = door.public(ListingList.as_view())
listing_detail = door.public(ListingDetail.as_view())
