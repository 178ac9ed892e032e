"""Upkeep of a workspace: its state, problems, and notifications.

standing    every table of every source, data that upstream will delete, intervals known to be wrong
worries     why monitoring should raise an alarm                                            (pure)
examining   whether settings, lake, activity, engine and every source work
deep        every checksum of lake and activity, and repairing what can be repaired
records     the same as JSON for programs
repeating   running on a schedule
alerting    checking alerts, and sending messages when they start and end
alarms      which alarms begin and which are over, and what is remembered of them
ranges      whether a metric leaves the range of its past               (pure)
days        the days that a metric is judged by                         (pure)
channels    webhooks, e-mails and files
schedules   files for cron, systemd, Kubernetes and GitHub Actions
asking      the methods that a workspace has of these
"""
