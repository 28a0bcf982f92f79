"""WebSockets with public chain facts, and the gateway."""

import os

from channels.routing import ProtocolTypeRouter, URLRouter
from channels.security.websocket import AllowedHostsOriginValidator
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "settings.production")
os.environ.setdefault("DATABASE_POOL", "true")
pages = get_asgi_application()

from settings.urls import websocket_urlpatterns  # noqa: E402  (apps must be ready first)

application = ProtocolTypeRouter(
    {"http": pages, "websocket": AllowedHostsOriginValidator(URLRouter(websocket_urlpatterns))}
)
