"""The operations of sts. AWS Security Token Service API Reference."""

from typing import Any

from accounts import gate
from accounts.audit.actions import Action
from accounts.directory import access_keys
from accounts.errors import AccessDenied, CredentialsMissing, NotFound
from accounts.iam.arn import Arn
from accounts.models import Session
from accounts.sessions import assume, messages, oidc
from accounts.sessions.assume import Wish
from accounts.sessions.temporary import Issued
from registry.aws.dispatch import Call, operation
from registry.aws.errors import AwsError


@operation("sts", "GetCallerIdentity")
def who_am_i(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    """Whose credentials these are; no policy can forbid it."""
    caller = call.caller
    return {"UserId": caller.unique_id, "Account": caller.account_id, "Arn": caller.principal_arn}


@operation("sts", "AssumeRole")
def assume_role(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    """Credentials of a role."""
    if call.caller.role_arn == "" and call.caller.principal_arn.endswith(":root"):
        raise AwsError("AccessDenied", "Roles may not be assumed by root accounts.", status=403)
    _refuse_second_factor(request)
    made = assume.assume_role(call.caller, wish_of(request))
    return {"Credentials": credentials(made), "AssumedRoleUser": role_user(made)} | (
        {"SourceIdentity": made.session.source_identity} if made.session.source_identity else {}
    )


def wish_of(request: dict[str, Any]) -> Wish:
    """What the request wants the session to be."""
    return Wish(
        role_arn=request["RoleArn"],
        name=request["RoleSessionName"],
        seconds=request.get("DurationSeconds", 0),
        policy=request.get("Policy", ""),
        policy_arns=[each.get("arn", "") for each in request.get("PolicyArns", [])],
        tags={each["Key"]: each["Value"] for each in request.get("Tags", [])},
        transitive_keys=request.get("TransitiveTagKeys", []),
        external_id=request.get("ExternalId", ""),
        source_identity=request.get("SourceIdentity", ""),
    )


def credentials(made: Issued) -> dict[str, Any]:
    """The credentials as answers write them."""
    return {
        "AccessKeyId": made.session.id,
        "SecretAccessKey": made.secret,
        "SessionToken": made.token,
        "Expiration": made.expires_at,
    }


def role_user(made: Issued) -> dict[str, Any]:
    """The session as answers write it."""
    session = made.session
    return {"AssumedRoleId": f"{session.principal.unique_id}:{session.name}", "Arn": session.arn}


@operation("sts", "GetSessionToken")
def session_token(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    """Temporary credentials of the calling user. Second factors are not asked for yet."""
    if call.identified is None:
        raise CredentialsMissing
    _refuse_second_factor(request)
    made = assume.session_token(call.caller, call.identified.principal, request.get("DurationSeconds", 0))
    return {"Credentials": credentials(made)}


def _refuse_second_factor(request: dict[str, Any]) -> None:
    """Refuse a code that nobody would check."""
    if request.get("SerialNumber") or request.get("TokenCode"):
        raise AwsError("AccessDenied", "MultiFactorAuthentication is not served", status=403)


@operation("sts", "GetAccessKeyInfo")
def access_key_info(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    """The account of an access key. Any key's is told, as AWS does: an account id is no secret."""
    everything = Arn("sts", "", call.caller.account_id, "*")
    gate.require(call.caller, f"sts:{Action.GET_ACCESS_KEY_INFO}", everything)
    key_id = request["AccessKeyId"]
    session = Session.objects.filter(id=key_id).select_related("principal").first()
    if session is not None:
        return {"Account": session.principal.account_id}
    try:
        return {"Account": access_keys.get(key_id).principal.account_id}
    except NotFound as error:
        raise AwsError("ValidationError", "The access key id is not known") from error


@operation("sts", "DecodeAuthorizationMessage")
def decode_message(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    """What a refusal did not tell."""
    return {"DecodedMessage": messages.decode(call.caller, request["EncodedMessage"])}


@operation("sts", "AssumeRoleWithWebIdentity", signed=False)
def assume_role_with_web_identity(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    """Credentials of a role for who has a token of a trusted issuer; nobody signs this."""
    try:
        made, claims = assume.assume_role_with_web_identity(
            call.caller, request["WebIdentityToken"], wish_of(request | {"Tags": []})
        )
    except oidc.ExpiredIdentityToken as error:
        raise AwsError("ExpiredTokenException", f"Token expired: {error}") from error
    except oidc.InvalidIdentityToken as error:
        raise AwsError("InvalidIdentityToken", f"Couldn't verify the token: {error}") from error
    except oidc.IssuerUnreachable as error:
        raise AwsError("IDPCommunicationError", f"Couldn't reach the identity provider: {error}") from error
    except AccessDenied as error:
        said = "Not authorized to perform sts:AssumeRoleWithWebIdentity"
        raise AwsError("AccessDenied", said, status=403) from error
    audience = claims["aud"][0] if isinstance(claims["aud"], list) and claims["aud"] else claims["aud"]
    return {
        "Credentials": credentials(made),
        "AssumedRoleUser": role_user(made),
        "SubjectFromWebIdentityToken": made.session.subject,
        "Provider": made.session.provider,
        "Audience": str(audience),
    }
