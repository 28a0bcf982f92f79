"""One indexed query, one small template, the middlewares of `startproject`, on the same server and database."""

import os

import django
from django.conf import settings
from django.core.wsgi import get_wsgi_application

from settings.env import database

if not settings.configured:
    settings.configure(
        SECRET_KEY="bench",
        ALLOWED_HOSTS=["127.0.0.1"],
        ROOT_URLCONF="benchmarks.bare.site",
        INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.sessions", "django.contrib.messages"],
        MIDDLEWARE=[
            "django.middleware.security.SecurityMiddleware",
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.middleware.common.CommonMiddleware",
            "django.middleware.csrf.CsrfViewMiddleware",
            "django.contrib.messages.middleware.MessageMiddleware",
            "django.middleware.clickjacking.XFrameOptionsMiddleware",
        ],
        TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates"}],
        DATABASES={"default": {**database(os.environ["DATABASE_URL"]), "CONN_MAX_AGE": None}},
        USE_TZ=True,
    )
    django.setup()

from django.db import models
from django.http import HttpRequest, HttpResponse
from django.template import Context, Template
from django.urls import path


class Row(models.Model):
    slug = models.CharField(max_length=60)
    name = models.CharField(max_length=60)
    summary = models.CharField(max_length=140)
    state = models.CharField(max_length=20)
    published_at = models.DateTimeField()

    class Meta:
        app_label = "bare"
        managed = False
        db_table = "catalog_listing"


PAGE = Template(
    "<!doctype html><title>List</title><ul>{% for row in rows %}"
    '<li><a href="/tools/{{ row.slug }}/">{{ row.name }}</a> {{ row.summary }}</li>{% endfor %}</ul>'
)


def page(request: HttpRequest) -> HttpResponse:
    rows = Row.objects.filter(state="public").order_by("-published_at", "-id")[:24]
    return HttpResponse(PAGE.render(Context({"rows": rows})))


urlpatterns = [path("", page)]
application = get_wsgi_application()
