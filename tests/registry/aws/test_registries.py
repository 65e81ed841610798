"""What an account sets for its registry, and templates, through boto3."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError
from pytest_django import Settings

from accounts.caller import operator
from registry.core import addresses, blobs, images, repositories
from registry.metering import drain
from registry.models import CreationTemplate, Image
from registry.values import Address, Digest, ImageTag
from tests.factories.registry import make_repository, push_blob, push_image
from tests.registry.aws.conftest import Clients
from tests.registry.aws.provocations import MANY
from tests.registry.aws.test_ecr import code

OWNER = operator("111122223333")
POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Sid": "Guests",
            "Effect": "Allow",
            "Principal": {"AWS": "444455556666"},
            "Action": "ecr:BatchGetImage",
            "Resource": "arn:aws:ecr:us-east-1:111122223333:repository/open/*",
        }
    ],
}


RESERVED = [{"Key": "aws:team", "Value": "blue"}]
TWICE = [{"Key": "team", "Value": "blue"}, {"Key": "team", "Value": "red"}]


@pytest.fixture
def ecr(aws: Clients) -> Any:
    """Alice's client."""
    return aws("ecr")


def refused(call: Any, **arguments: Any) -> str:
    """The code of the error."""
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    return code(caught)


def test_the_registry_policy_decides(ecr: Any, aws: Clients, other: dict[str, Any]) -> None:
    assert refused(ecr.get_registry_policy) == refused(ecr.delete_registry_policy) == "RegistryPolicyNotFoundException"
    for name in ("open/app", "closed/app"):
        ecr.create_repository(repositoryName=name)
        push_image(OWNER, addresses.private("111122223333", name), "1")
    text = json.dumps(POLICY)
    answer = ecr.put_registry_policy(policyText=text)
    assert (answer["registryId"], answer["policyText"]) == ("111122223333", text)
    assert json.loads(ecr.get_registry_policy()["policyText"]) == POLICY
    guest = aws("ecr", other)
    asked = {"registryId": "111122223333", "imageIds": [{"imageTag": "1"}]}
    assert guest.batch_get_image(repositoryName="open/app", **asked)["images"]
    assert refused(guest.batch_get_image, repositoryName="closed/app", **asked) == "AccessDeniedException"
    ecr.put_account_setting(name="REGISTRY_POLICY_SCOPE", value="V1")
    assert refused(guest.batch_get_image, repositoryName="open/app", **asked) == "AccessDeniedException"
    ecr.put_account_setting(name="REGISTRY_POLICY_SCOPE", value="V2")
    assert json.loads(ecr.delete_registry_policy()["policyText"]) == POLICY
    assert refused(guest.batch_get_image, repositoryName="open/app", **asked) == "AccessDeniedException"
    assert refused(ecr.put_registry_policy, policyText="{") == "InvalidParameterException"


def test_settings_are_kept(ecr: Any) -> None:
    for name, value in (
        ("BASIC_SCAN_TYPE_VERSION", "AWS_NATIVE"),
        ("REGISTRY_POLICY_SCOPE", "V2"),
        ("BLOB_MOUNTING", "ENABLED"),
        ("ATTACHED_VEX", "SHOWN"),
    ):
        assert ecr.get_account_setting(name=name)["value"] == value
    assert ecr.put_account_setting(name="BLOB_MOUNTING", value="DISABLED")["value"] == "DISABLED"
    assert ecr.get_account_setting(name="BLOB_MOUNTING")["value"] == "DISABLED"
    assert refused(ecr.get_account_setting, name="NOTHING") == "ValidationException"
    assert ecr.put_account_setting(name="ATTACHED_VEX", value="TRUSTED")["value"] == "TRUSTED"
    assert ecr.get_account_setting(name="ATTACHED_VEX")["value"] == "TRUSTED"
    assert refused(ecr.put_account_setting, name="ATTACHED_VEX", value="ENABLED") == "ValidationException"
    for value in ("MAYBE", ""):
        assert refused(ecr.put_account_setting, name="BLOB_MOUNTING", value=value) == "ValidationException"


def test_blobs_are_mounted_unless_the_account_says_no(ecr: Any, account: Any) -> None:
    source = make_repository(OWNER, "one").address
    image = push_image(OWNER, source, "1", layers=[b"layer"])
    assert image
    for name, value, mounts in (("two", "DISABLED", False), ("three", "ENABLED", True)):
        ecr.put_account_setting(name="BLOB_MOUNTING", value=value)
        target = make_repository(OWNER, name).address
        assert blobs.mount(OWNER, target, Digest.of(b"layer"), source) is mounts


