namespace Assay.Kernel.Schemas;

/// <summary>Why an instance does not satisfy a schema.</summary>
/// <param name="InstancePointer">JSON pointer of the value that was refused.</param>
/// <param name="Keyword">The keyword that refused it.</param>
/// <param name="Message">One sentence for a person.</param>
public sealed record SchemaError(string InstancePointer, string Keyword, string Message);

/// <summary>The schema itself is no valid draft 2020-12 schema, or refers to one that is not known.</summary>
public sealed class SchemaException(string message) : Exception(message);
