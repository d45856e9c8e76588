namespace Assay.Lanes.Queue.Safety;

/// <summary>The folder that a command would work in: the queue's root, or the task's copy of its tree.</summary>
internal interface IWorkPlace
{
    /// <summary>A path relative to the folder, without <c>.</c> and <c>..</c> and with every link resolved, empty for the folder itself; null: it lies outside.</summary>
    string? Inside(string path);

    /// <summary>The digest of a file of the folder in hexadecimal digits; null: it is none that can be read.</summary>
    string? Sha256(string path);
}
