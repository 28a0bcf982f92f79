"""What the wallet sends back."""

from django import forms


class LinkForm(forms.Form):
    """Filled in by the page's script: the wallet's address, and its signature under our message."""

    address = forms.CharField(max_length=42, widget=forms.HiddenInput)
    signature = forms.CharField(max_length=20_000, widget=forms.HiddenInput)
