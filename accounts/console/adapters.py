"""How allauth is used here: who may sign up, what mails say and how they leave, what a sign-in is recorded as."""

import base64
from typing import Any, Final

import structlog
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.flows.login import get_authentication_records
from allauth.account.stages import EmailVerificationStage
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import mail, sealing
from accounts.authn import browser
from accounts.console import assumed, company, invited
from accounts.console.links import is_ours, origin
from accounts.directory import console_passwords, people, second_factors
from accounts.models import Person

log = structlog.get_logger(__name__)

ERRORS: Final = {
    "account_inactive": gettext_lazy("Signing in is switched off for this person."),
    "duplicate_email": gettext_lazy("This is a mail address of yours already."),
    "email_password_mismatch": gettext_lazy("The mail address or the password is not right."),
    "email_taken": gettext_lazy("This mail address is taken."),
    "enter_current_password": gettext_lazy("Type the password that you have now."),
    "incorrect_code": gettext_lazy("This is not right. Try again."),
    "incorrect_password": gettext_lazy("The password is not right."),
    "invalid_or_expired_key": gettext_lazy("This link can't be used any more."),
    "invalid_login": gettext_lazy("The mail address or the password is not right."),
    "invalid_password_reset": gettext_lazy("This link can't be used any more."),
    "rate_limited": gettext_lazy("Too many tries. Wait some minutes, then try again."),
    "same_as_current": gettext_lazy("This is what it is now."),
    "too_many_login_attempts": gettext_lazy("Too many tries. Wait some minutes, then try again."),
    "unverified_primary_email": gettext_lazy("Confirm your mail address first."),
}
FACTOR_ERRORS: Final = {
    "cannot_generate_recovery_codes": gettext_lazy("Add a second factor first: recovery codes stand in for it."),
    "incorrect_code": gettext_lazy("This is not right. Try again."),
    "unverified_email": gettext_lazy("Confirm your mail address first."),
}


class People(DefaultAccountAdapter):  # type: ignore[misc]  # allauth ships no types
    """People with mail address and password."""

    error_messages = {**DefaultAccountAdapter.error_messages, **ERRORS}

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Whether this visitor may sign up: by the setting, or by an invitation that they hold."""
        if settings.SIGN_UP == "open":
            return True
        return settings.SIGN_UP == "invited" and invited.held(request) is not None

    def new_user(self, request: HttpRequest) -> Person:
        """Somebody new reads pages and mails in the language in which they came in."""
        person: Person = super().new_user(request)
        person.language = translation.get_language() or ""
        return person

    def clean_email(self, email: str) -> str:
        """Refuse what is longer than an address may be; SQLite would take it."""
        cleaned = str(super().clean_email(email))
        if len(cleaned) > people.LONGEST_ADDRESS:
            raise ValidationError(_("This is no mail address."))
        return cleaned

    def confirm_email(self, request: HttpRequest, email_address: Any) -> bool:
        """Believe an address; whoever has signed up by it gets their account now."""
        is_new = not email_address.verified and email_address.primary
        confirmed = bool(super().confirm_email(request, email_address))
        if confirmed and is_new and settings.SIGN_UP == "open":
            people.welcome(email_address.user)
        return confirmed

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Write the mail as work: a task sends it."""
        request = self.request
        reader = context.get("user") or request.user
        language = reader.language if isinstance(reader, Person) else ""
        values = {"origin": origin(request), "email": email} | context
        mail.write(email, mail.compose(template_prefix, values, language=language, request=request))

    def get_reset_password_from_key_url(self, key: str) -> str:
        """The link of a password reset."""
        uid, _separator, token = key.partition("-")
        path = reverse("account_reset_password_from_key", kwargs={"uidb36": uid, "key": token})
        return origin(self.request) + path

    def get_email_confirmation_url(self, request: HttpRequest, emailconfirmation: Any) -> str:
        """The link that confirms a mail address."""
        return origin(request) + reverse("account_confirm_email", args=[emailconfirmation.key])

    def is_safe_url(self, url: str) -> bool:
        """Lead nowhere but to this origin: ALLOWED_HOSTS may hold a whole domain, of which others have their parts."""
        return is_ours(self.request, url)

    def get_login_stages(self) -> list[str]:
        """As usual, but an IAM user has no mail address to confirm."""
        usual = f"{EmailVerificationStage.__module__}.{EmailVerificationStage.__name__}"
        ours = f"{ConfirmAddress.__module__}.{ConfirmAddress.__name__}"
        return [ours if each == usual else each for each in super().get_login_stages()]

    def pre_login(self, request: HttpRequest, user: Person, **options: Any) -> HttpResponse | None:
        """Stop who may not sign in; an IAM user may come by a passkey, which knows nothing of principals."""
        if user.is_iam_user and not console_passwords.may_sign_in(user):
            return redirect("account_inactive")
        answer: HttpResponse | None = super().pre_login(request, user, **options)
        return answer

    def login(self, request: HttpRequest, user: Person) -> None:
        """Begin the browser session; each later request asks the backend of the kind."""
        user.backend = browser.PATH if user.is_iam_user else browser.PEOPLE
        super().login(request, user)

    def logout(self, request: HttpRequest) -> None:
        """End the browser session, and that of a role which was assumed in it."""
        assumed.stop(request)
        super().logout(request)

    def reauthenticate(self, user: Person, password: str) -> bool:
        """Ask an IAM user's password again, within the limits of sign-in."""
        if user.principal is None:
            return bool(super().reauthenticate(user, password))
        names = {"account": user.principal.account_id, "user_name": user.principal.name}
        again = self.authenticate(self.request, password=password, **names)
        return again is not None and again.pk == user.pk

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        """Whose tries are counted: those for one user of one account together, whatever the account was called."""
        if "user_name" in credentials:
            return f"iam user {credentials['account']}/{credentials['user_name']}"
        return str(super()._get_login_attempts_cache_key(request, **credentials))

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        """Where a new password leads back to."""
        return reverse("mfa_index")

    def post_login(self, request: HttpRequest, user: Person, **options: Any) -> HttpResponse:
        """Take in what a company says of the person, and write the sign-in to the trail."""
        came_by = (options.get("signal_kwargs") or {}).get("sociallogin")
        if came_by is not None:
            company.take_in(request, user, came_by)
        answer: HttpResponse = super().post_login(request, user, **options)
        records = get_authentication_records(request, user)
        method = "+".join(str(each.get("type") or each.get("provider") or each["method"]) for each in records)
        people.record_sign_in(user, source_of(request), method=method)
        log.info("signed in", person=user.pk, method=method)
        return answer

    def authenticate(self, request: HttpRequest, **credentials: Any) -> Person | None:
        """Look who it is; an IAM user within the same limits as people, and by one hash of the password."""
        if "user_name" not in credentials:
            found: Person | None = super().authenticate(request, **credentials)
            return found
        self.pre_authenticate(request, **credentials)
        user = browser.IamUsers().authenticate(request, **credentials)
        if user is None:
            self.authentication_failed(request, **credentials)
        else:
            self._rollback_login_failed_rl_usage()
        return user

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        """Write a password that was wrong to the trail; allauth's limits bound how often that is."""
        if "user_name" in credentials:
            who = (credentials["account"], credentials["user_name"])
            console_passwords.record_failure(*who, source_of(request))
            log.warning("sign-in of an IAM user failed", account=who[0])
            return
        person = Person.objects.filter(email=str(credentials.get("email", "")).lower()).first()
        people.record_sign_in(person, source_of(request), error_code="Failed authentication")
        log.warning("sign-in failed", person=person.pk if person else None)


