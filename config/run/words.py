"""What `make run` tells the person who typed it."""

from config.run.first_start import FILE, FirstAccount
from config.run.options import Options


def ready(options: Options, account_id: str, alias: str, first: FirstAccount | None, *, secrets: bool) -> str:
    """What to open and what to type; secrets only if a person is looking."""
    host = options.host
    lines = ["", "Kho is ready.", "", f"  Open       {options.origin}", f"  Console    {options.origin}/sign-in"]
    if first and secrets:
        lines += ["", "Shown once; also kept in " + str(first.file) + ":", ""]
        lines += [f"  {line}" for line in first.as_text().splitlines()]
    elif first:
        lines += ["", f"Sign-in, password and access key are in {first.file}."]
    else:
        lines += ["", f"Sign-in and access key were written to {FILE} in the data folder at the first start."]
    key = first.key_id if first else "<access key id>"
    lines += [
        "",
        "Push (the password is the secret access key):",
        "",
        f"  docker login --username {key} {host}",
        f"  docker tag my-app {host}/{account_id}/my-app:1",
        f"  docker push {host}/{account_id}/my-app:1",
    ]
    if alias and options.demo:
        lines += ["", "Pull without an account:", "", f"  docker pull {host}/{alias}/hello"]
        lines += [f"  helm pull oci://{host}/{alias}/charts/hello --version 0.1.0 --plain-http"]
    return "\n".join([*lines, "", "Ctrl-C stops Kho; the data stays.", ""])
