"""What keeps a workspace going for years: how it stands, what is wrong, and who is notified.

standing    every table of every source, what upstream will forget, what is known to be wrong
worries     why monitoring should raise an alarm                                            (pure)
examining   whether settings, lake, activity, engine and every source work
deep        every checksum of lake and activity, and mending what can be mended
records     the same as JSON for programs
repeating   again and again, at a schedule
alerting    a look at what alerts are about, and sending what began and what is over
alarms      which alarms begin and which are over, and what is remembered of them
ranges      whether a metric leaves the range of its past               (pure)
days        the days that a metric is judged by                         (pure)
channels    webhooks, e-mails and files
schedules   files for cron, systemd, Kubernetes and GitHub Actions
asking      the methods that a workspace has of these
"""
