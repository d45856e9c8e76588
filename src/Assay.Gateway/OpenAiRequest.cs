using static Assay.Gateway.Shape;

namespace Assay.Gateway;

/// <summary>What a request to OpenAI's Responses or Chat Completions may hold.</summary>
internal static class OpenAiRequest
{
    /// <summary>More tokens than are made of one picture: of a large one the dearest model makes 48,000.</summary>
    private const long PictureTokens = 50_000;

    private const long DocumentTokens = 300_000;

    private static readonly Shape File = new Elsewhere("a file");
    private static readonly Shape Item = new Elsewhere("an item");
    private static readonly Shape Picture = new Inline("a picture");
    private static readonly Shape InlineFile = new Inline("a file");

    private static readonly Tagged Part = new(
        "type",
        ("input_text", Object(("type", Plain), ("text", Plain))),
        ("output_text", Object(("type", Plain), ("text", Plain))),
        ("text", Object(("type", Plain), ("text", Plain))),
        ("refusal", Object(("type", Plain), ("refusal", Plain))),
        ("input_image", Object(
            ("type", Plain), ("image_url", Picture), ("detail", Plain), ("file_id", File)) with
        { Tokens = _ => PictureTokens }),
        ("input_file", Object(
            ("type", Plain), ("file_data", InlineFile), ("filename", Plain), ("file_id", File), ("file_url", File)) with
        {
            Tokens = _ => DocumentTokens,
        }),
        ("image_url", Object(
            ("type", Plain), ("image_url", Object(("url", Picture), ("detail", Plain)))) with
        { Tokens = _ => PictureTokens }),
        ("file", Object(
            ("type", Plain), ("file", Object(("file_data", InlineFile), ("filename", Plain), ("file_id", File)))) with
        {
            Tokens = _ => DocumentTokens,
        }));

    private static readonly Shape Parts = TextOr(List(Part));

    private static readonly Members Message = Object(
        ("type", Plain), ("id", Dropped), ("role", Plain), ("content", Parts), ("status", Plain), ("phase", Plain)) with
    {
        Needs = ["role"],
    };

    private static readonly Members Output = Object(
        ("type", Plain), ("id", Dropped), ("call_id", Plain), ("name", Plain), ("output", Parts), ("status", Plain));

    private static readonly Shape Thoughts = List(new Tagged(
        "type",
        ("summary_text", Object(("type", Plain), ("text", Plain))),
        ("reasoning_text", Object(("type", Plain), ("text", Plain))),
        ("text", Object(("type", Plain), ("text", Plain)))));

    private static readonly Tagged Input = new(
        "type",
        ("message", Message),
        ("function_call", Object(
            ("type", Plain), ("id", Dropped), ("call_id", Plain), ("name", Plain), ("namespace", Plain), ("arguments", Plain),
            ("status", Plain))),
        ("function_call_output", Output),
        ("custom_tool_call", Object(
            ("type", Plain), ("id", Dropped), ("call_id", Plain), ("name", Plain), ("namespace", Plain), ("input", Plain),
            ("status", Plain))),
        ("custom_tool_call_output", Output),
        ("local_shell_call", Object(("type", Plain), ("id", Dropped), ("call_id", Plain), ("action", Data), ("status", Plain))),
        ("local_shell_call_output", Output),
        ("apply_patch_call", Object(("type", Plain), ("id", Dropped), ("call_id", Plain), ("operation", Data), ("status", Plain))),
        ("apply_patch_call_output", Output),
        ("reasoning", Object(
            ("type", Plain), ("id", Dropped), ("summary", Thoughts), ("content", Thoughts), ("encrypted_content", Plain),
            ("status", Plain))),
        ("item_reference", Item))
    {
        Untagged = Message,
    };

    private static readonly Members Function = Object(
        ("type", Plain), ("name", Plain), ("description", Plain), ("parameters", Data), ("strict", Plain), ("format", Data),
        ("defer_loading", Plain),
        ("function", Object(("name", Plain), ("description", Plain), ("parameters", Data), ("strict", Plain))),
        ("custom", Object(("name", Plain), ("description", Plain), ("format", Data))));

