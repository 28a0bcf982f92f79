"""Addresses, all under `/o/<org>/`."""

from datetime import date

from django.urls import path, register_converter

from marketplace.escrow.views import calls, changing, evidence, invoices, leaving, paying, payouts, renewing, statements


class Bytes32:
    """A bytes32 as 0x-hex."""

    regex = "0x[0-9a-f]{64}"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


class MonthOf:
    """A calendar month as 2026-11: its first day."""

    regex = "20[0-9]{2}-(?:0[1-9]|1[0-2])"

    def to_python(self, value: str) -> date:
        return date(int(value[:4]), int(value[5:]), 1)

    def to_url(self, value: date) -> str:
        return f"{value:%Y-%m}"


register_converter(Bytes32, "bytes32")
register_converter(MonthOf, "month")
ORDER, DEPOSIT, CREDIT = "orders/<uuid:public_id>", "deposits/<bytes32:escrow_id>", "credits/<int:credit_id>"

app_name = "escrow"
urlpatterns = [
    path(f"{ORDER}/pay/", paying.pay, name="pay"),
    path(f"{ORDER}/pay/authorize/", paying.authorize, name="authorize"),
    path(f"{ORDER}/pay/authorized/", paying.authorized, name="authorized"),
    path(f"{ORDER}/pay/own/", paying.own, name="own"),
    path(f"{ORDER}/pay/own/signed/", paying.own_signed, name="own_signed"),
    path(f"{ORDER}/pay/own/allowed/", paying.own_allowed, name="own_allowed"),
    path(f"{ORDER}/pay/own/sent/", paying.own_sent, name="own_sent"),
    path(f"{ORDER}/pay/give-up/", paying.give_up, name="give_up"),
    path(f"{ORDER}/pay/take-back/", paying.take_back, name="take_back"),
    path(f"{ORDER}/renew/", renewing.renew, name="renew"),
    path(f"{ORDER}/renew/authorize/", paying.authorize, name="renew_authorize"),
    path(f"{ORDER}/renew/authorized/", paying.authorized, name="renew_authorized"),
    path(f"{ORDER}/renew/own/", paying.own, name="renew_own"),
    path(f"{ORDER}/renew/own/signed/", paying.own_signed, name="renew_own_signed"),
    path(f"{ORDER}/renew/own/allowed/", paying.own_allowed, name="renew_own_allowed"),
    path(f"{ORDER}/renew/own/sent/", paying.own_sent, name="renew_own_sent"),
    path(f"{ORDER}/renew/give-up/", paying.give_up, name="renew_give_up"),
    path(f"{ORDER}/change/", changing.change, name="change"),
    path(f"{ORDER}/money/", leaving.money, name="money"),
    path(f"{ORDER}/evidence/", evidence.evidence, name="evidence"),
    path(f"{ORDER}/{DEPOSIT}/cancel/", leaving.cancel, name="cancel"),
    path(f"{ORDER}/{DEPOSIT}/cancel/sent/", leaving.cancel_sent, name="cancel_sent"),
    path(f"{ORDER}/{DEPOSIT}/stop-calls/", calls.stop, name="stop_calls"),
    path(f"{ORDER}/{DEPOSIT}/stop-calls/sent/", calls.stop_sent, name="stop_calls_sent"),
    path(f"{ORDER}/{DEPOSIT}/close-calls/", calls.close, name="close_calls"),
    path(f"{ORDER}/{DEPOSIT}/close-calls/sent/", calls.close_sent, name="close_calls_sent"),
    path(f"{CREDIT}/withdraw/", leaving.withdraw, name="withdraw"),
    path(f"{CREDIT}/withdraw/sent/", leaving.withdraw_sent, name="withdraw_sent"),
    path("payouts/", payouts.payouts, name="payouts"),
    path("invoices/", invoices.listed, name="invoices"),
    path("invoices/<int:invoice_id>/", invoices.shown, name="invoice"),
    path("invoices/<int:invoice_id>/pdf/", invoices.as_pdf, name="invoice_pdf"),
    path("statements/", statements.listed, name="statements"),
    path("statements/<month:month>/", statements.shown, name="statement"),
    path("statements/<month:month>/csv/", statements.as_csv, name="statement_csv"),
    path("statements/<month:month>/pdf/", statements.as_pdf, name="statement_pdf"),
]
