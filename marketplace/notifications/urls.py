"""Addresses."""

from django.urls import path

from marketplace.notifications import views

app_name = "notifications"
urlpatterns = [
    path("inbox/", views.inbox, name="inbox"),
    path("inbox/bell/", views.bell, name="bell"),
    path("inbox/read/", views.read_all, name="read_all"),
    path("inbox/<int:notice_id>/", views.open_notice, name="open"),
    path("inbox/choose/", views.preferences, name="preferences"),
    path("inbox/stop-mails/<str:token>/", views.stop_mails, name="stop_mails"),
]
