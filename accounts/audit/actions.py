"""The actions that the gate decides and the trail records, named as ECR's and IAM's own."""

from enum import StrEnum


class Action(StrEnum):
    """An API action without its service prefix."""

    CREATE_REPOSITORY = "CreateRepository"
    DESCRIBE_REPOSITORIES = "DescribeRepositories"
    DELETE_REPOSITORY = "DeleteRepository"
    PUT_IMAGE = "PutImage"
    BATCH_GET_IMAGE = "BatchGetImage"
    BATCH_DELETE_IMAGE = "BatchDeleteImage"
    LIST_IMAGES = "ListImages"
    DESCRIBE_IMAGES = "DescribeImages"
    BATCH_CHECK_LAYER_AVAILABILITY = "BatchCheckLayerAvailability"
    GET_DOWNLOAD_URL_FOR_LAYER = "GetDownloadUrlForLayer"
    INITIATE_LAYER_UPLOAD = "InitiateLayerUpload"
    UPLOAD_LAYER_PART = "UploadLayerPart"
    COMPLETE_LAYER_UPLOAD = "CompleteLayerUpload"
    SET_REPOSITORY_POLICY = "SetRepositoryPolicy"
    GET_REPOSITORY_POLICY = "GetRepositoryPolicy"
    DELETE_REPOSITORY_POLICY = "DeleteRepositoryPolicy"
    DESCRIBE_REGISTRY = "DescribeRegistry"
    DESCRIBE_REGISTRIES = "DescribeRegistries"
    PUT_REGISTRY_POLICY = "PutRegistryPolicy"
    GET_REGISTRY_POLICY = "GetRegistryPolicy"
    DELETE_REGISTRY_POLICY = "DeleteRegistryPolicy"
    TAG_RESOURCE = "TagResource"
    UNTAG_RESOURCE = "UntagResource"
    LIST_TAGS_FOR_RESOURCE = "ListTagsForResource"
    CREATE_ACCESS_KEY = "CreateAccessKey"
    UPDATE_ACCESS_KEY = "UpdateAccessKey"
    DELETE_ACCESS_KEY = "DeleteAccessKey"
    LIST_ACCESS_KEYS = "ListAccessKeys"
    GET_AUTHORIZATION_TOKEN = "GetAuthorizationToken"  # noqa: S105 - the name of an action
