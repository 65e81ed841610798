"""`POST /`: finds service and operation, checks the signature, parses, calls, answers. A plain view."""

import re
import uuid
from typing import Any, Final
from urllib.parse import parse_qsl

import structlog
from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.core.signals import got_request_exception
from django.http import HttpRequest, HttpResponse

from accounts.authn import callers, sigv4
from accounts.authn.sigv4 import SignatureRefused, Signed
from accounts.caller import Caller
from accounts.errors import AccessDenied
from accounts.sessions import messages
from registry.aws import dispatch, errors, pending
from registry.aws.dispatch import Call
from registry.aws.errors import AwsError
from registry.aws.wire import models, read, validate, write
from registry.body import Body
from registry.core import addresses

log = structlog.get_logger(__name__)

LARGEST: Final = 1024 * 1024
LARGEST_OF: Final = {"PutImage": 16 * LARGEST, "UploadLayerPart": 32 * LARGEST, "PutRepositoryCatalogData": 2 * LARGEST}
"""Bytes of a body, where they are more than usual."""
TARGET: Final = re.compile(r"([A-Za-z0-9_]+)\.([A-Za-z0-9]+)")
QUERY: Final = re.compile(r"(?:^|&)(?:Action=|X-Amz-Signature=)")


def is_aws(request: HttpRequest) -> bool:
    """Whether a request is one of the AWS APIs: a POST to the root, or a GET of it that names an action."""
    if request.path_info != "/":
        return False
    if request.method == "POST":
        return True
    return request.method == "GET" and QUERY.search(request.META.get("QUERY_STRING", "")) is not None


def aws(request: HttpRequest) -> HttpResponse:
    """Answer one request."""
    exchange = Exchange(request)
    try:
        return exchange.answer()
    except Exception as error:  # noqa: BLE001 - whatever it was, the client gets an error of the API
        try:
            return exchange.refused(error)
        except AwsError as refused:
            return exchange.error(refused)
        except Exception:
            got_request_exception.send(sender=aws, request=request)
            log.exception("request crashed", service=exchange.service, operation=exchange.operation)
            code = "ServerException" if exchange.is_json else "InternalFailure"
            return exchange.error(AwsError(code, "Something went wrong; the fault is the server's", status=500))


