"""Upkeep of a workspace: its state, problems, and notifications.

standing    every table of every source, data that upstream will delete, intervals known to be wrong
worries     reasons for monitoring to raise an alarm                                        (pure)
examining   whether settings, lake, activity, engine and every source work
deep        verifying every checksum of lake and activity, and repairing damage
records     the same as JSON for programs
repeating   running on a schedule
alerting    checking alerts, and sending messages when they start and end
alarms      which alarms start and which end, and their stored state
ranges      whether a metric leaves the range of its past               (pure)
days        the days used to check a metric                         (pure)
channels    webhooks, e-mails and files
schedules   files for cron, systemd, Kubernetes and GitHub Actions
asking      the corresponding methods of a workspace
"""