def source_of(request: HttpRequest) -> people.Source:
    """Where a request came from, for the trail."""
    meta = request.META
    return people.Source(
        meta.get("REMOTE_ADDR", ""), meta.get("HTTP_USER_AGENT", ""), str(meta.get("kho.request_id", ""))
    )


def second_factor_failed(*, request: HttpRequest, user: Person, **_details: Any) -> None:
    """Write a code that was wrong to the trail; allauth's limits bound how often that is."""
    people.record_sign_in(user, source_of(request), error_code="Failed authentication", method="second factor")


class ConfirmAddress(EmailVerificationStage):  # type: ignore[misc]  # allauth ships no types
    """People confirm their mail address before they come in."""

    def handle(self) -> tuple[HttpResponse | None, bool]:
        """Let IAM users go on."""
        if self.login.user is not None and self.login.user.is_iam_user:
            return None, True
        stage: tuple[HttpResponse | None, bool] = super().handle()
        return stage


class SecondFactors(DefaultMFAAdapter):  # type: ignore[misc]  # allauth ships no types
    """Codes and passkeys; their secrets lie sealed in the database."""

    error_messages = {**DefaultMFAAdapter.error_messages, **FACTOR_ERRORS}

    def encrypt(self, text: str) -> str:
        """Seal a secret."""
        return base64.b64encode(sealing.seal(text.encode(), second_factors.PURPOSE)).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """Open it."""
        return sealing.unseal(base64.b64decode(encrypted_text), second_factors.PURPOSE).decode()

    def generate_authenticator_name(self, user: Person, type: Any) -> str:  # noqa: A002 - allauth's name
        """What a new passkey is called at first."""
        count = Authenticator.objects.filter(user_id=user.pk, type=type).count()
        return _("Passkey %(number)s") % {"number": count + 1}

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        """Whose passkeys these are."""
        entity: dict[str, str] = super().get_public_key_credential_rp_entity()
        return entity | {"name": "Kho"}
