"""Where runs and their steps are executed: processes, containers, pods, a cluster."""
