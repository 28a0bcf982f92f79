"""A listing's way to the shop: drafted, submitted, decided, published, retired."""

from marketplace.catalog.services.deciding import (
    may_sell,
    publish_version,
    reject_version,
    request_changes,
    retire_listing,
    submit_version,
)
from marketplace.catalog.services.drafting import (
    Stale,
    begin_listing,
    draft_listing,
    edit_draft,
    find_reference,
    keep_typed,
    save_step,
    stamp_of,
)
from marketplace.catalog.services.importing import Imported, import_listing
from marketplace.catalog.services.picturing import Added, forget_unused, save_pictures
from marketplace.catalog.services.rating import set_rating
from marketplace.catalog.wording import Wording

__all__ = [
    "Added",
    "Imported",
    "Stale",
    "Wording",
    "begin_listing",
    "draft_listing",
    "edit_draft",
    "find_reference",
    "forget_unused",
    "import_listing",
    "keep_typed",
    "may_sell",
    "publish_version",
    "reject_version",
    "request_changes",
    "retire_listing",
    "save_pictures",
    "save_step",
    "set_rating",
    "stamp_of",
    "submit_version",
]
