using System.CommandLine;

namespace Assay.Cli.Commands;

/// <summary><c>assay completion</c>: a script that makes a shell complete commands and options.</summary>
internal static class CompletionCommand
{
    private const string Bash = """
        _assay() {
            local line="${COMP_LINE#* }" words
            mapfile -t words < <("$1" "[suggest:$((COMP_POINT - ${#COMP_WORDS[0]} - 1))]" "$line" 2>/dev/null)
            COMPREPLY=($(compgen -W "${words[*]}" -- "${COMP_WORDS[COMP_CWORD]}"))
        }
        complete -o default -F _assay assay
        """;

    private const string Zsh = """
        #compdef assay
        _assay() {
            local line="${BUFFER#* }"
            compadd -- ${(f)"$(assay "[suggest:${#line}]" "$line" 2>/dev/null)"}
            _files
        }
        compdef _assay assay
        """;

    private const string Fish = """
        complete -c assay -a '(set -l line (commandline -cp | string replace -r "^\S+\s" ""); assay "[suggest:"(string length -- "$line")"]" "$line" 2>/dev/null)'
        """;

    private static readonly string[] Shells = ["bash", "zsh", "fish"];

    public static Command Create()
    {
        var shell = new Argument<string>("SHELL") { Description = "bash, zsh or fish" };
        shell.CompletionSources.Add(Shells);
        shell.Validators.Add(result =>
        {
            if (result.Tokens is not [var given] || Shells.Contains(given.Value)) return;
            result.AddError($"there is no completion for {given.Value}: it is one of {string.Join(", ", Shells)}");
        });
        var command = new Command("completion", "Print a script that makes a shell complete commands and options") { shell };
        command.SetAction(parsed =>
        {
            Console.Out.WriteLine(parsed.GetValue(shell) switch
            {
                "bash" => Bash,
                "zsh" => Zsh,
                _ => Fish,
            });
            return ExitCodes.Done;
        });
        return command;
    }
}
