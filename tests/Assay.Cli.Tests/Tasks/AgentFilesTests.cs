using Assay.Inputs;

namespace Assay.Tests.Tasks;

/// <summary>What an agent may read because its program was installed there.</summary>
public sealed class AgentFilesTests : IDisposable
{
    private readonly TemporaryFolder _home = new();

    public void Dispose() => _home.Dispose();

    [Fact]
    public void Node_in_a_folder_of_the_home_opens_nothing_else_of_the_home()
    {
        var (agent, node) = (Put("agent", "#!/usr/bin/env node\n"), Put("bin/node", ""));
        Put(".ssh/id", "secret");
        Assert.Equal([agent, node], AgentFiles.Of(agent, _home.Under("bin")).Distinct());
    }

    [Fact]
    public void Node_with_packages_of_its_own_opens_them_and_what_its_name_leads_to()
    {
        var (agent, node, package) = (Put("agent", "#!/usr/bin/env node\n"), Put("node-24/bin/node", ""), Put("node-24/lib/node_modules/npm/index.js", ""));
        Directory.CreateDirectory(_home.Under("bin"));
        File.CreateSymbolicLink(_home.Under("bin", "node"), node);
        string[] opened = [agent, _home.Under("bin", "node"), node, _home.Under("node-24", "lib", "node_modules")];
        Assert.Equal(opened, AgentFiles.Of(agent, _home.Under("bin")).Distinct());
        Assert.StartsWith(opened[^1], package, StringComparison.Ordinal);
    }

    [Fact]
    public void A_program_of_its_own_opens_itself_and_a_package_all_packages_beside_it()
    {
        var program = Put("agent", "\u007fELF");
        Assert.Equal([program], AgentFiles.Of(program, _home.Under("bin")).Distinct());
        var packed = Put("tools/node_modules/agent/cli", "\u007fELF");
        Assert.Equal([packed, _home.Under("tools", "node_modules")], AgentFiles.Of(packed, _home.Under("bin")).Distinct());
    }

    private string Put(string name, string text)
    {
        var path = _home.Under(name.Split('/'));
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
        return path;
    }
}
