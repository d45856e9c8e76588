using Assay.Access;
using Assay.Inputs;
using Assay.Kernel.Lanes;
using Assay.Server.Security;
using Assay.Tasks;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Assay.Server.Pages;

/// <summary>The pages of runs, tasks and patches, and what their forms do.</summary>
internal sealed class TaskPages(TaskService service, AccessGuard guard, PageAnswers answers)
{
    private const int MaxRuns = 50;
    private const int MaxLines = 200;

    public void Map(IEndpointRouteBuilder routes)
    {
        var pages = routes.MapGroup("/ui").ExcludeFromDescription();
        pages.MapGet("/tasks", (HttpContext context) => Run(context, service.LatestRun()));
        pages.MapGet("/tasks/{run_id}", (HttpContext context, string run_id) => service.Find(run_id) is null ? answers.NotFound(context) : Run(context, run_id));
        pages.MapGet("/tasks/{run_id}/{task_id}", Task);
        pages.MapGet("/patches/{patch_id}", Patch);
        pages.MapPost("/tasks/{run_id}/{task_id}/done", (HttpContext context, string run_id, string task_id) => PutAsync(context, $"/ui/tasks/{run_id}/{task_id}", (by, form) =>
            service.DoneAsync(run_id, task_id, [], Text(form, "reason"), by)));
        pages.MapPost("/tasks/{run_id}/{task_id}/fail", (HttpContext context, string run_id, string task_id) => PutAsync(context, $"/ui/tasks/{run_id}/{task_id}", (by, form) =>
            Text(form, "reason") is { } reason
                ? service.FailAsync(run_id, task_id, reason, by)
                : System.Threading.Tasks.Task.FromResult(TaskAnswer.Refused(task_id, RequestRefusals.Reason, "say why"))));
        pages.MapPost("/tasks/{run_id}/{task_id}/cancel", (HttpContext context, string run_id, string task_id) => PutAsync(context, $"/ui/tasks/{run_id}/{task_id}", (by, form) =>
            service.CancelAsync(run_id, task_id, Text(form, "reason"), by)));
        pages.MapPost("/tasks/{run_id}/{task_id}/retry", (HttpContext context, string run_id, string task_id) => PutAsync(context, $"/ui/tasks/{run_id}/{task_id}", (by, form) =>
            service.RetryAsync(run_id, task_id, Text(form, "reason"), by)));
        pages.MapPost("/patches/{patch_id}/apply", (HttpContext context, string patch_id) => PutAsync(context, $"/ui/patches/{patch_id}", (by, form) =>
            service.ApplyAsync(patch_id, form["merge"] == "true", by)));
        pages.MapPost("/patches/{patch_id}/rollback", (HttpContext context, string patch_id) => PutAsync(context, $"/ui/patches/{patch_id}", (by, _) => service.RollBackAsync(patch_id, by)));
    }

    private IResult Run(HttpContext context, string? runId) => answers.Page<TaskRunPage>(context, new()
    {
        [nameof(TaskRunPage.State)] = runId is null ? null : service.Find(runId),
        [nameof(TaskRunPage.Runs)] = service.Runs(MaxRuns),
        [nameof(TaskRunPage.Adapters)] = service.Adapters(),
        [nameof(TaskRunPage.Patches)] = runId is null ? [] : service.Patches(runId: runId),
    });

    private IResult Task(HttpContext context, string run_id, string task_id)
    {
        if (service.Find(run_id) is not { } state || !state.HasTask(task_id)) return answers.NotFound(context);
        var task = state.Task(task_id);
        return answers.Page<TaskPage>(context, new()
        {
            [nameof(TaskPage.State)] = state,
            [nameof(TaskPage.Task)] = task,
            [nameof(TaskPage.Prompt)] = service.Prompt(state, task),
            [nameof(TaskPage.Log)] = service.Log(run_id, task_id),
            [nameof(TaskPage.Output)] = service.Output(state, task_id, MaxLines),
        });
    }

    private IResult Patch(HttpContext context, string patch_id) => service.Patch(patch_id) is { } patch
        ? answers.Page<PatchPage>(context, new()
        {
            [nameof(PatchPage.Patch)] = patch,
            [nameof(PatchPage.History)] = service.History(patch_id),
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
