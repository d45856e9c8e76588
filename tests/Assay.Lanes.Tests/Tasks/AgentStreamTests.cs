using System.Text;
using Assay.Lanes.Shared;

namespace Assay.Tests.Tasks;

/// <summary>What agents print, in their three dialects, and what else there may stand.</summary>
public sealed class AgentStreamTests
{
    private const string Claude = """
        {"type":"system","subtype":"init","claude_code_version":"2.1.197","model":"m","session_id":"s"}
        {"type":"system","subtype":"api_retry","error":"overloaded"}
        {"type":"assistant","message":{"content":[{"type":"tool_use","id":"1"}]}}
        {"type":"user","message":{"content":[{"type":"tool_result","is_error":true}]}}
        {"type":"user","message":{"content":"text"}}
        {"type":"assistant","message":{"content":[{"type":"text","text":"done"}]}}
        {"type":"result","subtype":"success","is_error":false,"total_cost_usd":0.25,"modelUsage":{"a":{"inputTokens":10,"outputTokens":2},"b":{"inputTokens":5,"cacheReadInputTokens":3,"outputTokens":1}}}
        """;

    private const string Codex = """
        {"type":"thread.started","thread_id":"t"}
        {"type":"error","message":"Reconnecting... 1/5"}
        {"type":"item.completed","item":{"type":"command_execution","status":"failed"}}
        {"type":"item.completed","item":{"type":"file_change","status":"completed"}}
        {"type":"item.completed","item":{"type":"agent_message","text":"Fixed"}}
        {"type":"turn.completed","usage":{"input_tokens":60,"cached_input_tokens":7,"output_tokens":15}}
        """;

    private const string Gemini = """
        {"type":"init","session_id":"g","model":"gemini-2.5-pro"}
        {"type":"message","role":"user","content":"x"}
        {"type":"tool_use","tool_name":"run_shell_command"}
        {"type":"tool_result","status":"error"}
        {"type":"message","role":"assistant","content":"Fi","delta":true}
        {"type":"message","role":"assistant","content":"xed","delta":true}
        {"type":"result","status":"success","stats":{"input_tokens":60,"output_tokens":15,"cached":1}}
        """;

    [Fact]
    public void Each_dialect_comes_to_one_record()
    {
        Assert.Equal(
            new AgentRecord { Agent = "claude-code 2.1.197", Model = "m", Session = "s", Turns = 2, ToolCalls = 1, ToolErrors = 1, InputTokens = 15, CachedTokens = 3, OutputTokens = 3, CostUsd = 0.25m, Retries = 1, End = "success" },
            Read(Claude));
        Assert.Equal(
            new AgentRecord { Agent = "codex", Session = "t", Turns = 3, ToolCalls = 2, ToolErrors = 1, InputTokens = 60, CachedTokens = 7, OutputTokens = 15, Retries = 1, End = "success" },
            Read(Codex));
        Assert.Equal(
            new AgentRecord { Agent = "gemini-cli", Model = "gemini-2.5-pro", Session = "g", Turns = 2, ToolCalls = 1, ToolErrors = 1, InputTokens = 60, CachedTokens = 1, OutputTokens = 15, End = "success" },
            Read(Gemini));
    }

    [Fact]
    public void What_is_not_told_is_not_known()
    {
        var record = Read("""{"type":"thread.started","thread_id":"t"}""");
        Assert.Equal((null, null, null, null), (record.CostUsd, record.InputTokens, record.OutputTokens, record.End));
    }

    [Theory]
    [InlineData("Warning: 256-color support not detected\nnot json {\n[]\n\"text\"\n12", 5, 0)]
    [InlineData("""{"type":5,"subtype":[],"message":"x"}""", 0, 0)]
    [InlineData("""{"type":"assistant","message":{"content":[1,null,"a",{"type":{}}]}}""", 0, 1)]
    [InlineData("""{"type":"result","subtype":"success","total_cost_usd":"a lot","modelUsage":[1]}""", 0, 0)]
    [InlineData("""{"type":"result","subtype":"success","total_cost_usd":-1,"modelUsage":{"a":{"inputTokens":-5,"outputTokens":1e99}}}""", 0, 0)]
    [InlineData("""{"type":"item.completed","item":[]}""", 0, 0)]
    [InlineData("""{"type":"turn.completed","usage":"none"}""", 1, 0)]
    [InlineData("""{"a":1,"a":2,"type":"init"}""", 1, 0)]
    public void Whatever_stands_there_is_read_or_counted(string text, int unread, int turns)
    {
        var record = Read(text);
        Assert.Equal((unread, turns), (record.UnreadLines, record.Turns));
        Assert.Equal((null, 0), (record.CostUsd, record.OutputTokens ?? 0));
    }

    [Fact]
    public void Numbers_that_nobody_can_have_counted_are_cut_and_not_added_up_to_an_end()
    {
        const long most = 1L << 40;
        var claude = Read("""{"type":"result","subtype":"success","modelUsage":{"a":{"inputTokens":9000000000000000000},"b":{"inputTokens":9000000000000000000}}}""");
        Assert.Equal((2 * most, 0, "success"), (claude.InputTokens, claude.UnreadLines, claude.End));
        Assert.Equal(most, Read("""{"type":"turn.completed","usage":{"output_tokens":9000000000000000000}}""").OutputTokens);
    }

    [Fact]
    public void Nesting_without_end_and_lines_without_end_are_bounded()
    {
        Assert.Equal(1, Read(string.Concat(Enumerable.Repeat("{\"a\":", 100_000))).UnreadLines);
        var record = Read($$"""{"type":"system","subtype":"init","model":"{{new string('m', 100_000)}}"}""");
        Assert.InRange(record.Model!.Length, 1, 400);
    }

    private static AgentRecord Read(string text) => AgentStream.Read(Encoding.UTF8.GetBytes(text));
}
