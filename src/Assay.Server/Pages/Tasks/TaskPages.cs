using Assay.Access;
using Assay.Inputs;
using Assay.Kernel.Lanes;
using Assay.Lanes.Tasks;
using Assay.Server.Http;
using Assay.Server.Pages.Shared;
using Assay.Server.Security;
using Assay.Tasks;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Assay.Server.Pages.Tasks;

/// <summary>The pages of runs, tasks and patches, and what their forms do.</summary>
internal sealed class TaskPages(TaskService service, AccessGuard guard, PageAnswers answers)
{
    private const int PageSize = 50;
    private const int MaxLines = 200;

    public void Map(IEndpointRouteBuilder routes)
    {
        var pages = routes.MapGroup("/ui").ExcludeFromDescription();
        pages.MapGet("/tasks", (Delegate)LatestAsync);
        pages.MapGet("/tasks/{run_id}", (HttpContext context, string run_id) => RunAsync(context, $"/ui/tasks/{run_id}", run_id));
        pages.MapGet("/tasks/{run_id}/{task_id}", TaskAsync);
        pages.MapGet("/patches/{patch_id}", PatchAsync);
        pages.MapPost("/tasks/{run_id}/{task_id}/done", (HttpContext context, string run_id, string task_id) => PutAsync(context, $"/ui/tasks/{run_id}/{task_id}", (by, form) =>
            service.DoneAsync(run_id, task_id, [], Text(form, "reason"), by)));
        pages.MapPost("/tasks/{run_id}/{task_id}/fail", (HttpContext context, string run_id, string task_id) => PutAsync(context, $"/ui/tasks/{run_id}/{task_id}", (by, form) =>
            service.FailAsync(run_id, task_id, Text(form, "reason"), by)));
        pages.MapPost("/tasks/{run_id}/{task_id}/cancel", (HttpContext context, string run_id, string task_id) => PutAsync(context, $"/ui/tasks/{run_id}/{task_id}", (by, form) =>
            service.CancelAsync(run_id, task_id, Text(form, "reason"), by)));
        pages.MapPost("/tasks/{run_id}/{task_id}/retry", (HttpContext context, string run_id, string task_id) => PutAsync(context, $"/ui/tasks/{run_id}/{task_id}", (by, form) =>
            service.RetryAsync(run_id, task_id, Text(form, "reason"), by)));
        pages.MapPost("/patches/{patch_id}/apply", (HttpContext context, string patch_id) => PutAsync(context, $"/ui/patches/{patch_id}", (by, form) =>
            service.ApplyAsync(patch_id, form["merge"] == "true", form["untested"] == "true", by)));
        pages.MapPost("/patches/{patch_id}/rollback", (HttpContext context, string patch_id) => PutAsync(context, $"/ui/patches/{patch_id}", (by, _) => service.RollBackAsync(patch_id, by)));
    }

    private async Task<IResult> LatestAsync(HttpContext context) => await RunAsync(context, "/ui/tasks", await service.LatestRunAsync());

    private async Task<IResult> RunAsync(HttpContext context, string path, string? runId)
    {
        if (runId is null) return answers.Page<TaskRunPage>(context, []);
        if (!ListAddress.HasLimit(context.Request))
        {
            return answers.Refused(context, HttpRefusal.Limit, "There is no such page", PageLimit.Wrong, path);
        }

        if (await service.RunViewAsync(runId) is not { } run) return answers.NotFound(context, Absent.Run(runId), "/ui/tasks");
        var address = ListAddress.Of(context.Request, path);
        var patches = ListAddress.Of(context.Request, path, "patches_");
        var runs = ListAddress.Of(context.Request, path, "runs_");
        if (TaskList.Page(run, address) is not { } tasks || !TryPlace(patches, out var patch) || !TryPlace(runs, out var last))
        {
            return answers.Refused(context, HttpRefusal.Cursor, "There is no such page", Cursor.NoPlace, path);
        }

        return answers.Page<TaskRunPage>(context, new()
        {
            [nameof(TaskRunPage.Run)] = run,
            [nameof(TaskRunPage.Address)] = address,
            [nameof(TaskRunPage.Tasks)] = tasks,
            [nameof(TaskRunPage.PatchAddress)] = patches,
            [nameof(TaskRunPage.Patches)] = ListPage<PatchSummary>.Of(
                await service.PatchPageAsync(runId, patch, PageSize + 1), PageSize, p => Cursor.Encode(p.UpdatedAt, p.Key)),
            [nameof(TaskRunPage.RunsAddress)] = runs,
            [nameof(TaskRunPage.Runs)] = ListPage<RunSummary>.Of(
                await service.RunPageAsync(last, PageSize + 1), PageSize, r => Cursor.Encode(r.StartedAt, r.RunId)),
        });
    }

    /// <summary>The place that a list's cursor names; null: its beginning. False when it names none.</summary>
    private static bool TryPlace(ListAddress address, out (string At, string Key)? place)
    {
        place = address.Cursor is { } cursor ? Cursor.Decode(cursor) : null;
        return address.Cursor is null || place is not null;
    }

    private async Task<IResult> TaskAsync(HttpContext context, string run_id, string task_id)
    {
        if (await service.TaskViewAsync(run_id, task_id, MaxLines) is { } task)
        {
            return answers.Page<TaskPage>(context, new() { [nameof(TaskPage.View)] = task, [nameof(TaskPage.Bars)] = TaskTimeline.Of(task) });
        }

        var absent = await service.VersionOfAsync(run_id) == 0 ? Absent.Run(run_id) : Absent.Task(run_id, task_id);
        return answers.NotFound(context, absent, "/ui/tasks");
    }

    private async Task<IResult> PatchAsync(HttpContext context, string patch_id) => await service.PatchDetailAsync(patch_id) is { } patch
        ? answers.Page<PatchPage>(context, new() { [nameof(PatchPage.Detail)] = patch, [nameof(PatchPage.Files)] = DiffFile.Parse(patch.Diff) })
        : answers.NotFound(context, Absent.Patch(patch_id), "/ui/tasks");

    private async Task<IResult> PutAsync(HttpContext context, string back, Func<Caller, IFormCollection, Task<Answer<Receipt>>> put)
    {
        var (caller, refusal) = await guard.FormAsync(context, Role.Submitter);
        if (caller is null) return answers.Refused(context, refusal!, "/ui/tasks");
        var answer = await put(caller, await context.Request.ReadFormAsync());
        if (answer.IsGiven) return Results.LocalRedirect(back);
        return answers.Refused(context, answer.Refusal, answer.Refusal.Kind.Class == RefusalClass.NotFound ? "/ui/tasks" : back);
    }

    private static string? Text(IFormCollection form, string field) => form[field].ToString().Trim() is { Length: > 0 } text ? text : null;
}
