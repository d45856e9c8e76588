using Assay.Kernel.Json;

namespace Assay.Ledger.Opening;

/// <summary>Which store holds the ledgers of workspaces: one setting for a process, and for all that share a workspace.</summary>
public sealed record StoreSetting
{
    /// <summary>The environment variable that names it.</summary>
    public const string Variable = "ASSAY_STORE";

    private StoreSetting(string name) => Name = name;

    /// <summary>The embedded store, which is also the one when none is named.</summary>
    public static StoreSetting Sqlite { get; } = new("sqlite");

    /// <summary>Its name, as the variable takes it.</summary>
    public string Name { get; }

    /// <summary>The store of a name, or why there is none.</summary>
    /// <param name="name">The name; null or empty: none was named.</param>
    public static Checked<StoreSetting> Of(string? name) => string.IsNullOrEmpty(name) || name == Sqlite.Name
        ? Sqlite
        : new InputProblem(Variable, "", "store", $"there is no store {name}: it is {Sqlite.Name}, as when it is left out");

    /// <summary>The store that the environment names, or why there is none.</summary>
    public static Checked<StoreSetting> OfEnvironment() => Of(Environment.GetEnvironmentVariable(Variable));

    /// <summary>The store that the environment names, for whoever was not told before that there is none.</summary>
    /// <exception cref="LedgerException">There is none.</exception>
    public static StoreSetting Required() =>
        OfEnvironment() is { IsValid: true } found ? found.Value : throw new LedgerException(OfEnvironment().Problems[0].ToString());
}