class Exchange:
    """One request and its answer."""

    def __init__(self, request: HttpRequest) -> None:
        self._request = request
        self._id = str(uuid.UUID(hex=_hex(request.META.get("kho.request_id", ""))))
        self._query = request.META.get("QUERY_STRING", "")
        self.service, self.operation = "", ""
        self._caller: Caller | None = None
        self._parameters: dict[str, str] = {}
        self.is_json = "HTTP_X_AMZ_TARGET" in request.META or "json" in request.META.get("CONTENT_TYPE", "")

    def answer(self) -> HttpResponse:
        """Find, check, parse, call. Whatever is raised is put into words by `refused`."""
        body = self._named_in_header() if self.is_json else self._named_in_parameters()
        model = models.operation(self.service, self.operation)
        if model is None:
            raise self._unknown()
        found = dispatch.find(self.service, self.operation)
        call = self._call(body, must_sign=found is None or found.signed)
        if found is None:
            raise pending.refusal(self.service, self.operation)
        given = self._parsed(model, body)
        self._check(model, given)
        output = found.handler(call, given)
        return self._written(model, output)

    def _named_in_header(self) -> bytes:
        target = TARGET.fullmatch(self._request.META.get("HTTP_X_AMZ_TARGET", ""))
        service = models.TARGETS.get(target[1]) if target else None
        if target is None or service is None:
            raise self._unknown()
        self.service, self.operation = service, target[2]
        return self._body()

    def _named_in_parameters(self) -> bytes:
        body = self._body()
        try:
            text = self._query if self._request.method == "GET" else body.decode("utf-8")
            pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=5000, errors="strict")
        except ValueError as error:
            raise AwsError("MalformedInput", "The request can't be read") from error
        self._parameters = dict(pairs)
        self.service = models.VERSIONS.get(self._parameters.get("Version", ""), "")
        action = self._parameters.get("Action", "")
        if not self.service:
            self.service = "sts"
            raise AwsError("InvalidAction", f"Could not find operation {action[:64]} for this version")
        self.operation = action
        return body

    def _body(self) -> bytes:
        most = LARGEST_OF.get(self.operation, LARGEST)
        source = Body(self._request)
        if (source.length or 0) > most:
            source.drain()
            raise self._too_large(most)
        if most > LARGEST and (source.length is None or source.length > LARGEST):
            self._check_key(source)
        parts, size = [], 0
        for part in source:
            size += len(part)
            if size > most:
                source.drain()
                raise self._too_large(most)
            parts.append(part)
        return b"".join(parts)

    def _check_key(self, source: Body) -> None:
        """Refuse a large body before it is read unless somebody's key of now comes with it."""
        try:
            sigv4.check_key(self._signed(b""), self.service)
        except SignatureRefused:
            source.drain()
            raise

    def _too_large(self, most: int) -> AwsError:
        code = "InvalidParameterException" if self.is_json else "RequestEntityTooLarge"
        return AwsError(code, f"The request is larger than {most} bytes", status=400 if self.is_json else 413)

    def _unknown(self) -> AwsError:
        if self.is_json:
            return AwsError("UnknownOperationException", "The requested operation is not known")
        return AwsError("InvalidAction", f"Could not find operation {self.operation[:64]} for this version")

    def _signed(self, body: bytes) -> Signed:
        """The request as its signature sees it."""
        meta = self._request.META
        headers = {
            name[5:].replace("_", "-").lower(): value for name, value in meta.items() if name.startswith("HTTP_")
        }
        for name in ("CONTENT_TYPE", "CONTENT_LENGTH"):
            if meta.get(name):
                headers[name.replace("_", "-").lower()] = meta[name]
        return Signed(self._request.method or "", self._request.path_info, self._query, headers, body)

    def _call(self, body: bytes, *, must_sign: bool) -> Call:
        meta = self._request.META
        signed = self._signed(body)
        verified = sigv4.verify(signed, self.service) if must_sign or sigv4.is_signed(signed) else None
        region = verified.region if verified else settings.HOME_REGION
        try:
            given_host = self._request.get_host()
        except DisallowedHost as error:
            raise AwsError("ValidationError", "The Host header names a host that is not served") from error
        caller = callers.of(
            verified.identified if verified else None,
            region=region,
            source_ip=meta.get("REMOTE_ADDR", ""),
            user_agent=meta.get("HTTP_USER_AGENT", ""),
            request_id=self._id,
            is_secure=self._request.is_secure(),
        )
        self._caller = caller
        host = addresses.client_host(given_host)
        origin = settings.PUBLIC_URL or f"{self._request.scheme}://{given_host}"
        identified = verified.identified if verified else None
        return Call(caller, identified, self.service, self.operation, region, host, origin, self._id)

    def _parsed(self, model: Any, body: bytes) -> dict[str, Any]:
        if self.is_json:
            return read.json_input(model.input_shape, body)
        hidden = ("Action", "Version")
        given = {name: value for name, value in self._parameters.items() if name not in hidden and "X-Amz-" not in name}
        return read.query_input(model.input_shape, given)

    def _check(self, model: Any, given: dict[str, Any]) -> None:
        if model.input_shape is None:
            return
        found = list(validate.violations(model.input_shape, given))
        if not found:
            return
        if self.is_json:
            first = found[0]
            words = first.constraint.replace("Member must", "must")
            said = f"Invalid parameter at '{first.path}' failed to satisfy constraint: '{words}'"
            raise AwsError("InvalidParameterException", said)
        said = "; ".join(
            f"Value {_quoted(each.value)} at '{each.path[:1].lower() + each.path[1:]}' failed to satisfy constraint: "
            f"{each.constraint}"
            for each in found[:10]
        )
        plural = "error" if len(found) == 1 else "errors"
        raise AwsError("ValidationError", f"{len(found)} validation {plural} detected: {said}")

    def _written(self, model: Any, output: dict[str, Any]) -> HttpResponse:
        if self.is_json:
            content = write.json_output(model.output_shape, output)
            return self._response(content, 200, "application/x-amz-json-1.1")
        space = models.namespace(self.service)
        content = write.xml_output(self.operation, model.output_shape, output, space, self._id)
        return self._response(content, 200, "text/xml")

    def refused(self, error: Exception) -> HttpResponse:
        """The answer to what went wrong; raises what is a fault of ours."""
        if self.is_json:
            found = errors.in_words_of_json(error, models.errors(self.service, self.operation))
        else:
            found = errors.in_words_of_query(error)
        if isinstance(error, AccessDenied) and self._caller is not None:
            found.message += f" Encoded authorization failure message: {messages.encode(self._caller, error)}"
        return self.error(found)

    def error(self, error: AwsError) -> HttpResponse:
        """An error on the wire."""
        if self.is_json:
            content = write.json_error(error.code, error.message, error.members)
            response = self._response(content, error.status, "application/x-amz-json-1.1")
            response["x-amzn-ErrorType"] = error.code
            return response
        space = models.namespace(self.service or "sts")
        content = write.xml_error(error.code, error.message, error.status, space, self._id)
        return self._response(content, error.status, "text/xml")

    def _response(self, content: bytes, status: int, content_type: str) -> HttpResponse:
        response = HttpResponse(content, status=status, content_type=content_type)
        response["x-amzn-RequestId"] = self._id
        response["Cache-Control"] = "private, no-store"
        response["X-Content-Type-Options"] = "nosniff"
        return response


def _hex(text: str) -> str:
    """32 hexadecimal digits: the request's own id, if it is one."""
    return text if re.fullmatch(r"[0-9a-f]{32}", text) else uuid.uuid4().hex


def _quoted(value: Any) -> str:
    return "null" if value is None else f"'{str(value)[:200]}'"
