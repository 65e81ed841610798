"""Routes of coming in and of people's own pages. The names that begin otherwise than `own_` are django-allauth's."""

from allauth.account import views as account
from allauth.mfa.base import views as factors
from allauth.mfa.recovery_codes import views as codes
from allauth.mfa.totp import views as totp
from allauth.mfa.webauthn import views as passkeys
from allauth.socialaccount import views as social
from django.urls import path, re_path
from django.views.generic import RedirectView

from accounts.console import entrance, own, preferences, staying, users
from accounts.console.users import for_people

SAML = "sign-in/sso/saml/<slug:organization_slug>"
CONNECT = "allauth.socialaccount.providers.openid_connect.views"
OIDC = "sign-in/sso/oidc/<slug:provider_id>"

urlpatterns = [
    path("sign-in", entrance.SignIn.as_view(), name="account_login"),
    path("sign-in/user", users.SignInUser.as_view(), name="own_sign_in_user"),
    path("sign-out", account.logout, name="account_logout"),
    path("sign-up", entrance.SignUp.as_view(), name="account_signup"),
    path("sign-up/confirm", account.email_verification_sent, name="account_email_verification_sent"),
    re_path(r"^sign-up/confirm/(?P<key>[-:\w]+)$", account.confirm_email, name="account_confirm_email"),
    path("sign-in/inactive", entrance.inactive, name="account_inactive"),
    path("sign-in/reset", account.password_reset, name="account_reset_password"),
    path("sign-in/reset/sent", account.password_reset_done, name="account_reset_password_done"),
    path("sign-in/reset/done", account.password_reset_from_key_done, name="account_reset_password_from_key_done"),
    re_path(
        r"^sign-in/reset/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>[-\w]+)$",
        account.password_reset_from_key,
        name="account_reset_password_from_key",
    ),
    path("sign-in/second-factor", factors.authenticate, name="mfa_authenticate"),
    path("sign-in/passkey", passkeys.login_webauthn, name="mfa_login_webauthn"),
    path("sign-in/again", account.reauthenticate, name="account_reauthenticate"),
    path("sign-in/again/second-factor", factors.reauthenticate, name="mfa_reauthenticate"),
    path("sign-in/again/passkey", passkeys.reauthenticate_webauthn, name="mfa_reauthenticate_webauthn"),
    path("sign-in/sso", entrance.sso, name="own_sso"),
    path("sign-in/sso/cancelled", social.login_cancelled, name="socialaccount_login_cancelled"),
    path("sign-in/sso/failed", social.login_error, name="socialaccount_login_error"),
    path("sign-in/sso/finish", social.signup, name="socialaccount_signup"),
    path(OIDC, entrance.leave(entrance.company_view(f"{CONNECT}.login")), name="openid_connect_login"),
    path(f"{OIDC}/callback", entrance.company_view(f"{CONNECT}.callback"), name="openid_connect_callback"),
    path(SAML, entrance.leave(entrance.company_view("accounts.console.saml.login")), name="saml_login"),
    path(f"{SAML}/acs", entrance.company_view("accounts.console.saml.acs"), name="saml_acs"),
    path(f"{SAML}/acs/finish", entrance.company_view("accounts.console.saml.finish_acs"), name="saml_finish_acs"),
    path(f"{SAML}/sls", entrance.company_view("accounts.console.saml.sls"), name="saml_sls"),
    path(f"{SAML}/metadata", entrance.company_view("accounts.console.saml.metadata"), name="saml_metadata"),
    path("account/welcome", entrance.welcome, name="own_welcome"),
    re_path(r"^account/invitations/(?P<token>[-:\w]+)$", entrance.invitation, name="own_invitation"),
    path("account/profile", own.profile, name="own_profile"),
    path("account/profile/mail", for_people(account.email), name="account_email"),
    path("account/security", own.security, name="mfa_index"),
    path("account/security/password", users.change_password, name="account_change_password"),
    path("account/security/password/new", for_people(account.password_set), name="account_set_password"),
    path("account/security/app", totp.activate_totp, name="mfa_activate_totp"),
    path("account/security/app/remove", totp.deactivate_totp, name="mfa_deactivate_totp"),
    path("account/security/recovery-codes", codes.view_recovery_codes, name="mfa_view_recovery_codes"),
    path("account/security/recovery-codes/new", codes.generate_recovery_codes, name="mfa_generate_recovery_codes"),
    path("account/security/passkeys", RedirectView.as_view(pattern_name="mfa_index"), name="mfa_list_webauthn"),
    path("account/security/passkeys/new", passkeys.add_webauthn, name="mfa_add_webauthn"),
    path("account/security/passkeys/<int:pk>", passkeys.edit_webauthn, name="mfa_edit_webauthn"),
    path("account/security/passkeys/<int:pk>/remove", passkeys.remove_webauthn, name="mfa_remove_webauthn"),
    path("account/security/companies", for_people(entrance.Connections.as_view()), name="socialaccount_connections"),
    path("account/session", staying.state, name="own_session"),
    path("account/session/held", staying.held_form, name="own_held"),
    path("account/sessions", own.sessions, name="usersessions_list"),
    path("account/preferences", preferences.preferences, name="preferences"),
    path("account/accounts", own.accounts, name="own_accounts"),
    path("account/accounts/new", for_people(own.new_account), name="own_new_account"),
    re_path(r"^account/accounts/(?P<account_id>[0-9]{12})/leave$", for_people(own.leave), name="own_leave"),
]
