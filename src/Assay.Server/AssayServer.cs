using System.Globalization;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using System.Threading.RateLimiting;
using Assay.Access;
using Assay.Engine.Streams;
using Assay.Engine.Workspaces;
using Assay.Host;
using Assay.Jobs;
using Assay.Lanes.Jobs;
using Assay.Server.Api;
using Assay.Server.Api.Epochs;
using Assay.Server.Api.Events;
using Assay.Server.Api.Jobs;
using Assay.Server.Api.Tasks;
using Assay.Server.Http;
using Assay.Server.Pages.Jobs;
using Assay.Server.Pages.Shared;
using Assay.Server.Pages.SignIn;
using Assay.Server.Pages.Tasks;
using Assay.Server.Security;
using Assay.Tasks;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Assay.Server;

/// <summary>API and pages of a workspace. This file puts the server together.</summary>
public static class AssayServer
{
    private const int BurstSeconds = 10;

    private static readonly TimeSpan HeaderPatience = TimeSpan.FromSeconds(15);

    /// <summary>Serves until told to stop.</summary>
    /// <param name="workspace">The workspace.</param>
    /// <param name="options">Checked with <see cref="ListenRule"/> before.</param>
    /// <param name="onListening">Is told the addresses once requests are answered.</param>
    /// <param name="stop">Ends it.</param>
    public static async Task RunAsync(Workspace workspace, ServeOptions options, Action<IReadOnlyList<string>> onListening, CancellationToken stop)
    {
        if (ListenRule.Problem(options) is { } problem) throw new ArgumentException(problem, nameof(options));
        var time = TimeProvider.System;
        var jobs = await JobService.OpenAsync(workspace, time);
        var tasks = await TaskService.OpenAsync(workspace, time);
        using var submissions = new Submissions(jobs, workspace.Store, new PolicyShelf(options.Policies), options.Jobs, time);
        using var refusals = new RefusalLog(workspace.Root, time);
        var sessions = new Sessions(time);
        var credentials = new Credentials(options.WriteAuth, new TokenBook(workspace.Root, time), sessions);
        var gate = ConnectionGate.For(OpenFiles.Limits().Soft);
        await using var app = Build(options, refusals, credentials, gate);
        var guard = new AccessGuard(credentials, app.Services.GetRequiredService<IAntiforgery>());

        app.Use(refusals.RecordAsync);
        app.Use(SecurityHeaders.AddAsync);
        app.Use(FailureAnswers.CatchAsync);
        app.Use(new HostGuard(options.Urls, options.AllowedHosts).InvokeAsync);
        app.Use((context, next) =>
        {
            if (credentials.Of(context) is not null) gate.Prove(context.Connection.Id);
            return next(context);
        });
        app.UseRateLimiter();
        app.Use(new ReadGuard(credentials, guard).InvokeAsync);
        app.UseRouting();

        await using var tail = await StreamTail.OpenAsync(workspace.Store);
        var events = new EventAnswers(workspace.Store, new EventStream(new EventHub(workspace.Store, tail), stop));
        new JobEndpoints(jobs, submissions, guard, events, new JobEvents(workspace.Store)).Map(app);
        new DossierEndpoints(jobs).Map(app);
        new RegistryEndpoints(jobs).Map(app);
        new TaskEndpoints(events).Map(app);
        new EpochEndpoints(events).Map(app);
        var answers = new PageAnswers(guard);
        using var counts = new OncePerCommit<IReadOnlyDictionary<string, long>>(workspace.Store, jobs.CountsAsync);
        new JobPages(jobs, submissions, guard, answers, counts, time).Map(app);
        new RegistryPages(jobs, answers).Map(app);
        new SignInPages(credentials, sessions, guard, answers, OperatorToken.PathIn(workspace.Root)).Map(app);
        new TaskPages(tasks, guard, answers).Map(app);
        new HealthEndpoints(workspace.Store).Map(app);
        using var metrics = new MetricsEndpoint(workspace, time);
        metrics.Map(app);
        AssetEndpoints.Map(app);
        app.MapOpenApi("/openapi/{documentName}.json");

        await app.StartAsync(stop);
        onListening([.. app.Urls]);
        await app.WaitForShutdownAsync(stop);
    }

