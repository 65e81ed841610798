"""Several regions in one deployment through boto3: the signature chooses the region, and nothing of another is seen."""

from typing import Any

import pytest
from botocore.exceptions import ClientError
from pytest_django import Settings

from accounts.models import Account
from registry.core import addresses
from registry.models import Repository
from tests.factories.registry import push_image
from tests.registry.aws.client import send
from tests.registry.aws.conftest import Clients
from tests.registry.aws.provocations import OWNER
from tests.registry.aws.test_registries import refused

HOME, AWAY = "us-east-1", "eu-west-1"
NAME = {"repositoryName": "team/app"}


@pytest.fixture(autouse=True)
def regions(settings: Settings) -> None:
    """Two of them, and a domain whose host names tell them apart."""
    settings.REGIONS = [HOME, AWAY]
    settings.DOMAIN = "kho.test"


@pytest.fixture
def home(aws: Clients) -> Any:
    """Alice's client in the home region, where team/app is."""
    client = aws("ecr", region=HOME)
    client.create_repository(**NAME)
    return client


@pytest.fixture
def away(aws: Clients, home: Any) -> Any:
    """Alice's client in the other region, where there is a team/app, too."""
    client = aws("ecr", region=AWAY)
    client.create_repository(**NAME)
    return client


def test_each_region_has_its_own_repositories(home: Any, away: Any) -> None:
    for client, region, path in ((home, HOME, "111122223333"), (away, AWAY, "111122223333.eu-west-1")):
        [found] = client.describe_repositories()["repositories"]
        assert found["repositoryArn"] == f"arn:aws:ecr:{region}:111122223333:repository/team/app"
        assert found["repositoryUri"] == f"kho.test/{path}/team/app"
    push_image(OWNER, addresses.private("111122223333", "team/app", AWAY), "1")
    assert [each["imageTag"] for each in away.list_images(**NAME)["imageIds"]] == ["1"]
    assert home.list_images(**NAME)["imageIds"] == []
    home.delete_repository(**NAME)
    assert Repository.objects.get(deleted_at=None).region == AWAY


def test_a_host_name_or_a_path_chooses_the_region_of_a_registry(home: Any, away: Any) -> None:
    push_image(OWNER, addresses.private("111122223333", "team/app", AWAY), "1")
    [token] = home.get_authorization_token()["authorizationData"]
    login = {"Authorization": f"Basic {token['authorizationToken']}"}
    for place, status in (
        ("kho.test/v2/111122223333.eu-west-1/team/app", 200),
        ("111122223333.dkr.ecr.eu-west-1.kho.test/v2/team/app", 200),
        ("kho.test/v2/111122223333/team/app", 404),
        ("111122223333.dkr.ecr.us-east-1.kho.test/v2/team/app", 404),
        ("111122223333.dkr.ecr.ap-southeast-1.kho.test/v2/team/app", 404),
    ):
        assert send("GET", f"http://{place}/manifests/1", login).status_code == status, place


def test_a_page_of_one_region_does_not_go_on_in_another(home: Any, away: Any) -> None:
    for client in (home, away):
        client.create_repository(repositoryName="team/other")
    token = home.describe_repositories(maxResults=1)["nextToken"]
    assert home.describe_repositories(nextToken=token)["repositories"][0]["repositoryName"] == "team/other"
    assert refused(away.describe_repositories, nextToken=token) == "InvalidParameterException"


def test_the_arn_of_another_region_is_refused(home: Any, away: Any) -> None:
    arn = home.describe_repositories()["repositories"][0]["repositoryArn"]
    for call, more in (
        (away.tag_resource, {"tags": [{"Key": "a", "Value": "b"}]}),
        (away.untag_resource, {"tagKeys": ["a"]}),
        (away.list_tags_for_resource, {}),
    ):
        assert refused(call, resourceArn=arn, **more) == "InvalidParameterException"
    assert home.list_tags_for_resource(resourceArn=arn)["tags"] == []


def test_a_policy_for_one_region_holds_there_alone(home: Any, away: Any, aws: Clients, other: dict[str, Any]) -> None:
    text = (
        '{"Version": "2012-10-17", "Statement": [{"Sid": "In", "Effect": "Allow", "Principal": {"AWS": "444455556666"},'
        ' "Action": "ecr:DescribeRepositories"}]}'
    )
    away.set_repository_policy(**NAME, policyText=text)
    asked = {"registryId": "111122223333", "repositoryNames": ["team/app"]}
    assert aws("ecr", other, region=AWAY).describe_repositories(**asked)["repositories"]
    with pytest.raises(ClientError) as caught:
        aws("ecr", other, region=HOME).describe_repositories(**asked)
    assert caught.value.response["Error"]["Code"] == "AccessDeniedException"


def test_public_repositories_have_no_region(aws: Clients, account: Account) -> None:
    made = aws("ecr-public", region=AWAY).create_repository(repositoryName="tool")["repository"]
    assert aws("ecr-public", region=HOME).describe_repositories()["repositories"] == [made]


def test_it_refuses_a_region_that_is_not_served(aws: Clients) -> None:
    assert refused(aws("ecr", region="ap-southeast-1").describe_repositories) == "InvalidSignatureException"
    nowhere = aws("ecr-public", region="ap-southeast-1").describe_repositories
    assert refused(nowhere) == "UnsupportedCommandException"
