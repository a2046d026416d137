using Bowline.Resources.Model;

namespace Bowline.EmbeddedCluster.Controllers.Workloads;

internal sealed partial class DeploymentRollout
{
    private int Deadline => deployment.Spec().Int("progressDeadlineSeconds", int.MaxValue);

    private bool HasDeadline => Deadline != int.MaxValue;

    private MapNode? Progressing => conditions.Maps().FirstOrDefault(condition => condition.Text("type") == "Progressing");

    private string Subject => current is null ? $"Deployment \"{deployment.Name()}\"" : $"ReplicaSet \"{current.Name}\"";

    private void NotePause(bool paused)
    {
        if (!HasDeadline || Progressing is { } condition && condition.Text("reason") == "ProgressDeadlineExceeded")
        {
            return;
        }

        bool noted = Progressing is { } present && present.Text("reason") == "DeploymentPaused";
        if (paused && !noted)
        {
            Note("Progressing", "Unknown", "DeploymentPaused", "Deployment is paused");
        }
        else if (!paused && noted)
        {
            Note("Progressing", "Unknown", "DeploymentResumed", "Deployment is resumed");
        }
    }

    private MapNode ComputeStatus()
    {
        int available = all.Sum(set => set.AvailableReplicas);
        MapNode status = new();
        status.PutCount("observedGeneration", (int)deployment.Generation());
        status.PutCount("replicas", all.Sum(set => set.ActualReplicas));
        status.PutCount("updatedReplicas", current?.ActualReplicas ?? 0);
        status.PutCount("readyReplicas", all.Sum(set => set.ReadyReplicas));
        status.PutCount("availableReplicas", available);
        status.PutCount("unavailableReplicas", Math.Max(0, all.Sum(set => set.Replicas) - available));
        status["terminatingReplicas"] = all.Sum(set => set.TerminatingReplicas);
        if (collisions >= 0)
        {
            status["collisionCount"] = collisions;
        }

        return status;
    }

    private void NoteAvailability(MapNode status)
    {
        if (status.Int("availableReplicas") >= replicas - MaxUnavailable)
        {
            Note("Available", "True", "MinimumReplicasAvailable", "Deployment has minimum availability.");
        }
        else
        {
            Note("Available", "False", "MinimumReplicasUnavailable", "Deployment does not have minimum availability.");
        }
    }

    private void WriteStatus()
    {
        MapNode status = ComputeStatus();
        NoteAvailability(status);
        status.PutConditions(conditions);
        plan.Status = status;
    }

    private void WriteRolloutStatus()
    {
        MapNode status = ComputeStatus();
        NoteAvailability(status);
        MapNode? progressing = Progressing;
        if (!HasDeadline)
        {
            Counting.RemoveCondition(conditions, "Progressing");
        }
        else if (status.Int("replicas") != status.Int("updatedReplicas") || progressing.Text("reason") != "NewReplicaSetAvailable")
        {
            NoteProgress(status, progressing);
        }

        NoteFailure();
        status.PutConditions(conditions);
        plan.Status = status;
        if (HasDeadline && Progressing is { } waiting && !IsComplete(status) && waiting.Text("reason") != "ProgressDeadlineExceeded")
        {
            TimeSpan? left = waiting["lastUpdateTime"].Time() + TimeSpan.FromSeconds(Deadline) - now;
            plan.RequeueAfter = left is { } time && time > TimeSpan.Zero ? time + TimeSpan.FromSeconds(1) : TimeSpan.FromSeconds(1);
        }
    }

    private void NoteProgress(MapNode status, MapNode? before)
    {
        MapNode old = deployment.Status();
        if (IsComplete(status))
        {
            Note("Progressing", "True", "NewReplicaSetAvailable", Subject + " has successfully progressed.");
        }
        else if (HasProgressed(status, old))
        {
            // Progress renews the deadline: the condition is replaced even if it says the same.
            Counting.RemoveCondition(conditions, "Progressing");
            MapNode condition = Note("Progressing", "True", "ReplicaSetUpdated", Subject + " is progressing.");
            if (before.Text("status") == "True" && before?["lastTransitionTime"] is { } since)
            {
                condition["lastTransitionTime"] = since;
            }
        }
        else if (HasTimedOut(before))
        {
            Note("Progressing", "False", "ProgressDeadlineExceeded", Subject + " has timed out progressing.");
        }
    }

    private static bool HasProgressed(MapNode status, MapNode old) =>
        status.Int("updatedReplicas") > old.Int("updatedReplicas")
        || status.Int("replicas") - status.Int("updatedReplicas") < old.Int("replicas") - old.Int("updatedReplicas")
        || status.Int("readyReplicas") > old.Int("readyReplicas")
        || status.Int("availableReplicas") > old.Int("availableReplicas");

    private bool HasTimedOut(MapNode? condition) => condition.Text("reason") switch
    {
        "" or "NewReplicaSetAvailable" => false,
        "ProgressDeadlineExceeded" => true,
        _ => condition?["lastUpdateTime"].Time() + TimeSpan.FromSeconds(Deadline) < now,
    };

    private bool IsComplete(MapNode status) =>
        status.Int("updatedReplicas") == replicas
        && status.Int("replicas") == replicas
        && status.Int("availableReplicas") == replicas;

    private void NoteFailure()
    {
        IEnumerable<ReplicaSetDraft> order = current is null ? all : all.Prepend(current);
        MapNode? failure = order.Select(set => set.Live?.Status().Condition("ReplicaFailure")).FirstOrDefault(condition => condition is not null);
        if (failure is null)
        {
            Counting.RemoveCondition(conditions, "ReplicaFailure");
            return;
        }

        Note("ReplicaFailure", failure.Text("status"), failure.Text("reason"), failure.Text("message"));
    }

    private MapNode Note(string type, string status, string reason, string message)
    {
        MapNode condition = new()
        {
            ["type"] = type,
            ["status"] = status,
            ["lastUpdateTime"] = now.Stamp(),
            ["lastTransitionTime"] = now.Stamp(),
            ["reason"] = reason,
            ["message"] = message,
        };
        Counting.SetCondition(conditions, condition);
        return condition;
    }
}
