"""Addresses."""

from django.urls import URLPattern

app_name = "governance"
urlpatterns: list[URLPattern] = []
websocket_urlpatterns: list[URLPattern] = []