    /// <summary>
    /// Tools that the agent runs itself; those of the provider are a way out that nobody sees, at prices that nobody knows.
    /// </summary>
    private static readonly Tagged Tool = new(
        "type",
        ("function", Function),
        ("custom", Function),
        ("local_shell", Object(("type", Plain))),
        ("apply_patch", Object(("type", Plain))),
        ("namespace", Object(
            ("type", Plain), ("name", Plain), ("description", Plain),
            ("tools", List(new Tagged("type", ("function", Function), ("custom", Function)) { IsOptional = true })))))
    {
        IsOptional = true,
    };

    private static readonly Members Name = Object(
        ("type", Plain), ("name", Plain), ("function", Object(("name", Plain))), ("custom", Object(("name", Plain))));

    private static readonly Shape Choice = TextOr(new Tagged(
        "type",
        ("function", Name),
        ("custom", Name),
        ("allowed_tools", Object(
            ("type", Plain), ("mode", Plain), ("tools", List(new Tagged("type", ("function", Name), ("custom", Name))))))));

    public static readonly Members Responses = Object(
        ("model", Ours),
        ("max_output_tokens", Ours),
        ("store", Ours),
        ("input", TextOr(List(Input))),
        ("previous_response_id", new Elsewhere("previous_response_id")),
        ("conversation", new Elsewhere("conversation")),
        ("prompt", new Elsewhere("prompt")),
        ("instructions", Plain),
        ("tools", List(Tool)),
        ("tool_choice", Choice),
        ("parallel_tool_calls", Plain),
        ("reasoning", Object(("effort", Plain), ("summary", Plain), ("generate_summary", Plain))),
        ("text", Object(("format", Data), ("verbosity", Plain))),
        ("include", List(Plain)),
        ("stream", Plain),
        ("temperature", Plain),
        ("top_p", Plain),
        ("metadata", Labels),
        ("client_metadata", Labels),
        ("prompt_cache_key", Plain),
        ("safety_identifier", Plain),
        ("user", Plain),
        ("truncation", Plain));

    private static readonly Members Called = Object(("name", Plain), ("arguments", Plain), ("input", Plain));

    private static readonly Members ChatMessage = Object(
        ("role", Plain), ("content", Parts), ("name", Plain), ("refusal", Plain), ("tool_call_id", Plain), ("reasoning_content", Plain),
        ("reasoning", Plain),
        ("tool_calls", List(Object(("id", Plain), ("index", Plain), ("type", Plain), ("function", Called), ("custom", Called)))),
        ("function_call", Called),
        ("audio", new Elsewhere("an answer that was spoken"))) with
    {
        Needs = ["role"],
    };

    public static readonly Members Chat = Object(
        ("model", Ours),
        ("max_tokens", Ours),
        ("max_completion_tokens", Ours),
        ("store", Ours),
        ("stream", Noted),
        ("messages", List(ChatMessage)),
        ("tools", List(Tool)),
        ("tool_choice", Choice),
        ("parallel_tool_calls", Plain),
        ("functions", List(Object(("name", Plain), ("description", Plain), ("parameters", Data)))),
        ("function_call", TextOr(Object(("name", Plain)))),
        ("reasoning_effort", Plain),
        ("response_format", Object(("type", Plain), ("json_schema", Data))),
        ("temperature", Plain),
        ("top_p", Plain),
        ("stop", TextOr(List(Plain))),
        ("seed", Plain),
        ("frequency_penalty", Plain),
        ("presence_penalty", Plain),
        ("logit_bias", Labels),
        ("logprobs", Plain),
        ("top_logprobs", Plain),
        ("metadata", Labels),
        ("user", Plain),
        ("prompt_cache_key", Plain),
        ("safety_identifier", Plain),
        ("verbosity", Plain));
}
