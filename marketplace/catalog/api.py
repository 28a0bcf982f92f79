"""The shop, for programs: what is public, as JSON."""

from typing import Any, Final

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework import generics, serializers
from rest_framework.exceptions import ParseError
from rest_framework.pagination import BasePagination
from rest_framework.parsers import BaseParser, JSONParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param
from rest_framework.views import APIView

from marketplace.catalog.facts import FIELDS
from marketplace.catalog.listed import listed
from marketplace.catalog.manifest import LONGEST, ListingInput, from_yaml
from marketplace.catalog.media import in_the_shop
from marketplace.catalog.models import Currency, Listing, ListingVersion, Plan
from marketplace.catalog.paging import page
from marketplace.catalog.schemas import NotUsable
from marketplace.catalog.services import import_listing
from marketplace.lifecycle import Refused
from marketplace.organizations.access import MAY_SELL
from marketplace.organizations.models import Organization
from marketplace.tenancy import door
from marketplace.tenancy.actor import Actor

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
        fields = (
            "id",
            "name",
            "price",
            "currency",
            "period_seconds",
            "included_calls",
            "trial_calls",
            "trial_days",
            "grace_calls",
            "grace_days",
            "least_deposit",
            "overage_price",
            "version_number",
            "content_hash",
        )


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


class PictureSerializer(serializers.Serializer[Any]):
    """A picture of a tool; its address never shows anything else."""

    sha256 = serializers.CharField()
    alt = serializers.CharField()
    width = serializers.IntegerField()
    height = serializers.IntegerField()
    url = serializers.URLField()

    def to_representation(self, instance: Any) -> dict[str, Any]:
        width, height, sha256 = instance["sizes"][-1]
        url = self.context["request"].build_absolute_uri(in_the_shop(sha256))
        return {"sha256": sha256, "alt": instance["alt"], "width": width, "height": height, "url": url}


class ListingDetailSerializer(ListingSerializer):
    media = PictureSerializer(many=True)

    class Meta(ListingSerializer.Meta):
        fields = (  # type: ignore[assignment]
            *ListingSerializer.Meta.fields,
            "description",
            "input_schema",
            "output_schema",
            "example",
            "media",
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
        return self.page.ids

    def get_paginated_response(self, data: Any) -> Response:
        here, mark = self.request.build_absolute_uri(), self.page.next_mark
        return Response({"next": replace_query_param(here, "after", mark) if mark else None, "results": data})

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        link = {"type": "string", "format": "uri", "nullable": True}
        results = {"type": "array", "items": schema} if schema.get("type") != "array" else schema
        return {"type": "object", "required": ["next", "results"], "properties": {"next": link, "results": results}}

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        return [{"name": "after", "in": "query", "required": False, "schema": {"type": "string"}}]


class YamlParser(BaseParser):
    """The file that people keep of a listing, as the body of a request."""

    media_type = "application/yaml"

    def parse(self, stream: Any, media_type: Any = None, parser_context: Any = None) -> Any:
        try:
            return from_yaml(stream.read(LONGEST * 4 + 1).decode())
        except (UnicodeDecodeError, NotUsable) as problem:
            raise ParseError(str(problem) if isinstance(problem, NotUsable) else _("This is not UTF-8.")) from None


class WrittenSerializer(serializers.ModelSerializer[ListingVersion]):
    """What stands now: `slug` is where the tool will be in the shop, `state` how far this version has come."""

    slug = serializers.CharField(source="listing.slug")

    class Meta:
        model = ListingVersion
        fields = ("slug", "number", "state", "name")


CHALLENGE: Final = {401: {"WWW-Authenticate": "Bearer"}, 403: {}}


def _written(actor: Actor, request: Request) -> Response:
    given = ListingInput(data=request.data, context={"org_id": actor.org_id})
    given.is_valid(raise_exception=True)
    done = import_listing(actor, **given.validated_data)
    return Response(WrittenSerializer(done.version).data, status=201 if done.is_new else 200)


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
    parser_classes = (JSONParser, YamlParser)

    @extend_schema(
        operation_id="listings_write",
        summary="Write a listing of your organization: a new one, or the next text of the one with this reference.",
        description="For a key that may write listings. The same sent again changes nothing. A moderator reads each "
        "text that is submitted before anybody sees it.",
        auth=[{"key": []}],  # type: ignore[list-item]
        request=ListingInput,
        responses={200: WrittenSerializer, 201: WrittenSerializer, 400: None, 401: None, 403: None, 409: None},
    )
    def post(self, request: Request) -> Response:
        request._request.body  # noqa: B018  (read, within the bound of all forms, before a transaction is open)
        try:
            with door.by_key(request, *MAY_SELL) as actor:
                return _written(actor, request)
        except door.KeyRefused as refused:
            return Response({"detail": str(refused)}, status=refused.status, headers=CHALLENGE[refused.status])
        except Refused as refused:
            return Response({"detail": str(refused)}, status=409)

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        ids: Any = self.paginate_queryset(self.get_queryset())  # see Keyset: ids, not models
        return self.get_paginated_response(listed(ids))

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
