using System.Collections.Immutable;
using System.Text.Json;
using Assay.Engine;
using Assay.Host;
using Assay.Inputs;
using Assay.Kernel.Effects;
using Assay.Kernel.Json;
using Assay.Kernel.Streams;
using Assay.Kernel.Values;
using Assay.Lanes.Shared;
using Assay.Lanes.Tasks;

namespace Assay.Tasks;

/// <summary>
/// Reads the adapters of a project once, checks them against this host, and fixes each as it is now. Every problem names adapter and key.
/// </summary>
internal sealed class AdapterLoader
{
    private const string Version = "adapters_v1";
    private const int DefaultConcurrency = 4;
    private const long DefaultResponseBytes = 8 << 20;
    private const long DefaultCheckEveryMs = 30_000;
    private const long DefaultCheckTimeoutMs = 5_000;

    private static readonly int[] OkStatus = [200, 201, 202, 204];

    private readonly InputDocument _document;
    private readonly PlanFolder _folder;
    private readonly HostCapabilities _host;
    private readonly List<InputProblem> _problems = [];
    private readonly bool _needsKeys;

    private AdapterLoader(InputDocument document, HostCapabilities host, bool needsKeys) =>
        (_document, _folder, _host, _needsKeys) = (document, new PlanFolder(document.Source), host, needsKeys);

    /// <summary>The adapters and what is said for all of them, or everything that is wrong.</summary>
    public static Checked<LoadedAdapters> Load(string path, HostCapabilities host) => Load(path, host, needsKeys: true).Adapters;

    /// <summary>
    /// One adapter, to be checked: the keys of agents do not have to be there, since nobody is asked who would take them.
    /// </summary>
    /// <param name="path">The document.</param>
    /// <param name="adapterId">The adapter.</param>
    /// <param name="host">What this host can hold.</param>
    public static Checked<PreparedAdapter> LoadForCheck(string path, string adapterId, HostCapabilities host)
    {
        var (adapters, document) = Load(path, host, needsKeys: false);
        if (!adapters.IsValid) return Checked<PreparedAdapter>.Refused(adapters.Problems);
        if (adapters.Value.Specs.TryGetValue(adapterId, out var spec)) return new PreparedAdapter(spec);
        var declared = string.Join(", ", adapters.Value.Specs.Keys);
        return document!.Problem("/adapters", TaskRefusals.UnknownAdapter.Code, $"declares no adapter {adapterId}, but {declared}");
    }

    /// <summary>What is wrong with a file of adapters; keys do not have to be there.</summary>
    public static IReadOnlyList<InputProblem> Check(string path, HostCapabilities host) =>
        Load(path, host, needsKeys: false).Adapters.Problems;

    private static (Checked<LoadedAdapters> Adapters, InputDocument? Document) Load(string path, HostCapabilities host, bool needsKeys)
    {
        var (document, sha256) = DocumentFile.ReadWithDigest(path, Version);
        if (!document.IsValid) return (Checked<LoadedAdapters>.Refused(document.Problems), null);
        var loader = new AdapterLoader(document.Value, host, needsKeys);
        var adapters = loader.Read(sha256);
        return (loader._problems.Count == 0 ? adapters : Checked<LoadedAdapters>.Refused(loader._problems), document.Value);
    }

    private LoadedAdapters Read(Digest sha256)
    {
        var parsed = _document.Root.Deserialize(TaskInputJson.Default.AdaptersDocument)!;
        var specs = new Dictionary<string, AdapterSpec>(StringComparer.Ordinal);
        var bodies = new Dictionary<string, JsonElement?>(StringComparer.Ordinal);
        for (var i = 0; i < parsed.Adapters.Length; i++)
        {
            var adapter = parsed.Adapters[i];
            if (!specs.TryAdd(adapter.AdapterId, Bind(adapter, $"/adapters/{i}"))) Refuse(adapter, $"/adapters/{i}/adapter_id", "unique", "is declared twice");
            bodies[adapter.AdapterId] = adapter.Body;
        }

        var escalation = parsed.Escalation is { } target ? new EscalationTarget(target.WebhookUrl, target.SecretEnv) : null;
        if (escalation?.SecretVariable is { } name && Environment.GetEnvironmentVariable(name) is null)
        {
            _problems.Add(_document.Problem("/escalation/secret_env", "secret", $"the variable {name}, which holds the key of the webhook, is not set"));
        }

        return new LoadedAdapters(sha256, specs, bodies, parsed.SafeModeAfterMs ?? 300_000, escalation);
    }

