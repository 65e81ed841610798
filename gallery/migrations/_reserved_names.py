"""The names that are reserved when Kho is installed; staff change the list as they like."""

from typing import Final

PREFIXES: Final = "aws amazon"

SERVICES: Final = """
    amplify apigateway appconfig appflow appmesh apprunner appstream appsync athena aurora backup batch beanstalk bedrock
    bottlerocket braket chime cloud9 cloudformation cloudfront cloudhsm cloudsearch cloudtrail cloudwatch codeartifact
    codebuild codecatalyst codecommit codedeploy codepipeline cognito comprehend connect corretto datasync detective
    directconnect documentdb dynamodb ebs ec2 ecr ecs efs eks elasticache elasticbeanstalk emr eventbridge fargate
    finspace firehose freertos fsx gamelift glacier glue graviton greengrass groundstation guardduty healthlake iam
    inspector iot ivs kendra keyspaces kinesis kms lakeformation lambda lex lightsail lookout macie managedblockchain
    mediaconvert medialive memorydb msk mwaa neptune neuron nitro opensearch organizations outposts pinpoint polly
    qldb quicksight rds redshift rekognition robomaker rosa route53 s3 sagemaker sam secretsmanager securityhub
    servicecatalog ses shield simpledb sns sqs ssm stepfunctions storagegateway sts textract timestream transcribe
    transitgateway translate vpc waf wavelength wellarchitected workdocs workmail workspaces xray
    acr aks azure cloudrun gar gcp gcr ghcr gke
"""

BRANDS: Final = """
    adobe akamai alibaba alibabacloud alpine anthropic apache apple archlinux arm atlassian bitbucket bitnami canonical
    centos chainguard cisco cloudflare cncf debian dell dell-emc digitalocean docker docker-library dockerhub
    docker-official ebay envoyproxy facebook fedora freebsd gentoo github gitlab google grafana helm heroku
    hewlett-packard hpe huawei ibm instagram intel istio jetbrains jfrog jupyter k8s kubernetes linkedin linux
    linuxfoundation meta microsoft mozilla netflix netlify nginx nodejs nvidia openai openjdk openshift openstack oracle
    ovh paypal podman postgresql python quay quay.io rancher raspberrypi redhat redis rockylinux rust-lang salesforce
    samsung sap siemens slack sony spotify stripe suse tencent tensorflow tesla twitter uber ubuntu vercel vmware
    whatsapp wikipedia windows wordpress yahoo yandex youtube zoom
"""

SELLERS: Final = """
    aerospike airbyte appdynamics aqua-security aquasec barracuda bigid buoyant checkmarx checkpoint circleci clickhouse
    cloudbees cloudera cockroachdb cockroachlabs cohesity confluent coralogix couchbase crowdstrike cyberark databricks
    datadog datastax dbt-labs delinea denodo dynatrace elastic elasticsearch f5 fivetran forgerock fortinet fortra
    gravitational harness hashicorp honeycomb imperva informatica instana isovalent kasten kong kubecost lacework
    launchdarkly liquibase logzio mariadb matillion mirantis mongodb mulesoft neo4j netapp netskope newrelic
    okta paloaltonetworks percona pingidentity portworx prisma-cloud puppet qlik qualys rapid7 rubrik scylladb
    sentinelone sentry servicenow singlestore snowflake snyk solace solarwinds solo-io sonarsource splunk starburst
    sumologic sysdig tableau talend tanium teleport tenable teradata tetrate tibco tigera traefik trendmicro twilio
    upbound veeam veracode vertica weaveworks wiz yugabyte zscaler
"""


def rows() -> list[dict[str, str]]:
    """What the table begins with."""
    found = [{"pattern": word, "kind": "prefix", "why": "service"} for word in PREFIXES.split()]
    for words, why in ((SERVICES, "service"), (BRANDS, "brand"), (SELLERS, "seller")):
        found += [{"pattern": word, "kind": "exact", "why": why} for word in words.split()]
    return found
