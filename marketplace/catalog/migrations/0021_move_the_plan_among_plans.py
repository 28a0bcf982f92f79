from django.db import migrations

FORWARD = """
UPDATE catalog_listingversion v SET plans = json_build_array(json_build_object(
    'name', v.plan_name, 'chain', c.chain, 'token', c.address, 'price', v.price::text,
    'period_seconds', v.period_seconds))
FROM catalog_currency c WHERE c.id = v.currency_id
"""
BACKWARD = """
UPDATE catalog_listingversion v SET plan_name = v.plans->0->>'name', price = (v.plans->0->>'price')::numeric,
    period_seconds = (v.plans->0->>'period_seconds')::int, currency_id = c.id
FROM catalog_currency c WHERE c.chain = v.plans->0->>'chain' AND c.address = v.plans->0->>'token'
"""


class Migration(migrations.Migration):
    dependencies = [("catalog", "0020_several_plans")]

    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
