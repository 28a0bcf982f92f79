"""As many products as asked for, of eight shelves and twenty partners, each in stock; and the search index."""

import sys

import django

django.setup()

from django.core.management import call_command  # noqa: E402
from oscar.core.loading import get_model  # noqa: E402

KINDS = ["Invoice", "Forecast", "Review", "Customer", "Stock", "Route"]


def main(number: int) -> None:
    call_command("migrate", verbosity=0)
    partners = [get_model("partner", "Partner").objects.create(name=f"Workshop {i}") for i in range(20)]
    shelves = [get_model("catalogue", "Category").add_root(name=f"Shelf {i}") for i in range(8)]
    kind = get_model("catalogue", "ProductClass").objects.create(name="Tool", requires_shipping=False)
    product, placed = get_model("catalogue", "Product"), get_model("catalogue", "ProductCategory")
    made = product.objects.bulk_create(
        product(
            title=f"{KINDS[i % 6]} helper {i}",
            slug=f"tool-{i}",
            upc=str(i),
            product_class=kind,
            description=f"Saves an hour a day in a small company, number {i}",
        )
        for i in range(number)
    )
    placed.objects.bulk_create(placed(product=one, category=shelves[i % 8]) for i, one in enumerate(made))
    stock = get_model("partner", "StockRecord")
    stock.objects.bulk_create(
        stock(
            product=one,
            partner=partners[i % 20],
            partner_sku=str(i),
            price_currency="GBP",
            price=5 + i % 90,
            num_in_stock=100,
        )
        for i, one in enumerate(made)
    )
    call_command("update_index", verbosity=0)


if __name__ == "__main__":
    main(int(sys.argv[1]))