    private AdapterSpec Bind(AdapterDocument adapter, string pointer)
    {
        var pinned = ImmutableArray.CreateBuilder<PinnedFile>();
        var agent = adapter.Kind == AdapterKind.Agent ? AgentRule.Load(adapter, _folder.Path, pointer, _needsKeys, Refusing(adapter)) : null;
        if (agent is not null) pinned.Add(agent.Pinned);
        ImmutableArray<string> command = adapter.Kind switch
        {
            AdapterKind.Agent => agent is null ? [] : [agent.Program],
            AdapterKind.Model => [AssayCommand.Path, AssayCommand.ModelCall],
            _ => Command(adapter, adapter.Command, $"{pointer}/command", pinned),
        };
        CheckKeys(adapter, pointer);
        var (breaker, retry) = (adapter.CircuitBreaker, adapter.Retry);
        var level = Sandbox(adapter, pointer);
        return new AdapterSpec
        {
            AdapterId = adapter.AdapterId,
            Kind = adapter.Kind,
            Sandbox = level,
            Grants = Granted(adapter, level, agent, pointer),
            Command = command,
            Pinned = pinned.ToImmutable(),
            Inherit = adapter.Env,
            Url = adapter.Url,
            Method = adapter.Method ?? "POST",
            Headers = (adapter.Headers ?? ImmutableDictionary<string, string>.Empty).ToImmutableSortedDictionary(StringComparer.OrdinalIgnoreCase),
            MaxResponseBytes = adapter.MaxResponseBytes ?? DefaultResponseBytes,
            Answer = adapter.Answer ?? AnswerKind.Text,
            Agent = agent?.Spec,
            Environment = adapter.Set is { Count: > 0 } set ? set.ToImmutableSortedDictionary(StringComparer.Ordinal) : null,
            Model = adapter.Model is { } model ? ModelCallRule.Load(model, _folder.Path, $"{pointer}/model", Refusing(adapter)) : null,
            HealthCheck = Check(adapter, pointer, pinned),
            Concurrency = adapter.Concurrency ?? DefaultConcurrency,
            CircuitBreaker = new BreakerSettings(breaker?.FailureThreshold ?? 5, breaker?.OpenMs ?? 60_000, breaker?.HalfOpenSuccesses ?? 1),
            Retry = new RetrySettings(
                retry?.MaxAttempts ?? 3,
                new BackOff(retry?.Backoff ?? BackOffGrowth.Exponential, retry?.BaseMs ?? 1_000, retry?.MaxMs ?? 60_000, retry?.Jitter ?? true))
            {
                OnAcceptance = retry?.On.Contains(RetryCause.Acceptance) == true,
            },
            SuccessCodes = adapter.Kind == AdapterKind.Http
                ? adapter.Success is { StatusCodes: { IsEmpty: false } statuses } ? statuses : [.. OkStatus]
                : adapter.Success is { ExitCodes: { IsEmpty: false } codes } ? codes : [0],
            RateLimit = adapter.RateLimit is { } rate ? new RateLimit(adapter.AdapterId, rate.Permits, rate.PerMs) : null,
            ReminderMs = adapter.ReminderMs,
        };
    }

    private Grants Granted(AdapterDocument adapter, SandboxLevel level, LoadedAgent? agent, string pointer)
    {
        var keys = new GrantKeys(adapter.Reads, adapter.Hides, adapter.Hosts, adapter.Network);
        var grants = GrantRule.Load(_folder.Path, keys, level, _host, pointer, Refusing(adapter));
        if (agent is not null && level != SandboxLevel.None) return grants with { Reads = [.. grants.Reads, .. agent.Reads] };
        return adapter.Kind == AdapterKind.Model ? NetworkRule.ForModel(grants, _host) : grants;
    }

    /// <summary>Keys that another kind of adapter would need do nothing here, which nobody would notice.</summary>
    private void CheckKeys(AdapterDocument adapter, string pointer)
    {
        void Only(bool isSet, string key, params AdapterKind[] kinds)
        {
            if (isSet && !kinds.Contains(adapter.Kind)) Refuse(adapter, $"{pointer}/{key}", "kind", $"{key} means nothing for kind {WireName<AdapterKind>.Of(adapter.Kind)}: remove it");
        }

        Only(!adapter.Command.IsEmpty, "command", AdapterKind.Process, AdapterKind.Agent);
        Only(adapter.Agent is not null, "agent", AdapterKind.Agent);
        Only(adapter.Set is not null, "set", AdapterKind.Process, AdapterKind.Agent);
        Only(adapter.Url is not null, "url", AdapterKind.Http);
        Only(adapter.Method is not null, "method", AdapterKind.Http);
        Only(adapter.Headers is not null, "headers", AdapterKind.Http);
        Only(adapter.Body is not null, "body", AdapterKind.Http);
        Only(adapter.MaxResponseBytes is not null, "max_response_bytes", AdapterKind.Http);
        Only(adapter.RateLimit is not null, "rate_limit", AdapterKind.Http);
        Only(adapter.Answer is not null, "answer", AdapterKind.Http, AdapterKind.Model);
        Only(adapter.Model is not null, "model", AdapterKind.Model);
        Only(adapter.Sandbox is not null, "sandbox", AdapterKind.Process, AdapterKind.Model, AdapterKind.Agent);
        Only(!adapter.Reads.IsEmpty, "reads", AdapterKind.Process, AdapterKind.Model, AdapterKind.Agent);
        Only(!adapter.Hides.IsEmpty, "hides", AdapterKind.Process, AdapterKind.Model, AdapterKind.Agent);
        Only(!adapter.Hosts.IsEmpty, "hosts", AdapterKind.Process, AdapterKind.Model, AdapterKind.Agent);
        Only(adapter.Network is not null, "network", AdapterKind.Process, AdapterKind.Model, AdapterKind.Agent);
        Only(!adapter.Env.IsEmpty, "env", AdapterKind.Process, AdapterKind.Agent);
        Only(adapter.Retry is { On.IsEmpty: false }, "retry/on", AdapterKind.Process, AdapterKind.Http, AdapterKind.Model, AdapterKind.Agent);
        Only(adapter.ReminderMs is not null, "reminder_ms", AdapterKind.Manual);
        Only(adapter.HealthCheck is not null, "health_check", AdapterKind.Process, AdapterKind.Http, AdapterKind.Model, AdapterKind.Agent);
        foreach (var name in (adapter.Set ?? ImmutableDictionary<string, string>.Empty).Keys.Order(StringComparer.Ordinal)) CheckSet(adapter, name, $"{pointer}/set");
        if (adapter.Retry is { BaseMs: { } first, MaxMs: { } most } && first > most) Refuse(adapter, $"{pointer}/retry/base_ms", "retry", $"{first} is more than max_ms {most}");
    }

