"""Routes of sign-in and preferences."""

from allauth.account.views import LoginView, LogoutView
from django.urls import path
from django.views.generic import RedirectView

from accounts.console import preferences, views

urlpatterns = [
    path("sign-in", LoginView.as_view(), name="account_login"),
    path("sign-out", LogoutView.as_view(), name="account_logout"),
    # allauth links to these from its own code; signing up and resetting are not offered here.
    path("sign-up", RedirectView.as_view(pattern_name="account_login"), name="account_signup"),
    path("sign-in/reset", RedirectView.as_view(pattern_name="account_login"), name="account_reset_password"),
    path("sign-in/inactive", views.inactive, name="account_inactive"),
    path("account/preferences", preferences.preferences, name="preferences"),
]