class TestPullTimeExclusions:
    """Principals whose pulls leave last pull times alone."""

    BO = "arn:aws:iam::111122223333:user/bo"

    def test_they_are_listed(self, ecr: Any) -> None:
        role = "arn:aws:iam::111122223333:role/scanner"
        made = ecr.register_pull_time_update_exclusion(principalArn=self.BO)
        assert made["principalArn"] == self.BO and made["createdAt"]
        ecr.register_pull_time_update_exclusion(principalArn=role)
        first = ecr.list_pull_time_update_exclusions(maxResults=1)
        rest = ecr.list_pull_time_update_exclusions(maxResults=1, nextToken=first["nextToken"])
        assert first["pullTimeUpdateExclusions"] + rest["pullTimeUpdateExclusions"] == [role, self.BO]
        again = refused(ecr.register_pull_time_update_exclusion, principalArn=self.BO)
        assert again == "ExclusionAlreadyExistsException"
        ecr.deregister_pull_time_update_exclusion(principalArn=self.BO)
        gone = refused(ecr.deregister_pull_time_update_exclusion, principalArn=self.BO)
        assert gone == "ExclusionNotFoundException"
        assert refused(ecr.register_pull_time_update_exclusion, principalArn="bo") == "InvalidParameterException"

    def test_there_may_be_a_hundred(self, ecr: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("registry.core.registries.MOST_EXCLUSIONS", 1)
        ecr.register_pull_time_update_exclusion(principalArn=self.BO)
        second = refused(ecr.register_pull_time_update_exclusion, principalArn=f"{self.BO}2")
        assert second == "LimitExceededException"

    def test_their_pulls_do_not_count_as_the_last_one(self, ecr: Any, address: Address) -> None:
        make_repository(OWNER)
        image = push_image(OWNER, address, "1")
        ecr.register_pull_time_update_exclusion(principalArn="arn:aws:iam::111122223333:user/alice")
        ecr.batch_get_image(repositoryName="team/app", imageIds=[{"imageTag": "1"}])
        drain.drain()
        row = Image.objects.get(id=image.id)
        assert (row.last_recorded_pull_time, row.pull_count) == (None, 1)
        images.get(OWNER, address, ImageTag.parse("1"))
        drain.drain()
        assert Image.objects.get(id=image.id).last_recorded_pull_time is not None


class TestReplication:
    """The rules are kept and checked."""

    @pytest.fixture(autouse=True)
    def regions(self, settings: Settings) -> None:
        settings.REGIONS = ["us-east-1", "eu-west-1"]

    def rules(self, **more: Any) -> dict[str, Any]:
        destination = {"region": "eu-west-1", "registryId": "111122223333"} | more
        return {"rules": [{"destinations": [destination]}]}

    def test_it_works(self, ecr: Any) -> None:
        wanted = self.rules()
        assert ecr.put_replication_configuration(replicationConfiguration=wanted)["replicationConfiguration"] == wanted
        assert ecr.describe_registry()["replicationConfiguration"] == wanted
        ecr.put_replication_configuration(replicationConfiguration={"rules": []})
        assert ecr.describe_registry()["replicationConfiguration"] == {"rules": []}

    @pytest.mark.parametrize(
        "wrong", ["itself", "empty", "many rules", "many destinations", "elsewhere", "no prefix", "no tag"]
    )
    def test_it_refuses(self, ecr: Any, wrong: str) -> None:
        one = self.rules()["rules"]
        rules = {
            "itself": self.rules(region="us-east-1")["rules"],
            "empty": [{"destinations": []}],
            **{
                f"no {what}": [one[0] | {"repositoryFilters": [{"filter": text, "filterType": kind}]}]
                for what, text, kind in (("prefix", "Team/", "PREFIX_MATCH"), ("tag", "v/*", "TAG_WILDCARD"))
            },
            "many rules": one * 11,
            "elsewhere": self.rules(region="mars-north-1")["rules"],
            "many destinations": [
                {"destinations": [{"region": "eu-west-1", "registryId": f"{n:012d}"} for n in range(26)]}
            ],
        }[wrong]
        put = ecr.put_replication_configuration
        code = "InvalidParameterException" if wrong == "elsewhere" else "ValidationException"
        assert refused(put, replicationConfiguration={"rules": rules}) == code


class TestScanning:
    """How images will be scanned."""

    def test_it_works(self, ecr: Any) -> None:
        for name in ("prod/app", "dev/app"):
            ecr.create_repository(repositoryName=name)
        assert ecr.get_registry_scanning_configuration()["scanningConfiguration"] == {"scanType": "BASIC", "rules": []}
        rules = [
            {"scanFrequency": "SCAN_ON_PUSH", "repositoryFilters": [{"filter": "prod*", "filterType": "WILDCARD"}]}
        ]
        put = ecr.put_registry_scanning_configuration(scanType="BASIC", rules=rules)
        assert put["registryScanningConfiguration"] == {"scanType": "BASIC", "rules": rules}
        names = ["prod/app", "dev/app", "no/app"]
        answer = ecr.batch_get_repository_scanning_configuration(repositoryNames=names)
        assert [each["scanFrequency"] for each in answer["scanningConfigurations"]] == ["SCAN_ON_PUSH", "MANUAL"]
        assert answer["scanningConfigurations"][0]["appliedScanFilters"][0]["filter"] == "prod*"
        assert answer["failures"][0]["failureCode"] == "REPOSITORY_NOT_FOUND"
        ecr.put_registry_scanning_configuration(scanType="ENHANCED", rules=[])
        [one] = ecr.batch_get_repository_scanning_configuration(repositoryNames=["dev/app"])["scanningConfigurations"]
        assert one["scanFrequency"] == "CONTINUOUS_SCAN" and one["scanOnPush"] is True

    def test_a_repository_says_for_itself(self, ecr: Any) -> None:
        made = ecr.create_repository(repositoryName="a/b", imageScanningConfiguration={"scanOnPush": True})
        assert made["repository"]["imageScanningConfiguration"] == {"scanOnPush": True}
        put = ecr.put_image_scanning_configuration
        answer = put(repositoryName="a/b", imageScanningConfiguration={"scanOnPush": False})
        assert answer["imageScanningConfiguration"] == {"scanOnPush": False}
        absent = refused(put, repositoryName="none", imageScanningConfiguration={"scanOnPush": True})
        assert absent == "RepositoryNotFoundException"

    def test_it_refuses(self, ecr: Any) -> None:
        rule = {"scanFrequency": "CONTINUOUS_SCAN", "repositoryFilters": [{"filter": "*", "filterType": "WILDCARD"}]}
        put = ecr.put_registry_scanning_configuration
        assert refused(put, scanType="BASIC", rules=[rule]) == "ValidationException"
        assert refused(put, scanType="ENHANCED", rules=[rule] * 3) == "InvalidParameterException"
        by_hand = rule | {"scanFrequency": "MANUAL"}
        assert refused(put, scanType="ENHANCED", rules=[by_hand]) == "ValidationException"
        assert put(scanType="BASIC", rules=[by_hand])["registryScanningConfiguration"]["rules"] == [by_hand]
        for text in ("a" * 60 + "!", "a" * 256 + "!" * 2000, "Team", "-a", "a/"):
            wrong = {"scanFrequency": "SCAN_ON_PUSH", "repositoryFilters": [{"filter": text, "filterType": "WILDCARD"}]}
            assert refused(put, scanType="BASIC", rules=[wrong]) in {"ValidationException", "InvalidParameterException"}
        many = [f"app-{number}" for number in range(26)]
        get = ecr.batch_get_repository_scanning_configuration
        assert refused(get, repositoryNames=many) == "InvalidParameterException"


LIFECYCLE = json.dumps(
    {
        "rules": [
            {
                "rulePriority": 1,
                "selection": {
                    "tagStatus": "untagged",
                    "countType": "sinceImagePushed",
                    "countUnit": "days",
                    "countNumber": 14,
                },
                "action": {"type": "expire"},
            }
        ]
    }
)


class TestTemplates:
    """Repositories that a push makes, and how."""

    def test_a_push_makes_the_repository_as_the_template_says(self, ecr: Any) -> None:
        policy = json.dumps(
            {
                "Version": "2012-10-17",
                "Statement": [{"Effect": "Allow", "Principal": {"AWS": "444455556666"}, "Action": "ecr:BatchGetImage"}],
            }
        )
        made = ecr.create_repository_creation_template(
            prefix="team/",
            description="ours",
            appliedFor=["CREATE_ON_PUSH"],
            imageTagMutability="IMMUTABLE_WITH_EXCLUSION",
            imageTagMutabilityExclusionFilters=[{"filterType": "WILDCARD", "filter": "dev-*"}],
            repositoryPolicy=policy,
            resourceTags=[{"Key": "team", "Value": "blue"}],
            lifecyclePolicy=LIFECYCLE,
        )["repositoryCreationTemplate"]
        assert (made["prefix"], made["appliedFor"]) == ("team", ["CREATE_ON_PUSH"])
        push_blob(OWNER, addresses.private("111122223333", "team/new"), b"layer")
        repository = repositories.get(OWNER, addresses.private("111122223333", "team/new"))
        assert repository.image_tag_mutability == "IMMUTABLE_WITH_EXCLUSION"
        assert repository.image_tag_mutability_exclusion_filters == ["dev-*"]
        assert (repository.resource_tags, repository.policy_text) == ({"team": "blue"}, policy)
        assert ecr.get_lifecycle_policy(repositoryName="team/new")["lifecyclePolicyText"] == LIFECYCLE
        started = ecr.initiate_layer_upload(repositoryName="team/newer")
        assert started["uploadId"]
        assert refused(ecr.initiate_layer_upload, repositoryName="other/new") == "RepositoryNotFoundException"

    def test_they_are_changed_listed_and_deleted(self, ecr: Any) -> None:
        for prefix in ("ROOT", "a", "b/c"):
            ecr.create_repository_creation_template(prefix=prefix, appliedFor=["REPLICATION"])
        again = refused(ecr.create_repository_creation_template, prefix="a", appliedFor=["REPLICATION"])
        assert again == "TemplateAlreadyExistsException"
        changed = ecr.update_repository_creation_template(prefix="a", description="new", imageTagMutability="IMMUTABLE")
        found = changed["repositoryCreationTemplate"]
        assert (found["description"], found["imageTagMutability"], found["appliedFor"]) == (
            "new",
            "IMMUTABLE",
            ["REPLICATION"],
        )
        assert found["updatedAt"] >= found["createdAt"]
        get = ecr.describe_repository_creation_templates
        named = get(prefixes=["a", "unknown"])["repositoryCreationTemplates"]
        assert [each["prefix"] for each in named] == ["a"]
        first = get(maxResults=2)
        rest = get(maxResults=2, nextToken=first["nextToken"])
        listed = first["repositoryCreationTemplates"] + rest["repositoryCreationTemplates"]
        assert [each["prefix"] for each in listed] == ["ROOT", "a", "b/c"]
        ecr.delete_repository_creation_template(prefix="a")
        assert not CreationTemplate.objects.filter(prefix="a").exists()

    @pytest.mark.parametrize(
        ("operation", "arguments", "expected"),
        [
            ("delete", {"prefix": "none"}, "TemplateNotFoundException"),
            ("update", {"prefix": "none"}, "TemplateNotFoundException"),
            ("create", {"prefix": "UPPER", "appliedFor": ["REPLICATION"]}, "InvalidParameterException"),
            ("create", {"prefix": "a", "appliedFor": ["NOTHING"]}, "InvalidParameterException"),
            (
                "create",
                {"prefix": "a", "appliedFor": ["REPLICATION"], "repositoryPolicy": "{"},
                "InvalidParameterException",
            ),
            (
                "create",
                {"prefix": "a", "appliedFor": ["REPLICATION"], "lifecyclePolicy": "x" * 200},
                "InvalidParameterException",
            ),
            (
                "create",
                {"prefix": "a", "appliedFor": ["REPLICATION"], "imageTagMutability": "MUTABLE_WITH_EXCLUSION"},
                "ValidationException",
            ),
            (
                "create",
                {"prefix": "a", "appliedFor": ["REPLICATION"], "encryptionConfiguration": {"encryptionType": "KMS"}},
                "ValidationException",
            ),
            ("create", {"prefix": "a", "appliedFor": ["REPLICATION"], "resourceTags": RESERVED}, "ValidationException"),
            ("create", {"prefix": "a", "appliedFor": ["REPLICATION"], "resourceTags": TWICE}, "ValidationException"),
            ("update", {"prefix": "none", "resourceTags": MANY}, "ValidationException"),
        ],
    )
    def test_it_refuses(self, ecr: Any, operation: str, arguments: dict[str, Any], expected: str) -> None:
        assert refused(getattr(ecr, f"{operation}_repository_creation_template"), **arguments) == expected

    def test_there_may_be_so_many(self, ecr: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("registry.core.templates.MOST", 0)
        made = refused(ecr.create_repository_creation_template, prefix="a", appliedFor=["REPLICATION"])
        assert made == "LimitExceededException"


def test_settings_of_another_account_stay_its_own(ecr: Any, aws: Clients, other: dict[str, Any]) -> None:
    ecr.put_account_setting(name="BLOB_MOUNTING", value="DISABLED")
    assert aws("ecr", other).get_account_setting(name="BLOB_MOUNTING")["value"] == "ENABLED"
    assert aws("ecr", other).describe_repository_creation_templates()["repositoryCreationTemplates"] == []


def test_a_region_has_settings_of_its_own(aws: Clients, settings: Settings) -> None:
    settings.REGIONS = ["us-east-1", "eu-west-1"]
    aws("ecr").put_account_setting(name="BLOB_MOUNTING", value="DISABLED")
    assert aws("ecr", region="eu-west-1").get_account_setting(name="BLOB_MOUNTING")["value"] == "ENABLED"
