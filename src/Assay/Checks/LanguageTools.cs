using System.Diagnostics;

namespace Assay.Checks;

/// <summary>
/// Has programs of the system read files in the folder in which this one works. None of them runs what it reads, or writes beside it.
/// </summary>
internal static class LanguageTools
{
    private const int FilesAtOnce = 200;
    private const int MaxSaid = 2_000;

    private const string PythonScript =
        """
        import sys
        for p in sys.argv[1:]:
            try:
                with open(p, 'rb') as f:
                    compile(f.read(), p, 'exec', dont_inherit=True)
                said = 'ok'
            except BaseException as e:
                said = type(e).__name__ + ': ' + ' '.join(str(e).split())
            print(said.encode('ascii', 'replace').decode())
        """;

    /// <summary>What is wrong with each file, by its path; null: nothing.</summary>
    /// <param name="language">Their language.</param>
    /// <param name="paths">Paths from here.</param>
    /// <param name="cancel">Ends it.</param>
    public static async Task<IReadOnlyList<(string Path, string? Problem)>> ReadAsync(
        CheckedLanguage language, IReadOnlyList<string> paths, CancellationToken cancel)
    {
        if (language.Found is not { } program) return [.. paths.Select(p => (p, (string?)language.Missing))];
        var found = new List<(string, string?)>();
        if (language == CheckedLanguage.Python)
        {
            foreach (var some in paths.Chunk(FilesAtOnce)) found.AddRange(await PythonAsync(program, some, cancel));
            return found;
        }

        var option = language == CheckedLanguage.JavaScript ? "--check" : "-n";
        foreach (var path in paths)
        {
            var (code, _, errors) = await RunAsync(program, [option, $"./{path}"], cancel);
            found.Add((path, code == 0 ? null : Said(errors, $"{language.Program} {option} ended with {code}")));
        }

        return found;
    }

    private static async Task<IEnumerable<(string, string?)>> PythonAsync(string program, string[] paths, CancellationToken cancel)
    {
        // Isolated: neither the folder nor the environment names a module that it would load.
        var (code, output, _) = await RunAsync(program, ["-I", "-S", "-B", "-c", PythonScript, .. paths.Select(p => $"./{p}")], cancel);
        var lines = output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        return paths.Select((path, i) => (path, i < lines.Length ? Said(lines[i]) : $"python3 ended with {code} before it was read"));

        static string? Said(string line) => line == "ok" ? null : LanguageTools.Said(line, "");
    }

    private static async Task<(int Code, string Output, string Errors)> RunAsync(
        string program, IEnumerable<string> words, CancellationToken cancel)
    {
        var start = new ProcessStartInfo(program, words)
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        var output = process.StandardOutput.ReadToEndAsync(cancel);
        var errors = process.StandardError.ReadToEndAsync(cancel);
        await process.WaitForExitAsync(cancel);
        return (process.ExitCode, await output, await errors);
    }

    /// <summary>What a program said, in one line.</summary>
    private static string Said(string text, string otherwise)
    {
        var line = string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        return line.Length == 0 ? otherwise : line[..Math.Min(line.Length, MaxSaid)];
    }
}
