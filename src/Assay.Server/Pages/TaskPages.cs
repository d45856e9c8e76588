using Assay.Access;
using Assay.Kernel.Lanes;
using Assay.Server.Security;
using Assay.Tasks;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Assay.Server.Pages;

/// <summary>The pages of runs, tasks and patches, and what their forms do.</summary>
internal sealed class TaskPages(TaskBoard board, AccessGuard guard, PageAnswers answers)
{
    private const int MaxRuns = 50;
    private const int MaxLines = 200;

    public void Map(IEndpointRouteBuilder routes)
    {
        var pages = routes.MapGroup("/ui").ExcludeFromDescription();
        pages.MapGet("/tasks", (HttpContext context) => Run(context, board.LatestRun()));
        pages.MapGet("/tasks/{run_id}", (HttpContext context, string run_id) => board.Find(run_id) is null ? answers.NotFound(context) : Run(context, run_id));
        pages.MapGet("/tasks/{run_id}/{task_id}", Task);
        pages.MapGet("/patches/{patch_id}", Patch);
        pages.MapPost("/tasks/{run_id}/{task_id}/done", (HttpContext context, string run_id, string task_id) => PutAsync(context, $"/ui/tasks/{run_id}/{task_id}", (by, form) =>
            board.DoneAsync(run_id, task_id, [], Text(form, "reason"), by)));
        pages.MapPost("/tasks/{run_id}/{task_id}/fail", (HttpContext context, string run_id, string task_id) => PutAsync(context, $"/ui/tasks/{run_id}/{task_id}", (by, form) =>
            Text(form, "reason") is { } reason
                ? board.FailAsync(run_id, task_id, reason, by)
                : System.Threading.Tasks.Task.FromResult(TaskAnswer.Refused(task_id, RequestRefusals.Reason, "say why"))));
        pages.MapPost("/tasks/{run_id}/{task_id}/cancel", (HttpContext context, string run_id, string task_id) => PutAsync(context, $"/ui/tasks/{run_id}/{task_id}", (by, form) =>
            board.CancelAsync(run_id, task_id, Text(form, "reason"), by)));
        pages.MapPost("/tasks/{run_id}/{task_id}/retry", (HttpContext context, string run_id, string task_id) => PutAsync(context, $"/ui/tasks/{run_id}/{task_id}", (by, form) =>
            board.RetryAsync(run_id, task_id, Text(form, "reason"), by)));
        pages.MapPost("/patches/{patch_id}/apply", (HttpContext context, string patch_id) => PutAsync(context, $"/ui/patches/{patch_id}", (by, form) =>
            board.ApplyAsync(patch_id, form["merge"] == "true", by)));
        pages.MapPost("/patches/{patch_id}/rollback", (HttpContext context, string patch_id) => PutAsync(context, $"/ui/patches/{patch_id}", (by, _) => board.RollBackAsync(patch_id, by)));
    }

    private IResult Run(HttpContext context, string? runId) => answers.Page<TaskRunPage>(context, new()
    {
        [nameof(TaskRunPage.State)] = runId is null ? null : board.Find(runId),
        [nameof(TaskRunPage.Runs)] = board.Runs(MaxRuns),
        [nameof(TaskRunPage.Adapters)] = board.Adapters(),
        [nameof(TaskRunPage.Patches)] = runId is null ? [] : board.Patches(runId: runId),
    });

    private IResult Task(HttpContext context, string run_id, string task_id)
    {
        if (board.Find(run_id) is not { } state || !state.HasTask(task_id)) return answers.NotFound(context);
        var task = state.Task(task_id);
        return answers.Page<TaskPage>(context, new()
        {
            [nameof(TaskPage.State)] = state,
            [nameof(TaskPage.Task)] = task,
            [nameof(TaskPage.Prompt)] = board.Prompt(state, task),
            [nameof(TaskPage.Log)] = board.Log(run_id, task_id),
            [nameof(TaskPage.Output)] = board.Output(state, task_id, MaxLines),
        });
    }

    private IResult Patch(HttpContext context, string patch_id) => board.Patch(patch_id) is { } patch
        ? answers.Page<PatchPage>(context, new()
        {
            [nameof(PatchPage.Patch)] = patch,
            [nameof(PatchPage.History)] = board.History(patch_id),
            [nameof(PatchPage.Files)] = DiffFile.Parse(patch.Diff),
        })
        : answers.NotFound(context);

    private async Task<IResult> PutAsync(HttpContext context, string back, Func<Caller, IFormCollection, Task<TaskAnswer>> put)
    {
        var (caller, refusal) = await guard.FormAsync(context, Role.Submitter);
        if (caller is null) return answers.Refused(context, refusal!, "/ui/tasks");
        var answer = await put(caller, await context.Request.ReadFormAsync());
        if (answer.Refusal is not { } no) return Results.LocalRedirect(back);
        return answers.Refused(context, no, no.Kind.Class == RefusalClass.NotFound ? "/ui/tasks" : back);
    }

    private static string? Text(IFormCollection form, string field) => form[field].ToString().Trim() is { Length: > 0 } text ? text : null;
}
