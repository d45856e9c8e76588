using static Assay.Gateway.Shape;

namespace Assay.Gateway;

/// <summary>What a request to Anthropic's Messages may hold.</summary>
internal static class AnthropicRequest
{
    /// <summary>More tokens than are made of one picture.</summary>
    private const long PictureTokens = 6_000;

    /// <summary>More than are made of one document: 100 pages of 3,000.</summary>
    private const long DocumentTokens = 300_000;

    private const string Compaction =
        "compaction is refused: it is an answer of its own that is billed beside the one that is counted";

    private static readonly Shape Cache = Object(("type", Plain), ("ttl", Plain));

    private static readonly Members Text =
        Object(("type", Plain), ("text", Plain), ("citations", Data), ("cache_control", Cache));

    private static readonly Shape Blocks = TextOr(List(Later(() => Block!)));

    private static readonly Shape NotHere = new Elsewhere("a picture or document");

    private static readonly Tagged Block = new(
        "type",
        ("text", Text),
        ("image", Object(("type", Plain), ("source", Source(PictureTokens)), ("cache_control", Cache))),
        ("document", Object(
            ("type", Plain), ("source", Source(DocumentTokens)), ("title", Plain), ("context", Plain),
            ("citations", Object(("enabled", Plain))), ("cache_control", Cache))),
        ("tool_use", Object(("type", Plain), ("id", Plain), ("name", Plain), ("input", Data), ("cache_control", Cache))),
        ("tool_result", Object(
            ("type", Plain), ("tool_use_id", Plain), ("content", Blocks), ("is_error", Plain), ("cache_control", Cache))),
        ("thinking", Object(("type", Plain), ("thinking", Plain), ("signature", Plain))),
        ("redacted_thinking", Object(("type", Plain), ("data", Plain))),
        ("search_result", Object(
            ("type", Plain), ("source", Plain), ("title", Plain), ("content", Blocks), ("citations", Object(("enabled", Plain))),
            ("cache_control", Cache))),
        ("tool_reference", Object(("type", Plain), ("tool_name", Plain), ("cache_control", Cache))),
        ("container_upload", new Elsewhere("a file")),
        ("compaction", new Refused(Compaction)));

    /// <summary>Tools that the agent runs itself; all others of the provider's run there.</summary>
    private static readonly Members TypedTool = Object(
        ("type", Plain), ("name", Plain), ("cache_control", Cache), ("max_characters", Plain), ("display_width_px", Plain),
        ("display_height_px", Plain), ("display_number", Plain), ("enable_zoom", Plain), ("strict", Plain), ("defer_loading", Plain));

    private static readonly Members OwnTool = Object(
        ("type", Plain), ("name", Plain), ("description", Plain), ("input_schema", Data), ("input_examples", Data),
        ("cache_control", Cache), ("strict", Plain), ("defer_loading", Plain), ("eager_input_streaming", Plain));

    private static readonly Tagged Tool = new(
        "type", ("custom", OwnTool), ("bash_*", TypedTool), ("text_editor_*", TypedTool), ("computer_*", TypedTool),
        ("memory_*", TypedTool))
    {
        Untagged = OwnTool,
        IsOptional = true,
    };

    private static readonly Tagged Edit = new(
        "type", ("clear_tool_uses_*", Data), ("clear_thinking_*", Data), ("compact*", new Refused(Compaction)));

    public static readonly Members Messages = Object(
        ("model", Ours),
        ("max_tokens", Ours),
        ("messages", List(Object(("role", Plain), ("content", Blocks)))),
        ("system", TextOr(List(new Tagged("type", ("text", Text))))),
        ("tools", List(Tool)),
        ("tool_choice", Object(("type", Plain), ("name", Plain), ("disable_parallel_tool_use", Plain))),
        ("thinking", Object(("type", Plain), ("budget_tokens", Plain), ("display", Plain))),
        ("output_config", Object(("effort", Plain), ("format", Data))),
        ("output_format", Data),
        ("context_management", Object(("edits", List(Edit)))),
        ("metadata", Object(("user_id", Plain))),
        ("stop_sequences", List(Plain)),
        ("stream", Plain),
        ("temperature", Plain),
        ("top_k", Plain),
        ("top_p", Plain),
        ("cache_control", Cache));

    private static Tagged Source(long tokens) => new(
        "type",
        ("base64", Object(("type", Plain), ("media_type", Plain), ("data", Plain)) with { Tokens = _ => tokens }),
        ("text", Object(("type", Plain), ("media_type", Plain), ("data", Plain))),
        ("content", Object(("type", Plain), ("content", Blocks))),
        ("url", NotHere),
        ("file", NotHere));
}
