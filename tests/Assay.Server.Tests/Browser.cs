using Microsoft.Playwright;

namespace Assay.Tests;

/// <summary>Debian's Chromium, driven by Playwright. What it saw is kept in <c>artifacts/screenshots</c>.</summary>
internal sealed class Browser : IAsyncDisposable
{
    private readonly IPlaywright _playwright;
    private readonly IBrowser _browser;
    private readonly List<string> _complaints = [];

    private Browser(IPlaywright playwright, IBrowser browser) => (_playwright, _browser) = (playwright, browser);

    /// <summary>What pages wrote to the console as errors: a breach of the content security policy among them.</summary>
    public IReadOnlyList<string> Complaints => _complaints;

    public static async Task<Browser> LaunchAsync()
    {
        var chromium = RequiredProgram.Find("chromium", "chromium");
        var playwright = await Playwright.CreateAsync();
        var browser = await playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions
        {
            ExecutablePath = chromium,
            Args = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
        });
        return new Browser(playwright, browser);
    }

    public async Task<IPage> OpenAsync(string url, bool javaScript = true, ColorScheme scheme = ColorScheme.Light, int width = 1200)
    {
        var context = await _browser.NewContextAsync(new BrowserNewContextOptions
        {
            BaseURL = url,
            JavaScriptEnabled = javaScript,
            ColorScheme = scheme,
            ViewportSize = new ViewportSize { Width = width, Height = 900 },
        });
        var page = await context.NewPageAsync();
        page.SetDefaultTimeout(15_000);
        page.Console += (_, message) =>
        {
            if (message.Type == "error") _complaints.Add($"{page.Url}: {message.Text}");
        };
        page.PageError += (_, error) => _complaints.Add($"{page.Url}: {error}");
        return page;
    }

    public static Task ShotAsync(IPage page, string name) => page.ScreenshotAsync(new PageScreenshotOptions
    {
        Path = Path.Combine(SharedData.RepositoryRoot, "artifacts", "screenshots", $"{name}.png"),
        FullPage = true,
    });

    public async ValueTask DisposeAsync()
    {
        await _browser.DisposeAsync();
        _playwright.Dispose();
    }
}