    /// <summary>What Assay says of an attempt, and how an agent finds its model, is not the document's to say.</summary>
    private void CheckSet(AdapterDocument adapter, string name, string pointer)
    {
        if (TaskEffects.Variables.Contains(name)) Refuse(adapter, $"{pointer}/{name}", "set", $"{name} says which attempt it is, and Assay sets it: remove it");
        else if (adapter.Agent is { } agent && AgentTemplate.Of(agent.Template).Variables.ContainsKey(name))
        {
            Refuse(adapter, $"{pointer}/{name}", "set", $"{name} is what the template sets, without which the agent is another one: remove it");
        }
    }

    private SandboxLevel Sandbox(AdapterDocument adapter, string pointer)
    {
        if (adapter.Kind is AdapterKind.Http or AdapterKind.Manual) return SandboxLevel.None;
        var level = adapter.Sandbox ?? SandboxLevel.Confined;
        SandboxRule.CheckHost(level, _host, $"{pointer}/sandbox", Refusing(adapter));
        if (adapter.Kind is AdapterKind.Model or AdapterKind.Agent) SandboxRule.CheckModelCall(level, $"{pointer}/sandbox", Refusing(adapter));
        if (adapter.Kind == AdapterKind.Agent && level != SandboxLevel.None && _host.HostsProblem is { } missing)
        {
            Refuse(adapter, $"{pointer}/sandbox", "network", $"an agent reaches its model through a gateway in a network of its own: {missing}; or say sandbox: none");
        }

        return level;
    }

    private HealthCheck? Check(AdapterDocument adapter, string pointer, ImmutableArray<PinnedFile>.Builder pinned) => adapter.HealthCheck is not { } check
        ? null
        : new HealthCheck(
            Command(adapter, check.Command, $"{pointer}/health_check/command", pinned), check.Url, check.IntervalMs ?? DefaultCheckEveryMs, check.TimeoutMs ?? DefaultCheckTimeoutMs);

    /// <summary>A command whose program, when it is a file of the project, is absolute and pinned.</summary>
    private ImmutableArray<string> Command(AdapterDocument adapter, ImmutableArray<string> words, string pointer, ImmutableArray<PinnedFile>.Builder pinned)
    {
        if (words.IsEmpty || words[0] == "{command}") return words;
        if (new ProgramRule(_folder, _folder.Path, Refusing(adapter)).Bind(words[0], $"{pointer}/0") is not { } file) return words;
        if (!pinned.Contains(file)) pinned.Add(file);
        return words.SetItem(0, file.Path);
    }

    /// <summary>Takes problems of one adapter.</summary>
    private InputRefusal Refusing(AdapterDocument adapter) => (pointer, rule, message) => Refuse(adapter, pointer, rule, message);

    private void Refuse(AdapterDocument adapter, string pointer, string rule, string message) =>
        _problems.Add(_document.Problem(pointer, rule, $"adapter {adapter.AdapterId}: {message}"));
}

/// <summary>The adapters of a project.</summary>
/// <param name="Sha256">The very bytes that were read.</param>
/// <param name="Specs">By id.</param>
/// <param name="Bodies">The templates of request bodies, by adapter.</param>
/// <param name="SafeModeAfterMs">How long a breaker may be open before nothing more is started.</param>
/// <param name="Escalation">Where escalations go.</param>
internal sealed record LoadedAdapters(
    Digest Sha256, IReadOnlyDictionary<string, AdapterSpec> Specs, IReadOnlyDictionary<string, JsonElement?> Bodies, long SafeModeAfterMs,
    EscalationTarget? Escalation);