    private static WebApplication Build(ServeOptions options, RefusalLog refusals, Credentials credentials, ConnectionGate gate)
    {
        // Empty, so that no settings file or variable of the folder it is started in changes what it does.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ApplicationName = typeof(AssayServer).Assembly.GetName().Name });
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel => Listen(kestrel, options, gate));
        builder.Logging.SetMinimumLevel(LogLevel.Debug).AddFilter((category, _) => category == MalformedRequests.Category).AddProvider(new MalformedRequests(refusals));
        var services = builder.Services;
        services.AddRoutingCore();
        services.AddRazorComponents();
        services.AddDataProtection().UseEphemeralDataProtectionProvider();
        services.AddAntiforgery(forms =>
        {
            forms.FormFieldName = PageContext.FormTokenField;
            forms.HeaderName = null;
            forms.Cookie.Name = "assay_form";
            forms.Cookie.SameSite = SameSiteMode.Strict;
            forms.Cookie.HttpOnly = true;
            forms.SuppressXFrameOptionsHeader = true;
        });
        services.Configure<FormOptions>(forms => forms.ValueLengthLimit = (int)Http.RequestBody.MaxBytes);
        services.ConfigureHttpJsonOptions(json =>
        {
            json.SerializerOptions.TypeInfoResolverChain.Insert(0, JobViewJson.Default);
            json.SerializerOptions.TypeInfoResolverChain.Insert(1, ProblemJson.Default);
            json.SerializerOptions.TypeInfoResolverChain.Insert(2, JobRequestJson.Default);
            json.SerializerOptions.TypeInfoResolverChain.Insert(3, HealthJson.Default);
            json.SerializerOptions.PropertyNamingPolicy = System.Text.Json.JsonNamingPolicy.SnakeCaseLower;
        });
        services.AddOpenApi("v1", api => api.AddDocumentTransformer(OpenApiExamples.DocumentAsync).AddOperationTransformer(OpenApiExamples.OperationAsync));
        services.AddRateLimiter(limits => Limit(limits, options, credentials));
        return builder.Build();
    }

    private static void Listen(KestrelServerOptions kestrel, ServeOptions options, ConnectionGate gate)
    {
        kestrel.AddServerHeader = false;
        kestrel.Limits.MaxRequestBodySize = Http.RequestBody.MaxBytes;
        kestrel.Limits.RequestHeadersTimeout = HeaderPatience;
        foreach (var url in options.Urls)
        {
            if (url.Host == "localhost") kestrel.ListenLocalhost(url.Port, Secure(url, options, gate));
            else kestrel.Listen(IPAddress.Parse(url.Host.Trim('[', ']')), url.Port, Secure(url, options, gate));
        }
    }

    private static Action<ListenOptions> Secure(Uri url, ServeOptions options, ConnectionGate gate) => listen =>
    {
        listen.Use(next => connection => gate.PassAsync(connection, next));
        if (url.Scheme == "https") listen.UseHttps(X509Certificate2.CreateFromPemFile(options.CertificateFile!, options.CertificateKeyFile));
    };

    /// <summary>
    /// Reading and writing have a bucket each: for everybody with credentials his own, and for those without one for their address, so that
    /// these keep out nobody but each other.
    /// </summary>
    private static void Limit(Microsoft.AspNetCore.RateLimiting.RateLimiterOptions limits, ServeOptions options, Credentials credentials)
    {
        limits.GlobalLimiter = PartitionedRateLimiter.Create<HttpContext, string>(context =>
        {
            var reads = HttpMethods.IsGet(context.Request.Method) || HttpMethods.IsHead(context.Request.Method);
            var rate = reads ? options.ReadsPerSecond : options.WritesPerSecond;
            var who = credentials.Of(context) is { } known
                ? $"{known.Role} {known.TokenId} {known.Name}"
                : context.Connection.RemoteIpAddress?.ToString();
            return RateLimitPartition.GetTokenBucketLimiter($"{who} {reads}", _ => new TokenBucketRateLimiterOptions
            {
                TokenLimit = rate * BurstSeconds,
                TokensPerPeriod = rate,
                ReplenishmentPeriod = TimeSpan.FromSeconds(1),
                QueueLimit = 0,
            });
        });
        limits.OnRejected = async (rejected, _) =>
        {
            var seconds = rejected.Lease.TryGetMetadata(MetadataName.RetryAfter, out var after) ? Math.Max(1, (int)Math.Ceiling(after.TotalSeconds)) : 1;
            rejected.HttpContext.Response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
            await Problems.WriteAsync(rejected.HttpContext, HttpRefusal.RateLimit, $"too many requests: try again in {seconds} s");
        };
    }
}
