"""Files for scheduled collecting with cron, systemd, Kubernetes or GitHub Actions.

plan            when, where, with which program and which secrets     written   the files, and the next step
cron            one line of a crontab                                 systemd   a service and a timer
kubernetes      a CronJob and its volume                              github_actions   a workflow that keeps the lake on a branch
"""

from footfall.upkeep.schedules.plan import Plan, plan_of
from footfall.upkeep.schedules.written import KINDS, Written, write, written

__all__ = ["KINDS", "Plan", "Written", "plan_of", "write", "written"]
