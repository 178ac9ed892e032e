"""A CronJob, and the volume that holds the lake."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping

from footfall.upkeep.schedules.plan import Plan

NAME = "footfall.yaml"
_TEMPLATE = """\
# Footfall collects usage into a volume. Before it is applied:
#   kubectl create configmap footfall --from-file=footfall.toml
{secret_note}apiVersion: v1
kind: PersistentVolumeClaim
metadata:
  name: footfall
spec:
  accessModes: [ReadWriteOnce]
  resources:
    requests:
      storage: 10Gi
---
apiVersion: batch/v1
kind: CronJob
metadata:
  name: footfall
spec:
  schedule: {cron}
  timeZone: Etc/UTC
  # Two runs at once would do the same work twice.
  concurrencyPolicy: Forbid
  startingDeadlineSeconds: 3600
  jobTemplate:
    spec:
      backoffLimit: 0
      template:
        spec:
          restartPolicy: Never
          securityContext:
            runAsNonRoot: true
            runAsUser: 1000
            fsGroup: 1000
          containers:
            - name: collect
              # An image with footfall installed in it starts faster; this one installs it at each run.
              image: python:3.13-slim
              command: [sh, -c]
              args:
                - |
                  set -eu
                  python -m venv /tmp/venv
                  /tmp/venv/bin/pip install --quiet {package}
                  exec /tmp/venv/bin/footfall --workspace /workspace collect
              workingDir: /workspace
{environment}              volumeMounts:
                - name: workspace
                  mountPath: /workspace
                - name: settings
                  mountPath: /workspace/footfall.toml
                  subPath: footfall.toml
          volumes:
            - name: workspace
              persistentVolumeClaim:
                claimName: footfall
            - name: settings
              configMap:
                name: footfall
"""


def files_of(plan: Plan) -> tuple[Mapping[str, str], str]:
    """One file with both; secrets come from the Secret `footfall`, one key each."""
    keys = " ".join(f"--from-literal={name}=…" for name in plan.secrets)
    note = f"#   kubectl create secret generic footfall {keys}\n" if plan.secrets else ""
    text = _TEMPLATE.format(
        cron=json.dumps(plan.cron),
        package=shlex.quote(plan.package),
        secret_note=note,
        environment=_environment(plan),
    )
    return {NAME: text}, f"kubectl apply -f {NAME}"


def _environment(plan: Plan) -> str:
    if not plan.secrets:
        return ""
    lines = ["env:"]
    for name in plan.secrets:
        lines += [f"  - name: {name}", "    valueFrom:", f"      secretKeyRef: {{ name: footfall, key: {name} }}"]
    return "".join(f"{' ' * 14}{line}\n" for line in lines)
