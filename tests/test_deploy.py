"""What runs Footfall in containers: the Dockerfile and the manifests say what the program has, and ask for no more rights."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import Any

import yaml

from footfall.settings import read_settings
from footfall.web_settings import WebSettings
from pages import commands

DEPLOY = Path(__file__).parent.parent / "deploy"
DOCKERFILE = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
PORT = WebSettings().port


def instructions() -> list[tuple[str, str]]:
    """What the Dockerfile says, line by line, in order."""
    text = re.sub(r"\\\n\s*", "", re.sub(r"^#.*\n", "", DOCKERFILE, flags=re.MULTILINE))
    return [(word, rest) for word, _, rest in (line.partition(" ") for line in text.splitlines() if line.strip())]


def last(word: str) -> str:
    return [rest for each, rest in instructions() if each == word][-1]


def manifests() -> dict[str, dict[str, Any]]:
    text = (DEPLOY / "kubernetes" / "footfall.yaml").read_text(encoding="utf-8")
    return {each["kind"]: each for each in yaml.safe_load_all(text)}


def check_command(words: list[str]) -> None:
    """The words after `footfall` are a command that there is, on the port that everything else names."""
    assert words[0] in commands()
    assert words[words.index("--port") + 1] == str(PORT)
    assert words[words.index("--host") + 1] == "0.0.0.0"


def test_the_image_runs_as_no_root_and_says_whether_it_is_well() -> None:
    known = {"FROM", "WORKDIR", "COPY", "RUN", "ENV", "USER", "VOLUME", "EXPOSE", "STOPSIGNAL"}
    assert {word for word, _ in instructions()} <= known | {"HEALTHCHECK", "ENTRYPOINT", "CMD"}
    assert last("USER") == "10001:10001"
    assert last("EXPOSE") == str(PORT)
    check = json.loads(last("HEALTHCHECK").partition("CMD ")[2])
    assert f":{PORT}/healthz" in check[-1]
    compile(check[-1], "HEALTHCHECK", "exec")
    assert json.loads(last("ENTRYPOINT"))[:2] == ["footfall", "--workspace"]
    check_command(json.loads(last("CMD")))


def test_the_image_is_made_of_files_that_there_are() -> None:
    ignored = (DEPLOY.parent / ".dockerignore").read_text(encoding="utf-8").splitlines()
    for word, rest in instructions():
        if word == "COPY" and not rest.startswith("--from"):
            for name in shlex.split(rest)[:-1]:
                assert (DEPLOY.parent / name).exists(), name
                assert f"!{name}" in ignored, name
    extras = re.findall(r"\.\[([a-z,]+)\]", DOCKERFILE)
    assert extras == ["web,charts"]


def test_the_manifests_fit_together() -> None:
    found = manifests()
    assert set(found) == {"ConfigMap", "PersistentVolumeClaim", "Deployment", "Service"}
    spec = found["Deployment"]["spec"]
    pod, labels = spec["template"]["spec"], spec["template"]["metadata"]["labels"]
    assert spec["selector"]["matchLabels"] == labels == found["Service"]["spec"]["selector"]
    (container,) = pod["containers"]
    (port,) = container["ports"]
    assert (port["name"], port["containerPort"]) == (found["Service"]["spec"]["ports"][0]["targetPort"], PORT)
    assert {each["name"] for each in container["volumeMounts"]} == {each["name"] for each in pod["volumes"]}
    probes = {name: container[name]["httpGet"]["path"] for name in container if name.endswith("Probe")}
    assert probes == {"startupProbe": "/healthz", "livenessProbe": "/healthz", "readinessProbe": "/readyz"}
    check_command(container["args"])


def test_the_pod_has_no_right_that_it_does_not_need() -> None:
    spec = manifests()["Deployment"]["spec"]
    pod = spec["template"]["spec"]
    (container,) = pod["containers"]
    assert (spec["replicas"], spec["strategy"]) == (1, {"type": "Recreate"})  # a workspace has one writer
    assert pod["automountServiceAccountToken"] is False
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert f"{pod['securityContext']['runAsUser']}:{pod['securityContext']['runAsGroup']}" == last("USER")
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }


def test_the_settings_of_the_example_are_valid(tmp_path: Path) -> None:
    (tmp_path / "footfall.toml").write_text(manifests()["ConfigMap"]["data"]["footfall.toml"], encoding="utf-8")
    assert read_settings(tmp_path).web.reading == "token"


def test_the_commands_of_the_page_are_commands() -> None:
    page = (DEPLOY / "README.md").read_text(encoding="utf-8")
    found = re.findall(r"^\$ .*footfall --workspace /workspace (\S+ \S+)", page, re.MULTILINE)
    assert found
    assert set(found) <= set(commands())
