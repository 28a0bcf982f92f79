"""Addresses."""

from django.urls import path

from marketplace.catalog.views import browsing, comparing, files, pictures, picturing, saving, selling, tool, writing

app_name = "catalog"
urlpatterns = [
    path("browse/", browsing.browse, name="browse"),
    path("browse/suggestions/", browsing.suggestions, name="suggestions"),
    path("compare/", comparing.compare, name="compare"),
    path("tools/<slug:slug>/", tool.listing, name="listing"),
    path("tools/<slug:slug>/changes/", tool.history, name="history"),
    path("tools/<slug:slug>/save/", saving.choose, name="save_for"),
    path("pictures/<slug:digest>.webp", pictures.picture, name="picture"),
    path("o/<slug:org>/pictures/<slug:digest>.webp", pictures.own, name="own_picture"),
    path("o/<slug:org>/saved/", saving.lists, name="saved"),
    path("o/<slug:org>/saved/new/", saving.make, name="make_list"),
    path("o/<slug:org>/saved/add/<slug:slug>/", saving.add, name="save"),
    path("o/<slug:org>/saved/<int:list_id>/", saving.saved_list, name="saved_list"),
    path("o/<slug:org>/saved/<int:list_id>/edit/", saving.rename, name="rename_list"),
    path("o/<slug:org>/saved/<int:list_id>/remove/", saving.remove_list, name="remove_list"),
    path("o/<slug:org>/saved/<int:list_id>/put-back/", saving.put_list_back, name="put_list_back"),
    path("o/<slug:org>/saved/tools/<int:saved_id>/", saving.change, name="change_saved"),
    path("o/<slug:org>/saved/tools/<int:saved_id>/remove/", saving.take_off, name="take_off"),
    path("o/<slug:org>/saved/tools/<int:saved_id>/put-back/", saving.put_back, name="put_back"),
    path("o/<slug:org>/listings/", selling.manage, name="manage"),
    path("o/<slug:org>/listings/new/", writing.create, name="create"),
    path("o/<slug:org>/listings/import/", files.bring, name="import"),
    path("o/<slug:org>/listings/<slug:slug>/listing.yaml", files.export, name="export"),
    path("o/<slug:org>/listing-text/", writing.preview_prose, name="prose"),
    path("o/<slug:org>/listings/<slug:slug>/", selling.preview, name="preview"),
    path("o/<slug:org>/listings/<slug:slug>/edit/", writing.edit, {"step": "what"}, name="edit"),
    path("o/<slug:org>/listings/<slug:slug>/edit/calls/", writing.edit, {"step": "calls"}, name="edit_calls"),
    path("o/<slug:org>/listings/<slug:slug>/edit/plans/", writing.edit, {"step": "plans"}, name="edit_plans"),
    path("o/<slug:org>/listings/<slug:slug>/edit/pictures/", picturing.edit, name="edit_media"),
    path("o/<slug:org>/listings/<slug:slug>/edit/data/", writing.edit, {"step": "data"}, name="edit_data"),
    path("o/<slug:org>/listings/<slug:slug>/submit/", selling.submit, name="submit"),
    path("o/<slug:org>/listings/<slug:slug>/retire/", selling.retire, name="retire"),
]
