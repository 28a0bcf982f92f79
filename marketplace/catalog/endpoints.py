"""Which addresses a provider may name as its service. Where they lead is checked at each call, by the gateway."""

from urllib.parse import urlsplit

from django.conf import settings
from django.utils.translation import gettext as _

from marketplace.catalog.schemas import NotUsable

LOW_PORTS = {80, 443}


def check_endpoint(url: str) -> None:
    """Raise NotUsable unless `url` is https on an ordinary port, or a host that the operator trusts."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise NotUsable(_("This is not an address that we can call.")) from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise NotUsable(_("The address should start with https://."))
    if parts.username is not None or parts.password is not None:
        raise NotUsable(_("Leave name and password out of the address. There is a page for your service's key."))
    if parts.fragment:
        raise NotUsable(_("Leave out the part after #; a service never sees it."))
    if port is not None and port < 1024 and port not in LOW_PORTS:
        raise NotUsable(
            _("Port %(port)s belongs to another kind of service. Use 443, or one above 1023.") % {"port": port}
        )
    if parts.scheme == "http" and parts.netloc not in settings.GATEWAY_TRUSTED_HOSTS:
        raise NotUsable(_("The address should start with https://, so that nobody can read along."))
